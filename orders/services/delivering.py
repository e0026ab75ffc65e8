"""The ship gate: the storefront asks before it delivers, and an open hold says no."""

from datetime import datetime

from django.db import transaction

from backoffice.lib.states import move
from orders.models import Hold, Order
from orders.services.errors import OrderHeld, OrderIsFinal, OrderNotFound
from orders.states import ORDER_MOVES, OrderStatus

__all__ = ["OrderHeld", "OrderIsFinal", "OrderNotFound", "deliver_order"]


def deliver_order(ref: str, *, at: datetime) -> Order:
    """May this order be delivered? If so it is marked delivered; asked twice, the answer is the same.

    Raises OrderHeld, OrderIsFinal (cancelled) or OrderNotFound. That it was asked for is kept also where it is held.
    """
    with transaction.atomic():
        order = Order.objects.locked_by_ref(ref)
        if order is None:
            raise OrderNotFound(ref)
        if order.status == OrderStatus.DELIVERED:
            return order
        if order.status == OrderStatus.CANCELLED:
            raise OrderIsFinal(order)
        holds = list(Hold.objects.open().filter(order=order).order_by("pk"))
        if not holds:
            asked_at = order.delivery_asked_at or at
            return move(order, OrderStatus.DELIVERED, ORDER_MOVES, delivered_at=at, delivery_asked_at=asked_at)
        if order.delivery_asked_at is None:
            Order.objects.filter(pk=order.pk).update(delivery_asked_at=at)
    # Raised after the commit: who waits since when must outlive the refusal.
    raise OrderHeld(order, holds)
