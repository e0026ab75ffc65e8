"""The ship gate: the storefront asks before it delivers, and an open hold says no."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from backoffice.lib.errors import InvalidInput
from backoffice.lib.states import move
from orders.models import Delivery, Hold, Order, OrderLine
from orders.services.errors import OrderHeld, OrderIsFinal, OrderNotFound, OrderNotPaid, ReferenceReused
from orders.services.texts import checked_reference
from orders.services.waiting import begin_wait, end_wait
from orders.states import LOST_STATUSES, ORDER_MOVES, OrderStatus

__all__ = ["OrderHeld", "OrderIsFinal", "OrderNotFound", "OrderNotPaid", "deliver_order", "deliver_part"]

Quantities = Mapping[int, int]
"""How many of which line, by the line's position."""


def deliver_order(ref: str, *, at: datetime) -> Order:
    """May this order, or what is left of it, be delivered? If so it is marked delivered; asked twice, the answer is the same.

    Raises OrderHeld, OrderNotPaid, OrderIsFinal (cancelled or refunded) or OrderNotFound. That it was asked for is kept also where
    it is held.
    """
    with transaction.atomic():
        order = _locked(ref)
        if order.status in LOST_STATUSES:
            return order
        holds = _gate(order, at)
        if not holds:
            return _deliver_rest(order, at)
    # Raised after the commit: who waits since when must outlive the refusal.
    raise OrderHeld(order, holds)


def deliver_part(ref: str, *, delivery_ref: str, quantities: Quantities, at: datetime) -> Order:
    """May these pieces be delivered? `delivery_ref` is the storefront's name for the parcel: asked twice, the answer is the same.

    Raises as `deliver_order` does; InvalidInput for pieces that the order has not, or has delivered already; ReferenceReused where
    the reference names a parcel with other pieces.
    """
    delivery_ref = checked_reference(delivery_ref, _("the delivery's reference"), longest=64)
    if not quantities or any(quantity < 1 for quantity in quantities.values()):
        raise InvalidInput(_("A delivery names at least one piece of at least one line."))
    with transaction.atomic():
        order = _locked(ref)
        told = {str(position): quantity for position, quantity in sorted(quantities.items())}
        known = Delivery.objects.filter(order=order, ref=delivery_ref).first()
        if known is not None:
            if known.quantities != told:
                words = {"delivery": delivery_ref, "order": order}
                raise ReferenceReused(_("Delivery %(delivery)s of order %(order)s was another one.") % words)
            return order
        if order.status in LOST_STATUSES:
            raise OrderIsFinal(order)
        holds = _gate(order, at)
        if not holds:
            return _deliver_pieces(order, delivery_ref, told, at)
    raise OrderHeld(order, holds)


def _locked(ref: str) -> Order:
    order = Order.objects.locked_by_ref(ref)
    if order is None:
        raise OrderNotFound(ref)
    return order  # type: ignore[no-any-return]


def _gate(order: Order, at: datetime) -> list[Hold]:
    """The open holds of an order that could be delivered but for them; that delivery was asked for is kept."""
    if order.status in (OrderStatus.CANCELLED, OrderStatus.REFUNDED):
        raise OrderIsFinal(order)
    if order.status == OrderStatus.PLACED:
        raise OrderNotPaid(order)
    holds = list(Hold.objects.open().filter(order=order).order_by("pk"))
    if holds and order.delivery_asked_at is None:
        Order.objects.filter(pk=order.pk).update(delivery_asked_at=at)
    if holds:
        begin_wait(order, at=at)
    elif order.delivery_asked_at is not None:
        end_wait(order, at=at)
    return holds


def _deliver_rest(order: Order, at: datetime) -> Order:
    asked_at = order.delivery_asked_at or at
    return move(order, OrderStatus.DELIVERED, ORDER_MOVES, delivered_at=at, delivery_asked_at=asked_at)


def _deliver_pieces(order: Order, delivery_ref: str, told: dict[str, int], at: datetime) -> Order:
    """The order's row is locked, so its lines are nobody else's."""
    lines = {str(line.position): line for line in order.lines.all()}
    for position, quantity in told.items():
        line = lines.get(position)
        if line is None or line.delivered_quantity + quantity > line.quantity:
            words = {"order": order, "quantity": quantity, "line": position}
            raise InvalidInput(_("Order %(order)s has no %(quantity)s undelivered of line %(line)s.") % words)
        line.delivered_quantity += quantity
    Delivery.objects.create(order=order, ref=delivery_ref, delivered_at=at, quantities=told)
    if all(line.delivered_quantity == line.quantity for line in lines.values()):
        return _deliver_rest(order, at)
    if order.status == OrderStatus.PAID:
        move(order, OrderStatus.PARTLY_DELIVERED, ORDER_MOVES, delivery_asked_at=order.delivery_asked_at or at)
    OrderLine.objects.bulk_update([lines[position] for position in told], ["delivered_quantity"])
    return order
