"""What a threshold says now: its value, held against a limit of its kind, and whether it is crossed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import F, Sum
from django.utils.translation import gettext_noop

from backoffice.lib.money import ZERO
from backoffice.lib.sentences import Sentence
from promotions.models import BudgetSlice, Threshold
from promotions.services.measures import issued_by, measure_all
from promotions.services.silence import leaked
from promotions.states import MONEY_METRICS, LimitKind

HOUR = Decimal(3600)
CENT = Decimal("0.01")
LONGEST = Decimal(999_999)
"""Hours. What lasts longer lasts for ever."""

OF_BUDGET = Sentence(gettext_noop("%(value)s of the budget of %(budget)s"), is_part=True)
LEFT = Sentence(gettext_noop("%(room)s left; %(amount)s given within %(hours)s hours"), is_part=True)
LEAKED = Sentence(gettext_noop("Issued by what should give nothing: %(count)s."))


@dataclass(frozen=True)
class Reading:
    """`value` and `limit` in the unit of the line's kind. `detail` says what cannot be seen from the two."""

    value: Decimal
    limit: Decimal
    is_crossed: bool
    detail: str = ""


def read_line(line: Threshold, at: datetime) -> Reading:
    return read_lines([line], at)[line.pk]


def read_lines(lines: Iterable[Threshold], at: datetime) -> dict[int, Reading]:
    """Readings by the lines' keys, in a fixed number of queries for each metric, scope and kind."""
    asked = list(lines)
    values = measure_all(asked, at)
    readings: dict[int, Reading] = {}
    for kind, read in _readers.items():
        of_kind = [line for line in asked if line.kind == kind]
        if of_kind:
            readings |= read(of_kind, values, at)
    return readings


def unit_of(line: Threshold) -> str:
    """In what the value and the limit are written: money, count, percent or hours."""
    if line.kind == LimitKind.PERCENT:
        return "percent"
    if line.kind == LimitKind.HOURS_LEFT:
        return "hours"
    return "money" if line.metric in MONEY_METRICS else "count"


CURRENCY_OF_LINE = ("campaign", "coupon_type__campaign", "entry__coupon_type__campaign", "batch__entry__coupon_type__campaign")
"""What `currency_of` reads."""


def currency_of(line: Threshold) -> str:
    """The currency of the campaign that a line watches something of; empty for the platform, whose campaigns may have several."""
    if line.campaign is not None:
        return line.campaign.currency
    entry = line.batch.entry if line.batch is not None else line.entry
    coupon_type = entry.coupon_type if entry is not None else line.coupon_type
    return coupon_type.campaign.currency if coupon_type is not None else ""


def budget_of(line: Threshold) -> Decimal | None:
    """The money that percentages are of, in the campaign's currency.

    The campaign's budget; a type's own budget and its quantity by its face value, an entry's cap by that, a batch's uses by that,
    and the campaign's budget where that is less or there is none of them. None for the platform.
    """
    if line.campaign is not None:
        return line.campaign.budget.amount
    entry = line.batch.entry if line.batch is not None else line.entry
    coupon_type = entry.coupon_type if entry is not None else line.coupon_type
    if coupon_type is None:
        return None
    bounds = [coupon_type.campaign.budget.amount]
    if coupon_type.budget_amount is not None:
        bounds.append(coupon_type.budget_amount)
    counts = [coupon_type.quantity, entry.cap if entry else None, line.batch.count * line.batch.uses if line.batch else None]
    bounds += [count * coupon_type.face_value for count in counts if count is not None]
    return min(bounds)


def _read_fixed(lines: Sequence[Threshold], values: dict[int, Decimal], at: datetime) -> dict[int, Reading]:
    return {line.pk: Reading(values[line.pk], line.limit, values[line.pk] >= line.limit) for line in lines}


def _read_percent(lines: Sequence[Threshold], values: dict[int, Decimal], at: datetime) -> dict[int, Reading]:
    found = {}
    for line in lines:
        budget = budget_of(line)
        percent = (100 * values[line.pk] / budget).quantize(CENT, ROUND_HALF_UP) if budget else ZERO
        is_crossed = bool(budget) and 100 * values[line.pk] >= line.limit * (budget or ZERO)
        found[line.pk] = Reading(percent, line.limit, is_crossed, OF_BUDGET % {"value": values[line.pk], "budget": budget})
    return found


def _read_hours(lines: Sequence[Threshold], values: dict[int, Decimal], at: datetime) -> dict[int, Reading]:
    """How long what is left lasts at the rate of the line's window. Before anything was given it lasts for ever."""
    found = {}
    for line in lines:
        room, amount = _room_of(line), values[line.pk]
        window = Decimal((line.window or timedelta(hours=1)).total_seconds()) / HOUR
        hours = min(LONGEST, (room * window / amount).quantize(CENT, ROUND_HALF_UP)) if amount else LONGEST
        is_crossed = bool(amount) and room * window <= line.limit * amount
        detail = LEFT % {
            "room": room,
            "amount": amount,
            "hours": window.normalize(),
        }
        found[line.pk] = Reading(hours, line.limit, is_crossed, detail)
    return found


def _read_silent(lines: Sequence[Threshold], values: dict[int, Decimal], at: datetime) -> dict[int, Reading]:
    """Refused attempts on what gives nothing now, and above all coupons that were issued all the same."""
    leaks = leaked(lines, at)
    found = {}
    for line in lines:
        if leaks[line.pk]:
            text = LEAKED % {"count": leaks[line.pk]}
            found[line.pk] = Reading(Decimal(leaks[line.pk]), ZERO, True, text)
        else:
            found[line.pk] = Reading(values[line.pk], line.limit, values[line.pk] >= line.limit)
    return found


def _room_of(line: Threshold) -> Decimal:
    """What can still be given: of the campaign's budget, and of the quantity or cap where there is one."""
    entry = line.batch.entry if line.batch is not None else line.entry
    coupon_type = entry.coupon_type if entry is not None else line.coupon_type
    campaign_id = coupon_type.campaign_id if coupon_type is not None else line.campaign_id
    slices = BudgetSlice.objects.filter(budget__campaign=campaign_id) if campaign_id else BudgetSlice.objects.all()
    bounds = [slices.aggregate(room=Sum(F("amount") - F("reserved") - F("spent")))["room"] or ZERO]
    if coupon_type is not None:
        limit = entry.cap if entry is not None else coupon_type.quantity
        if limit is not None:
            bounds.append(max(0, limit - issued_by([line])[line.pk]) * coupon_type.face_value)
    return min(bounds)


_readers: dict[str, Callable[[Sequence[Threshold], dict[int, Decimal], datetime], dict[int, Reading]]] = {
    LimitKind.FIXED: _read_fixed,
    LimitKind.BASELINE: _read_fixed,
    LimitKind.PERCENT: _read_percent,
    LimitKind.HOURS_LEFT: _read_hours,
    LimitKind.SILENT: _read_silent,
}
