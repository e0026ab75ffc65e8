from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

NAMES = ("payment_account", "delivery_phone")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("orders", "0017_payment_account_and_delivery_phone")]

    operations = [
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(
                fields=[f"{name}_hash", "placed_at"],
                name=f"order_by_{name}",
                condition=models.Q((f"{name}_hash", ""), _negated=True),
            ),
        )
        for name in NAMES
    ]
