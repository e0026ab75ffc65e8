from datetime import timedelta

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked
from promotions.states import Severity


@tracked()
class AlarmRecipient(models.Model):
    """Who gets an e-mail when an alarm is raised, or when nobody has acknowledged it and it escalates to a step."""

    name = models.CharField(_("name"), max_length=100)
    address = models.EmailField(_("e-mail"))
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE)
    severity = models.CharField(
        _("from severity"), max_length=8, choices=Severity, default=Severity.WATCH, help_text=_("Urgent: only what is urgent.")
    )
    step = models.PositiveSmallIntegerField(
        _("escalation step"), default=0, help_text=_("0: at once. Otherwise when the alarm escalates to this step.")
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("alarm recipient")
        verbose_name_plural = _("alarm recipients")
        constraints = [models.UniqueConstraint(fields=["address", "step"], name="alarm_recipient_once_per_step")]

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>"


@tracked()
class EscalationStep(models.Model):
    """How long an alarm may wait to be acknowledged before it is told to the recipients of this step, and to webhooks again."""

    number = models.PositiveSmallIntegerField(_("step"), unique=True, validators=[MinValueValidator(1)])
    after = models.DurationField(
        _("after"), validators=[MinValueValidator(timedelta(minutes=1))], help_text=_("Since the alarm was raised.")
    )
    severity = models.CharField(_("from severity"), max_length=8, choices=Severity, default=Severity.WATCH)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("escalation step")
        verbose_name_plural = _("escalation steps")
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(condition=Q(number__gte=1), name="escalation_step_counts_from_one"),
            models.CheckConstraint(condition=Q(after__gte=timedelta(minutes=1)), name="escalation_waits_a_minute"),
        ]

    def __str__(self) -> str:
        return f"{self.number}"
