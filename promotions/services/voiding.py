"""A coupon is taken out of its customer's hands: for a while, or for good."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from backoffice.lib.audit import because
from backoffice.lib.errors import DomainError
from backoffice.lib.states import move
from promotions.models import Coupon
from promotions.services.budgets import book, booking
from promotions.services.slices import paying_overruns
from promotions.states import COUPON_MOVES, CouponStatus


@transaction.atomic
def void_coupon(coupon: Coupon, *, by: Any, reason: str, at: datetime) -> Coupon:
    """Take a coupon for good; what it reserved returns to the budgets. Voiding what is void changes nothing.

    Raises DomainError for one that has paid for an order, or has expired, and without a reason.
    """
    locked = _locked(coupon, reason)
    if locked.status == CouponStatus.VOIDED:
        return locked
    if locked.status == CouponStatus.REDEEMED:
        sentence = _("Coupon %(code)s has paid for an order. Cancel the order: what it paid then returns.")
        raise DomainError(sentence % {"code": locked})
    with because(reason, user=by.pk):
        move(locked, CouponStatus.VOIDED, COUPON_MOVES)
    with paying_overruns([locked.coupon_type]):
        if not book([booking(locked, reserved=-locked.face_value)]):
            sentence = _("The budget has no reservation for %(code)s. Tell the owner of the campaign.")
            raise DomainError(sentence % {"code": locked})
    return locked


@transaction.atomic
def freeze_coupon(coupon: Coupon, *, by: Any, reason: str, at: datetime) -> Coupon:
    """Take a coupon out of use until somebody has looked at it. It stays reserved, and does not expire meanwhile."""
    locked = _locked(coupon, reason)
    if locked.status == CouponStatus.FROZEN:
        return locked
    with because(reason, user=by.pk):
        return move(locked, CouponStatus.FROZEN, COUPON_MOVES)


@transaction.atomic
def thaw_coupon(coupon: Coupon, *, by: Any, reason: str, at: datetime) -> Coupon:
    """Give a frozen coupon back to its customer. Raises StaleState where it is not frozen."""
    locked = _locked(coupon, reason)
    with because(reason, user=by.pk):
        return move(locked, CouponStatus.ISSUED, {CouponStatus.FROZEN: COUPON_MOVES[CouponStatus.FROZEN]})


def _locked(coupon: Coupon, reason: str) -> Coupon:
    if not reason.strip():
        raise DomainError(_("Give a reason: the customer will ask for it."))
    return Coupon.objects.select_for_update(no_key=True).get(pk=coupon.pk)
