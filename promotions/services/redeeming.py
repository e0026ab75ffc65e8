"""Coupons pay for orders, and come back from them.

The order's own service calls these inside its transaction: an order and the redemption of its coupons are one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from backoffice.lib.errors import DomainError
from backoffice.lib.money import ZERO
from promotions.discounts import Evaluation, MinimumNotMet, Offer, evaluate
from promotions.models import Coupon, Customer, Redemption
from promotions.services.budgets import book, booking
from promotions.services.redemption_holds import reason_to_hold
from promotions.services.returning import return_coupons
from promotions.services.thresholds import check_restricted_type, lock_restricted_type
from promotions.states import MOVED_BY_REDEEMING, VIRTUAL_CATEGORIES, CouponStatus

__all__ = ["BasketLine", "CouponRefused", "Quote", "quote_coupons", "redeem_coupons", "return_coupons"]


class CouponRefused(DomainError):
    """A coupon cannot pay for this basket."""

    code = "coupon_refused"


@dataclass(frozen=True)
class BasketLine:
    """A line of a basket, as plain data. `amount` in the campaign's currency, before any discount."""

    sku: str
    category: str
    amount: Decimal

    @property
    def is_virtual(self) -> bool:
        return self.category in VIRTUAL_CATEGORIES


@dataclass(frozen=True)
class Quote:
    """What coupons take off a basket: in all, by coupon in the order asked, and by line."""

    total_discount: Decimal
    payable: Decimal
    coupons: tuple[tuple[Coupon, Decimal], ...]
    line_discounts: tuple[Decimal, ...]
    currency: str
    reason_to_hold: str = ""
    """Why the order that redeems them is to be held; empty where it is not."""


def quote_coupons(*, codes: Sequence[str], customer_ref: str, lines: Sequence[BasketLine], at: datetime) -> Quote:
    """What these coupons would take off; changes nothing. Raises CouponRefused."""
    customer = Customer.objects.filter(ref=customer_ref).first()
    if customer is None and codes:
        raise _no_such_coupon(codes[0])
    return _quote(_find_coupons(codes, customer, at, lock=False), lines)[0]


def redeem_coupons(*, codes: Sequence[str], customer: Customer, lines: Sequence[BasketLine], order_ref: str, at: datetime) -> Quote:
    """Redeem these coupons for the order `order_ref`, inside the caller's transaction.

    Raises CouponRefused, and then the caller rolls back.
    """
    if not codes:
        return _quote([], lines)[0]
    coupons = _find_coupons(codes, customer, at, lock=True)
    quote, evaluation = _quote(coupons, lines)
    restricted = sorted({coupon.coupon_type_id for coupon in coupons if coupon.coupon_type.is_restricted})
    for coupon_type_id in restricted:
        lock_restricted_type(coupon_type_id)
    redeemed = Coupon.objects.redeemable(at).filter(pk__in=[coupon.pk for coupon in coupons])
    if redeemed.update(status=CouponStatus.REDEEMED) < len(coupons):
        raise CouponRefused("A coupon was redeemed, expired or stopped in the meantime.")
    if not book([booking(coupon, reserved=-coupon.face_value, spent=amount) for coupon, amount in quote.coupons]):
        raise CouponRefused("The budget has no reservation for a coupon. Tell the owner of the campaign.")
    Redemption.objects.bulk_create(_redemptions(quote, evaluation, lines, order_ref, at))
    for coupon_type_id in restricted:
        check_restricted_type(coupon_type_id, at, moved=MOVED_BY_REDEEMING)
    return quote


def _find_coupons(codes: Sequence[str], customer: Customer | None, at: datetime, *, lock: bool) -> list[Coupon]:
    """The coupons of these codes in that order. Raises CouponRefused for the first that cannot be redeemed by this customer now."""
    if len(set(codes)) < len(codes):
        raise CouponRefused("Each coupon can be used once in an order.")
    rows = Coupon.objects.select_related("coupon_type__campaign").filter(code__in=codes).order_by("pk")
    rows = rows.annotate(reason_to_hold=reason_to_hold())
    if lock:
        rows = rows.select_for_update(of=("self",), no_key=True)
    found = {coupon.code: coupon for coupon in rows}
    for code in codes:
        coupon = found.get(code)
        if coupon is None or customer is None or coupon.customer_id != customer.pk:
            raise _no_such_coupon(code)
        if coupon.status != CouponStatus.ISSUED:
            raise CouponRefused(f"Coupon {code} is {coupon.get_status_display()}.")
        if coupon.valid_until <= at:
            raise CouponRefused(f"Coupon {code} has expired.")
    return [found[code] for code in codes]


def _quote(coupons: Sequence[Coupon], lines: Sequence[BasketLine]) -> tuple[Quote, Evaluation]:
    currencies = {coupon.coupon_type.campaign.currency for coupon in coupons} or {"CNY"}
    if len(currencies) > 1:
        raise CouponRefused("Coupons of different currencies cannot pay for one order.")
    offers = [
        Offer(coupon.code, coupon.face_value, coupon.coupon_type.percentage, coupon.coupon_type.minimum_spend) for coupon in coupons
    ]
    try:
        evaluation = evaluate(offers, [line.amount for line in lines])
    except MinimumNotMet as error:
        raise CouponRefused(str(error)) from error
    gross = sum((line.amount for line in lines), ZERO)
    pairs = tuple(zip(coupons, evaluation.by_offer, strict=True))
    reason = next((coupon.reason_to_hold for coupon in coupons if coupon.reason_to_hold), "")  # type: ignore[attr-defined]
    quote = Quote(evaluation.total, gross - evaluation.total, pairs, evaluation.by_line, currencies.pop(), reason)
    return quote, evaluation


def _redemptions(
    quote: Quote, evaluation: Evaluation, lines: Sequence[BasketLine], order_ref: str, at: datetime
) -> list[Redemption]:
    made = []
    for (coupon, amount), shares in zip(quote.coupons, evaluation.by_offer_and_line, strict=True):
        virtual = sum((share for line, share in zip(lines, shares, strict=True) if line.is_virtual), ZERO)
        made.append(
            Redemption(
                coupon=coupon,
                coupon_type_id=coupon.coupon_type_id,
                order_ref=order_ref,
                amount=amount,
                virtual_amount=virtual,
                at=at,
                claimed_at=coupon.issued_at,
            )
        )
    return made


def _no_such_coupon(code: str) -> CouponRefused:
    return CouponRefused(f"This customer has no coupon {code}.")
