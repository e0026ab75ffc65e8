"""How a budget burns down, as arithmetic on plain data: levels over time, and when nothing is left. Amounts in one currency."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from backoffice.lib.money import ZERO

HOUR = timedelta(hours=1)
FARTHEST = timedelta(days=365)
STEPS = tuple(
    timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 7 * 1440, 30 * 1440)
)


@dataclass(frozen=True)
class Window:
    """From `since` to `until`, both included, cut into buckets of `step`; the last one may reach beyond `until`."""

    since: datetime
    until: datetime
    step: timedelta

    @classmethod
    def of(cls, since: datetime, until: datetime, most: int) -> "Window":
        """The finest cut with at most so many buckets, beginning on a whole minute."""
        since = since.replace(second=0, microsecond=0)
        step = next((step for step in STEPS if (until - since) // step < most), STEPS[-1])
        return cls(since, until, step)

    @property
    def starts(self) -> list[datetime]:
        """When each bucket begins."""
        return [self.since + self.step * number for number in range((self.until - self.since) // self.step + 1)]


@dataclass(frozen=True)
class Move:
    """What happened to the money within the bucket that begins at `start`: each amount relative."""

    start: datetime
    reserved: Decimal = ZERO
    spent: Decimal = ZERO
    returned: Decimal = ZERO

    def plus(self, other: "Move") -> "Move":
        return Move(self.start, self.reserved + other.reserved, self.spent + other.spent, self.returned + other.returned)


@dataclass(frozen=True)
class Level:
    """How the money stood at the end of the bucket that begins at `start`. Reserved is what is owed to holders of coupons."""

    start: datetime
    reserved: Decimal
    spent: Decimal
    returned: Decimal

    @property
    def given(self) -> Decimal:
        """What the budget cannot give any more."""
        return self.reserved + self.spent

    @property
    def issued(self) -> Decimal:
        """Everything that was ever reserved."""
        return self.reserved + self.spent + self.returned

    def before(self, move: Move) -> "Level":
        """How it stood before this move; never below zero."""
        return Level(
            self.start,
            max(self.reserved - move.reserved, ZERO),
            max(self.spent - move.spent, ZERO),
            max(self.returned - move.returned, ZERO),
        )


def levels(now: Level, moves: Sequence[Move], starts: Sequence[datetime]) -> list[Level]:
    """The level of each bucket, oldest first: from what the counters say now backwards through what the ledger says happened.

    So the newest level is what the budget really has, whatever is missing in the ledger; what is missing shows as a step at the far
    end, never below zero.
    """
    sums = {start: Move(start) for start in starts}
    for move in moves:
        sums[move.start] = sums[move.start].plus(move)
    found, level = [], now
    for start in reversed(starts):
        found.append(replace(level, start=start))
        level = level.before(sums[start])
    return found[::-1]


def runs_out_at(room: Decimal, given_in_an_hour: Decimal, at: datetime) -> datetime | None:
    """When nothing is left, were it given on as in the last hour. None where nothing is given, or not within a year."""
    if room <= 0:
        return at
    if given_in_an_hour <= 0:
        return None
    hours = room / given_in_an_hour
    return at + HOUR * float(hours) if hours <= FARTHEST / HOUR else None
