"""Which coupons may pay for one order together. Pure: no Django, no database."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

ANY, LISTED, ALONE = "any", "listed", "alone"


@dataclass(frozen=True)
class Stacking:
    """How a coupon goes with others. `names` is what others may list it by: its type's code and its group.

    `policy` is any, listed (only with those that `partners` names) or alone.
    """

    policy: str = ANY
    names: frozenset[str] = frozenset()
    partners: frozenset[str] = frozenset()

    def accepts(self, other: "Stacking") -> bool:
        return self.policy == ANY or (self.policy == LISTED and bool(self.partners & other.names))


def first_clash(stackings: Sequence[Stacking]) -> tuple[int, int] | None:
    """The places of the first two that do not go together; None where all do. Both must accept each other.

    The first place of the two is the one that refuses.
    """
    for first, second in combinations(range(len(stackings)), 2):
        if not stackings[first].accepts(stackings[second]):
            return first, second
        if not stackings[second].accepts(stackings[first]):
            return second, first
    return None
