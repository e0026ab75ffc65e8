from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.lib.display import time_text


class CheckRun(models.Model):
    """One run of a scheduled check for one slot of time. The unique pair makes a second beat harmless."""

    check_name = models.CharField(_("check"), max_length=60)
    slot = models.DateTimeField(_("slot"), help_text=_("The start of the period this run stands for."))
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), null=True)
    result = models.CharField(_("result"), max_length=200, blank=True)
    failed = models.BooleanField(_("failed"), default=False)

    class Meta:
        verbose_name = _("run of a check")
        verbose_name_plural = _("runs of checks")
        ordering = ["-slot", "check_name"]
        constraints = [models.UniqueConstraint(fields=["check_name", "slot"], name="check_run_once_per_slot")]
        indexes = [models.Index(fields=["started_at"], name="check_run_by_start")]

    def __str__(self) -> str:
        return f"{self.check_name} · {time_text(self.slot)}"
