"""report.html: the results for people, in one file that opens offline."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from backoffice.lib.money import ZERO
from backoffice.replay import folder
from backoffice.replay.charts import Mark, Series, TimeAxis, mark_strip, stacked_chart
from backoffice.replay.figures import Money, TypeFigures
from backoffice.replay.folder import ResultsFolder
from backoffice.replay.journal import Kind, Outcome
from backoffice.replay.record import Record
from backoffice.replay.writer import totals
from promotions.states import RefusalReason, ThresholdAction, cause_label
from risk.states import Disposition

MOST_TYPES, MOST_REASONS, MOST_ALARMS, MOST_FLAGS, MOST_FAULTS = 12, 12, 200, 20, 20


def write_report(record: Record, into: ResultsFolder) -> None:
    into.draft(folder.REPORT).write_text(render_report(record), encoding="utf-8")


def render_report(record: Record) -> str:
    """Times in the staff's zone, which the page names."""
    zone = ZoneInfo(settings.HOLDFAST_STAFF_TIME_ZONE)
    played, counts = record.played, record.played.journal.counts()
    alarms = [_alarm(number, line, zone) for number, line in enumerate(record.alarms, start=1)]
    context = {
        "record": record,
        "played": played,
        "zone": zone.key,
        "as_of": played.ends_at.astimezone(zone),
        "headline": _headline(record, counts),
        "pictures": _pictures(record, alarms, zone),
        "types": _types(record.types),
        "reasons": _reasons(record),
        "alarms": alarms[:MOST_ALARMS],
        "alarms_left_out": len(alarms[MOST_ALARMS:]),
        "flags": _flags(record),
        "faults": played.faults[:MOST_FAULTS],
        "faults_left_out": len(played.faults[MOST_FAULTS:]),
    }
    return render_to_string("replay/report.html", context)


def _headline(record: Record, counts: dict[str, dict[str, int]]) -> list[dict[str, Any]]:
    claims, orders = counts[Kind.CLAIM], counts[Kind.ORDER]
    coupons = sum(row.coupons for row in record.types)
    suspensions = sum(alarm["action"] == ThresholdAction.SUSPEND for alarm in record.alarms)
    held = sum(seconds > 0 for seconds in record.held_seconds.values())
    return [
        _card(_("Issued"), _money(record.types, "issued"), _("%(n)s coupons") % {"n": f"{coupons:,}"}, "issued"),
        _card(
            _("Redeemed"),
            _money(record.types, "redeemed"),
            _("by %(n)s orders placed") % {"n": f"{orders.get(Outcome.PLACED, 0):,}"},
            "waiting",
        ),
        _card(_("Delivered"), _money(record.types, "delivered"), _("on orders that have left"), "delivered"),
        _card(
            _("Held"),
            _money(record.types, "held"),
            _("%(n)s orders were held for a while or still are") % {"n": f"{held:,}"},
            "held",
        ),
        _card(
            _("Claims refused"),
            f"{claims.get(Outcome.REFUSED, 0):,}",
            _("of %(n)s") % {"n": f"{sum(claims.values()):,}"},
            "refused",
        ),
        _card(_("Alarms"), f"{len(record.alarms):,}", _("%(n)s suspended something") % {"n": f"{suspensions:,}"}, "alarm"),
    ]


def _card(name: str, figures: str | list[tuple[str, str]], detail: str, css: str) -> dict[str, Any]:
    """`figures` is a number, or amounts each with its currency."""
    return {"name": name, "figures": [(figures, "")] if isinstance(figures, str) else figures, "detail": detail, "css": css}


def _money(types: Iterable[TypeFigures], name: str) -> list[tuple[str, str]]:
    sums = totals(types)
    return [(amount(getattr(money, name), ""), currency) for currency, money in sums.items()] or [(amount(ZERO, ""), "")]


def amount(value: Decimal, currency: str) -> str:
    """With thousands, and without cents that are none."""
    text = f"{value:,.2f}".removesuffix(".00")
    return f"{text} {currency}".strip()


def _alarm(number: int, line: dict[str, str], zone: ZoneInfo) -> dict[str, Any]:
    cause, action = cause_label(line["cause"]), ThresholdAction(line["action"]).label
    return line | {
        "number": number,
        "moment": datetime.fromisoformat(line["at"]).astimezone(zone),
        "cause_label": cause,
        "action_label": action,
        "value_text": _figure(line["value"]),
        "limit_text": _figure(line["limit"]),
        "is_suspension": line["action"] == ThresholdAction.SUSPEND,
    }


def _figure(text: str) -> str:
    """A value or limit with thousands; nothing where the alarm has none."""
    return f"{Decimal(text):,.2f}".removesuffix(".00") if text else ""


