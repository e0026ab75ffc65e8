"""What was approved stays as it was approved, whoever writes: admin, shell or SQL.

A row that is no longer a draft may be changed in two ways: narrowed (less money, fewer coupons, a shorter time), which one person
may do since stopping is safe; or exactly as an approval says that is decided in the same transaction. The payload of such an
approval holds the new value of each column under `changes`.
"""

from collections.abc import Mapping

import pgtrigger

# By column: the comparison in which the new value must stand to the old one so that the row allows less than before.
Narrows = Mapping[str, str]
CAMPAIGN_NARROWS: Narrows = {"starts_at": ">", "ends_at": "<"}
BUDGET_NARROWS: Narrows = {"amount": "<"}
COUPON_TYPE_NARROWS: Narrows = {
    "quantity": "<",
    "budget_amount": "<",
    "claim_from": ">",
    "claim_until": "<",
    "valid_until": "<",
}
ENTRY_NARROWS: Narrows = {"cap": "<", "opens_at": ">", "closes_at": "<"}
# Sooner crossed. Another window or action is neither more nor less, and a lower limit with less to do about it is not narrower.
THRESHOLD_NARROWS: Narrows = {"limit": "<"}


def stays_as_approved(
    name: str, label: str, narrows: Narrows, *, owner: str = "id", status: str = "OLD.status", free: str = "status"
) -> pgtrigger.Trigger:
    """A trigger for the model that approvals call `label`; the column `owner` holds the key they name it by.

    `status` is the SQL that answers the status that decides. The column `free` may change at any time: it has rules of its own.
    Where there was no limit, any limit narrows.
    """
    narrowed = ", ".join(
        f"""CASE WHEN NEW."{column}" {sign} OLD."{column}" OR (OLD."{column}" IS NULL AND NEW."{column}" IS NOT NULL)
                 THEN '{column}' END"""
        for column, sign in narrows.items()
    )
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        declare=[("before", "jsonb"), ("after", "jsonb"), ("narrowed", "text[]"), ("approved", "jsonb")],
        func=f"""
            IF coalesce({status}, 'draft') = 'draft' THEN RETURN NEW; END IF;
            before := to_jsonb(OLD) - '{free}';
            after := to_jsonb(NEW) - '{free}';
            narrowed := array_remove(ARRAY[{narrowed}], NULL);
            IF before - narrowed = after - narrowed THEN RETURN NEW; END IF;
            SELECT jsonb_object_agg(c.key, c.value -> 'new') INTO approved
              FROM lib_approval a, jsonb_each(a.payload -> 'changes') c
             WHERE a.target = '{label}:' || OLD.{owner} AND a.status = 'approved'
               AND a.decided_in = pg_current_xact_id()::text::bigint;
            IF approved IS NOT NULL AND to_jsonb(jsonb_populate_record(OLD, approved)) - '{free}' = after THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'what was approved is changed by an approval of its own, or narrowed'
                USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';
        """,
    )
