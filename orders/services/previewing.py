"""What a freeze or a release would do, counted before anybody asks for it. Reads only, in one snapshot, within a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Sum, Value, When

from backoffice.lib.admin.page import Panel
from backoffice.lib.money import ZERO
from backoffice.lib.reading import read_only
from orders.models import Freeze, Hold, Order
from orders.querysets import HoldQuerySet, OrderQuerySet
from orders.scopes.breakdowns import breakdowns
from orders.scopes.fields import condition, matching, meant, part_in_words
from orders.scopes.parts import ScopeParts
from orders.services.scopes import Fingerprint
from orders.states import DELIVERABLE_STATUSES, LOST_STATUSES, UNDELIVERED_STATUSES, HoldKind

SAMPLE = 50
DELIVERED_SHOWN = 20
LONGEST = timedelta(seconds=20)
FINGERPRINT = """
    SELECT count(*), encode(sha256(convert_to(coalesce(string_agg(id::text, ',' ORDER BY id), ''), 'UTF8')), 'hex')
    FROM ({subjects}) AS scope (id)
"""
NOTHING = Fingerprint(0, "")


@dataclass(frozen=True)
class Group:
    """Orders of one state and currency: how many, worth what, what coupons took off; and which of them are held already.

    `with_coupons` is how many had something taken off. `held` has, by kind of hold, how many have such a hold open and what those
    are worth; under "" those with any.
    """

    status: str
    currency: str
    orders: int
    gross: Decimal
    off: Decimal
    virtual: Decimal
    with_coupons: int
    held: Mapping[str, tuple[int, Decimal]]


@dataclass(frozen=True)
class LeftOut:
    """What a part of the scope leaves out on purpose: orders and what they are worth, by currency."""

    words: str
    orders: int
    worth: Mapping[str, Decimal]


@dataclass(frozen=True)
class Preview:
    """What was found. `fingerprint` is what a request for exactly this must come to.

    Delivered and completed orders cannot be frozen. `delivered` shows some, first those that were paid with coupons: what these
    took off is lost. The rest of their worth the customer paid, and an order from a file lost nothing.
    """

    at: datetime
    fingerprint: Fingerprint = NOTHING
    customers: int = 0
    groups: Sequence[Group] = ()
    left_out: Sequence[LeftOut] = ()
    sample: Sequence[Any] = ()
    delivered: Sequence[Any] = ()
    panels: Sequence[Panel] = field(default_factory=tuple)

    def count(self, statuses: Sequence[str]) -> int:
        return sum(group.orders for group in self.groups if group.status in statuses)

    def lost(self) -> tuple[int, dict[str, Decimal]]:
        """How many orders that have left were paid with coupons, and what these took off, by currency."""
        gone = [group for group in self.groups if group.status in LOST_STATUSES]
        worth = _by_currency((group.currency, group.off) for group in gone if group.off)
        return sum(group.with_coupons for group in gone), worth

    def worth(self, statuses: Sequence[str], amount: str = "gross") -> dict[str, Decimal]:
        """By currency, what the orders in these states are worth, or another amount of theirs."""
        return _by_currency((group.currency, getattr(group, amount)) for group in self.groups if group.status in statuses)

    def held(self, kind: str = "") -> int:
        """How many that could be held have an open hold of this kind already; of any kind without one."""
        return sum(group.held[kind][0] for group in self.groups if group.status in UNDELIVERED_STATUSES)

    def would_be_held(self, kind: str) -> tuple[int, dict[str, Decimal]]:
        """How many orders, worth what by currency, would get a hold of this kind."""
        open_groups = [group for group in self.groups if group.status in UNDELIVERED_STATUSES]
        worth = _by_currency((group.currency, group.gross - group.held[kind][1]) for group in open_groups)
        return self.count(UNDELIVERED_STATUSES) - self.held(kind), {name: sum_ for name, sum_ in worth.items() if sum_}


def preview_freeze(scope: ScopeParts, *, at: datetime, within: timedelta = LONGEST) -> Preview:
    """What a freeze of this scope would find now. Raises TooSlow where it cannot be counted in time."""
    with read_only(within=within):
        orders = matching(scope, at)
        return _previewed(scope, orders, orders, at)


def preview_release(freeze: Freeze, scope: ScopeParts, *, at: datetime, within: timedelta = LONGEST) -> Preview:
    """What a release would find now: holds that this freeze placed and that are open, on orders of this scope. Raises TooSlow."""
    with read_only(within=within):
        among = held_by(freeze)
        return _previewed(scope, matching(scope, at, among=among), holds_of(freeze, scope, at), at, among=among)


def held_by(freeze: Freeze) -> OrderQuerySet:
    """The orders that have an open hold which this freeze placed."""
    return Order.objects.filter(Exists(Hold.objects.open().filter(freeze=freeze, order=OuterRef("pk"))))


def holds_of(freeze: Freeze, scope: ScopeParts, at: datetime) -> HoldQuerySet:
    """The open holds that this freeze placed on orders of this scope."""
    return Hold.objects.open().filter(freeze=freeze, order__in=matching(scope, at).order_by().values("pk"))


def _previewed(
    scope: ScopeParts, orders: OrderQuerySet, subjects: QuerySet, at: datetime, *, among: OrderQuerySet | None = None
) -> Preview:
    found = _fingerprint(subjects)
    left_out = _left_out(scope, at, among)
    if not found.count:
        return Preview(at, left_out=left_out)
    return Preview(
        at,
        fingerprint=found,
        customers=orders.order_by().aggregate(n=Count("customer", distinct=True))["n"],
        groups=_groups(orders),
        left_out=left_out,
        sample=_sample(orders),
        delivered=_delivered(orders),
        panels=breakdowns(orders),
    )


def _fingerprint(subjects: QuerySet) -> Fingerprint:
    """The subjects counted and hashed as the snapshot of a request will be."""
    try:
        sql, params = subjects.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return NOTHING
    with connection.cursor() as cursor:
        cursor.execute(FINGERPRINT.format(subjects=sql), params)
        return Fingerprint(*cursor.fetchone())


def _groups(orders: OrderQuerySet) -> list[Group]:
    holds = Hold.objects.open().filter(order=OuterRef("pk"))
    held: dict[str, Any] = {"any": Exists(holds)} | {kind: Exists(holds.filter(kind=kind)) for kind in ("legal", "manual")}
    counts = {f"{kind}_n": Count("pk", filter=is_held) for kind, is_held in held.items()}
    sums = {f"{kind}_gross": Sum("gross_amount", filter=is_held, default=ZERO) for kind, is_held in held.items()}
    amounts = {"gross": Sum("gross_amount"), "off": Sum("discount_amount"), "virtual": Sum("virtual_amount")}
    counts["with_coupons"] = Count("pk", filter=Q(discount_amount__gt=0))
    rows = orders.order_by("status", "currency").values("status", "currency")
    return [
        Group(
            row["status"],
            row["currency"],
            row["n"],
            row["gross"],
            row["off"],
            row["virtual"],
            row["with_coupons"],
            {
                "" if kind == "any" else kind: (row[f"{kind}_n"], row[f"{kind}_gross"])
                for kind in ("any", HoldKind.LEGAL.value, HoldKind.MANUAL.value)
            },
        )
        for row in rows.annotate(n=Count("pk"), **amounts, **counts, **sums)
    ]


def _left_out(scope: ScopeParts, at: datetime, among: OrderQuerySet | None) -> list[LeftOut]:
    """Each part that leaves out, by itself: an order that two of them leave out is in both."""
    found = []
    for part in scope.left_out:
        orders = meant(scope, at, among=among).filter(condition(part, at))
        rows = list(orders.order_by("currency").values("currency").annotate(n=Count("pk"), gross=Sum("gross_amount")))
        worth = {row["currency"]: row["gross"] for row in rows}
        found.append(LeftOut(part_in_words(part), sum(row["n"] for row in rows), worth))
    return found


def _sample(orders: OrderQuerySet) -> list[Any]:
    """Fifty orders, first those that can still be saved and cannot be got back: paid, with virtual goods."""
    urgency = Case(
        When(Q(status__in=DELIVERABLE_STATUSES, virtual_amount__gt=0), then=Value(0)),
        When(status__in=UNDELIVERED_STATUSES, then=Value(1)),
        default=Value(2),
    )
    rows = orders.select_related("customer").annotate(urgency=urgency)
    return list(rows.order_by("urgency", "-virtual_amount", "-gross_amount", "pk")[:SAMPLE])


def _delivered(orders: OrderQuerySet) -> list[Any]:
    """The newest that cannot be frozen any more, those that coupons paid for first."""
    rows = orders.filter(status__in=LOST_STATUSES).select_related("customer").annotate(is_lost=Q(discount_amount__gt=0))
    return list(rows.order_by("-is_lost", "-placed_at", "-pk")[:DELIVERED_SHOWN])


def _by_currency(amounts: Any) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for currency, amount in amounts:
        found[currency] = found.get(currency, ZERO) + amount
    return found
