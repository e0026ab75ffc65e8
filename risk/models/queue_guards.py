"""Triggers that keep the review queue: an order is in it while something about it waits, and is with one reviewer at a time."""

import pgtrigger

from backoffice.lib.guards import NEVER_IGNORED
from orders.states import FINAL_STATUSES, UNDELIVERED_STATUSES
from risk.queueing import Urgency, due_sql

UNDELIVERED = ", ".join(f"'{status}'" for status in UNDELIVERED_STATUSES)
FINAL = ", ".join(f"'{status}'" for status in FINAL_STATUSES)
URGENCY = (
    f"CASE WHEN o.status NOT IN ({UNDELIVERED}) THEN {Urgency.NOTHING.value}"
    f" WHEN o.virtual_amount > 0 THEN {Urgency.TOP_UP.value} ELSE {Urgency.GOODS.value} END"
)
ENTER = f"""
    INSERT INTO risk_review (order_id, urgency, due_at, score, since, is_escalated, escalation_reason)
    SELECT f.order_id, u.urgency, {due_sql("f.flagged_at", "u.urgency", "f.disposition")}, f.score, f.flagged_at, false, ''
      FROM {{flags}} f JOIN orders_order o ON o.id = f.order_id CROSS JOIN LATERAL (SELECT {URGENCY} AS urgency) u
     WHERE f.decision = '' ORDER BY f.order_id
    ON CONFLICT (order_id) DO UPDATE SET score = excluded.score, due_at = least(risk_review.due_at, excluded.due_at)
"""
DUE_AS_IT_LOOKS_NOW = due_sql("r.since", "r.urgency", "NEW.disposition")
DUE_BY_THE_FLAG = due_sql("r.since", "r.urgency", "f.disposition")
LEAVE = "DELETE FROM risk_review WHERE order_id = NEW.order_id AND appeal_due_at IS NULL"

FLAGGED_ORDER_IS_QUEUED = pgtrigger.Trigger(
    name="flagged_order_is_queued",
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    level=pgtrigger.Statement,
    referencing=pgtrigger.Referencing(new="new_flags"),
    func=f"{ENTER.format(flags='new_flags')}; RETURN NULL;",
)
QUEUE_FOLLOWS_THE_FLAG = pgtrigger.Trigger(
    name="queue_follows_the_flag",
    when=pgtrigger.After,
    operation=pgtrigger.UpdateOf("decision", "score", "disposition"),
    condition=pgtrigger.Condition("OLD.decision <> NEW.decision OR OLD.score <> NEW.score OR OLD.disposition <> NEW.disposition"),
    func=f"""
        IF NEW.decision <> '' THEN
            {LEAVE};
        ELSIF OLD.decision <> '' THEN
            {ENTER.format(flags="(SELECT NEW.*)")};
        ELSE
            UPDATE risk_review r SET score = NEW.score, due_at = least({DUE_AS_IT_LOOKS_NOW}, r.appeal_due_at)
             WHERE r.order_id = NEW.order_id;
        END IF;
        RETURN NULL;
    """,
)
FLAG_IS_DECIDED_ONCE = pgtrigger.Trigger(
    name="flag_is_decided_once",
    declare=NEVER_IGNORED,
    when=pgtrigger.Before,
    operation=pgtrigger.UpdateOf("decision"),
    condition=pgtrigger.Condition("OLD.decision <> '' AND NEW.decision <> '' AND OLD.decision <> NEW.decision"),
    func="""
        RAISE EXCEPTION 'a decided flag is decided otherwise only after its decision was taken back'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'flag_is_decided_once';
    """,
)
FLAG_IS_DECIDED_BY_ITS_REVIEWER = pgtrigger.Trigger(
    name="flag_is_decided_by_its_reviewer",
    declare=NEVER_IGNORED,
    when=pgtrigger.Before,
    operation=pgtrigger.UpdateOf("decision"),
    condition=pgtrigger.Condition("OLD.decision = '' AND NEW.decision <> ''"),
    func="""
        IF EXISTS (
            SELECT 1 FROM risk_review r
            WHERE r.order_id = NEW.order_id AND r.leased_by_id <> NEW.decided_by_id AND r.leased_until > NEW.decided_at
        ) THEN
            RAISE EXCEPTION 'another reviewer has this order before him'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'flag_is_decided_by_its_reviewer';
        END IF;
        RETURN NEW;
    """,
)
# Of two leases the later one begins when the earlier one has run out, or was given back.
REVIEW_IS_LEASED_TO_ONE = pgtrigger.Trigger(
    name="review_is_leased_to_one",
    declare=NEVER_IGNORED,
    when=pgtrigger.Before,
    operation=pgtrigger.UpdateOf("leased_by_id", "leased_at", "leased_until"),
    condition=pgtrigger.Condition(
        "OLD.leased_by_id IS NOT NULL AND NEW.leased_by_id IS NOT NULL AND OLD.leased_by_id <> NEW.leased_by_id"
        " AND OLD.leased_until > NEW.leased_at"
    ),
    func="""
        RAISE EXCEPTION 'another reviewer has this order before him'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'review_is_leased_to_one';
    """,
)
# On orders, a table of the app below, which knows nothing of queues: carried by a proxy of ours.
SETTLED_ORDER_IS_LESS_URGENT = pgtrigger.Trigger(
    name="settled_order_is_less_urgent",
    when=pgtrigger.After,
    operation=pgtrigger.UpdateOf("status"),
    condition=pgtrigger.Condition(f"OLD.status IS DISTINCT FROM NEW.status AND NEW.status IN ({FINAL})"),
    func=f"""
        UPDATE risk_review r SET urgency = {Urgency.NOTHING.value},
               due_at = least(greatest(r.due_at, {due_sql("r.since", str(Urgency.NOTHING.value), "''")}), r.appeal_due_at)
         WHERE r.order_id = NEW.id AND r.urgency <> {Urgency.NOTHING.value};
        RETURN NULL;
    """,
)
ON_FLAGS = [FLAGGED_ORDER_IS_QUEUED, QUEUE_FOLLOWS_THE_FLAG, FLAG_IS_DECIDED_ONCE, FLAG_IS_DECIDED_BY_ITS_REVIEWER]

