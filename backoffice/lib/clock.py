"""What time it is. Services take `at`; only the edges (views, tasks, admin, commands) ask here.

A replay sets the clock of its own process to the time written in the file, so that tasks that run in line see that time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.utils import timezone

_fixed: ContextVar[datetime | None] = ContextVar("holdfast_clock", default=None)


def now() -> datetime:
    """The present time, aware, in UTC; inside `fixed_at` the time that was set."""
    return _fixed.get() or timezone.now()


@contextmanager
def fixed_at(at: datetime) -> Iterator[None]:
    """Let `now()` answer `at` inside the block, in this thread or task alone."""
    token = _fixed.set(at)
    try:
        yield
    finally:
        _fixed.reset(token)
