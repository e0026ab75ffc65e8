from datetime import timedelta
from decimal import Decimal
from typing import Any

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from backoffice.lib.aloud import in_english, word
from backoffice.lib.audit import tracked
from promotions.models.approved import THRESHOLD_NARROWS, stays_as_approved
from promotions.querysets import AlarmQuerySet, ThresholdQuerySet
from promotions.states import LimitKind, Metric, Severity, ThresholdAction, cause_label

SCOPES = ("batch", "entry", "coupon_type", "campaign")
"""What a threshold can be drawn for beside the whole platform, the narrowest first."""


SCOPE_WORDS = {"campaign": _("campaign"), "coupon_type": _("coupon type"), "entry": _("entry"), "batch": _("token batch")}
PLATFORM = _("platform")
# What alarms are about beside what thresholds watch, known by its number. Each app registers its own.
_numbered: set[str] = set()


def scope_kind(name: str, words: Any) -> None:
    """Register how a scope "name:number" is called: freeze:8 is the freeze #8."""
    SCOPE_WORDS[name] = words
    _numbered.add(name)


scope_kind("webhook", _("webhook"))


def scope_words(scope: str) -> str:
    """coupon_type:TEA10 as staff read it: coupon type TEA10; freeze:8 is freeze #8. What names no kind of row stays as it is."""
    name, colon, key = scope.partition(":")
    if scope == "platform":
        return str(PLATFORM)
    if not colon or name not in SCOPE_WORDS:
        return scope
    return f"{SCOPE_WORDS[name]} {'#' if name in _numbered else ''}{key}"


def scope_aloud(words: str) -> str:
    """What `scope_words` wrote in English, to the reader; anything else as it is."""
    if words == "platform":
        return str(PLATFORM)
    with in_english():
        names = {str(name): key for key, name in SCOPE_WORDS.items()}
    english = next((name for name in sorted(names, key=len, reverse=True) if words.startswith(f"{name} ")), "")
    return f"{SCOPE_WORDS[names[english]]}{words[len(english) :]}" if english else words


def line_aloud(words: str) -> str:
    """A threshold as a kept sentence names it, to the reader."""
    scope, dot, metric = words.rpartition(" · ")
    return f"{scope_aloud(scope)}{dot}{word(metric)}"


def _scope_field(model: str, words: Any) -> models.ForeignKey:
    return models.ForeignKey(model, models.CASCADE, related_name="thresholds", null=True, blank=True, verbose_name=words)


# NULL for every line that one person may redraw.
_STATUS_OF_A_RESTRICTED_TYPE = """(SELECT t.status FROM promotions_coupontype t
    WHERE OLD.is_built_in AND t.id = OLD.coupon_type_id AND t.audience = 'restricted')"""


