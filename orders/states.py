"""The states of orders and the moves between them. Waiting for somebody is a hold, a row, and never a state."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.lib.states import moves
from promotions.states import VIRTUAL_CATEGORIES, Category

__all__ = [
    "FINAL_STATUSES",
    "ORDER_MOVES",
    "VIRTUAL_CATEGORIES",
    "CancelledBy",
    "Category",
    "HoldKind",
    "ItemResult",
    "OrderStatus",
]


class OrderStatus(models.TextChoices):
    """`placed` is placed and paid: the storefront tells us of an order when it is."""

    PLACED = "placed", _("placed")
    DELIVERED = "delivered", _("delivered")
    CANCELLED = "cancelled", _("cancelled")


ORDER_MOVES = moves(
    {
        OrderStatus.PLACED: {OrderStatus.DELIVERED, OrderStatus.CANCELLED},
        OrderStatus.DELIVERED: set(),
        OrderStatus.CANCELLED: set(),
    }
)
FINAL_STATUSES = (OrderStatus.DELIVERED, OrderStatus.CANCELLED)


class HoldKind(models.TextChoices):
    COOLING = "cooling", _("cooling-off")
    RISK = "risk", _("risk")
    LEGAL = "legal", _("legal")
    MANUAL = "manual", _("manual")
    ALARM = "alarm", _("alarm")


class CancelledBy(models.TextChoices):
    """Who cancelled: it decides whether coupon and budget come back."""

    CUSTOMER = "customer", _("customer")
    STAFF = "staff", _("staff")
    RISK = "risk", _("risk")


class ItemResult(models.TextChoices):
    """What became of one item of a freeze or a release."""

    PENDING = "pending", _("not yet")
    HELD = "held", _("held")
    RELEASED = "released", _("released")
    SKIPPED = "skipped", _("skipped")
    FAILED = "failed", _("failed")
