"""What the database says of the replay when its file has ended: money by coupon type, time under hold, flags, alarms."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum

from backoffice.lib.money import ZERO
from backoffice.replay.marks import Marks
from orders.models import Hold, OrderDiscount
from orders.states import OrderStatus
from promotions.models import Alarm, Coupon, CouponType
from risk.models import Finding, Flag
from risk.states import Decision


@dataclass(frozen=True)
class Money:
    """Where the money of a coupon type went.

    `issued` is face value; the others are what orders were paid with: `redeemed` = `delivered` + `held` + `waiting`, where
    waiting orders are free to ship and nobody has asked yet. `released` were held once and are no more; most are delivered by now.
    """

    issued: Decimal = ZERO
    redeemed: Decimal = ZERO
    delivered: Decimal = ZERO
    held: Decimal = ZERO
    released: Decimal = ZERO

    @property
    def waiting(self) -> Decimal:
        return self.redeemed - self.delivered - self.held

    def __add__(self, other: "Money") -> "Money":
        return Money(
            self.issued + other.issued,
            self.redeemed + other.redeemed,
            self.delivered + other.delivered,
            self.held + other.held,
            self.released + other.released,
        )


@dataclass(frozen=True)
class TypeFigures:
    code: str
    name: str
    audience: str
    currency: str
    coupons: int
    money: Money


def money_by_coupon_type(since: Marks) -> list[TypeFigures]:
    """One row for each coupon type that exists, by code, counting what this replay issued and redeemed of it."""
    issued = _issued(since)
    redeemed = {row["coupon__coupon_type"]: row for row in _redeemed(since)}
    figures = []
    for coupon_type in CouponType.objects.select_related("campaign").order_by("code"):
        coupons, amount = issued.get(coupon_type.pk, (0, ZERO))
        paid = redeemed.get(coupon_type.pk, {})
        money = Money(amount, *(paid.get(name) or ZERO for name in ("all", "delivered", "held", "released")))
        figures.append(
            TypeFigures(coupon_type.code, coupon_type.name, coupon_type.audience, coupon_type.campaign.currency, coupons, money)
        )
    return figures


def held_seconds(since: Marks, until: datetime) -> dict[str, float]:
    """By order how long it was under any hold, at most until the file ended. Orders that were never held are left out."""
    periods: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    holds = Hold.objects.filter(order__pk__gt=since.order).order_by("order__ref", "placed_at", "pk")
    for ref, begin, end in holds.values_list("order__ref", "placed_at", "released_at"):
        periods[ref].append((begin, min(end or until, until)))
    return {ref: round(_covered(spans).total_seconds(), 3) for ref, spans in periods.items()}


def alarm_lines(since: Marks) -> list[dict[str, str]]:
    """The lines of alarms.jsonl, in time order."""
    return [
        {
            "at": iso(alarm.at),
            "scope": alarm.scope,
            "cause": str(alarm.cause),
            "value": "" if alarm.value is None else f"{alarm.value:f}",
            "limit": "" if alarm.limit is None else f"{alarm.limit:f}",
            "action": str(alarm.action),
        }
        for alarm in Alarm.objects.filter(pk__gt=since.alarm).order_by("at", "pk")
    ]


def flag_lines(since: Marks) -> Iterator[dict[str, Any]]:
    """The lines of flags.jsonl, in the order in which the orders were placed. The reasons are the rules that speak against it."""
    standing = Flag.objects.exclude(decision=Decision.CLEARED).filter(order__pk__gt=since.order)
    reasons: dict[int, list[str]] = defaultdict(list)
    findings = Finding.objects.filter(order__in=standing.values("order"), score__gt=0).order_by("order", "-score", "rule")
    for order_id, rule in findings.values_list("order", "rule"):
        reasons[order_id].append(rule)
    for flag in standing.select_related("order").order_by("order__placed_at", "order__pk"):
        yield {
            "order": flag.order.ref,
            "score": flag.score,
            "disposition": str(flag.disposition),
            "reasons": reasons[flag.order_id],
        }


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def _issued(since: Marks) -> dict[int, tuple[int, Decimal]]:
    """How many coupons, and their face value, by coupon type."""
    rows = Coupon.objects.filter(pk__gt=since.coupon).order_by().values_list("coupon_type")
    return {pk: (coupons, amount) for pk, coupons, amount in rows.annotate(Count("pk"), Sum("face_value"))}


def _redeemed(since: Marks) -> QuerySet:
    any_hold = Exists(Hold.objects.filter(order=OuterRef("order")))
    open_hold = Exists(Hold.objects.filter(order=OuterRef("order"), released_at=None))
    return (
        OrderDiscount.objects.filter(order__pk__gt=since.order)
        .exclude(order__status=OrderStatus.CANCELLED)
        .annotate(is_held=open_hold, was_held=any_hold)
        .order_by()
        .values("coupon__coupon_type")
        .annotate(
            all=Sum(F("amount")),
            delivered=Sum("amount", filter=Q(order__status=OrderStatus.DELIVERED)),
            held=Sum("amount", filter=Q(is_held=True)),
            released=Sum("amount", filter=Q(was_held=True, is_held=False)),
        )
    )


def _covered(spans: Iterable[tuple[datetime, datetime]]) -> timedelta:
    """How much time these spans cover together; they come in the order of their beginnings."""
    total, reached = timedelta(0), None
    for begin, end in spans:
        since = begin if reached is None else max(begin, reached)
        total += max(end - since, timedelta(0))
        reached = end if reached is None else max(reached, end)
    return total
