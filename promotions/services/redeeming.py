"""Coupons pay for orders, and come back from them.

The order's own service calls these inside its transaction: an order and the redemption of its coupons are one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from backoffice.lib.errors import DomainError
from backoffice.lib.money import ZERO
from promotions.discounts import Evaluation, evaluate
from promotions.models import Coupon, Customer, Redemption
from promotions.services.budgets import book, lock_slices
from promotions.services.customers import lock_customer
from promotions.services.fitting import BasketLine, CouponRefused, HasOrdered, find_coupons, fit, never
from promotions.services.thresholds import check_restricted_type, lock_restricted_type
from promotions.states import MOVED_BY_REDEEMING, CouponStatus, SlotReturn

__all__ = ["BasketLine", "CouponRefused", "Quote", "quote_coupons", "redeem_coupons", "return_coupons"]

DEFAULT_CURRENCY = "CNY"
CANCELLED_BY_RISK = "risk"


@dataclass(frozen=True)
class Quote:
    """What coupons take off a basket: in all, by coupon in the order asked, and by line."""

    total_discount: Decimal
    payable: Decimal
    coupons: tuple[tuple[Coupon, Decimal], ...]
    line_discounts: tuple[Decimal, ...]
    currency: str


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

    Raises CouponRefused, and then the caller rolls back.
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
    _take(quote, at)
    Redemption.objects.bulk_create(_redemptions(quote, evaluation, lines, order_ref, at))
    for coupon_type_id in restricted:
        check_restricted_type(coupon_type_id, at, moved=MOVED_BY_REDEEMING)
    return quote


def _take(quote: Quote, at: datetime) -> None:
    """Mark the coupons as redeemed and book what they take. Raises CouponRefused where somebody else was faster."""
    redeemed = Coupon.objects.redeemable(at).filter(pk__in=[coupon.pk for coupon, _amount in quote.coupons])
    if redeemed.update(status=CouponStatus.REDEEMED) < len(quote.coupons):
        raise CouponRefused(_("A coupon was redeemed, expired or stopped in the meantime."))
    bookings = [
        (coupon.budget_slice_id, -coupon.face_value, amount, coupon.face_value - amount) for coupon, amount in quote.coupons
    ]
    if not book(bookings):
        raise CouponRefused(_("The budget has no reservation for a coupon. Tell the owner of the campaign."))


@transaction.atomic
def return_coupons(*, order_ref: str, cancelled_by: str, at: datetime) -> int:
    """Take back what a cancelled order redeemed, by each campaign's policy. Answers how many coupons live again.

    The money always comes back, since no goods left. The coupon lives again where the policy says so, unless it has expired or the
    budget has no room left to reserve it; then it is voided. A second call finds nothing to do.
    """
    rows = Redemption.objects.filter(order_ref=order_ref, returned_at=None).order_by("coupon_id")
    rows = rows.select_for_update(of=("self", "coupon"), no_key=True).select_related("coupon__coupon_type__campaign")
    redemptions = list(rows)
    lock_slices(redemption.coupon.budget_slice_id for redemption in redemptions)
    revived = 0
    for redemption in redemptions:
        coupon = redemption.coupon
        revive = coupon.valid_until > at and _gives_back(coupon.coupon_type.campaign.slot_return, cancelled_by)
        if revive:
            room_needed = coupon.face_value - redemption.amount
            revive = book([(coupon.budget_slice_id, coupon.face_value, -redemption.amount, -room_needed)])
        if not revive and not book([(coupon.budget_slice_id, ZERO, -redemption.amount, redemption.amount)]):
            raise DomainError(f"The budget knows nothing of what {coupon} spent. Tell the owner of the campaign.")
        Redemption.objects.filter(pk=redemption.pk).update(returned_at=at)
        Coupon.objects.filter(pk=coupon.pk, status=CouponStatus.REDEEMED).update(
            status=CouponStatus.ISSUED if revive else CouponStatus.VOIDED
        )
        revived += revive
    return revived


def _quote(coupons: Sequence[Coupon], lines: Sequence[BasketLine], evaluation: Evaluation) -> Quote:
    currency = coupons[0].coupon_type.campaign.currency if coupons else DEFAULT_CURRENCY
    gross = sum((line.amount for line in lines), ZERO)
    pairs = tuple(zip(coupons, evaluation.by_offer, strict=True))
    return Quote(evaluation.total, gross - evaluation.total, pairs, evaluation.by_line, currency)


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


def _gives_back(policy: str, cancelled_by: str) -> bool:
    return policy == SlotReturn.ALWAYS or (policy == SlotReturn.UNLESS_RISK and cancelled_by != CANCELLED_BY_RISK)
