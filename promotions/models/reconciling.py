from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Drift(models.Model):
    """Something of which counters and ledger say different things, from the check that found it until the check that did not.

    `subject` names it, `detail` says what differs. While both stay the same there is one alarm.
    """

    subject = models.CharField(_("about"), max_length=100)
    detail = models.TextField(_("what differs"))
    found_at = models.DateTimeField(_("found at"))
    settled_at = models.DateTimeField(_("settled at"), null=True)
    alarm = models.ForeignKey("promotions.Alarm", models.PROTECT, related_name="+", null=True, verbose_name=_("alarm"))

    class Meta:
        verbose_name = _("drift")
        verbose_name_plural = _("drifts")
        constraints = [
            models.UniqueConstraint(fields=["subject"], condition=Q(settled_at=None), name="drift_one_open_per_subject"),
            models.CheckConstraint(condition=~Q(detail=""), name="drift_says_what_differs"),
        ]

    def __str__(self) -> str:
        return self.subject
