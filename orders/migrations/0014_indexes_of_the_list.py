from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("orders", "0013_imports_of_orders")]

    operations = [
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(fields=["status", "-placed_at", "-id"], name="order_by_status"),
        ),
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(
                fields=["-placed_at", "-id"], name="order_virtual_newest", condition=models.Q(("virtual_amount__gt", 0))
            ),
        ),
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(fields=["id"], name="order_of_virtual_goods", condition=models.Q(("virtual_amount__gt", 0))),
        ),
    ]
