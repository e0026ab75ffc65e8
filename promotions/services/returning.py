"""Coupons come back from orders that are called off. The order's own service calls this inside its transaction."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from backoffice.lib.errors import DomainError
from backoffice.lib.money import ZERO
from promotions.models import Coupon, Redemption
from promotions.services.budgets import Booking, alarm_overrun, book, booking, lock_slices
from promotions.services.slices import fill_slice, lock_all_slices, pay_overruns
from promotions.states import CouponStatus, SlotReturn

KEEPS_ITS_COUPON = ("risk", "dispute")  # who called the order off, where a policy asks for that


class NoRoom(Exception):
    """A slice has no room for a coupon that would live again; others of the same budget may."""


@transaction.atomic
def return_coupons(*, order_ref: str, cancelled_by: str, at: datetime) -> int:
    """Take back what a cancelled order redeemed, by each campaign's policy. Answers how many coupons live again.

    The money always comes back, since no goods left. The coupon lives again where the policy says so, unless it has expired or the
    budget has no room left to reserve it: then it is voided, or, where the campaign honours its promises, lives again as an overrun
    and an alarm tells. A second call finds nothing to do.
    """
    rows = Redemption.objects.filter(order_ref=order_ref, returned_at=None).order_by("coupon_id")
    rows = rows.select_for_update(of=("self", "coupon"), no_key=True).select_related(
        "coupon__coupon_type__campaign", "coupon__budget_slice"
    )
    redemptions = list(rows)
    reviving = {item.pk for item in redemptions if _lives_again(item.coupon, cancelled_by, at)}
    try:
        if any(item.coupon.coupon_type.campaign.honours_promises for item in redemptions):
            raise NoRoom  # or room that others need more: all slices are looked at
        with transaction.atomic():  # rolled back, it gives its locks back too
            lock_slices(item.coupon for item in redemptions)
            revived = _book_all(redemptions, reviving)
    except NoRoom:
        revived = _book_with_gathered_room(redemptions, reviving, at)
    for item in redemptions:
        Redemption.objects.filter(pk=item.pk).update(returned_at=at)
        status = CouponStatus.ISSUED if item.pk in revived else CouponStatus.VOIDED
        Coupon.objects.filter(pk=item.coupon_id, status=CouponStatus.REDEEMED).update(status=status)
    return len(revived)


def _book_all(redemptions: Sequence[Redemption], reviving: set[int]) -> set[int]:
    """Book them all where every coupon has room in the slices it came from. Raises NoRoom."""
    bookings = [_booking(item, revive=item.pk in reviving) for item in redemptions]
    if bookings and not book(bookings):
        raise NoRoom
    return reviving


def _book_with_gathered_room(redemptions: Sequence[Redemption], reviving: set[int], at: datetime) -> set[int]:
    """One by one, each with whatever room all slices of its type and budget have together. Answers which live again."""
    revived = set()
    type_slices, budget_slices = lock_all_slices(item.coupon for item in redemptions)
    for item in redemptions:
        coupon, campaign = item.coupon, item.coupon.coupon_type.campaign
        if item.pk in reviving:
            fill_slice(type_slices[coupon.coupon_type_id], coupon.coupon_type_slice_id, coupon.face_value - item.amount)
            fill_slice(budget_slices[coupon.budget_slice.budget_id], coupon.budget_slice_id, coupon.face_value - item.amount)
        if item.pk in reviving and _is_booked(_booking(item, revive=True, honours=campaign.honours_promises)):
            revived.add(item.pk)
        elif not _is_booked(_booking(item, revive=False)):
            raise DomainError(
                _("The budget knows nothing of what %(coupon)s spent. Tell the owner of the campaign.") % {"coupon": coupon}
            )
        if campaign.honours_promises:
            pay_overruns(type_slices[coupon.coupon_type_id])
            pay_overruns(budget_slices[coupon.budget_slice.budget_id])
            alarm_overrun(campaign, at)
    return revived


def _is_booked(one: Booking) -> bool:
    """Book it, or leave no trace of having tried."""
    try:
        with transaction.atomic():
            if not book([one]):
                raise NoRoom
    except NoRoom:
        return False
    return True


def _booking(item: Redemption, *, revive: bool, honours: bool = False) -> Booking:
    """What was spent returns; where the coupon lives again its whole face value is reserved once more."""
    reserved = item.coupon.face_value if revive else ZERO
    return booking(item.coupon, reserved=reserved, spent=-item.amount, honours=honours)


def _lives_again(coupon: Coupon, cancelled_by: str, at: datetime) -> bool:
    policy = coupon.coupon_type.campaign.slot_return
    gives_back = policy == SlotReturn.ALWAYS or (policy == SlotReturn.UNLESS_RISK and cancelled_by not in KEEPS_ITS_COUPON)
    return gives_back and coupon.valid_until > at
