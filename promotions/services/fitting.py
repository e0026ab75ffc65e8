"""Whether coupons fit a basket, and why not: for each coupon a reason for programs and a sentence for people.

The checks come in this order, and of the first that fails all coupons that fail it are named: whose the coupons are and whether
they can be used; currencies; first order; what they cover, and the minimum spend on that; whether they go together; whether each
takes something off.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from backoffice.lib import exchanges
from backoffice.lib.errors import DomainError
from promotions.discounts import Evaluation, Offer, evaluate
from promotions.models import Coupon, CouponType, Customer, Redemption
from promotions.scopes import Pattern, Scope
from promotions.services.coupon_statements import FIND, FIND_AND_LOCK, found_coupon
from promotions.stacking import Stacking, first_clash
from promotions.states import VIRTUAL_CATEGORIES, CouponMisfit, CouponStatus, ScopeSide

HasOrdered = Callable[[], bool]


@dataclass(frozen=True)
class Misfit:
    """Why the coupon at this place, counted from 0, does not fit."""

    place: int
    reason: CouponMisfit
    sentence: str


class CouponRefused(DomainError):
    """Coupons cannot pay for this basket. `misfits` says of each why; it is empty where somebody else was faster."""

    code = "coupon_refused"

    def __init__(self, sentence: str, misfits: Sequence[Misfit] = ()) -> None:
        super().__init__(sentence)
        self.misfits = tuple(misfits)
        self.errors = [{"pointer": f"#/coupons/{m.place}", "code": m.reason.value, "detail": m.sentence} for m in misfits]


@dataclass(frozen=True)
class BasketLine:
    """A line of a basket, as plain data. `amount` in the campaign's currency, before any discount.

    `category` is what it is: goods or a kind of credit. `product_category` is where the storefront's catalogue files it, or empty.
    """

    sku: str
    category: str
    amount: Decimal
    product_category: str = ""

    @property
    def is_virtual(self) -> bool:
        return self.category in VIRTUAL_CATEGORIES


def never() -> bool:
    """For a caller that knows of no orders."""
    return False


def find_coupons(codes: Sequence[str], customer: Customer | None, at: datetime, *, lock: bool) -> list[Coupon]:
    """The coupons of these codes in that order, each with the scope of its type. Raises CouponRefused."""
    if not codes:
        return []
    rows = exchanges.ask_rows(FIND_AND_LOCK if lock else FIND, {"codes": list(codes)})
    found = {coupon.code: coupon for coupon in map(found_coupon, rows)}
    _refuse(_not_usable(codes, found, customer, at))
    return [found[code] for code in codes]


def fit(
    coupons: Sequence[Coupon], lines: Sequence[BasketLine], *, customer: Customer | None, has_ordered: HasOrdered
) -> Evaluation:
    """What the coupons take off these lines together. Raises CouponRefused."""
    _refuse(_of_other_currencies(coupons))
    if any(coupon.coupon_type.first_order_only for coupon in coupons):
        _refuse(_not_first(coupons, customer, has_ordered))
    offers, amounts = [_offer(coupon, lines) for coupon in coupons], [line.amount for line in lines]
    _refuse(_uncovered(coupons, offers, amounts))
    _refuse(_clashing(coupons))
    evaluation = evaluate(offers, amounts)
    _refuse(_idle(coupons, evaluation))
    return evaluation


def scope_of(lines: Sequence[dict[str, str]]) -> Scope:
    """Lines of a scope, as rows or JSON give them, as the pure rules read them."""
    patterns = {side: tuple(Pattern(x["by"], x["value"]) for x in lines if x["side"] == side) for side in ScopeSide.values}
    return Scope(patterns[ScopeSide.INCLUDED], patterns[ScopeSide.LEFT_OUT])


def stacking_of(coupon_type: CouponType) -> Stacking:
    names = frozenset(name for name in (coupon_type.code, coupon_type.stacking_group) if name)
    return Stacking(coupon_type.stacks, names, frozenset(coupon_type.stacks_with))


def _offer(coupon: Coupon, lines: Sequence[BasketLine]) -> Offer:
    kind, patterns = coupon.coupon_type, coupon.scope_lines  # type: ignore[attr-defined]
    covers = scope_of(patterns).places(lines) if patterns else None
    return Offer(coupon.code, coupon.face_value, kind.percentage, kind.minimum_spend, covers)


def _refuse(misfits: Iterator[Misfit]) -> None:
    found = list(misfits)
    if found:
        raise CouponRefused(found[0].sentence, found)


def _not_usable(codes: Sequence[str], found: Mapping[str, Coupon], customer: Customer | None, at: datetime) -> Iterator[Misfit]:
    for place, code in enumerate(codes):
        coupon = found.get(code)
        if code in codes[:place]:
            yield Misfit(place, CouponMisfit.NAMED_TWICE, _("Each coupon can be used once in an order."))
        elif coupon is None or customer is None or coupon.customer_id != customer.pk:
            sentence = _("This customer has no coupon %(code)s.")
            yield Misfit(place, CouponMisfit.UNKNOWN_COUPON, sentence % {"code": code})
        elif coupon.status == CouponStatus.EXPIRED or (coupon.status == CouponStatus.ISSUED and coupon.valid_until <= at):
            yield Misfit(place, CouponMisfit.EXPIRED, _("Coupon %(code)s has expired.") % {"code": code})
        elif coupon.status != CouponStatus.ISSUED:
            sentence = _("Coupon %(code)s is %(state)s.")
            yield Misfit(place, CouponMisfit.NOT_USABLE, sentence % {"code": code, "state": coupon.get_status_display()})


def _of_other_currencies(coupons: Sequence[Coupon]) -> Iterator[Misfit]:
    for place, coupon in enumerate(coupons):
        if coupon.coupon_type.campaign.currency != coupons[0].coupon_type.campaign.currency:
            yield Misfit(place, CouponMisfit.CURRENCIES_DIFFER, _("Coupons of different currencies cannot pay for one order."))


def _not_first(coupons: Sequence[Coupon], customer: Customer | None, has_ordered: HasOrdered) -> Iterator[Misfit]:
    redeemed = Redemption.objects.filter(coupon__customer=customer, returned_at=None)
    if customer is None or not (redeemed.exists() or has_ordered()):
        return
    for place, coupon in enumerate(coupons):
        if coupon.coupon_type.first_order_only:
            sentence = _("Coupon %(code)s is for a first order, and this customer has ordered before.")
            yield Misfit(place, CouponMisfit.NOT_FIRST_ORDER, sentence % {"code": coupon.code})


def _uncovered(coupons: Sequence[Coupon], offers: Sequence[Offer], amounts: Sequence[Decimal]) -> Iterator[Misfit]:
    for place, (coupon, offer) in enumerate(zip(coupons, offers, strict=True)):
        if offer.covers is not None and not offer.covers:
            sentence = _("Coupon %(code)s covers nothing of this basket.")
            yield Misfit(place, CouponMisfit.NOTHING_COVERED, sentence % {"code": coupon.code})
        elif not offer.meets_minimum(amounts):
            sentence = (
                _("Coupon %(code)s needs a basket of at least %(minimum)s.")
                if offer.covers is None
                else _("Coupon %(code)s needs at least %(minimum)s of what it covers.")
            )
            yield Misfit(place, CouponMisfit.MINIMUM_NOT_MET, sentence % {"code": coupon.code, "minimum": offer.minimum_spend})


def _clashing(coupons: Sequence[Coupon]) -> Iterator[Misfit]:
    clash = first_clash([stacking_of(coupon.coupon_type) for coupon in coupons])
    if clash:
        refusing, other = clash
        sentence = _("Coupon %(code)s cannot be combined with coupon %(other)s.")
        words = {"code": coupons[refusing].code, "other": coupons[other].code}
        yield Misfit(refusing, CouponMisfit.DOES_NOT_STACK, sentence % words)


def _idle(coupons: Sequence[Coupon], evaluation: Evaluation) -> Iterator[Misfit]:
    for place in evaluation.idle:
        sentence = _("Coupon %(code)s would take nothing off: leave it out, and it can still be used.")
        yield Misfit(place, CouponMisfit.TAKES_NOTHING, sentence % {"code": coupons[place].code})
