"""Does a coupon type depart from its own baseline? A cumulative sum over minutes, with a profile of the day. Pure.

The sum is Page's: E. S. Page, "Continuous Inspection Schemes", Biometrika 41 (1954), pages 100 to 115. Each minute adds how far its
count lies above what is granted, in units of the spread, less a reference value; the sum never falls below zero, and what it must
not reach is the decision interval. Small excesses that last are found as surely as large ones that are short.

What is expected of a minute is the larger of two things. First the profile: what this ten-minute bin of the day, or one beside it,
saw on earlier days. A bin follows a busier day at once, up to four times a day, and forgets it slowly, so that yesterday's peak is
no surprise today. Second the level of the last hour but without its last half hour: a day that is busier from the morning on is no
surprise in the evening, and a ramp is found before it becomes its own baseline.

Nothing is said before a week was seen, its weekend with it. A type that is new has no baseline; its fixed cap watches it until
then.

The memory is a fold over minutes: advancing over two stretches one after the other is advancing over both at once, and empty
minutes may be left until the next claim comes.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

DAY = 1440
BIN = 10
BINS = DAY // BIN
RECENT = 60
LAG = 30

LEARNING_DAYS = 7
GRANTED = 1.1
"""Of what is expected, so much is no departure: days differ."""
REFERENCE = 1.0
"""Page's reference value k, in units of the spread: so much above what is granted adds nothing."""
DECISION = 20.0
"""Page's decision interval h, in units of the spread."""
OVERDISPERSION = 2.0
"""Variance over mean of counts a minute: people come in groups, a Poisson process would have 1."""
FLOOR = 1.5
"""The least spread, in claims a minute: at three in the morning two claims are no departure."""
LEAST_EXCESS = 40.0
"""Coupons above what is granted, since the sum last left zero, below which nothing is said."""
KEPT_OF_A_DAY = 0.95
"""What remains of a bin's height after a day with nothing in it: half after two weeks."""
GROWTH = 4.0
"""A bin grows at most so many times a day: a peak that comes every week is learnt, a night of theft is not believed whole."""


@dataclass(frozen=True)
class Memory:
    """What is remembered of one type.

    `minute` is the next minute to look at, since 1970. `profile` has the expected claims a minute by bin of the day, `bin_count`
    what the present bin has seen so far, `recent` the counts of the last hour. `days` counts whole days.
    """

    minute: int
    started: int
    statistic: float = 0.0
    excess: float = 0.0
    bin_count: int = 0
    profile: tuple[float, ...] = (0.0,) * BINS
    recent: tuple[int, ...] = ()

    @property
    def days(self) -> int:
        return (self.minute - self.started) // DAY


@dataclass(frozen=True)
class Departure:
    """The minute that took the sum over the decision interval, what was expected then, and the excess since the sum rose."""

    minute: int
    statistic: float
    expected: float
    excess: float


def begin(minute: int) -> Memory:
    """The memory of a type that was never looked at: the profile begins with a whole bin."""
    start = -(-minute // BIN) * BIN
    return Memory(minute=start, started=start)


def advance(memory: Memory, counts: Mapping[int, int], until: int, *, planned: float = 1.0) -> tuple[Memory, Departure | None]:
    """Look at the minutes up to but without `until`. Answers the first departure among them, and the memory after all of them.

    After a departure the sum begins again at zero. `planned` is how many times its baseline the type is expected to reach, because
    staff promote it.
    """
    state = _Running(memory)
    found: Departure | None = None
    for minute in range(memory.minute, until):
        departure = state.look_at(minute, counts.get(minute, 0), planned)
        found = found or departure
    return state.memory(), found


def expected(profile: Sequence[float], recent: Sequence[int], minute: int) -> float:
    """Claims expected in this minute, before anything is granted."""
    here = minute // BIN % BINS
    of_the_day = max(profile[here - 1], profile[here], profile[(here + 1) % BINS])
    older = recent[:-LAG] if len(recent) == RECENT else ()
    return max(of_the_day, sum(older) / len(older) if older else 0.0)


class _Running:
    """The fold, with lists in place of tuples while it runs."""

    def __init__(self, memory: Memory) -> None:
        self._start = memory
        self._next = memory.minute
        self._statistic, self._excess, self._bin_count = memory.statistic, memory.excess, memory.bin_count
        self._profile, self._recent = list(memory.profile), list(memory.recent)

    def memory(self) -> Memory:
        return replace(
            self._start,
            minute=max(self._next, self._start.minute),
            statistic=self._statistic,
            excess=self._excess,
            bin_count=self._bin_count,
            profile=tuple(self._profile),
            recent=tuple(self._recent),
        )

    def look_at(self, minute: int, count: int, planned: float) -> Departure | None:
        departure = self._add(minute, count, planned) if minute - self._start.started >= LEARNING_DAYS * DAY else None
        self._learn(minute, count, planned)
        self._next = minute + 1
        return departure

    def _add(self, minute: int, count: int, planned: float) -> Departure | None:
        if not count and not self._statistic:
            return None
        mean = expected(self._profile, self._recent, minute)
        granted = GRANTED * mean * planned
        spread = max(FLOOR, math.sqrt(OVERDISPERSION * granted))
        self._statistic = max(0.0, self._statistic + (count - granted) / spread - REFERENCE)
        self._excess = max(0.0, self._excess + count - granted) if self._statistic else 0.0
        if self._statistic < DECISION or self._excess < LEAST_EXCESS:
            return None
        departure = Departure(minute, self._statistic, mean, self._excess)
        self._statistic = self._excess = 0.0
        return departure

    def _learn(self, minute: int, count: int, planned: float) -> None:
        self._recent.append(count)
        del self._recent[:-RECENT]
        self._bin_count += count
        if minute % BIN < BIN - 1:
            return
        here, seen = minute // BIN % BINS, self._bin_count / BIN
        before = self._profile[here]
        if minute - self._start.started >= DAY:
            seen = min(seen, max(GROWTH, planned) * before + FLOOR)
        self._profile[here] = max(seen, KEPT_OF_A_DAY * before + (1 - KEPT_OF_A_DAY) * seen)
        self._bin_count = 0
