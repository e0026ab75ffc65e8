"""The scheduled checks, run on the file's clock: each in its slots, in time order, before the event that follows.

A check is the same function that beat runs, with the slot's time as `at`; only the `CheckRun` row is left out, which guards a slot
against a second beat and means nothing where one process walks through the slots by itself.

Running every slot of three empty days would be 26,000 runs that do nothing. Two things make it safe to leave those out:

- What a check does is a function of the database and the time. A check that says `only_after_activity` can do nothing new in a slot
  while nothing has changed since its last run, so it runs only after something has.
- For the others, what is due stays due, for at least LOOK_AHEAD, until it is done. So a stretch of slots in which nothing happens
  is tried at its last slot, in a transaction that is rolled back: a check that would write nothing there would have written nothing
  in any slot before. Where it would write, halving the stretch finds the first slot in which it would, and there it runs.

Whatever a check writes counts as a change for all checks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction

from backoffice.lib import clock
from backoffice.lib.schedules import EPOCH, ScheduledCheck, all_checks, period_of, slot_of
from backoffice.replay.watching import Watch

log = structlog.get_logger(__name__)

LOOK_AHEAD = timedelta(hours=1)


@dataclass
class Turn:
    """Where a check stands: the last slot that it has run in or could be left out of, and whether anything changed since."""

    check: ScheduledCheck
    every: timedelta
    last: datetime
    has_news: bool = True
    looked_until: datetime = EPOCH
    due: datetime | None = None

    def first_slot(self) -> datetime:
        return self.last + self.every

    def leave_out(self, until: datetime) -> None:
        """Nothing is to be done in the slots up to `until`."""
        self.last = max(self.last, slot_of(until, self.every))

    def hear_news(self) -> None:
        self.has_news, self.looked_until, self.due = True, EPOCH, None


class Ticks:
    """`before_run` is called with a slot's time before a check runs in it, `after_run` when it has written something."""

    def __init__(
        self,
        start: datetime,
        *,
        before_run: Callable[[datetime], None],
        after_run: Callable[[datetime], None],
        checks: Sequence[ScheduledCheck] | None = None,
    ) -> None:
        self._before_run, self._after_run = before_run, after_run
        self._turns = []
        for check in [check for check in all_checks() if not check.is_of_the_site] if checks is None else checks:
            every = period_of(check.name) if checks is None else check.every
            self._turns.append(Turn(check, every, slot_of(start, every)))
        self._next = self._next_slot()
        self.runs = 0
        self.failures: list[str] = []

    def hear_of_activity(self) -> None:
        """Something happened: every check may have something to do in its next slot."""
        for turn in self._turns:
            turn.hear_news()

    def run_until(self, until: datetime) -> None:
        """Run what falls into the slots up to and with `until`."""
        if until < self._next:
            return
        reached = self._next
        while True:
            reached = min(until, reached + LOOK_AHEAD)
            self._run_stretch(reached)
            if reached == until:
                break
        self._next = self._next_slot()

    def run_all(self, at: datetime) -> None:
        """One last round of every check, whatever their slots are."""
        for turn in self._turns:
            self._run(turn, at)

    def _run_stretch(self, until: datetime) -> None:
        while (due := self._first_due(until)) is not None:
            slot, turn = due
            for other in self._turns:
                other.leave_out(slot - timedelta(microseconds=0 if other.check.name < turn.check.name else 1))
            self._run(turn, slot)
            turn.last = slot
        for turn in self._turns:
            turn.leave_out(until)

    def _first_due(self, until: datetime) -> tuple[datetime, Turn] | None:
        """The first check that is to run, and its slot; at the same time they go by name."""
        found: tuple[datetime, Turn] | None = None
        for turn in self._turns:
            slot = self._slot_to_run(turn, found[0] if found else until)
            if slot is not None and (found is None or slot < found[0]):
                found = slot, turn
        return found

    def _slot_to_run(self, turn: Turn, until: datetime) -> datetime | None:
        first, last = turn.first_slot(), slot_of(until, turn.every)
        if first > last:
            return None
        if turn.has_news:
            return first
        if turn.check.only_after_activity:
            return None
        if turn.due is None and last > turn.looked_until:
            turn.due = self._first_slot_that_writes(turn, first, last)
            turn.looked_until = last
        return turn.due if turn.due is not None and turn.due <= last else None

    def _first_slot_that_writes(self, turn: Turn, first: datetime, last: datetime) -> datetime | None:
        if not self._would_write(turn, last):
            return None
        low, high = 0, (last - first) // turn.every  # the slot `high` is known to write
        while low < high:
            middle = (low + high) // 2
            if self._would_write(turn, first + middle * turn.every):
                high = middle
            else:
                low = middle + 1
        return first + high * turn.every

    def _would_write(self, turn: Turn, at: datetime) -> bool:
        try:
            with clock.fixed_at(at), transaction.atomic(), Watch() as watch:
                turn.check.run(at)
                transaction.set_rollback(True)
        except Exception:
            return True  # the run itself will tell
        return watch.wrote

    def _run(self, turn: Turn, at: datetime) -> None:
        """Run it, and tell everybody where it wrote something. One that fails is noted, as beat would go on too."""
        self._before_run(at)
        self.runs += 1
        turn.has_news, turn.looked_until, turn.due = False, EPOCH, None
        watch = Watch()
        try:
            with clock.fixed_at(at), watch:
                turn.check.run(at)
        except Exception as error:
            log.exception("check_failed", check=turn.check.name, slot=at.isoformat())
            self.failures.append(f"{turn.check.name} at {at.isoformat()}: {type(error).__name__}: {error}")
            turn.looked_until = at + LOOK_AHEAD  # it is tried again after the next event, or then
        if watch.wrote:
            self._after_run(at)
            self.hear_of_activity()

    def _next_slot(self) -> datetime:
        return min((turn.first_slot() for turn in self._turns), default=datetime.max.replace(tzinfo=EPOCH.tzinfo))
