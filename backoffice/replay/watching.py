"""Did it write anything? Asked of PostgreSQL itself, and only of what may have written."""

from collections.abc import Callable
from types import TracebackType
from typing import Any

from django.db import connection

READING = ("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK", "SET")
# pghistory puts its context in front of the statements that change something, as a SELECT.
HISTORY_CONTEXT = "pghistory"
LONGEST_PREFIX = 200


class Watch:
    """Inside the block `wrote` becomes true with the first statement that changes a row.

    A statement that only may have changed something, such as an UPDATE that met no row, is told apart by the transaction's id:
    PostgreSQL gives it one at its first write. Outside a transaction the number of rows tells.
    """

    def __init__(self) -> None:
        self.wrote = False
        self._wrapper = connection.execute_wrapper(self._look)

    def __enter__(self) -> "Watch":
        self._wrapper.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._wrapper.__exit__(kind, error, traceback)

    def _look(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        result = execute(sql, params, many, context)
        if not self.wrote and may_write(sql):
            self.wrote = _has_written() if connection.in_atomic_block else context["cursor"].rowcount != 0
        return result


def may_write(sql: Any) -> bool:
    """False only for what surely reads. Locking rows is no writing."""
    text = sql if isinstance(sql, str) else str(sql)
    return not text.lstrip().startswith(READING) or HISTORY_CONTEXT in text[:LONGEST_PREFIX]


def _has_written() -> bool:
    with connection.connection.cursor() as cursor:  # psycopg's own: this question is not looked at
        cursor.execute("SELECT pg_current_xact_id_if_assigned()")
        return cursor.fetchone()[0] is not None
