from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked
from risk.models.queue_guards import ON_FLAGS
from risk.querysets import FlagQuerySet
from risk.states import Decision, Disposition


@tracked()
class Flag(models.Model):
    """An order that waits for a reviewer, or was decided by one. The findings that put it there are the order's findings.

    `disposition` is what the rules say, or what a reviewer says who overruled them; `overruled` keeps then what they said.
    """

    order = models.OneToOneField("orders.Order", models.CASCADE, related_name="+", verbose_name=_("order"))
    score = models.SmallIntegerField(_("score"))
    disposition = models.CharField(_("disposition"), max_length=12, choices=Disposition)
    flagged_at = models.DateTimeField(_("flagged at"))
    updated_at = models.DateTimeField(_("updated at"))
    decision = models.CharField(_("decision"), max_length=10, choices=Decision, blank=True)
    decided_by = models.ForeignKey(
        "auth.User", models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decision_reason = models.TextField(_("reason"), blank=True)
    overruled = models.CharField(_("the rules said"), max_length=12, choices=Disposition, blank=True, db_default="", default="")

    objects = FlagQuerySet.as_manager()

    class Meta:
        verbose_name = _("flagged order")
        verbose_name_plural = _("flagged orders")
        ordering = ["-score", "-id"]
        permissions = [("decide_flag", _("Can decide a flagged order"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(decision="", decided_by=None, decided_at=None)
                | (~Q(decision="") & Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decision_reason="")),
                name="flag_decision_has_person_time_and_reason",
            ),
            models.CheckConstraint(
                condition=Q(overruled="") | (~Q(decision="") & ~Q(overruled=F("disposition"))),
                name="flag_is_overruled_by_its_reviewer",
            ),
        ]
        indexes = [
            models.Index(fields=["-score", "-id"], name="flag_by_score"),
            models.Index(fields=["-score", "-id"], name="flag_waiting", condition=Q(decision="")),
        ]
        triggers = ON_FLAGS

    def __str__(self) -> str:
        return f"{self.order} · {self.score}"
