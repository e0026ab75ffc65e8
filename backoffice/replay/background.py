"""The surroundings of a replay: Celery's tasks in line, little logging, little garbage collection."""

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery.signals import task_failure

from backoffice.celery import app


@contextmanager
def in_line(failures: list[str]) -> Iterator[None]:
    """Inside the block a task runs where it is sent, without a broker. One that fails is added to `failures` and stops nothing."""

    def note(sender: Any = None, exception: BaseException | None = None, **_: Any) -> None:
        failures.append(f"{getattr(sender, 'name', sender)}: {type(exception).__name__}: {exception}")

    before = app.conf.task_always_eager
    app.conf.task_always_eager = True
    task_failure.connect(note, weak=False)
    try:
        yield
    finally:
        task_failure.disconnect(note)
        app.conf.task_always_eager = before


@contextmanager
def quiet(level: int) -> Iterator[None]:
    """Only what is as bad as `level` is logged inside the block: a line for each event would drown the progress bar."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(level)
    try:
        yield
    finally:
        root.setLevel(before)


@contextmanager
def rare_collections() -> Iterator[None]:
    """Look for cyclic garbage a hundred times less often inside the block. What is remembered of a long file grows, and walking
    over it again and again took a tenth of the time."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(before[0] * 100, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
