"""Waiting for the other side of a race to be where it must be, instead of sleeping and hoping that it is."""

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

from django.db import connection

# What waits for another transaction's end names no database; a session that does holds a lock that names its own. Sessions of the
# databases beside this one do not count.
WAITS = """
SELECT EXISTS (
    SELECT FROM pg_locks waits JOIN pg_locks has USING (pid)
    WHERE NOT waits.granted AND has.database = (SELECT oid FROM pg_database WHERE datname = current_database())
)
"""


def somebody_waits() -> bool:
    """Whether another session of this database waits for a lock at this moment."""
    with connection.cursor() as cursor:
        cursor.execute(WAITS)
        return bool(cursor.fetchone()[0])


def wait_until(found: Callable[[], object], *, seconds: float = 30) -> None:
    """Raises TimeoutError where it does not come about: a race that was never run proves nothing."""
    deadline = time.monotonic() + seconds
    while not found():
        if time.monotonic() > deadline:
            raise TimeoutError("what was waited for did not come about")
        time.sleep(0.005)


def meeting(count: int, *, seconds: float = 30) -> Callable[[], None]:
    """What lets nobody pass before so many have come, or before somebody has waited so long: where a guard holds the others
    back, they do not come."""
    barrier = Barrier(count)

    def meet() -> None:
        with suppress(BrokenBarrierError):
            barrier.wait(timeout=seconds)

    return meet
