"""An order is called off, and its coupons come back or not, by their campaign's policy."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from backoffice.lib.actors import system_user
from backoffice.lib.audit import because
from backoffice.lib.errors import InvalidInput
from backoffice.lib.sentences import Sentence
from backoffice.lib.states import move
from orders.models import Hold, Order
from orders.services.errors import OrderHeld, OrderIsFinal, OrderNotFound
from orders.services.texts import checked_prose
from orders.services.waiting import end_wait
from orders.states import ORDER_MOVES, CancelledBy, OrderStatus
from promotions.services.redeeming import return_coupons

__all__ = ["OrderHeld", "OrderIsFinal", "OrderNotFound", "call_off", "cancel_order"]

HOLD_REASON = str(Sentence(gettext_noop("order cancelled")))


@transaction.atomic
def cancel_order(ref: str, *, cancelled_by: str, reason: str, at: datetime) -> Order:
    """Cancel the order and return its coupons by policy. Asked twice, the answer is the same.

    `cancelled_by` is a CancelledBy; staff and risk give a reason. What is under a legal hold is preserved, so nobody cancels it,
    and OrderHeld says so; the release comes first. Other open holds have nothing left to forbid: they are released with the order.
    Raises OrderIsFinal for an order of which something has left, or that was refunded: what is left of it is refunded. Also raises
    OrderNotFound and InvalidInput.
    """
    reason = _checked_reason(cancelled_by, reason)
    order = Order.objects.locked_by_ref(ref)
    if order is None:
        raise OrderNotFound(ref)
    if order.status == OrderStatus.CANCELLED:
        return order
    if order.status not in (OrderStatus.PLACED, OrderStatus.PAID):
        raise OrderIsFinal(order)
    legal_holds = list(Hold.objects.open().legal().filter(order=order))
    if legal_holds:
        raise OrderHeld(order, legal_holds, forbids="cancelled")
    with because(reason or HOLD_REASON):
        return call_off(order, cancelled_by=cancelled_by, reason=reason, at=at)


def call_off(order: Order, *, cancelled_by: str, reason: str, at: datetime) -> Order:
    """What a cancellation does to an order that the caller has locked, and of which nothing has left."""
    _release_holds(order, at)
    end_wait(order, at=at)
    move(order, OrderStatus.CANCELLED, ORDER_MOVES, cancelled_at=at, cancelled_by=CancelledBy(cancelled_by), cancel_reason=reason)
    return_coupons(order_ref=order.ref, cancelled_by=str(cancelled_by), at=at)
    return order


def _checked_reason(cancelled_by: str, reason: str) -> str:
    if cancelled_by not in CancelledBy.values:
        raise InvalidInput(_("An order is cancelled by one of: %s.") % ", ".join(CancelledBy.values))
    return checked_prose(reason, _("the reason"), may_be_blank=cancelled_by == CancelledBy.CUSTOMER)


def _release_holds(order: Order, at: datetime) -> None:
    """No `hold_released` follows: there is no delivery left to ask for."""
    open_holds = Hold.objects.open().filter(order=order)
    if open_holds.exists():
        open_holds.update(released_at=at, released_by=system_user(), release_reason=HOLD_REASON)