@tracked()
class Threshold(models.Model):
    """A line drawn for the platform, a campaign, a coupon type, an entry or a token batch. Crossing it raises one alarm.

    What else it does `action` says.

    `limit` is a figure of the metric; a percentage of the budget; hours; for a baseline the most within `window` that is accepted
    whatever the baseline says; for what should be silent, the number of refused claims within `window` that is more than a trickle.

    A crossed threshold stays quiet until staff arm it again. Built-in ones have a name; staff may change their limits, not remove
    them. Those of a restricted type are part of what two persons approved: one person lowers their limit, and nothing else.
    """

    campaign = _scope_field("promotions.Campaign", _("campaign"))
    coupon_type = _scope_field("promotions.CouponType", _("coupon type"))
    entry = _scope_field("promotions.Entry", _("entry"))
    batch = _scope_field("promotions.TokenBatch", _("token batch"))
    metric = models.CharField(_("measures"), max_length=40, choices=Metric)
    reasons = ArrayField(
        models.CharField(max_length=30),
        verbose_name=_("reasons"),
        default=list,
        blank=True,
        help_text=_("For claims refused: which of them count. Empty: all."),
    )
    kind = models.CharField(_("the limit is"), max_length=12, choices=LimitKind, default=LimitKind.FIXED)
    window = models.DurationField(_("window"), null=True, blank=True, help_text=_("Empty: since the start."))
    limit = models.DecimalField(_("limit"), max_digits=14, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))])
    action = models.CharField(_("action"), max_length=8, choices=ThresholdAction, default=ThresholdAction.ALARM)
    is_built_in = models.BooleanField(_("built in"), default=False, editable=False)
    built_in_name = models.CharField(max_length=40, blank=True, editable=False)
    peak_from = models.DateTimeField(_("promoted peak from"), null=True, blank=True)
    peak_until = models.DateTimeField(_("promoted peak until"), null=True, blank=True)
    peak_factor = models.DecimalField(
        _("times its baseline"),
        max_digits=5,
        decimal_places=1,
        default=1,
        validators=[MinValueValidator(Decimal(1)), MaxValueValidator(Decimal(1000))],
        help_text=_("How many times its baseline the type may reach during the promoted peak."),
    )
    fired_at = models.DateTimeField(_("crossed at"), null=True, editable=False)

    objects = ThresholdQuerySet.as_manager()

    class Meta:
        verbose_name = _("threshold")
        verbose_name_plural = _("thresholds")
        permissions = [
            ("rearm_threshold", _("Can arm a crossed threshold again")),
            ("request_threshold", _("Can ask for a change of a restricted type's built-in threshold")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(campaign=None, coupon_type=None, entry=None)
                | Q(campaign=None, coupon_type=None, batch=None)
                | Q(campaign=None, entry=None, batch=None)
                | Q(coupon_type=None, entry=None, batch=None),
                name="threshold_has_one_scope",
            ),
            models.CheckConstraint(condition=Q(limit__gt=0), name="threshold_limit_is_positive"),
            models.CheckConstraint(condition=Q(window=None) | Q(window__gt=timedelta(0)), name="threshold_window_is_positive"),
            models.CheckConstraint(
                condition=Q(action="alarm")
                | Q(campaign__isnull=False)
                | Q(coupon_type__isnull=False)
                | Q(entry__isnull=False)
                | Q(batch__isnull=False),
                name="threshold_of_the_platform_only_alarms",
            ),
            models.CheckConstraint(
                condition=Q(kind="fixed")
                | Q(kind="percent", metric__in=["issued_amount", "redeemed_amount", "liability"])
                | Q(kind="hours_left", metric="issued_amount", window__isnull=False)
                | Q(kind="baseline", metric="issued_count", window__isnull=False, coupon_type__isnull=False)
                | Q(kind="silent", metric="attempts", window__isnull=False),
                name="threshold_kind_goes_with_its_metric",
            ),
            models.CheckConstraint(condition=Q(reasons=[]) | Q(metric="refusals"), name="threshold_reasons_are_of_refusals"),
            models.CheckConstraint(
                condition=Q(peak_from=None, peak_until=None)
                | Q(peak_from__isnull=False, peak_until__isnull=False, peak_until__gt=models.F("peak_from")),
                name="threshold_peak_begins_and_ends",
            ),
            models.UniqueConstraint(
                Coalesce("coupon_type", 0), "built_in_name", condition=~Q(built_in_name=""), name="threshold_built_in_once"
            ),
        ]
        indexes = [models.Index(fields=["id"], name="threshold_armed", condition=Q(fired_at=None))]
        triggers = [
            pgtrigger.ReadOnly(name="threshold_stays_built_in", fields=["is_built_in"]),
            pgtrigger.Protect(
                name="threshold_built_in_stays",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Condition("OLD.is_built_in"),
            ),
            stays_as_approved(
                "threshold_of_a_restricted_type_stays",
                "promotions.threshold",
                THRESHOLD_NARROWS,
                status=_STATUS_OF_A_RESTRICTED_TYPE,
                free="fired_at",
            ),
        ]

    def __str__(self) -> str:
        return f"{scope_words(self.scope)} · {self.get_metric_display()}"

    @property
    def is_approved(self) -> bool:
        """Whether it is part of what two persons approve of a restricted type, and so changed by two."""
        return self.is_built_in and self.coupon_type is not None and self.coupon_type.is_restricted

    @property
    def watched(self) -> models.Model | None:
        """The row that the line is drawn for; None for the whole platform."""
        return next((found for found in (getattr(self, name) for name in SCOPES) if found is not None), None)

    @property
    def scope(self) -> str:
        """platform, campaign:CODE, coupon_type:CODE, entry:CODE or batch:ENTRY/CODE."""
        if self.batch is not None:
            return f"batch:{self.batch.entry.code}/{self.batch.code}"
        watched: Any = self.watched
        return f"{watched._meta.model_name.replace('coupontype', 'coupon_type')}:{watched.code}" if watched else "platform"


class ThresholdMemory(models.Model):
    """What a threshold must remember between two looks: the baseline's running sum and profile, or how much was issued by what fell
    silent. Written by the scheduled checks alone, and only where something was claimed meanwhile.
    """

    threshold = models.OneToOneField("promotions.Threshold", models.CASCADE, related_name="memory", verbose_name=_("threshold"))
    folded_until = models.DateTimeField(_("looked at until"), null=True)
    baseline = models.JSONField(default=dict)
    issued_when_silenced = models.PositiveBigIntegerField(null=True)

    class Meta:
        verbose_name = _("memory of a threshold")
        verbose_name_plural = _("memories of thresholds")

    def __str__(self) -> str:
        return f"#{self.threshold_id}"


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
    escalation = models.PositiveSmallIntegerField(_("escalated to step"), default=0, editable=False)
    escalated_at = models.DateTimeField(_("escalated at"), null=True, editable=False)

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
        return f"{scope_words(self.scope)} · {self.get_cause_display()}"

    def get_cause_display(self) -> str:
        return cause_label(self.cause)
