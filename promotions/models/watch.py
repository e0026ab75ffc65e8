from decimal import Decimal

import pgtrigger
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked
from promotions.querysets import AlarmQuerySet, ThresholdQuerySet
from promotions.states import Metric, Severity, ThresholdAction, cause_label


@tracked()
class Threshold(models.Model):
    """A line drawn for the platform, a campaign or a coupon type. Crossing it raises one alarm, and suspends where it says so.

    A crossed threshold stays quiet until staff arm it again. Those marked as built in are armed with every restricted type before
    an entry of it can open; staff may change their limits, not remove them.
    """

    campaign = models.ForeignKey(
        "promotions.Campaign",
        models.CASCADE,
        related_name="thresholds",
        null=True,
        blank=True,
        verbose_name=_("campaign"),
    )
    coupon_type = models.ForeignKey(
        "promotions.CouponType",
        models.CASCADE,
        related_name="thresholds",
        null=True,
        blank=True,
        verbose_name=_("coupon type"),
    )
    metric = models.CharField(_("measures"), max_length=40, choices=Metric)
    window = models.DurationField(_("window"), null=True, blank=True, help_text=_("Empty: since the start."))
    limit = models.DecimalField(_("limit"), max_digits=14, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))])
    action = models.CharField(_("action"), max_length=8, choices=ThresholdAction, default=ThresholdAction.ALARM)
    is_built_in = models.BooleanField(_("built in"), default=False, editable=False)
    fired_at = models.DateTimeField(_("crossed at"), null=True, editable=False)

    objects = ThresholdQuerySet.as_manager()

    class Meta:
        verbose_name = _("threshold")
        verbose_name_plural = _("thresholds")
        permissions = [("rearm_threshold", _("Can arm a crossed threshold again"))]
        constraints = [
            models.CheckConstraint(condition=Q(campaign=None) | Q(coupon_type=None), name="threshold_has_one_scope"),
            models.CheckConstraint(condition=Q(limit__gt=0), name="threshold_limit_is_positive"),
            models.CheckConstraint(
                condition=~Q(action="suspend") | Q(campaign__isnull=False) | Q(coupon_type__isnull=False),
                name="threshold_suspends_a_campaign_or_a_type",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="threshold_stays_built_in", fields=["is_built_in"]),
            pgtrigger.Protect(
                name="threshold_built_in_stays",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Condition("OLD.is_built_in"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope} · {self.get_metric_display()}"

    @property
    def scope(self) -> str:
        """platform, campaign:CODE or coupon_type:CODE."""
        if self.coupon_type is not None:
            return f"coupon_type:{self.coupon_type.code}"
        return f"campaign:{self.campaign.code}" if self.campaign is not None else "platform"


@tracked()
class Alarm(models.Model):
    """Something is wrong: a line was crossed, or a check found what must not be. When, by how much, what was done by itself.

    `cause` is a metric or an `AlarmCause`. `target` names the row it is about as "app.model:key". While an alarm with a `key` waits
    to be acknowledged, no second one is raised with the same key.
    """

    threshold = models.ForeignKey(
        "promotions.Threshold", models.PROTECT, related_name="alarms", null=True, blank=True, verbose_name=_("threshold")
    )
    at = models.DateTimeField(_("at"))
    scope = models.CharField(_("scope"), max_length=100)
    target = models.CharField(_("about"), max_length=100, blank=True)
    cause = models.CharField(_("cause"), max_length=40)
    severity = models.CharField(_("severity"), max_length=8, choices=Severity, default=Severity.WATCH)
    value = models.DecimalField(_("value"), max_digits=14, decimal_places=2, null=True, blank=True)
    limit = models.DecimalField(_("limit"), max_digits=14, decimal_places=2, null=True, blank=True)
    action = models.CharField(_("done by itself"), max_length=8, choices=ThresholdAction, default=ThresholdAction.ALARM)
    detail = models.TextField(_("what was found"), blank=True)
    key = models.CharField(max_length=120, blank=True, editable=False)
    acknowledged_by = models.ForeignKey(
        "auth.User", models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("acknowledged by")
    )
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True, blank=True)
    note = models.TextField(_("what was done"), blank=True)

    objects = AlarmQuerySet.as_manager()

    class Meta:
        verbose_name = _("alarm")
        verbose_name_plural = _("alarms")
        ordering = ["-at", "-id"]
        permissions = [("acknowledge_alarm", _("Can acknowledge an alarm"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(acknowledged_by=None, acknowledged_at=None)
                | Q(acknowledged_by__isnull=False, acknowledged_at__isnull=False),
                name="alarm_acknowledged_by_whom_and_when",
            ),
            models.CheckConstraint(condition=~Q(cause="") & ~Q(scope=""), name="alarm_says_what_and_where"),
            models.UniqueConstraint(fields=["key"], condition=~Q(key="") & Q(acknowledged_at=None), name="alarm_one_open_per_key"),
        ]
        indexes = [models.Index(fields=["at"], name="alarm_open", condition=Q(acknowledged_at=None))]

    def __str__(self) -> str:
        return f"{self.scope} · {self.get_cause_display()}"

    def get_cause_display(self) -> str:
        return cause_label(self.cause)
