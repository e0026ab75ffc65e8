"""What a rule can say of an event, and what follows where it cannot say anything. Pure."""

from enum import StrEnum


class Result(StrEnum):
    HIT = "hit"
    MISS = "miss"
    SNOOZED = "snoozed"
    """It would have hit, and staff asked not to hear it about this customer, device or recipient for a while."""
    UNKNOWN = "unknown"
    """A fact was missing without which neither hit nor miss can be said."""
    ERROR = "error"
    """A fault of the rule or of ours."""


def result_of(truth: bool | None) -> Result:
    return Result.UNKNOWN if truth is None else Result.HIT if truth else Result.MISS


class DecisionPoint(StrEnum):
    """Where a rule's word is asked for."""

    RESTRICTED_ORDER = "restricted_order"
    """An order that a coupon of a restricted type pays for."""
    ORDINARY_ORDER = "ordinary_order"
    """Any other order with a coupon."""


class OpenAnswer(StrEnum):
    """What follows where a published rule could not be decided: it is never let pass in silence."""

    WAIT = "wait"
    """Fails closed: the order is held until a reviewer has looked."""
    FLAG = "flag"
    """Fails open: the order goes on, and a reviewer is told."""


POLICIES: dict[DecisionPoint, OpenAnswer] = {
    DecisionPoint.RESTRICTED_ORDER: OpenAnswer.WAIT,
    DecisionPoint.ORDINARY_ORDER: OpenAnswer.FLAG,
}
UNDECIDED = (Result.UNKNOWN, Result.ERROR)


def worst(results: list[Result]) -> Result:
    """Of several events of one order: a hit on one is a hit, and what could not be decided is not a miss."""
    order = (Result.HIT, Result.ERROR, Result.UNKNOWN, Result.SNOOZED, Result.MISS)
    return min(results, key=order.index, default=Result.MISS)
