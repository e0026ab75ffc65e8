"""Incidents: one event with its scope, its people and its figures; what it hangs on, and what people noted about it."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import never_truncated, tracked
from backoffice.lib.states import guard_moves
from risk.querysets import IncidentQuerySet
from risk.states import INCIDENT_MOVES, AnchorKind, IncidentSeverity, IncidentStatus


@tracked(exclude=["grown_at", "orders", "coupons", "customers"])
class Incident(models.Model):
    """One event that somebody looks after: what happened, since when, who is in it, and how far it has come.

    `since` and `until` bound the claims and orders that can belong to it; without `until` it reaches to now. While it `grows`, a
    scheduled check takes in what its anchors lead to. `orders`, `coupons` and `customers` count the rows of its scope, as of
    `grown_at`. `public_at` is when the code went public, as far as is known: whoever came later was probably swept along.
    """

    title = models.CharField(_("title"), max_length=200)
    status = models.CharField(_("status"), max_length=12, choices=IncidentStatus, default=IncidentStatus.OPEN)
    severity = models.CharField(_("severity"), max_length=8, choices=IncidentSeverity, default=IncidentSeverity.MAJOR)
    owner = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("owner"))
    alarm = models.ForeignKey(
        "promotions.Alarm", models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("made from the alarm")
    )
    reason = models.TextField(_("why it was opened"))
    opened_by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("opened by"))
    opened_at = models.DateTimeField(_("opened at"))
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"), null=True, blank=True)
    public_at = models.DateTimeField(_("went public at"), null=True, blank=True)
    grows = models.BooleanField(_("grows"), default=True)
    grown_at = models.DateTimeField(_("grown at"), null=True, editable=False)
    orders = models.PositiveIntegerField(_("orders"), default=0, editable=False)
    coupons = models.PositiveIntegerField(_("coupons"), default=0, editable=False)
    customers = models.PositiveIntegerField(_("customers"), default=0, editable=False)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        ordering = ["-pk"]
        default_permissions = ("view", "add", "change")
        constraints = [
            models.CheckConstraint(condition=~Q(title="") & ~Q(reason=""), name="incident_has_title_and_reason"),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gt=F("since")), name="incident_ends_after_it_begins"),
        ]
        indexes = [models.Index(fields=["id"], name="incident_not_closed", condition=~Q(status="closed"))]
        triggers = [
            guard_moves("incident_moves", INCIDENT_MOVES),
            pgtrigger.ReadOnly(name="incident_keeps_its_origin", fields=["alarm", "reason", "opened_by", "opened_at"]),
            pgtrigger.Protect(name="incident_is_never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{_('incident')} #{self.pk} {self.title}"


@tracked()
class IncidentAnchor(models.Model):
    """A value by which coupons and orders belong to an incident: a coupon type, a token, a device, a recipient of top-ups.

    `value` is compared with what orders and claims have, of a recipient the keyed hash; `shown` is what staff may see of it. Those
    found by the check hang on `found_on`, an order of somebody organised; a hub, which too many accounts share, leads nowhere.
    """

    incident = models.ForeignKey(
        "risk.Incident", models.PROTECT, related_name="anchors", db_index=False, verbose_name=_("incident")
    )
    kind = models.CharField(_("kind"), max_length=11, choices=AnchorKind)
    value = models.CharField(_("value"), max_length=200)
    shown = models.CharField(_("what"), max_length=200)
    is_hub = models.BooleanField(_("hub"), default=False)
    accounts = models.PositiveIntegerField(_("accounts on it"), default=0)
    found_on = models.ForeignKey(
        "orders.Order", models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("found on")
    )
    added_by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("added by"))
    added_at = models.DateTimeField(_("added at"))
    reason = models.TextField(_("why"))
    dropped_by = models.ForeignKey(
        "auth.User", models.PROTECT, related_name="+", null=True, blank=True, editable=False, verbose_name=_("dropped by")
    )
    dropped_at = models.DateTimeField(_("dropped at"), null=True, blank=True, editable=False)
    drop_reason = models.TextField(_("why it was dropped"), blank=True, default="", editable=False)

    class Meta:
        verbose_name = _("anchor of an incident")
        verbose_name_plural = _("anchors of incidents")
        ordering = ["pk"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["incident", "kind", "value"], name="anchor_once_per_incident"),
            models.CheckConstraint(condition=~Q(value="") & ~Q(reason=""), name="anchor_has_value_and_reason"),
            models.CheckConstraint(
                condition=Q(added_by__isnull=False) | Q(found_on__isnull=False), name="anchor_by_a_person_or_found_on_an_order"
            ),
            models.CheckConstraint(
                condition=Q(dropped_at=None, dropped_by=None, drop_reason="")
                | (Q(dropped_at__isnull=False, dropped_by__isnull=False) & ~Q(drop_reason="")),
                name="anchor_dropped_by_whom_when_and_why",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="anchor_only_drops", exclude=["dropped_at", "dropped_by", "drop_reason"]),
            pgtrigger.Protect(name="anchor_is_never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.shown}"


class IncidentNote(models.Model):
    """What somebody wrote down about an incident. Notes stay as they were written; a mistake is mended by another note."""

    incident = models.ForeignKey("risk.Incident", models.PROTECT, related_name="notes", verbose_name=_("incident"))
    text = models.TextField(_("note"))
    by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("note on an incident")
        verbose_name_plural = _("notes on incidents")
        ordering = ["-pk"]
        default_permissions = ("view",)
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="incident_note_says_something")]
        triggers = [
            pgtrigger.Protect(name="incident_note_stays_written", operation=pgtrigger.Update | pgtrigger.Delete),
            never_truncated("incident_notes_are_never_truncated"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
