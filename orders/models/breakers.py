"""The circuit breaker of automatic holds: a rate that staff set, and what was not held because it was reached."""

from datetime import timedelta

import pgtrigger
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked
from orders.models.guards import NEVER_IGNORED
from orders.querysets import MissedHoldQuerySet
from orders.states import AUTOMATIC_KINDS, HoldKind, MissedDecision

SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=1)
MOST_OF_ALL = 1_000_000
AUTOMATIC_CHOICES = [(kind.value, kind.label) for kind in AUTOMATIC_KINDS]

# What stopped by itself, or by one person, starts again by two. The approval is decided in the same transaction.
STARTS_AGAIN_BY_APPROVAL = pgtrigger.Trigger(
    name="hold_breaker_starts_again_by_approval",
    declare=NEVER_IGNORED,
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    condition=pgtrigger.Condition("OLD.stopped_at IS NOT NULL AND NEW.stopped_at IS DISTINCT FROM OLD.stopped_at"),
    func="""
        IF NEW.stopped_at IS NULL AND EXISTS (
            SELECT 1 FROM lib_approval a
            WHERE a.action = 'orders.breaker.start' AND a.target = 'orders.holdbreaker:' || OLD.id AND a.status = 'approved'
              AND a.decided_in = pg_current_xact_id()::text::bigint
        ) THEN RETURN NEW; END IF;
        RAISE EXCEPTION 'automatic holds start again by an approval of their own'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'hold_breaker_starts_again_by_approval';
    """,
)


@tracked(exclude=["window_started_at", "placed", "placed_before"], model_name="HoldBreakerEvent")
class HoldBreaker(models.Model):
    """At most `most` holds of this kind are placed by the system within any `window`. Reached, they stop until two persons say so.

    The row is the counter too: whoever places such a hold locks it, for the rest of his short transaction. `placed` counts the
    present window and `placed_before` the one before it (`orders.rates`).
    """

    kind = models.CharField(_("kind of hold"), max_length=8, choices=AUTOMATIC_CHOICES, unique=True, editable=False)
    window = models.DurationField(
        _("window"), validators=[MinValueValidator(SHORTEST), MaxValueValidator(LONGEST)], help_text=_("A minute to a day.")
    )
    most = models.PositiveIntegerField(
        _("at most so many"), validators=[MinValueValidator(1), MaxValueValidator(MOST_OF_ALL)], help_text=_("Within the window.")
    )
    window_started_at = models.DateTimeField(null=True, editable=False)
    placed = models.PositiveIntegerField(_("placed in this window"), default=0, editable=False)
    placed_before = models.PositiveIntegerField(_("placed in the window before"), default=0, editable=False)
    stopped_at = models.DateTimeField(_("stopped at"), null=True, editable=False)
    stopped_by = models.ForeignKey(
        "auth.User", models.PROTECT, related_name="+", null=True, editable=False, verbose_name=_("stopped by")
    )
    stopped_reason = models.TextField(_("why it was stopped"), blank=True, editable=False)

    class Meta:
        verbose_name = _("circuit breaker")
        verbose_name_plural = _("circuit breakers")
        ordering = ["kind"]
        permissions = [
            ("stop_holdbreaker", _("Can stop automatic holds")),
            ("request_holdbreaker", _("Can ask that automatic holds start again")),
            ("approve_holdbreaker", _("Can approve that automatic holds start again")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in AUTOMATIC_KINDS]), name="hold_breaker_is_of_automatic_holds"
            ),
            models.CheckConstraint(
                condition=Q(most__gte=1, most__lte=MOST_OF_ALL, window__gte=SHORTEST, window__lte=LONGEST),
                name="hold_breaker_has_a_limit",
            ),
            models.CheckConstraint(
                condition=Q(stopped_at=None, stopped_by=None, stopped_reason="")
                | (Q(stopped_at__isnull=False, stopped_by__isnull=False) & ~Q(stopped_reason="")),
                name="hold_breaker_stop_has_time_person_and_reason",
            ),
        ]
        triggers = [
            STARTS_AGAIN_BY_APPROVAL,
            pgtrigger.ReadOnly(name="hold_breaker_keeps_its_kind", fields=["kind"]),
            pgtrigger.Protect(name="hold_breaker_is_never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return str(self.get_kind_display())


@tracked()
class MissedHold(models.Model):
    """An order that would have been held by itself, had automatic holds not been stopped. It waits for a person to decide."""

    order = models.ForeignKey("orders.Order", models.PROTECT, related_name="missed_holds", verbose_name=_("order"))
    kind = models.CharField(_("kind of hold"), max_length=8, choices=AUTOMATIC_CHOICES)
    reason = models.TextField(_("why it would have been held"))
    missed_at = models.DateTimeField(_("not held at"))
    decision = models.CharField(_("decision"), max_length=4, choices=MissedDecision, blank=True)
    decided_by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", null=True, verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decision_reason = models.TextField(_("reason of the decision"), blank=True)

    objects = MissedHoldQuerySet.as_manager()

    class Meta:
        verbose_name = _("order that was not held")
        verbose_name_plural = _("orders that were not held")
        constraints = [
            models.UniqueConstraint(fields=["order", "kind"], name="missed_hold_once_per_order_and_kind"),
            models.CheckConstraint(condition=Q(kind__in=[kind.value for kind in AUTOMATIC_KINDS]), name="missed_hold_is_automatic"),
            models.CheckConstraint(
                condition=Q(decision="", decided_by=None, decided_at=None)
                | (~Q(decision="") & Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decision_reason="")),
                name="missed_hold_decision_has_person_time_and_reason",
            ),
        ]
        indexes = [models.Index(fields=["missed_at"], name="missed_hold_waiting", condition=Q(decision=""))]

    def __str__(self) -> str:
        return f"{HoldKind(self.kind).label} · {self.order_id}"