APPEAL_IS_QUEUED = pgtrigger.Trigger(
    name="appeal_is_queued",
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    func=f"""
        INSERT INTO risk_review
            (order_id, urgency, due_at, score, since, is_escalated, escalation_reason, appeal_due_at, judged_by_id)
        SELECT o.id, {URGENCY}, NEW.due_at, coalesce(f.score, 0), NEW.filed_at, false, '', NEW.due_at, f.decided_by_id
          FROM orders_order o LEFT JOIN risk_flag f ON f.order_id = o.id WHERE o.id = NEW.order_id
        ON CONFLICT (order_id) DO UPDATE SET appeal_due_at = excluded.appeal_due_at,
            due_at = least(risk_review.due_at, excluded.due_at), judged_by_id = excluded.judged_by_id;
        RETURN NULL;
    """,
)
DECIDED_APPEAL_LEAVES_THE_QUEUE = pgtrigger.Trigger(
    name="decided_appeal_leaves_the_queue",
    when=pgtrigger.After,
    operation=pgtrigger.UpdateOf("outcome"),
    condition=pgtrigger.Condition("OLD.outcome = '' AND NEW.outcome <> ''"),
    func=f"""
        DELETE FROM risk_review r WHERE r.order_id = NEW.order_id
           AND NOT EXISTS (SELECT 1 FROM risk_flag f WHERE f.order_id = NEW.order_id AND f.decision = '');
        UPDATE risk_review r SET appeal_due_at = NULL, judged_by_id = NULL, due_at = {DUE_BY_THE_FLAG}
          FROM risk_flag f WHERE f.order_id = r.order_id AND r.order_id = NEW.order_id;
        RETURN NULL;
    """,
)
APPEAL_IS_DECIDED_BY_ANOTHER = pgtrigger.Trigger(
    name="appeal_is_decided_by_another",
    declare=NEVER_IGNORED,
    when=pgtrigger.Before,
    operation=pgtrigger.UpdateOf("outcome"),
    condition=pgtrigger.Condition("OLD.outcome = '' AND NEW.outcome <> ''"),
    func="""
        IF EXISTS (
            SELECT 1 FROM risk_flag f WHERE f.order_id = NEW.order_id AND f.decision <> '' AND f.decided_by_id = NEW.decided_by_id
        ) THEN
            RAISE EXCEPTION 'an appeal is decided by somebody other than who decided the order'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'appeal_is_decided_by_another';
        END IF;
        IF EXISTS (
            SELECT 1 FROM risk_review r
            WHERE r.order_id = NEW.order_id AND r.leased_by_id <> NEW.decided_by_id AND r.leased_until > NEW.decided_at
        ) THEN
            RAISE EXCEPTION 'another reviewer has this order before him'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'appeal_is_decided_by_its_reviewer';
        END IF;
        RETURN NEW;
    """,
)
ON_APPEALS = [APPEAL_IS_QUEUED, DECIDED_APPEAL_LEAVES_THE_QUEUE, APPEAL_IS_DECIDED_BY_ANOTHER]
