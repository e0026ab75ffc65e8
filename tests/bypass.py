"""Round everything: what only somebody with the database's own password could do."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pgtrigger
from django.db import connection
from django.db.models import Model


@contextmanager
def without_triggers() -> Iterator[None]:
    """None of our triggers looks at what is written inside the block, on this connection."""
    names = ",".join(trigger.get_pgid(model) for model, trigger in pgtrigger.registered())
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pgtrigger.ignore', %s, false)", ["{" + names + "}"])
        try:
            yield
        finally:
            if not connection.needs_rollback:
                if connection.in_atomic_block:  # what would be looked at when it is committed
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
                cursor.execute("SELECT set_config('pgtrigger.ignore', '{}', false)")


def drop_constraints(model: type[Model], *like: str) -> None:
    """Drop the constraints and unique indexes whose names hold one of these, for a test that is rolled back."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for part in like:
            for name in _names(
                cursor, "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND conname LIKE %s", table, part
            ):
                cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
            for name in _names(
                cursor,
                "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = %s::regclass"
                " AND indexrelid::regclass::text LIKE %s",
                table,
                part,
            ):
                cursor.execute(f'DROP INDEX "{name}"')
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _names(cursor: Any, query: str, table: str, part: str) -> list[str]:
    cursor.execute(query, [table, f"%{part}%"])
    return [name for (name,) in cursor.fetchall()]
