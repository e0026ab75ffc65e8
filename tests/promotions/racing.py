"""Many callers at once, and the guards switched off, to prove that a race test would see a race."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any

from django.db import connection, connections
from django.db.models import Model

from promotions.services import claim_statements as statements
from promotions.services import claiming


def at_once(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run each act in a thread and on a connection of its own, all released together. Answers results, or what was raised."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            start.wait(timeout=120)
            return act()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def errors_in(results: Sequence[Any]) -> list[Exception]:
    return [result for result in results if isinstance(result, Exception)]


def in_turn(acts: Sequence[Callable[[], Any]]) -> Callable[[], list[Any]]:
    """One act that does these one after another, as a busy caller would."""
    return lambda: [act() for act in acts]


def without_guard(monkeypatch: Any, guard: str, instead: str = "") -> None:
    """Take a condition out of the statement that takes, or weaken it."""
    assert guard in statements.TAKE, f"{guard!r} no longer guards the statement: mend this control"
    monkeypatch.setattr(statements, "TAKE", statements.TAKE.replace(guard, instead))


def check_before_taking(monkeypatch: Any, *, thinking: float = 0.01) -> None:
    """Read the counters, think for some seconds, then take: so it goes wrong where the guard is not in what takes."""
    take = claiming._take

    def check_then_take(door: Any, attempt: Any, token: Any, slices: Any, at: Any, **who: Any) -> Any:
        values = {
            "entry": door.entry_id,
            "coupon_type": door.coupon_type_id,
            "budget": door.budget_id,
            "face_value": door.face_value,
        }
        with connection.cursor() as cursor:
            cursor.execute(statements.ROOM, values)
            free = cursor.fetchone()
        if not all(free[:3]):
            return claiming.Taken(True, token and token.pk, None, None, None)
        time.sleep(thinking)
        return take(door, attempt, token, slices, at, **who)

    monkeypatch.setattr(claiming, "_take", check_then_take)


@contextmanager
def without_constraint(model: type[Model], name: str) -> Iterator[None]:
    """Drop a constraint for a while; what broke it in the meantime goes with it."""
    (constraint,) = (found for found in model._meta.constraints if found.name == name)
    with connection.schema_editor() as editor:
        editor.remove_constraint(model, constraint)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f'TRUNCATE "{model._meta.db_table}" CASCADE')
        with connection.schema_editor() as editor:
            editor.add_constraint(model, constraint)
