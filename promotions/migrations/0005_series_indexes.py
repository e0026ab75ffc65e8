"""Indexes for what came back over time. Both are empty while a coupon is claimed and redeemed, so those pay nothing for them."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("promotions", "0004_what_the_database_promises")]
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
