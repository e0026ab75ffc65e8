import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("risk", "0004_review_terms_begin")]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='appeal',
            name='decided_appeal_leaves_the_queue',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='flag',
            name='flagged_order_is_queued',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='flag',
            name='queue_follows_the_flag',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='reviewedorder',
            name='settled_order_is_less_urgent',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='appeal',
            trigger=pgtrigger.compiler.Trigger(name='decided_appeal_leaves_the_queue', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (OLD.outcome = '' AND NEW.outcome <> '')", func="\n        DELETE FROM risk_review r WHERE r.order_id = NEW.order_id\n           AND NOT EXISTS (SELECT 1 FROM risk_flag f WHERE f.order_id = NEW.order_id AND f.decision = '');\n        UPDATE risk_review r SET appeal_due_at = NULL, judged_by_id = NULL, due_at = date_trunc('minute', r.since) + (SELECT CASE WHEN r.urgency = 0 AND f.disposition = 'organised' THEN t.top_up_organised WHEN r.urgency = 0 THEN t.top_up_others WHEN r.urgency = 1 AND f.disposition = 'organised' THEN t.goods_organised WHEN r.urgency = 1 THEN t.goods_others WHEN r.urgency = 2 AND f.disposition = 'organised' THEN t.nothing_organised WHEN r.urgency = 2 THEN t.nothing_others END FROM risk_reviewterms t)\n          FROM risk_flag f WHERE f.order_id = r.order_id AND r.order_id = NEW.order_id;\n        RETURN NULL;\n    ", hash='88932dbcd4973209a55db2079ed6e27009ee7228', operation='UPDATE OF "outcome"', pgid='pgtrigger_decided_appeal_leaves_the_queue_562dd', table='risk_appeal', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='flag',
            trigger=pgtrigger.compiler.Trigger(name='flagged_order_is_queued', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n    INSERT INTO risk_review (order_id, urgency, due_at, score, since, is_escalated, escalation_reason)\n    SELECT f.order_id, u.urgency, date_trunc('minute', f.flagged_at) + (SELECT CASE WHEN u.urgency = 0 AND f.disposition = 'organised' THEN t.top_up_organised WHEN u.urgency = 0 THEN t.top_up_others WHEN u.urgency = 1 AND f.disposition = 'organised' THEN t.goods_organised WHEN u.urgency = 1 THEN t.goods_others WHEN u.urgency = 2 AND f.disposition = 'organised' THEN t.nothing_organised WHEN u.urgency = 2 THEN t.nothing_others END FROM risk_reviewterms t), f.score, f.flagged_at, false, ''\n      FROM new_flags f JOIN orders_order o ON o.id = f.order_id CROSS JOIN LATERAL (SELECT CASE WHEN o.status NOT IN ('placed', 'paid', 'partly_delivered') THEN 2 WHEN o.virtual_amount > 0 THEN 0 ELSE 1 END AS urgency) u\n     WHERE f.decision = '' ORDER BY f.order_id\n    ON CONFLICT (order_id) DO UPDATE SET score = excluded.score, due_at = least(risk_review.due_at, excluded.due_at)\n; RETURN NULL;", hash='b842f507c5cbb881f100115a31f0efdc528e190f', level='STATEMENT', operation='INSERT', pgid='pgtrigger_flagged_order_is_queued_55f71', referencing='REFERENCING NEW TABLE AS new_flags ', table='risk_flag', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='flag',
            trigger=pgtrigger.compiler.Trigger(name='queue_follows_the_flag', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.decision <> NEW.decision OR OLD.score <> NEW.score OR OLD.disposition <> NEW.disposition)', func="\n        IF NEW.decision <> '' THEN\n            DELETE FROM risk_review WHERE order_id = NEW.order_id AND appeal_due_at IS NULL;\n        ELSIF OLD.decision <> '' THEN\n            \n    INSERT INTO risk_review (order_id, urgency, due_at, score, since, is_escalated, escalation_reason)\n    SELECT f.order_id, u.urgency, date_trunc('minute', f.flagged_at) + (SELECT CASE WHEN u.urgency = 0 AND f.disposition = 'organised' THEN t.top_up_organised WHEN u.urgency = 0 THEN t.top_up_others WHEN u.urgency = 1 AND f.disposition = 'organised' THEN t.goods_organised WHEN u.urgency = 1 THEN t.goods_others WHEN u.urgency = 2 AND f.disposition = 'organised' THEN t.nothing_organised WHEN u.urgency = 2 THEN t.nothing_others END FROM risk_reviewterms t), f.score, f.flagged_at, false, ''\n      FROM (SELECT NEW.*) f JOIN orders_order o ON o.id = f.order_id CROSS JOIN LATERAL (SELECT CASE WHEN o.status NOT IN ('placed', 'paid', 'partly_delivered') THEN 2 WHEN o.virtual_amount > 0 THEN 0 ELSE 1 END AS urgency) u\n     WHERE f.decision = '' ORDER BY f.order_id\n    ON CONFLICT (order_id) DO UPDATE SET score = excluded.score, due_at = least(risk_review.due_at, excluded.due_at)\n;\n        ELSE\n            UPDATE risk_review r SET score = NEW.score, due_at = least(date_trunc('minute', r.since) + (SELECT CASE WHEN r.urgency = 0 AND NEW.disposition = 'organised' THEN t.top_up_organised WHEN r.urgency = 0 THEN t.top_up_others WHEN r.urgency = 1 AND NEW.disposition = 'organised' THEN t.goods_organised WHEN r.urgency = 1 THEN t.goods_others WHEN r.urgency = 2 AND NEW.disposition = 'organised' THEN t.nothing_organised WHEN r.urgency = 2 THEN t.nothing_others END FROM risk_reviewterms t), r.appeal_due_at)\n             WHERE r.order_id = NEW.order_id;\n        END IF;\n        RETURN NULL;\n    ", hash='cf661ce3787bcaa81222bbc7bcd464c723854c6d', operation='UPDATE OF "decision", "score", "disposition"', pgid='pgtrigger_queue_follows_the_flag_e54b4', table='risk_flag', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='reviewedorder',
            trigger=pgtrigger.compiler.Trigger(name='settled_order_is_less_urgent', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (OLD.status IS DISTINCT FROM NEW.status AND NEW.status IN ('delivered', 'completed', 'cancelled', 'refunded'))", func="\n        UPDATE risk_review r SET urgency = 2,\n               due_at = least(greatest(r.due_at, date_trunc('minute', r.since) + (SELECT CASE WHEN 2 = 0 AND '' = 'organised' THEN t.top_up_organised WHEN 2 = 0 THEN t.top_up_others WHEN 2 = 1 AND '' = 'organised' THEN t.goods_organised WHEN 2 = 1 THEN t.goods_others WHEN 2 = 2 AND '' = 'organised' THEN t.nothing_organised WHEN 2 = 2 THEN t.nothing_others END FROM risk_reviewterms t)), r.appeal_due_at)\n         WHERE r.order_id = NEW.id AND r.urgency <> 2;\n        RETURN NULL;\n    ", hash='1878f3b008c49fca98ad7b817a5b5cadf1d7515c', operation='UPDATE OF "status"', pgid='pgtrigger_settled_order_is_less_urgent_b333c', table='orders_order', when='AFTER')),
        ),
    ]
