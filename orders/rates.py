"""How many of something were there within a window, from two numbers. Pure arithmetic: no Django, no clock.

A window lies anywhere between the present fixed one and the one before it. What the one before holds is taken to be spread evenly
(the sliding-window counter of Cloudflare's rate limiter, https://blog.cloudflare.com/counting-things-a-lot-of-different-things/).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Counter:
    """`placed` since `started_at`, within `window`; `before` in the window before that. Nothing yet where `started_at` is None."""

    window: timedelta
    started_at: datetime | None = None
    placed: int = 0
    before: int = 0


def moved_on(counter: Counter, at: datetime) -> Counter:
    """The same counter as it stands at `at`. A time before its window counts as in it: clocks differ, and messages come late."""
    if counter.started_at is None:
        return Counter(counter.window, at)
    passed = (at - counter.started_at) // counter.window
    if passed <= 0:
        return counter
    before = counter.placed if passed == 1 else 0
    return Counter(counter.window, counter.started_at + passed * counter.window, 0, before)


def within(counter: Counter, at: datetime) -> int:
    """About how many there were within the window that ends at `at`; rounded up, so that a doubt counts against more."""
    now = moved_on(counter, at)
    gone = max(at - (now.started_at or at), timedelta(0))
    left = now.window - gone
    return now.placed - (-now.before * left // now.window)


def room(counter: Counter, most: int, at: datetime) -> int:
    """How many more there may be."""
    return max(most - within(counter, at), 0)


def taken(counter: Counter, number: int, at: datetime) -> Counter:
    """After `number` more."""
    now = moved_on(counter, at)
    return Counter(now.window, now.started_at, now.placed + number, now.before)
