"""An order as it is answered, by hand: the same bytes as `OrderOutput`, which documents it, gives, without its cost."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from orders.models import Order, OrderLine

_MOMENT = serializers.DateTimeField()


def order_answer(
    order: Order, *, customer: str, is_held: bool, discounts: Iterable[tuple[str, Decimal]], lines: Iterable[OrderLine]
) -> dict[str, Any]:
    """`discounts` are pairs of a coupon's code and what it took off."""
    return {
        "ref": order.ref,
        "customer": customer,
        "status": str(order.status),
        "is_held": is_held,
        "currency": order.currency,
        "gross_amount": _money(order.gross_amount),
        "discount_amount": _money(order.discount_amount),
        "payable_amount": _money(order.payable_amount),
        "refunded_amount": _money(order.refunded_amount),
        "discounts": [{"coupon": code, "amount": _money(amount)} for code, amount in discounts],
        "lines": [_line(line) for line in lines],
        "placed_at": _moment(order.placed_at),
        "paid_at": _moment(order.paid_at),
        "delivered_at": _moment(order.delivered_at),
        "completed_at": _moment(order.completed_at),
        "cancelled_at": _moment(order.cancelled_at),
    }


def _line(line: OrderLine) -> dict[str, Any]:
    return {
        "sku": line.sku,
        "category": str(line.category),
        "product_category": line.product_category,
        "quantity": line.quantity,
        "delivered_quantity": line.delivered_quantity,
        "amount": _money(line.amount),
        "discount": _money(line.discount),
    }


def _moment(at: datetime | None) -> str | None:
    return str(_MOMENT.to_representation(at)) if at else None


def _money(amount: Decimal) -> str:
    return f"{amount:.2f}"
