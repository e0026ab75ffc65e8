"""The storefront has nothing more to do for an order."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from backoffice.lib.errors import DomainError
from backoffice.lib.money import ZERO, to_cents
from backoffice.lib.states import move
from orders.models import Hold, Order
from orders.services.errors import OrderHeld, OrderIsFinal, OrderNotFound
from orders.states import ORDER_MOVES, OrderStatus

__all__ = ["NotDelivered", "complete_order"]


class NotDelivered(DomainError):
    """Something of it has neither left nor been paid back."""

    code = "order_not_delivered"

    def __init__(self, order: Order) -> None:
        words = {"order": order, "state": order.get_status_display()}
        super().__init__(_("Order %(order)s is %(state)s: something of it is still to be delivered or refunded.") % words)


@transaction.atomic
def complete_order(ref: str, *, at: datetime) -> Order:
    """Close the order. Told twice, the answer is the same.

    Raises NotDelivered where something is still to come, OrderHeld, OrderIsFinal (cancelled or refunded), OrderNotFound.
    """
    order = Order.objects.locked_by_ref(ref)
    if order is None:
        raise OrderNotFound(ref)
    if order.status == OrderStatus.COMPLETED:
        return order  # type: ignore[no-any-return]
    if order.status in (OrderStatus.CANCELLED, OrderStatus.REFUNDED):
        raise OrderIsFinal(order)
    holds = list(Hold.objects.open().filter(order=order).order_by("pk"))
    if holds:
        raise OrderHeld(order, holds, forbids="completed")
    if order.status != OrderStatus.DELIVERED and not _rest_is_refunded(order):
        raise NotDelivered(order)
    return move(order, OrderStatus.COMPLETED, ORDER_MOVES, completed_at=at)


def _rest_is_refunded(order: Order) -> bool:
    """What did not leave has been paid back. Of a line that left in part each piece counts the same."""
    if order.status != OrderStatus.PARTLY_DELIVERED:
        return False
    still_here = sum(
        ((line.amount - line.discount) * (line.quantity - line.delivered_quantity) / line.quantity for line in order.lines.all()),
        ZERO,
    )
    return order.refunded_amount >= to_cents(still_here)
