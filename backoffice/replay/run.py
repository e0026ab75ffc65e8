"""Puts a replay together: events and scheduled checks in time order, against the database of the default connection."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime

from backoffice.lib.automation import observe_only, tell_nobody
from backoffice.replay.background import in_line, quiet, rare_collections
from backoffice.replay.events import Event
from backoffice.replay.faults import BadLine, FileRefused
from backoffice.replay.journal import Journal
from backoffice.replay.marks import Marks
from backoffice.replay.pace import Pace
from backoffice.replay.player import Player
from backoffice.replay.staff import Staff
from backoffice.replay.ticks import Ticks

Source = Iterable[Event | BadLine]


@dataclass(frozen=True)
class Options:
    """`speed` is how many seconds of the file take one second; None plays as fast as it can."""

    speed: float | None = None
    is_observing: bool = False
    keep_going: bool = False
    log_level: int = logging.ERROR


@dataclass
class Played:
    """A replay that came to the end of its file. `seconds` is the time on our clock from the first event to the last check."""

    journal: Journal
    since: Marks
    begins_at: datetime
    ends_at: datetime
    events: int = 0
    seconds: float = 0.0
    check_runs: int = 0
    faults: list[BadLine] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def play(
    source: Source,
    options: Options,
    *,
    on_step: Callable[[], None] = lambda: None,
    on_fault: Callable[[BadLine], None] = lambda _: None,
) -> Played:
    """Play every event, and at the end one round of the checks, at the last event's time.

    Raises the first BadLine, with everything before that line played and nothing of it; with `keep_going` each of them is given to
    `on_fault` instead, and kept. Raises FileRefused where there is no event at all.
    """
    faults: list[BadLine] = []

    def refuse(fault: BadLine) -> None:
        if not options.keep_going:
            raise fault
        faults.append(fault)
        on_fault(fault)

    events = _good_events(source, refuse)
    first = next(events, None)
    if first is None:
        raise FileRefused("The file holds no event that can be played.")
    played = Played(Journal(), Marks.now(), first.at, first.at, faults=faults)
    with ExitStack() as stack:
        stack.enter_context(rare_collections())
        stack.enter_context(quiet(options.log_level))
        stack.enter_context(in_line(played.failures))
        stack.enter_context(tell_nobody())
        if options.is_observing:
            stack.enter_context(observe_only())
        began = time.monotonic()
        _play_all(first, events, played, Pace(options.speed), refuse, on_step)
        played.seconds = time.monotonic() - began
    return played


def _play_all(
    first: Event,
    others: Iterator[Event],
    played: Played,
    pace: Pace,
    refuse: Callable[[BadLine], None],
    on_step: Callable[[], None],
) -> None:
    player = Player(played.journal, Staff())
    ticks = Ticks(first.at, before_run=pace.wait_for, after_run=player.ask_again)
    with player.listening():
        for event in _chain(first, others):
            ticks.run_until(event.at)
            pace.wait_for(event.at)
            try:
                player.play(event)
            except BadLine as fault:
                refuse(fault)
            else:
                played.events += 1
            player.ask_again(event.at)
            ticks.hear_of_activity()
            played.ends_at = event.at
            on_step()
        ticks.run_all(played.ends_at)
    played.check_runs = ticks.runs
    played.failures += ticks.failures


def _good_events(source: Source, refuse: Callable[[BadLine], None]) -> Iterator[Event]:
    for item in source:
        if isinstance(item, BadLine):
            refuse(item)
        else:
            yield item


def _chain(first: Event, others: Iterator[Event]) -> Iterator[Event]:
    yield first
    yield from others