def _pictures(record: Record, alarms: Sequence[dict[str, Any]], zone: ZoneInfo) -> dict[str, Any] | None:
    """The charts over time. Days in which staff only prepared are left out."""
    minutes = [minute for _kind, minute, _what in record.played.journal.minutes]
    if not minutes:
        return None
    begin = datetime.fromtimestamp(min(minutes) * 60, zone)
    axis = TimeAxis(begin, datetime.fromtimestamp(max(minutes) * 60, zone), zone)
    marks = [
        Mark(
            alarm["number"],
            alarm["moment"],
            f"{alarm['moment']:%-d %b %H:%M:%S} · {alarm['scope']} · {alarm['cause_label']} · {alarm['action_label']}",
            "suspended" if alarm["is_suspension"] else "alarmed",
        )
        for alarm in alarms
        if alarm["moment"] >= begin
    ]
    claims = [
        _series(record, axis, Kind.CLAIM, what, css) for what, css in ((Outcome.ISSUED, "issued"), (Outcome.REFUSED, "refused"))
    ]
    orders = [
        _series(record, axis, Kind.ORDER, what, css)
        for what, css in ((Outcome.PLACED, "delivered"), (Outcome.REFUSED, "refused"), (Outcome.NOT_PLACED, "unspent"))
    ]
    bucket_minutes = int(axis.bucket.total_seconds()) // 60
    return {
        "bucket": _("a minute") if bucket_minutes == 1 else _("%(n)s minutes") % {"n": bucket_minutes},
        "begin": begin,
        "strip": _svg(mark_strip(axis, marks, title=_("Alarms over time"))) if marks else "",
        "claims": _svg(stacked_chart(axis, claims, marks, title=_("Claims over time by outcome"))),
        "orders": _svg(stacked_chart(axis, orders, marks, title=_("Orders over time by outcome"))),
        "claim_series": claims,
        "order_series": orders,
    }


def _svg(text: str) -> SafeString:
    return mark_safe(text)  # noqa: S308  charts.py escapes every text that it draws


def _series(record: Record, axis: TimeAxis, kind: Kind, what: Outcome, css: str) -> Series:
    names = {
        Outcome.ISSUED: _("issued"),
        Outcome.REFUSED: _("refused"),
        Outcome.PLACED: _("placed"),
        Outcome.NOT_PLACED: _("not placed, for want of a coupon"),
    }
    counts: Counter[int] = Counter()
    for (its_kind, minute, its_what), count in record.played.journal.minutes.items():
        if (its_kind, its_what) == (kind, what):
            counts[axis.bucket_of(minute)] += count
    return Series(names[what], css, counts)


def _types(types: Sequence[TypeFigures]) -> list[dict[str, Any]]:
    """The types that gave most, each with the parts of its bar in percent of the longest; the others together."""
    rows = sorted((row for row in types if row.coupons or row.money.redeemed), key=lambda row: (-row.money.issued, row.code))
    shown, others = rows[:MOST_TYPES], rows[MOST_TYPES:]
    longest = max((row.money.issued for row in shown), default=ZERO)
    lines = [_type(row.code, row.name, row.coupons, row.money, row.currency, longest) | {"audience": row.audience} for row in shown]
    for currency, money in totals(others).items():
        coupons = sum(row.coupons for row in others if row.currency == currency)
        name = _("%(n)s other coupon types") % {"n": f"{len(others):,}"}
        lines.append(_type("…", name, coupons, money, currency, ZERO))
    return lines


def _type(code: str, name: str, coupons: int, money: Money, currency: str, longest: Decimal) -> dict[str, Any]:
    parts = (
        ("delivered", money.delivered),
        ("held", money.held),
        ("waiting", money.waiting),
        ("unspent", money.issued - money.redeemed),
    )
    return {
        "code": code,
        "name": name,
        "coupons": coupons,
        "currency": currency,
        "amounts": [amount(part, "") for part in (money.issued, money.redeemed, money.delivered, money.held, money.released)],
        "bar": [(css, f"{100 * part / longest:.2f}", amount(part, currency)) for css, part in parts if longest and part > 0],
    }


def _reasons(record: Record) -> list[dict[str, Any]]:
    found = record.played.journal.reasons(Kind.CLAIM)
    longest = max((count for _reason, count in found), default=1)
    labels = dict(RefusalReason.choices)
    return [
        {"label": labels.get(reason, reason), "count": count, "percent": f"{100 * count / longest:.1f}"}
        for reason, count in found[:MOST_REASONS]
    ]


def _flags(record: Record) -> dict[str, Any]:
    by_disposition = Counter(flag["disposition"] for flag in record.flags)
    by_reason = Counter(reason for flag in record.flags for reason in flag["reasons"])
    most, labels = max(by_disposition.values(), default=1), dict(Disposition.choices)
    worst = sorted(record.flags, key=lambda flag: -flag["score"])[:MOST_FLAGS]
    return {
        "total": len(record.flags),
        "dispositions": [
            {
                "label": disposition.label,
                "css": disposition.value,
                "count": by_disposition[disposition.value],
                "percent": f"{100 * by_disposition[disposition.value] / most:.1f}",
            }
            for disposition in Disposition
        ],
        "reasons": sorted(by_reason.items(), key=lambda item: (-item[1], item[0]))[:MOST_REASONS],
        "worst": [flag | {"label": labels[flag["disposition"]]} for flag in worst],
    }
