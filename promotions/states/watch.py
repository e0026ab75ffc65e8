"""What is measured, what a line is drawn at, and what crossing it does."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from promotions.states.claims import RefusalReason


class Metric(models.TextChoices):
    ISSUED_AMOUNT = "issued_amount", _("face value issued")
    REDEEMED_AMOUNT = "redeemed_amount", _("amount redeemed")
    LIABILITY = "liability", _("face value outstanding")
    ISSUED_COUNT = "issued_count", _("coupons issued")
    ATTEMPTS = "attempts", _("claims, issued or refused")
    REFUSALS = "refusals", _("claims refused")
    TOKEN_REFUSALS = "token_refusals", _("refused tokens")
    YOUNG_ACCOUNTS_ON_SHARED_TOKENS = "young_accounts_on_shared_tokens", _("new accounts claiming by a shared token")
    QUICK_CASH_OUTS = "quick_cash_outs", _("coupons turned into virtual goods within minutes")
    CUSTOMERS_ON_ONE_TOKEN = "customers_on_one_token", _("customers on one token")


# In the currency of the campaign.
MONEY_METRICS = (Metric.ISSUED_AMOUNT, Metric.REDEEMED_AMOUNT, Metric.LIABILITY)


class LimitKind(models.TextChoices):
    """What a threshold's limit is: a figure, a share, a time, or nothing at all."""

    FIXED = "fixed", _("a fixed limit")
    PERCENT = "percent", _("percent of the budget")
    HOURS_LEFT = "hours_left", _("hours until it is empty, at the present rate")
    BASELINE = "baseline", _("departure from its own baseline, with a fixed limit on top")
    SILENT = "silent", _("should be silent")


# What each kind of limit can be drawn on.
METRICS_OF_KIND = {
    LimitKind.FIXED: tuple(Metric),
    LimitKind.PERCENT: MONEY_METRICS,
    LimitKind.HOURS_LEFT: (Metric.ISSUED_AMOUNT,),
    LimitKind.BASELINE: (Metric.ISSUED_COUNT,),
    LimitKind.SILENT: (Metric.ATTEMPTS,),
}

# What a claim runs into where nothing should be claimed any more, or not yet: ended, closed, expired, suspended, outside its hours.
SILENT_REASONS = (
    RefusalReason.ENTRY_NOT_OPEN,
    RefusalReason.OUTSIDE_PERIOD,
    RefusalReason.OUTSIDE_HOURS,
    RefusalReason.COUPON_TYPE_NOT_LIVE,
    RefusalReason.CAMPAIGN_NOT_LIVE,
    RefusalReason.TOKEN_EXPIRED,
    RefusalReason.TOKEN_REVOKED,
)


class AlarmCause(models.TextChoices):
    """Why an alarm is raised where no line was crossed. Whoever watches something else adds a cause: no migration follows."""

    BUDGET_DRIFT = "budget_drift", _("counters and ledger disagree")
    BUDGET_OVERRUN = "budget_overrun", _("more was promised than the budget holds")
    CHECKS_STAND_STILL = "checks_stand_still", _("scheduled checks stand still")
    GUARDS_OFF = "guards_off", _("guards of the database are off")
    WEBHOOK_GIVEN_UP = "webhook_given_up", _("a webhook was switched off: it kept failing")
    HOLDS_STOPPED = "holds_stopped", _("automatic holds were stopped: too many at once")
    EMERGENCY_STARTED = "emergency_started", _("one person started a freeze alone")
    EMERGENCY_FALLEN = "emergency_fallen", _("an emergency freeze was not confirmed and fell")
    FREEZE_FAILED = "freeze_failed", _("a freeze or a release came to a stop")
    TERM_RUN_OUT = "term_run_out", _("the term of a legal freeze has run out")
    REVIEW_OVERDUE = "review_overdue", _("orders wait for a reviewer beyond their due time")


def cause_label(cause: str) -> str:
    """A cause in words, be it a metric whose line was crossed or something else that is wrong."""
    labels = {**dict(Metric.choices), **dict(AlarmCause.choices)}
    return str(labels.get(cause, cause))


class Severity(models.TextChoices):
    """How soon somebody must look: at the next round, or now."""

    WATCH = "watch", _("watch")
    URGENT = "urgent", _("urgent")


# The lines that no restricted type may be without (`services.built_in_lines.BUILT_IN` says where they are drawn).
BUILT_IN_METRICS = (
    Metric.TOKEN_REFUSALS,
    Metric.CUSTOMERS_ON_ONE_TOKEN,
    Metric.YOUNG_ACCOUNTS_ON_SHARED_TOKENS,
    Metric.QUICK_CASH_OUTS,
    Metric.ATTEMPTS,
    Metric.ISSUED_COUNT,
)
# What each act can move: only the lines drawn on that need to be looked at after it.
MOVED_BY_ISSUING = (
    Metric.ISSUED_AMOUNT,
    Metric.LIABILITY,
    Metric.ISSUED_COUNT,
    Metric.ATTEMPTS,
    Metric.YOUNG_ACCOUNTS_ON_SHARED_TOKENS,
    Metric.CUSTOMERS_ON_ONE_TOKEN,
)
MOVED_BY_REFUSING = (Metric.ATTEMPTS, Metric.REFUSALS)
MOVED_BY_REFUSING_A_TOKEN = (*MOVED_BY_REFUSING, Metric.TOKEN_REFUSALS)
MOVED_BY_REDEEMING = (Metric.REDEEMED_AMOUNT, Metric.QUICK_CASH_OUTS)


class ThresholdAction(models.TextChoices):
    ALARM = "alarm", _("alarm")
    SUSPEND = "suspend", _("alarm and suspend")
    HOLD = "hold", _("alarm and hold the orders that redeem")


class ExportKind(models.TextChoices):
    """How the texts of tokens left the house."""

    CSV = "csv", _("CSV file")
    PDF = "pdf", _("sheets to print (PDF)")
