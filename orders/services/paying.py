"""An order is paid: from then on it may leave."""

from datetime import datetime

from django.db import transaction

from backoffice.lib.states import move
from orders.models import Order
from orders.services.errors import OrderNotFound
from orders.states import ORDER_MOVES, OrderStatus

__all__ = ["OrderNotFound", "pay_order"]


@transaction.atomic
def pay_order(ref: str, *, paid_at: datetime) -> Order:
    """The storefront says that the order was paid, at `paid_at`. Told twice, the first time stands.

    A payment that arrives after the order was called off is kept as a fact and revives nothing: the money has to go back. Raises
    OrderNotFound.
    """
    order = Order.objects.locked_by_ref(ref)
    if order is None:
        raise OrderNotFound(ref)
    if order.status == OrderStatus.PLACED:
        return move(order, OrderStatus.PAID, ORDER_MOVES, paid_at=paid_at)
    if order.paid_at is None:
        order.paid_at = paid_at
        order.save(update_fields=["paid_at"])
    return order  # type: ignore[no-any-return]
