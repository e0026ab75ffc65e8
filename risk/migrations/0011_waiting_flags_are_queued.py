from django.db import migrations

# Organised orders sooner than others, and top-ups that can still be saved first: as the triggers do from now on.
QUEUE_WHAT_WAITS = """
    INSERT INTO risk_review (order_id, urgency, due_at, score, since, is_escalated, escalation_reason)
    SELECT f.order_id, u.urgency,
           date_trunc('minute', f.flagged_at) + CASE
               WHEN u.urgency = 2 THEN interval '3 days'
               WHEN u.urgency = 0 AND f.disposition = 'organised' THEN interval '30 minutes'
               WHEN u.urgency = 1 AND f.disposition <> 'organised' THEN interval '8 hours'
               ELSE interval '2 hours' END,
           f.score, f.flagged_at, false, ''
      FROM risk_flag f JOIN orders_order o ON o.id = f.order_id
     CROSS JOIN LATERAL (SELECT CASE WHEN o.status NOT IN ('placed', 'paid', 'partly_delivered') THEN 2
                                     WHEN o.virtual_amount > 0 THEN 0 ELSE 1 END AS urgency) u
     WHERE f.decision = ''
    ON CONFLICT (order_id) DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("risk", "0010_review_queue_and_appeals")]

    operations = [migrations.RunSQL(QUEUE_WHAT_WAITS, migrations.RunSQL.noop)]
