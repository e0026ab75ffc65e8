"""The blast radius: the most a coupon type can still give, in all and within one minute, with its limits as they stand.

In all it is bounded by quantity, by the caps of entries that are not closed, and by its own budget and the campaign's. Within a
minute it is bounded by that, by the armed lines that suspend it, each of which lets through what reaches it, and by what the
installation was measured to give (HOLDFAST_CLAIMS_PER_SECOND). Limits per person are no bound: nobody knows how many persons come.
Neither are tokens: more can be made without a second person. Entries count whether or not they are open yet: a second person may
open them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from math import ceil

from django.conf import settings
from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from backoffice.lib.sentences import Sentence
from promotions.models import CouponType, Threshold
from promotions.services.budgets import budget_figures, coupon_type_figures
from promotions.services.measures import measure
from promotions.states import EntryStatus, LimitKind, Metric, ThresholdAction

MINUTE = timedelta(minutes=1)
RADIUS = Sentence(
    gettext_noop("%(money)s in all (%(coupons)s coupons), %(minute_money)s within one minute (%(minute_coupons)s coupons)"),
    is_part=True,
)
CHECKED_EVERY = timedelta(seconds=10)  # thresholds of types that are not restricted: `tasks.check_thresholds_check`


@dataclass(frozen=True)
class Bound:
    """One limit: how many coupons it lets through, and in words what it is."""

    label: str
    coupons: int


@dataclass(frozen=True)
class BlastRadius:
    """Coupons and money, in the campaign's currency, in all and within one minute, each with the limit that bounds it."""

    face_value: Decimal
    currency: str
    in_all: Bound
    per_minute: Bound
    bounds: tuple[Bound, ...]
    minute_bounds: tuple[Bound, ...]

    @property
    def money(self) -> Decimal:
        return self.in_all.coupons * self.face_value

    @property
    def money_per_minute(self) -> Decimal:
        return self.per_minute.coupons * self.face_value


def blast_radius(coupon_type: CouponType, at: datetime) -> BlastRadius:
    """What can be given from `at` on. Reads slices, entries, the budget and the armed lines."""
    bounds = tuple(_bounds_in_all(coupon_type))
    in_all = min(bounds, key=lambda bound: bound.coupons)
    minute_bounds = (in_all, *_bounds_of_a_minute(coupon_type, at))
    per_minute = min(minute_bounds, key=lambda bound: bound.coupons)
    currency = coupon_type.campaign.currency
    return BlastRadius(coupon_type.face_value, currency, in_all, per_minute, bounds, minute_bounds)


def radius_text(radius: BlastRadius) -> str:
    """12,000.00 CNY in all (120 coupons), 3,000.00 CNY within one minute (30 coupons)."""
    return _(RADIUS.template) % {
        "money": f"{radius.money:,.2f} {radius.currency}",
        "coupons": f"{radius.in_all.coupons:,}",
        "minute_money": f"{radius.money_per_minute:,.2f} {radius.currency}",
        "minute_coupons": f"{radius.per_minute.coupons:,}",
    }


def _bounds_in_all(coupon_type: CouponType) -> Iterator[Bound]:
    room = budget_figures(coupon_type.campaign.budget)["room"]
    yield Bound(_("the budget left"), max(int(room // coupon_type.face_value), 0))
    own_room = coupon_type_figures(coupon_type)["room"]
    if own_room is not None:
        yield Bound(_("its own budget left"), max(int(own_room // coupon_type.face_value), 0))
    if coupon_type.quantity is not None:
        issued = coupon_type.slices.aggregate(n=Sum("issued"))["n"] or 0
        yield Bound(_("the quantity left"), max(coupon_type.quantity - issued, 0))
    entries = coupon_type.entries.exclude(status=EntryStatus.CLOSED)
    if coupon_type.entries.exists():
        caps = entries.aggregate(n=Sum("cap"))["n"] or 0
        given = entries.aggregate(n=Sum("slices__issued"))["n"] or 0
        yield Bound(_("the caps of its entries left"), max(caps - given, 0))


def _bounds_of_a_minute(coupon_type: CouponType, at: datetime) -> Iterator[Bound]:
    a_second = settings.HOLDFAST_CLAIMS_PER_SECOND
    yield Bound(_("what this installation gives, %(claims)s claims a second") % {"claims": f"{a_second:,}"}, a_second * 60)
    late = 0 if coupon_type.is_restricted else ceil(CHECKED_EVERY.total_seconds() * a_second)
    lines = Threshold.objects.armed().filter(action=ThresholdAction.SUSPEND, kind=LimitKind.FIXED)
    for line in lines.filter(coupon_type=coupon_type) | lines.filter(campaign=coupon_type.campaign_id):
        coupons = _until_crossed(line, coupon_type, at)
        if coupons is not None:
            yield Bound(_("the line that suspends it at: %(line)s") % {"line": line.get_metric_display()}, coupons + late)


def _until_crossed(line: Threshold, coupon_type: CouponType, at: datetime) -> int | None:
    """How many coupons of this type can be given within a minute until the line is reached; None where coupons do not move it.

    The coupon that reaches the line is still given. With a window shorter than a minute a crowd can stay below it window by window.
    """
    per_coupon = {Metric.ISSUED_COUNT: Decimal(1), Metric.ISSUED_AMOUNT: coupon_type.face_value}.get(Metric(line.metric))
    if per_coupon is None:
        return None
    if line.window is None:
        left = max(line.limit - measure(line, at), Decimal(0))
        return int((left / per_coupon).to_integral_value(ROUND_CEILING))
    windows = max(ceil(MINUTE / line.window), 1)
    return windows * int((line.limit / per_coupon).to_integral_value(ROUND_CEILING))
