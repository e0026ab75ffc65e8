"""Going round the services: raw SQL, threads, and switched-off triggers."""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from backoffice.lib import jobs
from orders.services.scope_kinds import FREEZE_SCOPE, RELEASE_SCOPE


def sql(statement: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def in_threads(*functions: Callable[[], Any], seconds: float = 60) -> list[Any]:
    """Run all at the same time, each on a connection of its own. Answers what each returned or raised; who takes longer hangs."""
    barrier = threading.Barrier(len(functions))
    answers: list[Any] = [None] * len(functions)

    def run(place: int, function: Callable[[], Any]) -> None:
        try:
            barrier.wait(timeout=30)
            answers[place] = function()
        except Exception as error:
            answers[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(functions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=seconds)
        assert not thread.is_alive(), "a thread hangs"
    return answers


@contextmanager
def trigger_off(table: str, name: str) -> Iterator[None]:
    """The trigger is disabled inside the block, for every session."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname LIKE %s", [table, f"pgtrigger_{name}_%"]
        )
        (trigger,) = (row[0] for row in cursor.fetchall())
    _alter(f'ALTER TABLE {table} DISABLE TRIGGER "{trigger}"')
    try:
        yield
    finally:
        _alter(f'ALTER TABLE {table} ENABLE TRIGGER "{trigger}"')


def _alter(statement: str) -> None:
    """PostgreSQL alters no table while deferred checks of this transaction wait for it."""
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql(statement)
    sql("SET CONSTRAINTS ALL DEFERRED")


AFTER_THE_LEASE = jobs.LEASE + timedelta(seconds=1)


def begun(act: Any, chunks: int, *, at: datetime) -> Any:
    """An approved act whose worker looked at its scope, settled so many chunks and was killed: its lease runs out by itself."""
    token = uuid.uuid4()
    assert jobs._take_lease(act.job_id, token, at)
    for _ in range(1 + chunks):
        jobs._work_chunk(act.job_id, token, at)
    act.job.refresh_from_db()
    return act


def in_chunks_of(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """Freezes and releases settle so many items in a transaction."""
    for scope in (FREEZE_SCOPE, RELEASE_SCOPE):
        monkeypatch.setitem(vars(scope), "chunk", size)
