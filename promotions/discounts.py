"""What coupons take off a basket. Pure arithmetic on plain data: no Django, no database.

A fixed amount takes off its face value; a percentage takes off its share of what is still to pay, at most its face value. Nothing
ever goes below zero. Each discount is split over the lines by what is still to pay of them, to the cent, by largest remainder.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from backoffice.lib.money import ZERO, split_by_weight, to_cents


class MinimumNotMet(ValueError):
    """The basket is worth less than the coupon's minimum spend. `code` names the coupon."""

    def __init__(self, code: str, minimum: Decimal) -> None:
        super().__init__(f"Coupon {code} needs a basket of at least {minimum}.")
        self.code = code


@dataclass(frozen=True)
class Offer:
    """What one coupon offers. `percentage` is 0 to 100, or None for a fixed amount."""

    code: str
    face_value: Decimal
    percentage: Decimal | None
    minimum_spend: Decimal


@dataclass(frozen=True)
class Evaluation:
    """What each offer takes off, in the order given, and what comes off each line; both sum to `total`."""

    total: Decimal
    by_offer: tuple[Decimal, ...]
    by_line: tuple[Decimal, ...]
    by_offer_and_line: tuple[tuple[Decimal, ...], ...]


def evaluate(offers: Sequence[Offer], amounts: Sequence[Decimal]) -> Evaluation:
    """Apply the offers to lines of these amounts. Raises MinimumNotMet; the minimum is asked of the basket before any discount.

    Percentages come off before fixed amounts, so that the order in which codes were typed changes nothing.
    """
    gross = sum(amounts, ZERO)
    left = list(amounts)
    shares: dict[int, list[Decimal]] = {}
    for index in sorted(range(len(offers)), key=lambda i: _precedence(offers[i])):
        offer = offers[index]
        if gross < offer.minimum_spend:
            raise MinimumNotMet(offer.code, offer.minimum_spend)
        shares[index] = split_by_weight(_taken_off(offer, sum(left, ZERO)), left)
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
