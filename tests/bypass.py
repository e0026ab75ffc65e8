"""Round everything: what only somebody with the database's own password could do."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.models import Model

from backoffice.lib import guarding

SWITCH = f"CREATE OR REPLACE FUNCTION {guarding.SWITCH}(trigger_name name) RETURNS boolean LANGUAGE sql IMMUTABLE AS '%s'"


@contextmanager
def without_triggers() -> Iterator[None]:
    """None of our triggers looks at what is written inside the block: the switch that each of them asks first says so.

    Only the owner of the function can do it. Where the block commits, it is so for every session.
    """
    with connection.cursor() as cursor:
        cursor.execute(SWITCH % "SELECT true")
        try:
            yield
        finally:
            if not connection.needs_rollback:
                if connection.in_atomic_block:  # what would be looked at when it is committed
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
                cursor.execute(SWITCH % guarding.STAYS_ON)


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
