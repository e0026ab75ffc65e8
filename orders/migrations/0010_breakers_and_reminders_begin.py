from datetime import timedelta

from django.db import migrations

HOUR = timedelta(hours=1)
MOST_AN_HOUR = {"cooling": 10_000, "risk": 2_000, "alarm": 10_000}
REMINDERS = (7, 1)
# Who was refused before there were waits waits since then.
WAITS = """
    INSERT INTO orders_deliverywait (order_id, asked_at, outcome, message_key)
    SELECT o.id, o.delivery_asked_at, '', '' FROM orders_order o
    WHERE o.delivery_asked_at IS NOT NULL AND o.status IN ('paid', 'partly_delivered')
      AND EXISTS (SELECT 1 FROM orders_hold h WHERE h.order_id = o.id AND h.released_at IS NULL)
"""


def begin(apps, schema_editor):
    breaker, reminder = apps.get_model("orders", "HoldBreaker"), apps.get_model("orders", "TermReminder")
    for kind, most in MOST_AN_HOUR.items():
        breaker.objects.get_or_create(kind=kind, defaults={"window": HOUR, "most": most})
    for days in REMINDERS:
        reminder.objects.get_or_create(days=days)


class Migration(migrations.Migration):
    dependencies = [("orders", "0009_breakers_emergencies_terms_and_waits")]

    operations = [
        migrations.RunPython(begin, migrations.RunPython.noop),
        migrations.RunSQL(WAITS, migrations.RunSQL.noop),
    ]
