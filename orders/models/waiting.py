"""The storefront asked to deliver an order that was held: it waits, and is told once nothing holds the order any more."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orders.models.guards import NEVER_IGNORED
from orders.querysets import DeliveryWaitQuerySet
from orders.states import WaitOutcome

SETTLED_ONCE = pgtrigger.Trigger(
    name="delivery_wait_is_settled_once",
    declare=NEVER_IGNORED,
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    condition=pgtrigger.Condition("OLD.settled_at IS NOT NULL OR NEW.order_id <> OLD.order_id"),
    func="""
        RAISE EXCEPTION 'who waited for a delivery is told once'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'delivery_wait_is_settled_once';
    """,
)


class DeliveryWait(models.Model):
    """One open wait per order, from the first refusal to deliver until nothing holds the order, or nothing is left to deliver.

    `message_key` names the outbox message that told of it; empty where nobody had asked to be told.
    """

    order = models.ForeignKey("orders.Order", models.PROTECT, related_name="waits", verbose_name=_("order"))
    asked_at = models.DateTimeField(_("asked at"))
    settled_at = models.DateTimeField(_("settled at"), null=True)
    outcome = models.CharField(_("outcome"), max_length=4, choices=WaitOutcome, blank=True)
    message_key = models.CharField(_("message id"), max_length=60, blank=True)

    objects = DeliveryWaitQuerySet.as_manager()

    class Meta:
        verbose_name = _("waiting delivery")
        verbose_name_plural = _("waiting deliveries")
        constraints = [
            models.UniqueConstraint(fields=["order"], condition=Q(settled_at=None), name="delivery_wait_one_open_per_order"),
            models.CheckConstraint(
                condition=Q(settled_at=None, outcome="", message_key="")
                | (Q(settled_at__isnull=False, outcome__in=[outcome.value for outcome in WaitOutcome])),
                name="delivery_wait_outcome_has_a_time",
            ),
        ]
        triggers = [SETTLED_ONCE]

    def __str__(self) -> str:
        return f"{self.order_id}"
