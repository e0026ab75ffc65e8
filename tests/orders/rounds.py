"""Going round the services: raw SQL, threads, and switched-off triggers."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


def sql(statement: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def in_threads(*functions: Callable[[], Any]) -> list[Any]:
    """Run all at the same time, each on a connection of its own. Answers what each returned or raised."""
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
        thread.join(timeout=60)
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
