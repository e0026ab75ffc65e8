"""Whether automatic actions act. While observing, what would have been suspended or held is recorded and not done.

A replay with `--observe` sets it for its own process, so that detection can be judged on a whole night.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_observing: ContextVar[bool] = ContextVar("holdfast_observing", default=False)
_silent: ContextVar[bool] = ContextVar("holdfast_silent", default=False)


def is_observing() -> bool:
    """True where automatic actions must only be recorded. What staff do by hand is done all the same."""
    return _observing.get()


@contextmanager
def observe_only() -> Iterator[None]:
    """Suspend and hold nothing by itself inside the block."""
    token = _observing.set(True)
    try:
        yield
    finally:
        _observing.reset(token)


def is_silent() -> bool:
    """True where nothing may be told to the outside: no e-mail, no webhook."""
    return _silent.get()


@contextmanager
def tell_nobody() -> Iterator[None]:
    """Send no message inside the block. A replay is a rehearsal: nobody is to be called out of bed by it."""
    token = _silent.set(True)
    try:
        yield
    finally:
        _silent.reset(token)
