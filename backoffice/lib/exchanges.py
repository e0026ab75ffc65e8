"""Several statements in one exchange with the database: what is sent together costs one wait.

Inside `gathered`, `queue` keeps a statement back until the next `ask`, which sends both. BEGIN and COMMIT travel with them.
An ordinary statement of Django's sends what is queued first, so that nothing is ever done in another order than it is written.

Statements are prepared on the server, which saves planning them each time. They go round Django's cursor and therefore carry no
context of history: what writes something whose history is kept uses Django's cursor (ADR 0013).
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import DatabaseError, connection, transaction
from psycopg.pq import TransactionStatus

from backoffice.lib.pipeline import Interrupted, Row, exchange

Look = Callable[[Row | None], None]
SAVEPOINT, ROLL_BACK, RELEASE = "SAVEPOINT undoable", "ROLLBACK TO SAVEPOINT undoable", "RELEASE SAVEPOINT undoable"


@dataclass(frozen=True)
class Statement:
    """SQL with named placeholders. `look` sees the first row of its answer, or None, and may raise."""

    sql: str
    values: Mapping[str, Any] | None = None
    look: Look | None = None


class _Waiting(threading.local):
    """What this thread keeps back."""

    is_gathering = False
    statements: tuple[Statement, ...] = ()


_waiting = _Waiting()


@contextmanager
def gathered() -> Iterator[None]:
    """What is queued in this block is sent at the latest at its end. Inside another such block it is that one's."""
    if _waiting.is_gathering:
        yield
        return
    _waiting.is_gathering = True
    try:
        with connection.execute_wrapper(_flush_first):
            yield
        flush()
    finally:
        _waiting.is_gathering = False
        _taken()  # where the block raised, nobody wants it any more


def queue(sql: str, values: Mapping[str, Any] | None = None, look: Look | None = None) -> None:
    """Send this with what is asked next, before it. `look` sees the answer before whoever asked sees his own."""
    if not (_waiting.is_gathering and connection.in_atomic_block):
        raise transaction.TransactionManagementError("Only in a transaction, and inside `gathered`, may a statement wait.")
    _waiting.statements += (Statement(sql, values, look),)


def ask(sql: str, values: Mapping[str, Any]) -> Row | None:
    """Send what is queued, then this; the first row of its answer, or None. One exchange."""
    return _first(ask_rows(sql, values))


def ask_rows(sql: str, values: Mapping[str, Any]) -> list[Row]:
    """Send what is queued, then this; all rows of its answer. One exchange."""
    return _send([*_taken(), Statement(sql, values)])


def flush() -> None:
    """Send what is queued, if anything is."""
    statements = _taken()
    if statements:
        _send(statements)


def settle() -> None:
    """Send what is queued where its answer is still to be looked at."""
    if any(statement.look for statement in _waiting.statements):
        flush()


def commit(sql: str, values: Mapping[str, Any]) -> None:
    """Send what is queued, then this and COMMIT, in one exchange.

    Only at the very end of the outermost `atomic`, which then finds nothing left to do but its callbacks.
    """
    queued = [statement for statement in _taken() if statement.sql != RELEASE]  # COMMIT releases
    _send([*queued, Statement(sql, values), Statement("COMMIT")])


@contextmanager
def undoable(*refusals: type[Exception]) -> Iterator[None]:
    """Undoes what the block did where it raises: a transaction of its own, or a savepoint that travels with other statements.

    After one of `refusals` the undoing waits for the next statement too.
    """
    if not connection.in_atomic_block:
        with transaction.atomic():
            yield
            flush()
        return
    queue(SAVEPOINT)
    callbacks = len(connection.run_on_commit)
    try:
        yield
    except BaseException as error:
        queue(ROLL_BACK)
        del connection.run_on_commit[callbacks:]  # nobody is told of what did not happen
        if not isinstance(error, refusals):
            _undo_now()
        raise
    queue(RELEASE)


def _undo_now() -> None:
    """As `atomic` does: undone, or the whole transaction is lost. What went wrong before says more than what goes wrong here."""
    try:
        connection.needs_rollback = False
        flush()
    except DatabaseError:
        connection.needs_rollback = True


def _flush_first(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
    flush()
    return execute(sql, params, many, context)


def _send(statements: Sequence[Statement]) -> list[Row]:
    connection.validate_no_broken_transaction()
    connection.ensure_connection()
    try:
        with connection.wrap_database_errors:
            rows = _rows(connection.connection, statements)
    except Interrupted as interrupted:
        # Who looks at what stands before the error is heard first: a request that was answered long ago need not hear of it.
        _show(statements, interrupted.answered)
        with connection.wrap_database_errors:
            raise interrupted.error from None
    _show(statements, rows)
    return rows[-1]


def _show(statements: Sequence[Statement], answered: Sequence[Sequence[Row]]) -> None:
    for statement, found in zip(statements, answered, strict=False):
        if statement.look is not None:
            statement.look(_first(found))


def _first(rows: Sequence[Row]) -> Row | None:
    return rows[0] if rows else None


def _rows(raw: psycopg.Connection[Any], statements: Sequence[Statement]) -> list[list[Row]]:
    if not raw.autocommit and raw.info.transaction_status == TransactionStatus.IDLE:
        # psycopg would begin the transaction by itself, and wait for that. Django sets autocommit again when it has ended.
        raw.autocommit = True
        try:
            return _rows(raw, [Statement("BEGIN"), *statements])[1:]
        except Interrupted as interrupted:
            raise Interrupted(interrupted.error, interrupted.answered[1:]) from None
    return exchange(raw, [(statement.sql, statement.values or {}) for statement in statements])


def _taken() -> tuple[Statement, ...]:
    statements, _waiting.statements = _waiting.statements, ()
    return statements
