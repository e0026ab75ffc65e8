"""Does an entry, a network or a phone segment burst, within one coupon type? Pure.

The departure from what is usual is found by `promotions.cusum`, as it is of a whole coupon type. What is new here: one is watched
only once it is busy at all; before a week was seen of it a fixed cap stands in for the baseline; a network or a segment bursts only
where it is more than its part in a crowd; and a burst has an end.

A fold over minutes, as the memory is: looking at two stretches one after the other is looking at both at once.
"""

import math
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from promotions import cusum

WINDOW = 10
"""Minutes over which claims are counted for the cap, the share and the end."""
WATCHED_FROM = 3
"""Claims in a minute from which on a key is watched: the floor. What never sees so many is not remembered."""
LEAST_SHARE = 0.05
"""Of the claims of its type in the window: below it a network or a segment rises because all do."""
CALM = 10
"""Claims in the window at which a burst is over, however little is usual."""
LONGEST = cusum.DAY
"""What has lasted so many minutes is no burst any more: it is what is usual now."""


class BurstKind(StrEnum):
    """The same values as `risk.states.BurstKind`, for code without Django."""

    ENTRY = "entry"
    NETWORK = "network"
    SEGMENT = "segment"


CAPS: Mapping[str, int] = {BurstKind.ENTRY: 100, BurstKind.NETWORK: 25, BurstKind.SEGMENT: 40}
"""Claims in the window that are a burst while there is no baseline."""


@dataclass(frozen=True)
class Burst:
    """Minutes are counted since 1970. `usual` is claims a minute as expected when it was found; `calm` are the claims in the window
    at which it ends; `ended` is the first minute that does not belong to it."""

    began: int
    claims: int
    usual: float
    peak: int
    calm: int
    ended: int | None = None


def begin(minute: int) -> cusum.Memory:
    """The memory of what was never busy before this minute; the bin of the day counts as seen whole."""
    return cusum.begin(minute // cusum.BIN * cusum.BIN)


def follow(
    kind: str, memory: cusum.Memory, burst: Burst | None, counts: Mapping[int, int], totals: Mapping[int, int], until: int
) -> tuple[cusum.Memory, list[Burst]]:
    """Look at the minutes up to but without `until`.

    `burst` is the one that is not over, if there is one; `totals` are the claims of the whole coupon type by minute. Answers the
    memory after it, and the bursts seen in order, the given one first. Only the last of them can be without an end.
    """
    seen: list[Burst] = []
    busy = sorted(minute for minute, count in counts.items() if count)
    while memory.minute < until:
        if burst is None:
            memory = _over_empty_minutes(memory, busy, until)
            if memory.minute >= until:
                break
        minute = memory.minute
        usual = cusum.expected(memory.profile, memory.recent, minute)
        memory, departure = cusum.advance(memory, counts, minute + 1)
        if burst is not None:
            burst = _grown(burst, memory, minute)
        elif _begins(kind, memory, usual, _in_window(totals, minute), has_departed=departure is not None):
            burst = _begun(kind, memory, usual, minute)
        if burst is not None and burst.ended is not None:
            seen.append(burst)
            burst = None
    return memory, [*seen, burst] if burst is not None else seen


def _over_empty_minutes(memory: cusum.Memory, busy: list[int], until: int) -> cusum.Memory:
    """In minutes without claims nothing begins: they are looked at in one go."""
    place = bisect_left(busy, memory.minute)
    return cusum.advance(memory, {}, min(busy[place], until) if place < len(busy) else until)[0]


def _in_window(counts: Mapping[int, int], minute: int) -> int:
    return sum(counts.get(one, 0) for one in range(minute - WINDOW + 1, minute + 1))


def _begins(kind: str, memory: cusum.Memory, usual: float, total: int, *, has_departed: bool) -> bool:
    lately = sum(memory.recent[-WINDOW:])
    if memory.days < cusum.LEARNING_DAYS:
        has_departed = lately >= max(CAPS[kind], 2 * WINDOW * usual)
    return has_departed and (kind == BurstKind.ENTRY or lately >= LEAST_SHARE * total)


def _begun(kind: str, memory: cusum.Memory, usual: float, minute: int) -> Burst:
    """It began with the first minute of the window that adds to the sum."""
    lately = memory.recent[-WINDOW:]
    granted = cusum.GRANTED * usual
    spread = max(cusum.FLOOR, math.sqrt(cusum.OVERDISPERSION * granted))
    calm = max(CALM, math.floor(WINDOW * (granted + spread / 2)))
    if memory.days < cusum.LEARNING_DAYS:
        calm = max(calm, CAPS[kind] // 2)
    adding = granted + cusum.REFERENCE * spread
    first = next(place for place, count in enumerate(lately) if count > adding or place == len(lately) - 1)
    of_it = lately[first:]
    return Burst(began=minute - len(of_it) + 1, claims=sum(of_it), usual=usual, peak=max(of_it), calm=calm)


def _grown(burst: Burst, memory: cusum.Memory, minute: int) -> Burst:
    count = memory.recent[-1]
    grown = replace(burst, claims=burst.claims + count, peak=max(burst.peak, count))
    is_over = sum(memory.recent[-WINDOW:]) <= burst.calm or minute + 1 - burst.began >= LONGEST
    return replace(grown, ended=minute + 1) if is_over else grown
