"""Round the services: statements of one's own, and what the database says to them."""

import pytest
from django.db import DatabaseError, connection, transaction


def sql(statement, *params):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.rowcount


def refused(match, statement, *params):
    """The database refuses the statement, and says by which rule."""
    with pytest.raises(DatabaseError, match=match), transaction.atomic():
        sql(statement, *params)


def set_in(obj, assignment):
    return f"UPDATE {obj._meta.db_table} SET {assignment} WHERE id = {obj.pk}"


def copy_of(obj, **changes):
    """An INSERT of the same row once more, but for the changes (SQL expressions) and the key."""
    columns = [field.column for field in obj._meta.concrete_fields if not field.primary_key]
    values = ", ".join(str(changes.get(column, f'"{column}"')) for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    return f"INSERT INTO {obj._meta.db_table} ({names}) SELECT {values} FROM {obj._meta.db_table} WHERE id = {obj.pk}"
