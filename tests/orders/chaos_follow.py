"""Watching a job while those who work it are killed. Needs no Django."""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from tests.orders.chaos import Workers

LONGEST_WAIT = 900  # seconds
Progress = tuple[int, str] | None


@dataclass(frozen=True)
class Kill:
    """Once so many items are done, and as many seconds after that."""

    done: int
    pause: float
    victim: str


@dataclass
class Followed:
    """What was seen of a job from outside. `killed_at` has how many items were done when somebody was killed."""

    seconds: float = 0.0
    done: int = 0
    status: str = ""
    ran_backwards: bool = False
    killed_at: list[int] = field(default_factory=list)


def spread(victims: Sequence[str], total: int, luck: Random) -> list[Kill]:
    """One kill each, in any order, at moments of the first nine tenths of so many items."""
    shuffled = luck.sample(list(victims), len(victims))
    moments = sorted(luck.randrange(int(total * 0.9)) for _ in shuffled)
    return [Kill(moment, luck.random() * 0.4, victim) for moment, victim in zip(moments, shuffled, strict=True)]


def follow(made: Workers, progress: Callable[[], Progress], plan: Sequence[Kill] = (), *, wait: float = 0.05) -> Followed:
    """Watch a job to its end and kill by plan. `progress` says how many items are done and the job's state."""
    begun, seen, left = time.monotonic(), Followed(), list(plan)
    while (passed := time.monotonic() - begun) < LONGEST_WAIT:
        made.look_after()
        if (now := progress()) is not None:
            seen.ran_backwards |= now[0] < seen.done
            seen.done, seen.status = max(seen.done, now[0]), now[1]
            if seen.status in ("done", "failed", "cancelled") and not left:
                seen.seconds = passed
                return seen
        if left and seen.done >= left[0].done:
            kill = left.pop(0)
            time.sleep(kill.pause)
            made.kill(kill.victim)
            seen.killed_at.append(seen.done)
            print(f"{passed:6.1f} s, {seen.done:>7} done: killed {kill.victim}", file=sys.stderr, flush=True)
        time.sleep(wait)
    raise SystemExit(f"After {LONGEST_WAIT} s it was at {seen.done}, {seen.status}")
