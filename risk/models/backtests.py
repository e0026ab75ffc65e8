import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from risk.states import BacktestError, ListsAsOf


class Backtest(models.Model):
    """A version of a rule tried on a period that is over, as a job, day by day; with the published version beside it.

    From `since` (inside) to `until` (outside). Facts are as of each event's time; value lists too, or as of when it was asked for.
    """

    version = models.ForeignKey("risk.RuleVersion", models.PROTECT, related_name="+", verbose_name=_("version"))
    beside = models.ForeignKey(
        "risk.RuleVersion", models.PROTECT, related_name="+", null=True, verbose_name=_("beside the published version")
    )
    job = models.OneToOneField("lib.Job", models.PROTECT, related_name="+", verbose_name=_("job"))
    since = models.DateTimeField(_("from"))
    until = models.DateTimeField(_("until"))
    lists_as = models.CharField(_("value lists"), max_length=4, choices=ListsAsOf, default=ListsAsOf.THEN)

    class Meta:
        verbose_name = _("backtest")
        verbose_name_plural = _("backtests")
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=Q(until__gt=F("since")), name="backtest_covers_some_time")]
        triggers = [pgtrigger.Protect(name="backtest_stays_as_asked", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.version} #{self.pk}"


class BacktestDay(models.Model):
    """What one version would have said on one day of the period. Amounts in the campaigns' currency.

    `flagged` of the hits were flagged at the time, `confirmed_hits` and `cleared_hits` decided by a reviewer; `confirmed` and
    `cleared` are all decisions on what was judged that day.
    """

    backtest = models.ForeignKey("risk.Backtest", models.CASCADE, related_name="days", verbose_name=_("backtest"))
    version = models.ForeignKey("risk.RuleVersion", models.PROTECT, related_name="+", verbose_name=_("version"))
    begins_at = models.DateTimeField(_("day"))
    judged = models.PositiveIntegerField(_("judged"))
    hits = models.PositiveIntegerField(_("hits"))
    unknown = models.PositiveIntegerField(_("unknown"))
    flagged = models.PositiveIntegerField(_("flagged before"))
    confirmed_hits = models.PositiveIntegerField(_("hits that were confirmed"))
    cleared_hits = models.PositiveIntegerField(_("hits that were cleared"))
    confirmed = models.PositiveIntegerField(_("confirmed"))
    cleared = models.PositiveIntegerField(_("cleared"))
    money = models.DecimalField(_("discount on hits"), max_digits=14, decimal_places=2)

    class Meta:
        verbose_name = _("day of a backtest")
        verbose_name_plural = _("days of backtests")
        constraints = [
            models.UniqueConstraint(fields=["backtest", "version", "begins_at"], name="backtest_day_once"),
            models.CheckConstraint(condition=Q(hits__lte=F("judged")), name="backtest_hits_within_judged"),
        ]

    def __str__(self) -> str:
        return f"{self.backtest_id} {self.begins_at:%F}"


class BacktestExample(models.Model):
    """A past decision that the version would have got wrong: a cleared order hit, or a confirmed one missed."""

    backtest = models.ForeignKey("risk.Backtest", models.CASCADE, related_name="examples", verbose_name=_("backtest"))
    version = models.ForeignKey("risk.RuleVersion", models.PROTECT, related_name="+", verbose_name=_("version"))
    order = models.ForeignKey("orders.Order", models.PROTECT, related_name="+", db_index=False, verbose_name=_("order"))
    error = models.CharField(_("error"), max_length=11, choices=BacktestError)

    class Meta:
        verbose_name = _("example from a backtest")
        verbose_name_plural = _("examples from backtests")
        constraints = [models.UniqueConstraint(fields=["backtest", "version", "order"], name="backtest_example_once")]

    def __str__(self) -> str:
        return f"{self.backtest_id} → {self.order_id}"
