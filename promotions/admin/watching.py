"""How lines and alarms are written: as sentences, values in their unit, and a chart of the minutes around an alarm."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncMinute
from django.utils.translation import gettext as _

from backoffice.lib.admin.charts import AMBER, BLUE, RED, VIOLET, Chart, Line
from backoffice.lib.display import NOTHING, amount_text, count_text, duration_text
from promotions.models import Alarm, Claim, Threshold
from promotions.services.measures import OF_CLAIM, scope_of
from promotions.services.readings import CURRENCY_OF_LINE, currency_of, unit_of
from promotions.states import MONEY_METRICS, LimitKind, RefusalReason, ThresholdAction

OF_ITS_LINE = tuple(f"threshold__{name}" for name in CURRENCY_OF_LINE)
"""What `value_of` reads of an alarm's line."""
AROUND = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def written(line: Threshold, value: Decimal | None) -> str:
    """A value of a line in its unit, money with the currency of what the line watches."""
    unit = unit_of(line)
    return in_unit(unit, value, currency_of(line) if unit == "money" else "")


def in_unit(unit: str, value: Decimal | None, currency: str = "") -> str:
    """A value as its unit is written; a dash for none."""
    if value is None:
        return NOTHING
    if unit == "percent":
        return f"{value.normalize():f} %"
    if unit == "hours":
        return _("%s h") % f"{value.normalize():f}"
    return amount_text(value, currency) if unit == "money" else count_text(int(value))


def value_of(alarm: Alarm) -> str:
    """Value and limit of an alarm, written as its line's are; nothing where it has neither."""
    if alarm.value is None and alarm.limit is None:
        return str(NOTHING)
    if alarm.threshold:
        return f"{written(alarm.threshold, alarm.value)} / {written(alarm.threshold, alarm.limit)}"
    if alarm.cause in MONEY_METRICS:
        return f"{in_unit('money', alarm.value)} / {in_unit('money', alarm.limit)}"
    values = [NOTHING if value is None else f"{value:,f}" for value in (alarm.value, alarm.limit)]
    return " / ".join(values)


def sentence_of(line: Threshold) -> str:
    """What a line does, as one would say it."""
    return _("%(when)s: %(then)s.") % {"when": _condition(line), "then": _consequence(line)}


def _condition(line: Threshold) -> str:
    limit, metric = written(line, line.limit), _metric(line)
    within = _("within %s") % duration_text(line.window) if line.window else _("since the start")
    words = {"limit": limit, "metric": metric, "within": within}
    sentences = {
        LimitKind.FIXED: (
            _("When the %(metric)s reaches %(limit)s %(within)s")
            if line.metric in MONEY_METRICS
            else _("When %(metric)s reach %(limit)s %(within)s")
        ),
        LimitKind.PERCENT: _("When the %(metric)s reaches %(limit)s of the budget %(within)s"),
        LimitKind.HOURS_LEFT: _("When what is left lasts %(limit)s or less, at the rate %(within)s"),
        LimitKind.BASELINE: _("When claims depart from the baseline, or %(metric)s reach %(limit)s %(within)s"),
        LimitKind.SILENT: _("When anything is issued, or %(limit)s claims are refused %(within)s, where all should be silent"),
    }
    return sentences[LimitKind(line.kind)] % words


def _metric(line: Threshold) -> str:
    reasons = ", ".join(str(dict(RefusalReason.choices).get(reason, reason)) for reason in line.reasons)
    return f"{line.get_metric_display()} ({reasons})" if reasons else str(line.get_metric_display())


def _consequence(line: Threshold) -> str:
    what = _what(line)
    if line.action == ThresholdAction.SUSPEND:
        return _("alarm, and stop %s at once") % what
    if line.action == ThresholdAction.HOLD:
        return _("alarm, and hold every order that redeems coupons of %s") % (line.watched or what)
    return _("alarm")


def _what(line: Threshold) -> str:
    name, _key = scope_of(line)
    return {
        "campaign": _("the campaign"),
        "coupon_type": _("the coupon type"),
        "entry": _("the entry"),
        "batch": _("the batch's entry"),
    }.get(name, "")


def claims_around(alarm: Alarm) -> QuerySet[Claim]:
    """Claims of what the alarm is about, an hour before and after."""
    claims = Claim.objects.filter(at__range=(alarm.at - AROUND, alarm.at + AROUND))
    name, key = scope_of(alarm.threshold) if alarm.threshold else ("platform", None)
    return claims if key is None else claims.filter(**{OF_CLAIM[name]: key})


def chart_panel(alarm: Alarm) -> Chart:
    """Claims a minute by outcome, an hour before and after, with the minute of the alarm and, where it counts claims, the line."""
    start = (alarm.at - AROUND).replace(second=0, microsecond=0)
    minutes = [start + MINUTE * number for number in range(int(2 * AROUND / MINUTE) + 1)]
    rows = claims_around(alarm).order_by().annotate(minute=TruncMinute("at")).values_list("minute", "outcome")
    counts = {(minute, outcome): n for minute, outcome, n in rows.annotate(n=Count("pk"))}
    issued, refused = ([counts.get((minute, kind), 0) for minute in minutes] for kind in ("issued", "refused"))
    at = alarm.at.replace(second=0, microsecond=0)
    lines = [
        Line(_("issued"), issued, BLUE),
        Line(_("refused"), refused, AMBER),
        Line(_("alarm"), [max(*issued, *refused, 1) if minute == at else None for minute in minutes], RED, is_mark=True),
    ]
    rate = _rate_of_line(alarm)
    if rate is not None:
        lines.append(Line(_("line, a minute"), [rate] * len(minutes), VIOLET, is_dashed=True))
    return Chart(
        _("Claims a minute, an hour before and after"), minutes, lines, _("claims a minute"), empty=_no_claims(counts), name="chart"
    )


def _no_claims(counts: dict[Any, int]) -> Any:
    return "" if counts else _("No claims.")


def _rate_of_line(alarm: Alarm) -> float | None:
    """The line as claims a minute, where it counts claims within a window."""
    line = alarm.threshold
    if line is None or line.window is None or unit_of(line) != "count" or not alarm.limit:
        return None
    return round(float(alarm.limit) / (line.window / MINUTE), 3)
