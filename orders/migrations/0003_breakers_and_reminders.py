"""The circuit breakers of automatic holds, and the days before a term ends on which staff are reminded. Data only."""

from datetime import timedelta

from django.db import migrations

HOUR = timedelta(hours=1)
MOST_AN_HOUR = {"cooling": 10_000, "risk": 2_000, "alarm": 10_000}
REMINDERS = (7, 1)


def begin(apps, schema_editor):
    breaker, reminder = apps.get_model("orders", "HoldBreaker"), apps.get_model("orders", "TermReminder")
    for kind, most in MOST_AN_HOUR.items():
        breaker.objects.get_or_create(kind=kind, defaults={"window": HOUR, "most": most})
    for days in REMINDERS:
        reminder.objects.get_or_create(days=days)


class Migration(migrations.Migration):
    replaces = [("orders", "0018_indexes_of_payment_account_and_delivery_phone")]
    dependencies = [("orders", "0002_guards")]

    operations = [migrations.RunPython(begin, migrations.RunPython.noop)]
