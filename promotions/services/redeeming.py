"""Coupons pay for orders, and come back from them.

The order's own service calls these inside its transaction: an order and the redemption of its coupons are one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from backoffice.lib.errors import DomainError
from backoffice.lib.money import ZERO
from promotions.discounts import Evaluation, MinimumNotMet, Offer, evaluate
from promotions.models import Coupon, Customer, Redemption
from promotions.services.budgets import book, lock_slices
from promotions.services.thresholds import check_restricted_type, lock_restricted_type
from promotions.states import MOVED_BY_REDEEMING, VIRTUAL_CATEGORIES, CouponStatus, SlotReturn

KEEPS_ITS_COUPON = ("risk", "dispute")  # who called the order off, where a policy asks for that


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
    bookings = [
        (coupon.budget_slice_id, -coupon.face_value, amount, coupon.face_value - amount) for coupon, amount in quote.coupons
    ]
    if not book(bookings):
        raise CouponRefused("The budget has no reservation for a coupon. Tell the owner of the campaign.")
    Redemption.objects.bulk_create(_redemptions(quote, evaluation, lines, order_ref, at))
    for coupon_type_id in restricted:
        check_restricted_type(coupon_type_id, at, moved=MOVED_BY_REDEEMING)
    return quote


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


def _find_coupons(codes: Sequence[str], customer: Customer | None, at: datetime, *, lock: bool) -> list[Coupon]:
    """The coupons of these codes in that order. Raises CouponRefused for the first that cannot be redeemed by this customer now."""
    if len(set(codes)) < len(codes):
        raise CouponRefused("Each coupon can be used once in an order.")
    rows = Coupon.objects.select_related("coupon_type__campaign").filter(code__in=codes).order_by("pk")
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
    quote = Quote(evaluation.total, gross - evaluation.total, pairs, evaluation.by_line, currencies.pop())
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


def _gives_back(policy: str, cancelled_by: str) -> bool:
    return policy == SlotReturn.ALWAYS or (policy == SlotReturn.UNLESS_RISK and cancelled_by not in KEEPS_ITS_COUPON)


def _no_such_coupon(code: str) -> CouponRefused:
    return CouponRefused(f"This customer has no coupon {code}.")
