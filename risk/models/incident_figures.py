"""Figures of incidents, kept as they were: each with its query, its parameters, its answer and the time it is as of."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from risk.models.incident_scope import stays


class Snapshot(models.Model):
    """The figures of an incident as of one time. Asked for by a person, or taken when the incident moved on."""

    incident = models.ForeignKey("risk.Incident", models.PROTECT, related_name="snapshots", verbose_name=_("incident"))
    as_of = models.DateTimeField(_("as of"))
    by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("by"))

    class Meta:
        verbose_name = _("figures of an incident")
        verbose_name_plural = _("figures of incidents")
        ordering = ["-pk"]
        default_permissions = ("view",)
        triggers = [stays("snapshot_stays")]

    def __str__(self) -> str:
        return f"#{self.pk}"


class IncidentFigure(models.Model):
    """One figure of a snapshot: the statement and its parameters can be run again, and `rows` is what it answered then.

    Amounts are decimals written as text.
    """

    snapshot = models.ForeignKey("risk.Snapshot", models.PROTECT, related_name="figures", db_index=False)
    name = models.CharField(_("figure"), max_length=30)
    statement = models.TextField(_("query"))
    parameters = models.JSONField(_("parameters"))
    columns = models.JSONField(_("columns"))
    rows = models.JSONField(_("answer"))

    class Meta:
        verbose_name = _("figure of an incident")
        verbose_name_plural = _("figures")
        ordering = ["pk"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["snapshot", "name"], name="incident_figure_once_per_snapshot"),
            models.CheckConstraint(condition=~Q(statement=""), name="incident_figure_has_its_query"),
        ]
        triggers = [stays("incident_figure_stays")]

    def __str__(self) -> str:
        return self.name
