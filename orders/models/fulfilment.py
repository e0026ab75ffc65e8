"""What happened to an order after it was placed, as the storefront told it: deliveries, refunds, and what was told too early."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked
from orders.models.guards import NEVER_IGNORED
from orders.querysets import NoticeQuerySet
from orders.states import NoticeKind, RefundCause


class Delivery(models.Model):
    """A parcel of an order left, under the storefront's own reference. A whole delivery needs no row: it is the status."""

    order = models.ForeignKey("orders.Order", models.PROTECT, related_name="deliveries", verbose_name=_("order"))
    ref = models.CharField(_("delivery"), max_length=64, help_text=_("The storefront's reference."))
    delivered_at = models.DateTimeField(_("delivered at"))
    quantities = models.JSONField(_("quantities"), help_text=_("How many of which line, by its position."))

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [models.UniqueConstraint(fields=["order", "ref"], name="delivery_once_per_reference")]
        triggers = [pgtrigger.Protect(name="delivery_stays_written", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.ref


# After the row is there, its order's sum follows, and the order's own constraints say whether it may.
REFUND_IS_BOOKED = pgtrigger.Trigger(
    name="refund_is_booked",
    declare=NEVER_IGNORED,
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    func="""
        UPDATE orders_order SET refunded_amount = refunded_amount + NEW.amount WHERE id = NEW.order_id;
        RETURN NULL;
    """,
)


@tracked()
class Refund(models.Model):
    """Money that went back to the customer, in the order's currency. Rows never change; the order carries their sum."""

    order = models.ForeignKey("orders.Order", models.PROTECT, related_name="refunds", verbose_name=_("order"))
    ref = models.CharField(_("refund"), max_length=64, help_text=_("The storefront's reference."))
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)
    cause = models.CharField(_("cause"), max_length=8, choices=RefundCause)
    goods_returned = models.BooleanField(_("goods came back"), default=False)
    reason = models.TextField(_("reason"), blank=True)
    refunded_at = models.DateTimeField(_("refunded at"))

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints = [
            models.UniqueConstraint(fields=["order", "ref"], name="refund_once_per_reference"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_is_worth_something"),
        ]
        triggers = [REFUND_IS_BOOKED, pgtrigger.Protect(name="refund_stays_written", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.ref


class Notice(models.Model):
    """What the storefront told of an order that we did not know yet, or that was not so far. It waits until it can be done."""

    order_ref = models.CharField(_("order"), max_length=64)
    kind = models.CharField(_("kind"), max_length=12, choices=NoticeKind)
    ref = models.CharField(_("reference"), max_length=64, blank=True)
    payload = models.JSONField(_("what was told"), default=dict)
    told_at = models.DateTimeField(_("told at"))
    settled_at = models.DateTimeField(_("settled at"), null=True)
    refusal = models.TextField(_("why it was refused"), blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [models.UniqueConstraint(fields=["order_ref", "kind", "ref"], name="notice_once")]
        indexes = [models.Index(fields=["told_at"], name="notice_waiting", condition=Q(settled_at=None))]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.order_ref}"
