"""What came of every event, in the order of the file."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple


class Kind(StrEnum):
    CLAIM = "claim"
    ORDER = "order"
    SHIP = "ship"


class Outcome(StrEnum):
    ISSUED = "issued"
    REFUSED = "refused"
    PLACED = "placed"
    NOT_PLACED = "not_placed"
    SHIPPED = "shipped"
    HELD = "held"


class Result(NamedTuple):
    outcome: Outcome
    reason: str


class Journal:
    """Results by kind and id. A ship's result is the one of its order, as it stood last.

    `minutes` counts claims and orders by (kind, minute since 1970, outcome), for the pictures.
    """

    def __init__(self) -> None:
        self._sequence: list[tuple[Kind, str]] = []
        self._results: dict[tuple[Kind, str], Result] = {}
        self.minutes: Counter[tuple[Kind, int, Outcome]] = Counter()

    def note(self, kind: Kind, thing_id: str, at: datetime, outcome: Outcome, reason: str) -> None:
        """A new line: the event happened, and this came of it."""
        self._sequence.append((kind, thing_id))
        self._results[kind, thing_id] = Result(outcome, reason)
        self.minutes[kind, int(at.timestamp()) // 60, outcome] += 1

    def amend(self, kind: Kind, thing_id: str, outcome: Outcome, reason: str) -> None:
        """What came of it has changed since."""
        self._results[kind, thing_id] = Result(outcome, reason)

    def knows(self, kind: Kind, thing_id: str) -> bool:
        return (kind, thing_id) in self._results

    def result(self, kind: Kind, thing_id: str) -> Result:
        return self._results[kind, thing_id]

    def lines(self, held_seconds: Mapping[str, float]) -> Iterator[dict[str, Any]]:
        """The lines of results.jsonl. `held_seconds` by order; an order that is not in it was never held."""
        for kind, thing_id in self._sequence:
            outcome, reason = self._results[kind, thing_id]
            line: dict[str, Any] = {"kind": str(kind), "id": thing_id, "outcome": str(outcome), "reason": reason}
            if kind == Kind.SHIP:
                line["held_seconds"] = held_seconds.get(thing_id, 0)
            yield line

    def counts(self) -> dict[str, dict[str, int]]:
        """How many events of each kind came out how."""
        counts: dict[str, Counter[str]] = {str(kind): Counter() for kind in Kind}
        for kind, thing_id in self._sequence:
            counts[kind][self._results[kind, thing_id].outcome] += 1
        return {kind: dict(sorted(counter.items())) for kind, counter in counts.items()}

    def reasons(self, kind: Kind) -> list[tuple[str, int]]:
        """Why things of this kind were refused or not placed, the most frequent first."""
        counter = Counter(result.reason for key in self._sequence if key[0] == kind and (result := self._results[key]).reason)
        return sorted(counter.items(), key=lambda item: (-item[1], item[0]))
