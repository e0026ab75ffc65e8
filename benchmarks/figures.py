"""What rounds of calls come to: rates, waits, ratios. Pure."""

from dataclasses import dataclass
from statistics import median

from benchmarks.effort import NOTHING, Effort


@dataclass(frozen=True)
class Round:
    """One stretch of calls of one kind. `waits` in seconds, sorted."""

    seconds: float
    waits: tuple[float, ...]
    statuses: dict[str, int]
    effort: Effort = NOTHING

    @property
    def rate(self) -> float:
        return len(self.waits) / self.seconds


def part(waits: tuple[float, ...], percent: float) -> float:
    """The wait that so many per cent of the calls do not exceed."""
    return waits[min(len(waits) - 1, int(len(waits) * percent / 100))]


@dataclass(frozen=True)
class Side:
    """All rounds of one kind."""

    name: str
    rounds: tuple[Round, ...]

    @property
    def rate(self) -> float:
        """The median of the rounds: calls answered in a second."""
        return median(one.rate for one in self.rounds)

    def wait(self, percent: float) -> float:
        """The median of the rounds, in seconds."""
        return median(part(one.waits, percent) for one in self.rounds)

    @property
    def statuses(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for one in self.rounds:
            for status, count in one.statuses.items():
                found[status] = found.get(status, 0) + count
        return found

    @property
    def effort(self) -> Effort:
        """Processor seconds a call; the median of the rounds."""
        return Effort(
            median(one.effort.web / len(one.waits) for one in self.rounds),
            median(one.effort.database / len(one.waits) for one in self.rounds),
        )

    def line(self) -> str:
        p50, p99 = self.wait(50), self.wait(99)
        rates = " ".join(f"{one.rate:.0f}" for one in self.rounds)
        answers = ", ".join(f"{count} x {status}" for status, count in sorted(self.statuses.items()))
        return (
            f"{self.name:24} {self.rate:7.0f}/s   p50 {1000 * p50:6.1f} ms   p99 {1000 * p99:6.1f} ms   p99/p50 {p99 / p50:4.2f}"
            f"   processor ms: web {1000 * self.effort.web:.2f}, database {1000 * self.effort.database:.2f}"
            f"   rounds {rates}   answers {answers}"
        )


def ratio(this: Side, other: Side) -> float:
    """The median of the rounds' ratios: each round of one side was run beside one of the other."""
    return median(a.rate / b.rate for a, b in zip(this.rounds, other.rounds, strict=True))
