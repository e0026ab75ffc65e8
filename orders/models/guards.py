"""What the guards of orders share."""

import pgtrigger

from backoffice.lib.guards import NEVER_IGNORED, closed_scope

__all__ = ["NEVER_IGNORED", "closed_scope", "ends_complete", "result_comes_once", "runs_by_approval"]


def result_comes_once(name: str) -> pgtrigger.Trigger:
    """What became of an item stays written: it is told to courts, and a second worker must not tell it otherwise."""
    return pgtrigger.Trigger(
        name=f"{name}_result_comes_once",
        declare=NEVER_IGNORED,
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("result", "detail"),
        condition=pgtrigger.Condition("OLD.result <> 'pending'"),
        func=f"""
            RAISE EXCEPTION 'this item has its result, which stays'
                USING ERRCODE = 'check_violation', CONSTRAINT = '{name}_result_comes_once';
        """,
    )


def ends_complete(kind: str, *, items: str, owner: str, owners: str, cancelled_too: bool = False) -> pgtrigger.Trigger:
    """A job of this kind is not done while an item has no result, and its failures are the items that failed.

    With `cancelled_too` one that had begun is not cancelled before that either: what was not done has a result that says so. Once a
    job: it reads the whole scope, about 0.1 s for a million items.
    """
    ends, when = "is done", f"NEW.kind = '{kind}' AND NEW.status = 'done' AND OLD.status <> 'done'"
    if cancelled_too:
        ends, when = (
            "ends",
            (
                f"NEW.kind = '{kind}' AND (NEW.status = 'done' AND OLD.status <> 'done'"
                " OR NEW.status = 'cancelled' AND OLD.status NOT IN ('cancelled', 'requested'))"
            ),
        )
    return pgtrigger.Trigger(
        name=f"{kind}_ends_complete",
        declare=NEVER_IGNORED,
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("status"),
        condition=pgtrigger.Condition(when),
        func=f"""
            IF NOT EXISTS (
                SELECT 1 FROM (
                    SELECT count(*) AS n, count(*) FILTER (WHERE i.result <> 'pending') AS settled,
                        count(*) FILTER (WHERE i.result = 'failed') AS failed
                    FROM {items} i JOIN {owners} o ON o.id = i.{owner} WHERE o.job_id = NEW.id
                ) AS scope
                WHERE n = NEW.total AND settled = NEW.total AND failed = NEW.failed_items
            ) THEN
                RAISE EXCEPTION 'every item of the scope has a result before the job {ends}, and no other item has one'
                    USING ERRCODE = 'check_violation', CONSTRAINT = '{kind}_ends_complete';
            END IF;
            RETURN NEW;
        """,
    )


def runs_by_approval(kind: str, *, owners: str, unless: str) -> pgtrigger.Trigger:
    """A job of this kind runs only by the approval of exactly its act, or where `unless` holds of the act `o`.

    Whoever writes its row. The approval itself is never by who asked: a CHECK of its own says so.
    """
    return pgtrigger.Trigger(
        name=f"{kind}_runs_by_approval",
        declare=NEVER_IGNORED,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("status", "kind", "approval_id"),
        condition=pgtrigger.Condition(f"NEW.kind = '{kind}' AND NEW.status NOT IN ('requested', 'cancelled')"),
        func=f"""
            IF NOT EXISTS (
                SELECT 1 FROM {owners} o WHERE o.job_id = NEW.id AND (EXISTS (
                    SELECT 1 FROM lib_approval a
                    WHERE a.id = NEW.approval_id AND a.action = 'orders.{kind}' AND a.target = 'orders.{kind}:' || o.id
                      AND a.status = 'approved'
                ) OR {unless})
            ) THEN
                RAISE EXCEPTION 'a second person has not approved this'
                    USING ERRCODE = 'check_violation', CONSTRAINT = '{kind}_runs_by_approval';
            END IF;
            RETURN NEW;
        """,
    )
