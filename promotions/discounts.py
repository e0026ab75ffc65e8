"""What coupons take off a basket. Pure arithmetic on plain data: no Django, no database.

In which order, and off what:

1. The minimum spend is asked of the lines that the coupon covers, at their amounts before any discount.
2. Percentages come off first, then fixed amounts. Among equals the larger face value comes first, then the code by alphabet. The
   order in which codes were typed changes nothing.
3. A percentage takes its share of what is still to pay of the lines it covers, at most its face value. A fixed amount takes its
   face value, at most what is still to pay of the lines it covers. Lines that a coupon does not cover are not touched by it.
4. Each discount is split over the lines by what is still to pay of them, to the cent, by largest remainder.

No line goes below zero. A coupon that would take nothing is found by `idle`: it must not be spent on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from backoffice.lib.money import ZERO, split_by_weight, to_cents


class MinimumNotMet(ValueError):
    """What the coupon covers of the basket is worth less than its minimum spend. `code` names the coupon."""

    def __init__(self, code: str, minimum: Decimal) -> None:
        super().__init__(f"Coupon {code} needs a basket of at least {minimum}.")
        self.code, self.minimum = code, minimum


@dataclass(frozen=True)
class Offer:
    """What one coupon offers. `percentage` is 0 to 100, or None for a fixed amount.

    `covers` are the places of the lines, counted from 0, that it looks at; None for all.
    """

    code: str
    face_value: Decimal
    percentage: Decimal | None
    minimum_spend: Decimal
    covers: frozenset[int] | None = None

    def of(self, amounts: Sequence[Decimal]) -> list[Decimal]:
        """The same amounts, with zero for every line that this offer does not cover."""
        return [amount if self.covers is None or place in self.covers else ZERO for place, amount in enumerate(amounts)]

    def meets_minimum(self, amounts: Sequence[Decimal]) -> bool:
        """Whether lines of these amounts, before any discount, are worth enough."""
        return sum(self.of(amounts), ZERO) >= self.minimum_spend


@dataclass(frozen=True)
class Evaluation:
    """What each offer takes off, in the order given, and what comes off each line; both sum to `total`."""

    total: Decimal
    by_offer: tuple[Decimal, ...]
    by_line: tuple[Decimal, ...]
    by_offer_and_line: tuple[tuple[Decimal, ...], ...]

    @property
    def idle(self) -> list[int]:
        """The places of the offers that take nothing, because those before them, or the cent, leave them nothing to take."""
        return [place for place, amount in enumerate(self.by_offer) if amount == 0]


def evaluate(offers: Sequence[Offer], amounts: Sequence[Decimal]) -> Evaluation:
    """Apply the offers to lines of these amounts, as the module says. Raises MinimumNotMet."""
    left = list(amounts)
    shares: dict[int, list[Decimal]] = {}
    for index in sorted(range(len(offers)), key=lambda i: _precedence(offers[i])):
        offer = offers[index]
        if not offer.meets_minimum(amounts):
            raise MinimumNotMet(offer.code, offer.minimum_spend)
        covered = offer.of(left)
        shares[index] = split_by_weight(_taken_off(offer, sum(covered, ZERO)), covered)
        left = [amount - share for amount, share in zip(left, shares[index], strict=True)]
    parts = tuple(tuple(shares[index]) for index in range(len(offers)))
    by_line = tuple(amount - rest for amount, rest in zip(amounts, left, strict=True))
    return Evaluation(sum(by_line, ZERO), tuple(sum(part, ZERO) for part in parts), by_line, parts)


def _precedence(offer: Offer) -> tuple[bool, Decimal, str]:
    return offer.percentage is None, -offer.face_value, offer.code


def _taken_off(offer: Offer, still_to_pay: Decimal) -> Decimal:
    if offer.percentage is None:
        return min(offer.face_value, still_to_pay)
    return min(to_cents(still_to_pay * offer.percentage / 100), offer.face_value, still_to_pay)
