"""Indexes for what came back over time. Both are empty while a coupon is claimed and redeemed, so those pay nothing for them."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("promotions", "0005_list_known_nobodies"),
        ("promotions", "0006_built_in_lines"),
        ("promotions", "0007_every_coupon_knows_its_slice"),
    ]
    operations = [
        AddIndexConcurrently(
            "coupon",
            models.Index(condition=models.Q(status="expired"), fields=["coupon_type", "valid_until"], name="coupon_expired_by_type"),
        ),
        AddIndexConcurrently(
            "redemption",
            models.Index(
                condition=models.Q(returned_at__isnull=False),
                fields=["coupon_type", "returned_at"],
                name="redemption_returned_by_type",
            ),
        ),
    ]
