"""The charts of a campaign and of a coupon type: how the money burns down, and who knocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Sum
from django.http import HttpRequest
from django.utils.translation import gettext as _

from backoffice.lib import clock
from backoffice.lib.admin.charts import AMBER, BLUE, GREEN, GREY, RED, VIOLET, Chart, Line, asked_window, window_choices
from backoffice.lib.admin.page import Fact, FactSheet, Panel
from backoffice.lib.display import amount_text, count_text, duration_text, time_html, time_text
from promotions.admin.links import list_of, share
from promotions.burndown import HOUR, Level, Window, runs_out_at
from promotions.models import Campaign, Claim, ClaimToken, CouponType, Threshold, TokenBatch
from promotions.services.budgets import budget_figures
from promotions.services.series import Series, given_in_the_last_hour, series_of
from promotions.states import MONEY_METRICS, TOKEN_REFUSALS, LimitKind, RefusalReason

MOST_POINTS = 240
KEPT_SECONDS = 5
AHEAD = 4  # the forecast reaches a quarter of the window ahead


@dataclass(frozen=True)
class Told:
    """What the charts of one page show, asked for once. `hourly` is what the last hour took out of the budget, in `currency`."""

    series: Series
    hourly: Decimal
    currency: str
    at: datetime

    @property
    def starts(self) -> list[datetime]:
        return self.series.window.starts


def tell(request: HttpRequest, name: str, types: Sequence[int], currency: str, started: datetime) -> Told:
    """The window that the reader asked for, at most a few seconds old. `name` says whose it is, `started` when it began."""
    at, (asked, span) = clock.now(), asked_window(request)
    key = f"series:{name}:{asked}:{at.timestamp() // KEPT_SECONDS}"
    found = cache.get(key)
    if found is None:
        since = at - span if span else min(started, at - HOUR)
        series = series_of(types, Window.of(since, at, MOST_POINTS))
        found = Told(series, given_in_the_last_hour(types, at), currency, at)
        cache.set(key, found, KEPT_SECONDS)
    return found  # type: ignore[no-any-return]


def campaign_charts(request: HttpRequest, campaign: Campaign) -> list[Any]:
    """Burn-down, claims, and refusals of a campaign."""
    types = list(campaign.coupon_types.values_list("pk", flat=True))
    told = tell(request, f"campaign:{campaign.pk}", types, campaign.currency, campaign.starts_at)
    return [burn_down(request, campaign, told), claims_chart(request, told), reasons_panel(told)]


def coupon_type_charts(request: HttpRequest, kind: CouponType) -> list[Any]:
    """Tokens, claims and refusals of one coupon type."""
    told = tell(request, f"type:{kind.pk}", [kind.pk], kind.campaign.currency, kind.claim_from)
    return [*tokens_sheets(kind, told), claims_chart(request, told), reasons_panel(told)]


def tokens_sheets(kind: CouponType, told: Told) -> list[FactSheet]:
    """Tokens made, used and refused, where there are any."""
    batches = TokenBatch.objects.filter(entry__coupon_type=kind)
    made = batches.aggregate(n=Sum("count"), tokens=Count("pk"), revoked=Count("revoked_at"))
    refused = sum(told.series.reasons[reason] for reason in (*TOKEN_REFUSALS, RefusalReason.TOKEN_MISSING))
    if not made["tokens"] and not refused:
        return []
    used = ClaimToken.objects.filter(batch__entry__coupon_type=kind, used__gt=0).aggregate(n=Count("pk"), uses=Sum("used"))
    revoked = _("%(revoked)s of %(batches)s batches revoked") % {"revoked": made["revoked"], "batches": made["tokens"]}
    facts = [
        Fact(_("Made"), count_text(made["n"] or 0), revoked),
        Fact(_("Used"), count_text(used["n"]), _("%s uses in all") % count_text(used["uses"] or 0)),
        Fact(
            _("Refused"),
            count_text(refused),
            _("forged, spent, misplaced or missing, in the time shown below"),
            list_of(Claim, coupon_type=kind.pk, outcome__exact="refused"),
        ),
    ]
    return [FactSheet(_("Tokens"), facts)]


def burn_down(request: HttpRequest, campaign: Campaign, told: Told) -> Chart:
    figures = budget_figures(campaign.budget)
    stood = told.series.levels(reserved=figures["reserved"], spent=figures["spent"], returned=figures["returned"])
    ahead = moments_ahead(told) if told.hourly > 0 and figures["room"] > 0 else []
    lines = [*money_lines(stood, len(ahead)), *forecast(stood, ahead, told, figures["amount"])]
    moments = [*told.starts, *ahead]
    lines += [flat(_("budget"), figures["amount"], len(moments), VIOLET), *threshold_lines(campaign, len(moments))]
    empty = "" if figures["issued"] or not told.series.is_empty else _("Nothing was given yet. The budget is whole.")
    return Chart(
        _("Budget"),
        moments,
        lines,
        campaign.currency,
        sentence=room_in_words(campaign, figures["room"], told),
        note=_("Reserved is what is owed to holders of coupons. What came back can be given again."),
        empty=empty,
        choices=window_choices(request, "burn-down"),
        table=levels_table(stood, campaign.currency),
        name="burn-down",
    )


def money_lines(stood: Sequence[Level], ahead: int) -> list[Line]:
    """Spent and reserved on top of each other, so that their upper edge is what was given; what came back beside them."""
    rest = [None] * ahead
    return [
        Line(_("spent"), [*(level.spent for level in stood), *rest], BLUE, fills=True),
        Line(_("reserved (owed)"), [*(level.reserved for level in stood), *rest], AMBER, fills=True),
        Line(_("returned"), [*(level.returned for level in stood), *rest], GREEN),
    ]


def moments_ahead(told: Told) -> list[datetime]:
    step, starts = told.series.window.step, told.starts
    return [starts[-1] + step * number for number in range(1, len(starts) // AHEAD + 1)]


def forecast(stood: Sequence[Level], ahead: Sequence[datetime], told: Told, most: Decimal) -> list[Line]:
    """Where the given part goes at the rate of the last hour, until the budget is empty."""
    if not ahead:
        return []
    given = stood[-1].given
    values = [min(given + told.hourly * Decimal((at - told.at) / HOUR), most) for at in ahead]
    return [Line(_("at the rate of the last hour"), [*[None] * (len(stood) - 1), given, *values], GREY, is_dashed=True)]


def flat(label: Any, value: Decimal, length: int, colour: str) -> Line:
    return Line(label, [value] * length, colour, is_dashed=True)


def threshold_lines(campaign: Campaign, length: int) -> list[Line]:
    """Lines drawn in money since the start, fixed or as a part of the budget. Others have no level of their own."""
    drawn = Threshold.objects.filter(
        campaign=campaign, window=None, metric__in=MONEY_METRICS, kind__in=(LimitKind.FIXED, LimitKind.PERCENT)
    )
    return [
        flat(f"{line.get_metric_display()}: {amount_text(level)}", level, length, RED)
        for line in drawn.order_by("limit")[:4]
        for level in [line.limit if line.kind == LimitKind.FIXED else campaign.budget.amount * line.limit / 100]
    ]


def room_in_words(campaign: Campaign, room: Decimal, told: Told) -> Any:
    """How much is left, and the hour it runs out."""
    left, rate = amount_text(room, campaign.currency), amount_text(told.hourly, campaign.currency)
    out_at = runs_out_at(room, told.hourly, told.at)
    if room <= 0:
        return _("Nothing is left to give.")
    if out_at is None:
        return _("%(left)s left to give. In the last hour %(rate)s went out: at this rate it does not run out.") % {
            "left": left,
            "rate": rate,
        }
    words = _("%(left)s left to give. At the rate of the last hour (%(rate)s) it runs out in %(span)s, at %(moment)s.")
    span = duration_text(out_at - told.at)
    return words % {"left": left, "rate": rate, "span": span, "moment": time_text(out_at)}


def levels_table(stood: Sequence[Level], currency: str) -> Panel:
    rows = [
        [
            time_html(level.start),
            amount_text(level.spent, currency),
            amount_text(level.reserved, currency),
            amount_text(level.returned, currency),
        ]
        for level in changed(stood)
    ]
    return Panel("", [_("from"), _("spent"), _("reserved (owed)"), _("returned")], rows)


def changed(stood: Sequence[Level]) -> list[Level]:
    """The newest first, without those that are as the one before."""
    kept = [
        level
        for before, level in zip([None, *stood], stood, strict=False)
        if before is None or (before.spent, before.reserved, before.returned) != (level.spent, level.reserved, level.returned)
    ]
    return kept[::-1]


def claims_chart(request: HttpRequest, told: Told) -> Chart:
    """Claims by outcome, each point what its bucket counted, by the minute."""
    minutes = Decimal(int(told.series.window.step.total_seconds())) / 60
    lines = [
        Line(_("issued"), [told.series.issued[start] / minutes for start in told.starts], BLUE),
        Line(_("refused"), [told.series.refused[start] / minutes for start in told.starts], AMBER),
    ]
    counted = {"issued": count_text(told.series.issued.total()), "refused": count_text(told.series.refused.total())}
    knocked = told.series.issued or told.series.refused
    return Chart(
        _("Claims a minute"),
        told.starts,
        lines,
        _("claims a minute"),
        sentence=_("%(issued)s issued and %(refused)s refused in the time shown.") % counted,
        note=_("Each point counts %s.") % duration_text(told.series.window.step),
        empty="" if knocked else _("Nobody tried to claim in this time. Choose a longer one above."),
        choices=window_choices(request, "claims"),
        table=claims_table(told),
        name="claims",
    )


def claims_table(told: Told) -> Panel:
    rows = [
        [time_html(start), count_text(told.series.issued[start]), count_text(told.series.refused[start])]
        for start in reversed(told.starts)
        if told.series.issued[start] or told.series.refused[start]
    ]
    return Panel("", [_("from"), _("issued"), _("refused")], rows)


def reasons_panel(told: Told) -> Panel:
    """Why claims were refused in the time shown, most frequent first."""
    words, everything = dict(RefusalReason.choices), told.series.reasons.total()
    rows = [
        [words.get(reason, reason), count_text(number), share(number, everything)]
        for reason, number in told.series.reasons.most_common()
    ]
    columns = [_("reason"), _("claims"), _("share")]
    note = _("In the time shown above.") if rows else ""
    return Panel(_("Refused, by reason"), columns, rows, _("No claim was refused in the time shown above."), note=note)
