"""A gate that many callers reach before any of them passes it: a lock of the database that the test holds."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

GATE = 20190120


@contextmanager
def closed_gate() -> Iterator[None]:
    """Nobody passes inside the block."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [GATE])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [GATE])


def wait_for_callers(count: int, *, seconds: float = 60) -> None:
    """Wait until so many stand before the gate. Raises TimeoutError."""
    query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted"
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(query, [GATE])
            if cursor.fetchone()[0] >= count:
                return
        time.sleep(0.05)
    raise TimeoutError(f"Fewer than {count} callers came to the gate")
