from decimal import Decimal

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import never_truncated
from backoffice.lib.states import guard_moves
from orders.models.guards import NEVER_IGNORED
from orders.querysets import OrderQuerySet
from orders.states import ORDER_MOVES, CancelledBy, Category, OrderStatus

# The update has locked the row before this runs, and the query sees what is committed by then; a hold locks the same row
# when it is placed (see Hold). So a hold and a delivery never pass each other. A transaction that reads an old snapshot would
# not see a hold committed since: it is refused. A cancelled order is paid back, so a legal hold forbids that too; money that goes
# back in part is a refund like any other.
HELD_ORDER_IS_NOT_DELIVERED = pgtrigger.Trigger(
    name="held_order_is_not_delivered",
    declare=NEVER_IGNORED,
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.UpdateOf("status", "refunded_amount"),
    condition=pgtrigger.Condition("NEW.status NOT IN ('placed', 'paid') OR NEW.refunded_amount > 0"),
    func="""
        IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
            RAISE EXCEPTION 'an order is delivered, cancelled or refunded only in a transaction that reads what is committed'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'held_order_is_not_delivered';
        END IF;
        IF EXISTS (
            SELECT 1 FROM orders_hold h WHERE h.order_id = NEW.id AND h.released_at IS NULL
            AND (NEW.status <> 'cancelled' OR h.kind = 'legal')
        ) THEN
            RAISE EXCEPTION 'order % is held and cannot be %', NEW.ref,
                CASE WHEN NEW.status IN ('placed', 'paid') THEN 'refunded' ELSE NEW.status END
                USING ERRCODE = 'check_violation', CONSTRAINT = 'held_order_is_not_delivered';
        END IF;
        RETURN NEW;
    """,
)
# Whoever counts what has left reads the lines. A whole delivery is one statement, and its lines follow.
DELIVERED_ORDER_HAS_DELIVERED_LINES = pgtrigger.Trigger(
    name="delivered_order_has_delivered_lines",
    declare=NEVER_IGNORED,
    when=pgtrigger.After,
    operation=pgtrigger.UpdateOf("status"),
    condition=pgtrigger.Condition("NEW.status = 'delivered' AND OLD.status <> 'delivered'"),
    func="""
        UPDATE orders_orderline SET delivered_quantity = quantity WHERE order_id = NEW.id AND delivered_quantity < quantity;
        RETURN NULL;
    """,
)
# The sum is beside the rows for speed; it is never anything else than their sum.
REFUNDED_AMOUNT_IS_THE_SUM = pgtrigger.Trigger(
    name="refunded_amount_is_the_sum",
    declare=NEVER_IGNORED,
    when=pgtrigger.Before,
    operation=pgtrigger.UpdateOf("refunded_amount"),
    condition=pgtrigger.Condition("NEW.refunded_amount IS DISTINCT FROM OLD.refunded_amount"),
    func="""
        IF NEW.refunded_amount <> (SELECT coalesce(sum(r.amount), 0) FROM orders_refund r WHERE r.order_id = NEW.id) THEN
            RAISE EXCEPTION 'what was refunded of an order is the sum of its refunds'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'refunded_amount_is_the_sum';
        END IF;
        RETURN NEW;
    """,
)
HELD_LINE_IS_NOT_DELIVERED = pgtrigger.Trigger(
    name="held_line_is_not_delivered",
    declare=NEVER_IGNORED,
    when=pgtrigger.Before,
    operation=pgtrigger.UpdateOf("delivered_quantity"),
    condition=pgtrigger.Condition("NEW.delivered_quantity IS DISTINCT FROM OLD.delivered_quantity"),
    func="""
        IF NOT EXISTS (
            SELECT 1 FROM orders_order o WHERE o.id = NEW.order_id AND o.status IN ('partly_delivered', 'delivered')
        ) OR NEW.delivered_quantity < OLD.delivered_quantity THEN
            RAISE EXCEPTION 'lines leave with their order, and do not come back'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'held_line_is_not_delivered';
        END IF;
        IF EXISTS (SELECT 1 FROM orders_hold h WHERE h.order_id = NEW.order_id AND h.released_at IS NULL) THEN
            RAISE EXCEPTION 'the order of this line is held'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'held_line_is_not_delivered';
        END IF;
        RETURN NEW;
    """,
)
# Lists name orders by their key, without a foreign key.
ORDER_IS_NEVER_DELETED = pgtrigger.Trigger(
    name="order_is_never_deleted",
    declare=NEVER_IGNORED,
    when=pgtrigger.Before,
    operation=pgtrigger.Delete,
    func="""
        RAISE EXCEPTION 'an order is cancelled, never deleted'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_is_never_deleted';
    """,
)
ORDER_KEEPS_ITS_KEY = pgtrigger.Trigger(
    name="order_keeps_its_key",
    declare=NEVER_IGNORED,
    when=pgtrigger.Before,
    operation=pgtrigger.UpdateOf("id"),
    condition=pgtrigger.Condition("NEW.id <> OLD.id"),
    func="""
        RAISE EXCEPTION 'an order keeps its key'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_keeps_its_key';
    """,
)


