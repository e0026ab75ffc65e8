"""The states of orders and the moves between them. Waiting for somebody is a hold, a row, and never a state."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.lib.states import moves
from promotions.states import VIRTUAL_CATEGORIES, Category

__all__ = [
    "AUTOMATIC_KINDS",
    "DELIVERABLE_STATUSES",
    "FINAL_STATUSES",
    "IMPORT_MOVES",
    "LOST_STATUSES",
    "ORDER_MOVES",
    "UNDELIVERED_STATUSES",
    "VIRTUAL_CATEGORIES",
    "CancelledBy",
    "Category",
    "HoldKind",
    "ImportResult",
    "ImportStatus",
    "InvoiceKind",
    "ItemResult",
    "ListSource",
    "MissedDecision",
    "NoticeKind",
    "OrderStatus",
    "RecordKind",
    "RefundCause",
    "WaitOutcome",
]


class OrderStatus(models.TextChoices):
    """How far an order has come. What was refunded in part is an amount beside it: goods may follow all the same.

    `refunded` is an order of which something had left before all of it was paid back; else it is cancelled.
    """

    PLACED = "placed", _("placed")
    PAID = "paid", _("paid")
    PARTLY_DELIVERED = "partly_delivered", _("delivered in part")
    DELIVERED = "delivered", _("delivered")
    COMPLETED = "completed", _("completed")
    CANCELLED = "cancelled", _("cancelled")
    REFUNDED = "refunded", _("refunded")


ORDER_MOVES = moves(
    {
        OrderStatus.PLACED: {OrderStatus.PAID, OrderStatus.CANCELLED},
        OrderStatus.PAID: {
            OrderStatus.PARTLY_DELIVERED,
            OrderStatus.DELIVERED,
            OrderStatus.CANCELLED,
        },
        OrderStatus.PARTLY_DELIVERED: {OrderStatus.DELIVERED, OrderStatus.COMPLETED, OrderStatus.REFUNDED},
        OrderStatus.DELIVERED: {OrderStatus.COMPLETED, OrderStatus.REFUNDED},
        OrderStatus.COMPLETED: {OrderStatus.REFUNDED},
        OrderStatus.CANCELLED: set(),
        OrderStatus.REFUNDED: set(),
    }
)
# What may leave, if nothing holds it.
DELIVERABLE_STATUSES = (OrderStatus.PAID, OrderStatus.PARTLY_DELIVERED)
# What can still be saved, and therefore held. An order that is not paid yet may be paid the next moment.
UNDELIVERED_STATUSES = (OrderStatus.PLACED, *DELIVERABLE_STATUSES)
# What has left: no hold brings it back. Lost is of it what coupons took off; the rest the customer paid for.
LOST_STATUSES = (OrderStatus.DELIVERED, OrderStatus.COMPLETED)
FINAL_STATUSES = (*LOST_STATUSES, OrderStatus.CANCELLED, OrderStatus.REFUNDED)


class HoldKind(models.TextChoices):
    COOLING = "cooling", _("cooling-off")
    RISK = "risk", _("risk")
    LEGAL = "legal", _("legal")
    MANUAL = "manual", _("manual")
    ALARM = "alarm", _("alarm")


# What the system places by itself, and a circuit breaker stops. A person may place a hold of these kinds too.
AUTOMATIC_KINDS = (HoldKind.COOLING, HoldKind.RISK, HoldKind.ALARM)


class CancelledBy(models.TextChoices):
    """Who cancelled: it decides whether coupon and budget come back."""

    CUSTOMER = "customer", _("customer")
    STAFF = "staff", _("staff")
    RISK = "risk", _("risk")
    DISPUTE = "dispute", _("dispute")


class RefundCause(models.TextChoices):
    """Why money went back to the customer: it decides whether coupon and budget come back."""

    CUSTOMER = "customer", _("the customer asked")
    GOODWILL = "goodwill", _("goodwill")
    DISPUTE = "dispute", _("dispute")
    RISK = "risk", _("risk")


class NoticeKind(models.TextChoices):
    """What the storefront may tell of an order before we know enough of it to act."""

    PAYMENT = "payment", _("payment")
    CANCELLATION = "cancellation", _("cancellation")
    REFUND = "refund", _("refund")
    COMPLETION = "completion", _("completion")


class ItemResult(models.TextChoices):
    """What became of one item of a freeze or a release."""

    PENDING = "pending", _("not yet")
    HELD = "held", _("held")
    RELEASED = "released", _("released")
    SKIPPED = "skipped", _("skipped")
    FAILED = "failed", _("failed")


class MissedDecision(models.TextChoices):
    """What a person decided of an order that was not held because automatic holds were stopped."""

    HELD = "held", _("held by hand")
    LEFT = "left", _("left alone")


class WaitOutcome(models.TextChoices):
    """How a wait for a delivery ended."""

    TOLD = "told", _("told that it is free")
    MOOT = "moot", _("needed no word")


class RecordKind(models.TextChoices):
    HTML = "html", _("page to print")
    PDF = "pdf", _("PDF")


class ListSource(models.TextChoices):
    """How a list of orders came."""

    PASTED = "pasted", _("pasted")
    FILE = "file", _("as a file")
    CHOSEN = "chosen", _("chosen in a list")


class ImportStatus(models.TextChoices):
    """How far a file of orders has come."""

    READ = "read", _("read, to be mapped")
    CHECKING = "checking", _("being checked")
    CHECKED = "checked", _("checked")
    LOADING = "loading", _("being loaded")
    LOADED = "loaded", _("loaded")
    CANCELLED = "cancelled", _("cancelled")
    DISCARDED = "discarded", _("discarded")


IMPORT_MOVES = moves(
    {
        ImportStatus.READ: {ImportStatus.CHECKING, ImportStatus.DISCARDED},
        ImportStatus.CHECKING: {ImportStatus.CHECKED, ImportStatus.READ, ImportStatus.DISCARDED},
        ImportStatus.CHECKED: {ImportStatus.CHECKING, ImportStatus.LOADING, ImportStatus.DISCARDED},
        ImportStatus.LOADING: {ImportStatus.LOADED, ImportStatus.CANCELLED},
        ImportStatus.LOADED: set(),
        ImportStatus.CANCELLED: set(),
        ImportStatus.DISCARDED: set(),
    }
)


class InvoiceKind(models.TextChoices):
    """What an invoice of a file is by its number and its sum. Only a sale becomes an order; others are kept as what they are."""

    SALE = "sale", _("sale")
    CANCELLATION = "cancellation", _("cancellation")
    ADJUSTMENT = "adjustment", _("adjustment")
    NOTHING = "nothing", _("worth nothing")


class ImportResult(models.TextChoices):
    PENDING = "pending", _("pending")
    LOADED = "loaded", _("loaded")
    SKIPPED = "skipped", _("skipped")
    FAILED = "failed", _("failed")
