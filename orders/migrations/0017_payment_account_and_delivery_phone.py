from django.db import migrations, models

NAMES = {"payment_account": "payment account", "delivery_phone": "delivery phone"}


class Migration(migrations.Migration):
    """A constant default is kept in the catalogue: no row of a large table is written."""

    dependencies = [("orders", "0016_freezes_can_be_cancelled")]

    operations = [
        operation
        for name, words in NAMES.items()
        for operation in (
            migrations.AddField(
                model_name="order",
                name=f"{name}_hash",
                field=models.CharField(blank=True, db_default="", editable=False, max_length=64),
            ),
            migrations.AddField(
                model_name="order",
                name=f"{name}_last_four",
                field=models.CharField(blank=True, db_default="", max_length=4, verbose_name=words),
            ),
        )
    ]