class Order(models.Model):
    """An order of the storefront, mirrored, with what it was paid with. Amounts in the campaign's currency.

    Of the account that paid and of the phone that parcels go to, only a keyed hash and the last four characters are kept. Empty
    where the storefront has not said.
    """

    ref = models.CharField(_("order"), max_length=64, unique=True, help_text=_("The storefront's reference."))
    customer = models.ForeignKey("promotions.Customer", models.PROTECT, related_name="+", verbose_name=_("customer"))
    placed_at = models.DateTimeField(_("placed at"))
    status = models.CharField(_("status"), max_length=16, choices=OrderStatus, default=OrderStatus.PLACED)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    gross_amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)
    discount_amount = models.DecimalField(_("discount"), max_digits=14, decimal_places=2, default=0)
    virtual_amount = models.DecimalField(_("virtual goods"), max_digits=14, decimal_places=2, default=0)
    device = models.CharField(_("device"), max_length=200, blank=True)
    address = models.CharField(_("network address"), max_length=45, blank=True)
    payment_account_hash = models.CharField(max_length=64, blank=True, db_default="", editable=False)
    payment_account_last_four = models.CharField(_("payment account"), max_length=4, blank=True, db_default="")
    delivery_phone_hash = models.CharField(max_length=64, blank=True, db_default="", editable=False)
    delivery_phone_last_four = models.CharField(_("delivery phone"), max_length=4, blank=True, db_default="")
    refunded_amount = models.DecimalField(_("refunded"), max_digits=14, decimal_places=2, default=0)
    paid_at = models.DateTimeField(_("paid at"), null=True)
    delivery_asked_at = models.DateTimeField(_("delivery first asked at"), null=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True)
    completed_at = models.DateTimeField(_("completed at"), null=True)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True)
    cancelled_by = models.CharField(_("cancelled by"), max_length=8, choices=CancelledBy, blank=True)
    cancel_reason = models.TextField(_("reason of the cancellation"), blank=True)
    imported_from = models.CharField(
        _("imported from"), max_length=32, blank=True, db_default="", help_text=_("Empty: the storefront placed it here.")
    )

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-placed_at", "-id"]
        permissions = [("cancel_order", _("Can cancel an order"))]
        constraints = [
            models.CheckConstraint(condition=Q(gross_amount__gt=0), name="order_is_worth_something"),
            models.CheckConstraint(
                condition=Q(discount_amount__gte=0, discount_amount__lte=F("gross_amount")),
                name="order_never_below_zero",
            ),
            models.CheckConstraint(condition=~Q(status="paid") | Q(paid_at__isnull=False), name="order_paid_has_a_time"),
            models.CheckConstraint(
                condition=~Q(status="delivered") | Q(delivered_at__isnull=False), name="order_delivered_has_a_time"
            ),
            models.CheckConstraint(
                condition=~Q(status="completed") | Q(completed_at__isnull=False), name="order_completed_has_a_time"
            ),
            models.CheckConstraint(
                condition=Q(refunded_amount__gte=0, refunded_amount__lte=F("gross_amount") - F("discount_amount")),
                name="order_never_refunds_more_than_was_paid",
            ),
            models.CheckConstraint(
                condition=~Q(status="refunded") | Q(refunded_amount=F("gross_amount") - F("discount_amount")),
                name="order_refunded_is_refunded_in_whole",
            ),
            models.CheckConstraint(
                condition=~Q(status="cancelled") | (Q(cancelled_at__isnull=False) & ~Q(cancelled_by="")),
                name="order_cancelled_has_time_and_person",
            ),
        ]
        indexes = [
            models.Index(fields=["-placed_at", "-id"], name="order_newest_first"),
            models.Index(fields=["status", "-placed_at", "-id"], name="order_by_status"),
            models.Index(fields=["-placed_at", "-id"], name="order_virtual_newest", condition=Q(virtual_amount__gt=0)),
            models.Index(fields=["id"], name="order_of_virtual_goods", condition=Q(virtual_amount__gt=0)),
            models.Index(fields=["device", "placed_at"], name="order_by_device", condition=~Q(device="")),
            models.Index(fields=["address", "placed_at"], name="order_by_address", condition=~Q(address="")),
            models.Index(fields=["customer", "placed_at"], name="order_by_customer"),
            models.Index(
                fields=["payment_account_hash", "placed_at"], name="order_by_payment_account", condition=~Q(payment_account_hash="")
            ),
            models.Index(
                fields=["delivery_phone_hash", "placed_at"], name="order_by_delivery_phone", condition=~Q(delivery_phone_hash="")
            ),
        ]
        triggers = [
            guard_moves("order_moves", ORDER_MOVES),
            HELD_ORDER_IS_NOT_DELIVERED,
            DELIVERED_ORDER_HAS_DELIVERED_LINES,
            REFUNDED_AMOUNT_IS_THE_SUM,
            ORDER_IS_NEVER_DELETED,
            ORDER_KEEPS_ITS_KEY,
            never_truncated("orders_are_never_truncated"),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def payable_amount(self) -> Decimal:
        """What the customer paid: the amount less the discount."""
        return self.gross_amount - self.discount_amount

    @property
    def is_partly_refunded(self) -> bool:
        return 0 < self.refunded_amount < self.payable_amount


class OrderLine(models.Model):
    """One thing ordered, so many of it. Of a top-up's recipient only a keyed hash and the last four characters are kept.

    `amount` and `discount` are of the whole line.
    """

    order = models.ForeignKey("orders.Order", models.CASCADE, related_name="lines", verbose_name=_("order"))
    position = models.PositiveSmallIntegerField(_("position"))
    sku = models.CharField(_("SKU"), max_length=64)
    category = models.CharField(_("category"), max_length=12, choices=Category)
    product_category = models.CharField(
        _("product category"), max_length=64, blank=True, help_text=_("Where the storefront's catalogue files it.")
    )
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    delivered_quantity = models.PositiveIntegerField(_("delivered"), default=0)
    description = models.CharField(_("description"), max_length=200, blank=True, db_default="")
    is_free = models.BooleanField(_("free"), db_default=False, help_text=_("Given away with the rest of an imported order."))
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)
    discount = models.DecimalField(_("discount"), max_digits=14, decimal_places=2, default=0)
    recipient_hash = models.CharField(max_length=64, blank=True, editable=False)
    recipient_last_four = models.CharField(_("recipient"), max_length=4, blank=True)

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        ordering = ["order_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="order_line_position_once"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, is_free=False) | Q(amount=0, is_free=True), name="order_line_is_worth_something"
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="order_line_is_of_something"),
            models.CheckConstraint(
                condition=Q(delivered_quantity__lte=F("quantity")), name="order_line_delivers_no_more_than_ordered"
            ),
            models.CheckConstraint(
                condition=Q(discount__gte=0, discount__lte=F("amount")), name="order_line_discount_within_amount"
            ),
        ]
        indexes = [
            models.Index(fields=["recipient_hash", "order"], name="order_line_by_recipient", condition=~Q(recipient_hash=""))
        ]
        triggers = [HELD_LINE_IS_NOT_DELIVERED]

    def __str__(self) -> str:
        return self.sku


class OrderDiscount(models.Model):
    """What one coupon took off an order, copied by value so that it stays true whatever becomes of the coupon type."""

    order = models.ForeignKey("orders.Order", models.CASCADE, related_name="discounts", verbose_name=_("order"))
    coupon = models.ForeignKey("promotions.Coupon", models.PROTECT, related_name="+", verbose_name=_("coupon"))
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)

    class Meta:
        verbose_name = _("discount")
        verbose_name_plural = _("discounts")
        constraints = [
            models.UniqueConstraint(fields=["order", "coupon"], name="order_discount_once_per_coupon"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="order_discount_never_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.coupon_id}: {self.amount}"
