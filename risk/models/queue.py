"""The review queue: orders that wait for a reviewer, who has which before him, and what was done."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import never_truncated
from orders.models import Order
from risk.models.queue_guards import REVIEW_IS_LEASED_TO_ONE, SETTLED_ORDER_IS_LESS_URGENT
from risk.querysets import ReviewQuerySet
from risk.queueing import Urgency
from risk.states import ReviewActKind


class UrgencyChoices(models.IntegerChoices):
    TOP_UP = Urgency.TOP_UP.value, _("undelivered top-up")
    GOODS = Urgency.GOODS.value, _("undelivered goods")
    NOTHING = Urgency.NOTHING.value, _("nothing left to save")


class Review(models.Model):
    """An order's place in the review queue, there while its flag or an appeal waits. Triggers put it there and take it away.

    Whoever took it holds it until `leased_until`; his page moves that on while it is open. `judged_by` decided the order that an
    appeal is about, and does not get the appeal. `since` is when it began to wait. What people did with it stands in `ReviewAct`.
    """

    order = models.OneToOneField("orders.Order", models.CASCADE, related_name="+", verbose_name=_("order"))
    urgency = models.SmallIntegerField(_("can be saved"), choices=UrgencyChoices)
    due_at = models.DateTimeField(_("due"))
    appeal_due_at = models.DateTimeField(_("appeal due"), null=True, blank=True)
    score = models.SmallIntegerField(_("score"))
    since = models.DateTimeField(_("waits since"))
    is_escalated = models.BooleanField(_("escalated"), default=False)
    escalated_by = models.ForeignKey(
        "auth.User", models.PROTECT, related_name="+", null=True, blank=True, db_index=False, verbose_name=_("escalated by")
    )
    escalation_reason = models.TextField(_("why it was escalated"), blank=True)
    assigned_to = models.ForeignKey(
        "auth.User", models.PROTECT, related_name="+", null=True, blank=True, db_index=False, verbose_name=_("assigned to")
    )
    assigned_by = models.ForeignKey(
        "auth.User", models.PROTECT, related_name="+", null=True, blank=True, db_index=False, verbose_name=_("assigned by")
    )
    judged_by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", null=True, blank=True, db_index=False)
    leased_by = models.ForeignKey(
        "auth.User", models.PROTECT, related_name="+", null=True, blank=True, db_index=False, verbose_name=_("with")
    )
    leased_at = models.DateTimeField(_("taken at"), null=True, blank=True)
    leased_until = models.DateTimeField(_("kept until"), null=True, blank=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("order to review")
        verbose_name_plural = _("review queue")
        ordering = ["urgency", "due_at", "-score", "id"]
        permissions = [
            ("review_escalated", _("Can review what was escalated")),
            ("assign_review", _("Can assign orders to reviewers")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["leased_by"], name="review_one_order_a_reviewer"),
            models.CheckConstraint(
                condition=Q(leased_by=None, leased_at=None, leased_until=None)
                | Q(leased_by__isnull=False, leased_at__isnull=False, leased_until__isnull=False),
                name="review_lease_has_person_and_times",
            ),
            models.CheckConstraint(
                condition=Q(is_escalated=False, escalated_by=None, escalation_reason="")
                | (Q(is_escalated=True, escalated_by__isnull=False) & ~Q(escalation_reason="")),
                name="review_escalated_by_whom_and_why",
            ),
            models.CheckConstraint(
                condition=Q(assigned_to=None, assigned_by=None) | Q(assigned_to__isnull=False, assigned_by__isnull=False),
                name="review_assigned_by_whom",
            ),
        ]
        indexes = [
            models.Index(
                fields=["urgency", "due_at", "-score", "id"],
                name="review_next",
                condition=Q(is_escalated=False, assigned_to=None),
            ),
            models.Index(
                fields=["urgency", "due_at", "-score", "id"],
                name="review_next_escalated",
                condition=Q(is_escalated=True, assigned_to=None),
            ),
            models.Index(
                fields=["assigned_to", "urgency", "due_at", "-score", "id"],
                name="review_next_of_mine",
                condition=Q(assigned_to__isnull=False),
            ),
            models.Index(fields=["urgency", "due_at", "-score", "id"], name="review_in_order"),
            models.Index(fields=["due_at"], name="review_by_due_time"),
            models.Index(fields=["since"], name="review_by_age"),
            models.Index(fields=["appeal_due_at"], name="review_of_appeals", condition=Q(appeal_due_at__isnull=False)),
        ]
        triggers = [REVIEW_IS_LEASED_TO_ONE]

    def __str__(self) -> str:
        return str(self.order)


class ReviewSkip(models.Model):
    """Somebody does not want an order for a while. Others get it as before; it comes back to him by itself."""

    order = models.ForeignKey("orders.Order", models.CASCADE, related_name="+", verbose_name=_("order"))
    user = models.ForeignKey("auth.User", models.CASCADE, related_name="+", verbose_name=_("by"))
    until = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("skipped order")
        verbose_name_plural = _("skipped orders")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["user", "order"], name="review_skip_one_a_person")]

    def __str__(self) -> str:
        return f"{self.order_id} · {self.user_id}"


class ReviewAct(models.Model):
    """What a person did with an order of the queue: a ledger, written once and never changed.

    `seconds` is how long he had it before him. `before` is what a decision changed, so that it can be taken back; `undoes` names
    the decision that was.
    """

    order = models.ForeignKey("orders.Order", models.PROTECT, related_name="+", verbose_name=_("order"))
    kind = models.CharField(_("what"), max_length=9, choices=ReviewActKind)
    by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", db_index=False, verbose_name=_("by"))
    at = models.DateTimeField(_("at"))
    outcome = models.CharField(_("outcome"), max_length=10, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    seconds = models.PositiveIntegerField(_("seconds before him"), null=True, blank=True)
    whom = models.ForeignKey("auth.User", models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("to whom"))
    before = models.JSONField(default=dict, editable=False)
    undoes = models.OneToOneField(
        "self", models.PROTECT, related_name="undone_by", null=True, blank=True, verbose_name=_("takes back")
    )
    bulk = models.ForeignKey(
        "risk.BulkReview", models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("bulk decision")
    )

    class Meta:
        verbose_name = _("act of a reviewer")
        verbose_name_plural = _("acts of reviewers")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(kind__in=["decided", "appeal"]) | ~Q(outcome=""), name="review_act_has_an_outcome"),
            models.CheckConstraint(
                condition=Q(kind="undone", undoes__isnull=False) | (~Q(kind="undone") & Q(undoes=None)),
                name="review_act_undoes_a_decision",
            ),
        ]
        indexes = [models.Index(fields=["by", "-at"], name="review_act_of_a_person")]
        triggers = [
            pgtrigger.Protect(name="review_act_is_never_changed", operation=pgtrigger.Update | pgtrigger.Delete),
            never_truncated("review_acts_are_never_truncated"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.order_id}"


class ReviewedOrder(Order):
    """Carries the trigger that tells the queue of orders which have left. A proxy: nothing of it is stored."""

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = _("order in review")
        verbose_name_plural = _("orders in review")
        triggers = [SETTLED_ORDER_IS_LESS_URGENT]
