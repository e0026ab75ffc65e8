from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("risk", "0011_waiting_flags_are_queued")]

    operations = [
        migrations.AlterField(
            model_name="linkhub",
            name="kind",
            field=models.CharField(
                choices=[
                    ("device", "device"),
                    ("recipient", "recipient of a top-up"),
                    ("payment", "payment account"),
                    ("token", "claim token"),
                    ("forged", "forged code"),
                    ("together", "address and time together"),
                ],
                max_length=9,
                verbose_name="kind",
            ),
        ),
    ]
