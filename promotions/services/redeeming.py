"""Coupons pay for orders, and come back from them.

The order's own service calls these inside its transaction: an order and the redemption of its coupons are one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from backoffice.lib import exchanges
from backoffice.lib.money import ZERO
from promotions.discounts import Evaluation, evaluate
from promotions.models import Coupon, Customer
from promotions.services.budgets import booking, queue_booking
from promotions.services.coupon_statements import KEEP_REDEMPTIONS, REDEEM
from promotions.services.customers import lock_customer
from promotions.services.fitting import BasketLine, CouponRefused, HasOrdered, find_coupons, fit, never
from promotions.services.returning import return_coupons
from promotions.services.slices import paying_overruns
from promotions.services.thresholds import check_restricted_type, lock_restricted_type
from promotions.states import MOVED_BY_REDEEMING

__all__ = ["BasketLine", "CouponRefused", "Quote", "quote_coupons", "redeem_coupons", "return_coupons"]

DEFAULT_CURRENCY = "CNY"


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


def quote_coupons(
    *, codes: Sequence[str], customer_ref: str, lines: Sequence[BasketLine], at: datetime, has_ordered: HasOrdered = never
) -> Quote:
    """What these coupons would take off; changes nothing. Raises CouponRefused, which says of each why it does not fit."""
    customer = Customer.objects.filter(ref=customer_ref).first() if codes else None
    coupons = find_coupons(codes, customer, at, lock=False)
    return _quote(coupons, lines, fit(coupons, lines, customer=customer, has_ordered=has_ordered))


def redeem_coupons(
    *,
    codes: Sequence[str],
    customer: Customer,
    lines: Sequence[BasketLine],
    order_ref: str,
    at: datetime,
    has_ordered: HasOrdered = never,
) -> Quote:
    """Redeem these coupons for the order `order_ref`, inside the caller's transaction.

    `has_ordered` answers whether the customer placed an order before this one, which only the caller knows. It is asked where a
    coupon is for first orders only, after the customer was locked: of two first orders at once the second one is seen as second.

    Raises CouponRefused, and then the caller rolls back. Inside `exchanges.gathered` what is stored waits for the next statement,
    and whoever sends that hears a refusal.
    """
    if not codes:
        return _quote([], lines, evaluate([], [line.amount for line in lines]))
    coupons = find_coupons(codes, customer, at, lock=True)
    if any(coupon.coupon_type.first_order_only for coupon in coupons):
        lock_customer(customer)
    evaluation = fit(coupons, lines, customer=customer, has_ordered=has_ordered)
    quote = _quote(coupons, lines, evaluation)
    restricted = sorted({coupon.coupon_type_id for coupon in coupons if coupon.coupon_type.is_restricted})
    for coupon_type_id in restricted:
        lock_restricted_type(coupon_type_id)
    # What a coupon does not take off returns at once.
    with exchanges.gathered(), paying_overruns(coupon.coupon_type for coupon in coupons):
        _take(quote, at)
        exchanges.queue(KEEP_REDEMPTIONS, _redemptions(quote, evaluation, lines, order_ref, at))
    for coupon_type_id in restricted:
        check_restricted_type(coupon_type_id, at, moved=MOVED_BY_REDEEMING)
    return quote


def _take(quote: Quote, at: datetime) -> None:
    """Mark the coupons as redeemed and book what they take, with the next statement.

    Whoever sends that hears CouponRefused where somebody else was faster.
    """

    def look_at_redeemed(row: Any) -> None:
        if row[0] < len(quote.coupons):
            raise CouponRefused(_("A coupon was redeemed, expired or stopped in the meantime."))

    def look_at_booked(row: Any) -> None:
        if not row[0]:
            raise CouponRefused(_("The budget has no reservation for a coupon. Tell the owner of the campaign."))

    exchanges.queue(REDEEM, {"coupons": [coupon.pk for coupon, _amount in quote.coupons], "at": at}, look_at_redeemed)
    bookings = [booking(coupon, reserved=-coupon.face_value, spent=amount) for coupon, amount in quote.coupons]
    queue_booking(bookings, look_at_booked)


def _quote(coupons: Sequence[Coupon], lines: Sequence[BasketLine], evaluation: Evaluation) -> Quote:
    currency = coupons[0].coupon_type.campaign.currency if coupons else DEFAULT_CURRENCY
    gross = sum((line.amount for line in lines), ZERO)
    pairs = tuple(zip(coupons, evaluation.by_offer, strict=True))
    reason = next((coupon.reason_to_hold for coupon in coupons if coupon.reason_to_hold), "")  # type: ignore[attr-defined]
    return Quote(evaluation.total, gross - evaluation.total, pairs, evaluation.by_line, currency, reason)


def _redemptions(quote: Quote, evaluation: Evaluation, lines: Sequence[BasketLine], order_ref: str, at: datetime) -> dict[str, Any]:
    coupons = [coupon for coupon, _amount in quote.coupons]
    return {
        "coupons": [coupon.pk for coupon in coupons],
        "coupon_types": [coupon.coupon_type_id for coupon in coupons],
        "amounts": [amount for _coupon, amount in quote.coupons],
        "virtual_amounts": [
            sum((share for line, share in zip(lines, shares, strict=True) if line.is_virtual), ZERO)
            for shares in evaluation.by_offer_and_line
        ],
        "claimed_at": [coupon.issued_at for coupon in coupons],
        "order_ref": order_ref,
        "at": at,
    }
