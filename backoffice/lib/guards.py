"""Triggers that several apps share."""

import pgtrigger

# pgtrigger lets any session switch its triggers off with a setting; `guarding` takes that out after each migration. Where one was
# interrupted, this empties the setting when the function is entered, before pgtrigger's own first line looks at it.
NEVER_IGNORED = [("_never_ignored", "TEXT := set_config('pgtrigger.ignore', '{}', true)")]


def closed_scope(*, name: str, owner: str, owners: str, subject: str) -> list[pgtrigger.Trigger]:
    """Triggers that keep a snapshot as it was hashed: once its job carries the hash, no item comes, goes or changes its subject.

    `owners` is the table of the acts that have a job; `owner` and `subject` are columns of the items.
    """
    refuse = f"""
        RAISE EXCEPTION 'what was asked for stays as it was asked: the scope is closed'
            USING ERRCODE = 'check_violation', CONSTRAINT = '{name}_is_closed';
    """
    return [
        pgtrigger.Trigger(
            name=f"{name}_is_closed",
            declare=NEVER_IGNORED,
            when=pgtrigger.After,
            operation=pgtrigger.Insert,
            level=pgtrigger.Statement,
            referencing=pgtrigger.Referencing(new="new_items"),
            func=f"""
                IF EXISTS (
                    SELECT 1 FROM (SELECT DISTINCT {owner} AS id FROM new_items) n
                    JOIN {owners} o ON o.id = n.id JOIN lib_job j ON j.id = o.job_id WHERE j.scope_hash <> ''
                ) THEN {refuse} END IF;
                RETURN NULL;
            """,  # noqa: S608  our own names
        ),
        pgtrigger.Trigger(
            name=f"{name}_keeps_its_items",
            declare=NEVER_IGNORED,
            when=pgtrigger.Before,
            operation=pgtrigger.UpdateOf(owner, subject) | pgtrigger.Delete,
            func=refuse,
        ),
    ]
