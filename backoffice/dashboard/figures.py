"""The day in figures, in the currency of most live campaigns."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.db.models import Count, F, Q, Sum
from django.utils import timezone

from backoffice.lib.money import ZERO
from orders.models import Order
from promotions.models import BudgetSlice, Claim
from promotions.states import CAMPAIGN_GIVING
from risk.services.honest import HonestHeld, honest_held

KEPT_SECONDS = 30
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Figures:
    """As of `as_of`. "Today" begins at midnight of the reader's zone; "before" is a week ago, until this time of day.

    `liability` is what holders of coupons may still spend.
    """

    as_of: datetime
    currency: str
    issued: int
    issued_amount: Decimal
    issued_before: int
    refused: int
    issued_amount_before: Decimal
    budget: Decimal
    room: Decimal
    liability: Decimal
    placed: int
    delivered: int
    redeemed: Decimal
    redeemed_before: Decimal
    held: int
    held_amount: Decimal
    honest: HonestHeld


def figures_of(at: datetime) -> Figures:
    """At most half a minute old."""
    key = f"figures:{timezone.get_current_timezone_name()}"
    found = cache.get(key)
    if found is None:
        found = _gather(at)
        cache.set(key, found, KEPT_SECONDS)
    return found  # type: ignore[no-any-return]


def _gather(at: datetime) -> Figures:
    budgets = _budgets()
    currency = str(budgets["currency"])
    found = {**budgets, **_claims(at, currency), **_orders(at, currency), **_holds(at, currency)}
    zeros = {field.name: ZERO if field.type is Decimal else 0 for field in fields(Figures)}
    return Figures(**{**zeros, **{key: value for key, value in found.items() if value is not None}, "as_of": at})


def _budgets() -> dict[str, Any]:
    """The currency of most live campaigns, their budgets, what these can still give, and what all campaigns owe in it."""
    slices = BudgetSlice.objects.values(currency=F("budget__campaign__currency"))
    giving = Q(budget__campaign__status__in=CAMPAIGN_GIVING)
    sums = slices.annotate(
        n=Count("budget", distinct=True, filter=giving),
        total=Sum("amount", filter=giving),
        room=Sum(F("amount") - F("reserved") - F("spent"), filter=giving),
        liability=Sum("reserved"),
    )
    found = sums.order_by("-n", "currency").values("currency", "total", "room", "liability").first()
    if not found:
        return {"currency": "CNY"}
    return {"budget": found["total"], **{name: found[name] for name in ("currency", "room", "liability")}}


def _today(at: datetime) -> tuple[datetime, datetime]:
    """Midnight of today and of a week ago, in the reader's zone."""
    midnight = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight, midnight - WEEK


def _claims(at: datetime, currency: str) -> dict[str, Any]:
    midnight, before = _today(at)
    now, then, issued = Q(at__gte=midnight), Q(at__gte=before, at__lte=at - WEEK), Q(outcome="issued")
    is_ours = Q(coupon_type__campaign__currency=currency)
    return Claim.objects.filter(now | then).aggregate(
        issued=Count("pk", filter=now & issued),
        issued_amount=Sum("coupon_type__face_value", filter=now & issued & is_ours),
        issued_before=Count("pk", filter=then & issued),
        issued_amount_before=Sum("coupon_type__face_value", filter=then & issued & is_ours),
        refused=Count("pk", filter=now & ~issued),
    )


def _orders(at: datetime, currency: str) -> dict[str, Any]:
    midnight, before = _today(at)
    now, then, is_ours = Q(placed_at__gte=midnight), Q(placed_at__gte=before, placed_at__lte=at - WEEK), Q(currency=currency)
    return (
        Order.objects.placed_here()
        .filter(placed_at__gte=before)
        .aggregate(
            placed=Count("pk", filter=now),
            delivered=Count("pk", filter=Q(delivered_at__gte=midnight)),
            redeemed=Sum("discount_amount", filter=now & is_ours),
            redeemed_before=Sum("discount_amount", filter=then & is_ours),
        )
    )


def _holds(at: datetime, currency: str) -> dict[str, Any]:
    held = Order.objects.held()
    figures = held.aggregate(held=Count("pk"), held_amount=Sum("gross_amount", filter=Q(currency=currency)))
    return {**figures, "honest": honest_held(at)}
