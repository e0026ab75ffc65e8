"""What thresholds measure: one function a metric, each a single query that answers a Decimal.

Totals since the start come from the counters, amounts and counts within a window from the ledger.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum

from promotions.models import BudgetSlice, Claim, Coupon, CouponTypeSlice, Redemption, Threshold
from promotions.states import TOKEN_REFUSALS, Metric

YOUNG = timedelta(days=7)
QUICK = timedelta(minutes=15)
MOSTLY = Decimal("0.75")


@dataclass(frozen=True)
class Span:
    """What a threshold looks at: its scope, and the time from `since` (None: the start) until `at`."""

    campaign_id: int | None
    coupon_type_id: int | None
    since: datetime | None
    at: datetime

    @classmethod
    def of(cls, threshold: Threshold, at: datetime) -> "Span":
        since = at - threshold.window if threshold.window else None
        return cls(threshold.campaign_id, threshold.coupon_type_id, since, at)

    def within(self, rows: QuerySet, *, campaign: str, coupon_type: str) -> QuerySet:
        """The rows of this scope and time; the arguments name the paths to the campaign and the coupon type."""
        if self.coupon_type_id:
            rows = rows.filter(**{coupon_type: self.coupon_type_id})
        elif self.campaign_id:
            rows = rows.filter(**{campaign: self.campaign_id})
        return rows.filter(at__gt=self.since, at__lte=self.at) if self.since else rows

    def issued(self) -> QuerySet:
        return self.within(Claim.objects.issued(), campaign="coupon_type__campaign", coupon_type="coupon_type")

    def granted(self) -> QuerySet:
        """Coupons that nobody claimed: staff gave them."""
        rows = Coupon.objects.filter(grant_item__isnull=False).annotate(at=F("issued_at"))
        return self.within(rows, campaign="coupon_type__campaign", coupon_type="coupon_type")

    def refused(self) -> QuerySet:
        return self.within(Claim.objects.refused(), campaign="coupon_type__campaign", coupon_type="coupon_type")

    def redemptions(self) -> QuerySet:
        rows = Redemption.objects.filter(returned_at=None)
        return self.within(rows, campaign="coupon_type__campaign", coupon_type="coupon_type")


def measure(threshold: Threshold, at: datetime) -> Decimal:
    """The value that is compared with the threshold's limit."""
    return Decimal(_measures[threshold.metric](Span.of(threshold, at)) or 0)


def _issued_amount(span: Span) -> Any:
    if span.since:
        claimed = span.issued().aggregate(value=Sum("coupon_type__face_value"))["value"]
        return (claimed or 0) + (span.granted().aggregate(value=Sum("face_value"))["value"] or 0)
    if span.coupon_type_id:
        return CouponTypeSlice.objects.filter(coupon_type=span.coupon_type_id).aggregate(value=Sum("issued_amount"))["value"]
    slices = BudgetSlice.objects.filter(budget__campaign=span.campaign_id) if span.campaign_id else BudgetSlice.objects.all()
    return slices.aggregate(value=Sum(F("reserved") + F("spent") + F("returned")))["value"]


def _issued_count(span: Span) -> Any:
    if span.since:
        return span.issued().count() + span.granted().count()
    slices = CouponTypeSlice.objects.all()
    if span.coupon_type_id:
        slices = slices.filter(coupon_type=span.coupon_type_id)
    elif span.campaign_id:
        slices = slices.filter(coupon_type__campaign=span.campaign_id)
    return slices.aggregate(value=Sum("issued"))["value"]


def _redeemed_amount(span: Span) -> Any:
    if span.since or span.coupon_type_id:
        return span.redemptions().aggregate(value=Sum("amount"))["value"]
    slices = BudgetSlice.objects.filter(budget__campaign=span.campaign_id) if span.campaign_id else BudgetSlice.objects.all()
    return slices.aggregate(value=Sum("spent"))["value"]


def _token_refusals(span: Span) -> Any:
    return span.refused().filter(reason__in=TOKEN_REFUSALS).count()


def _young_accounts_on_shared_tokens(span: Span) -> Any:
    """Distinct customers who registered less than a week before they claimed, by a token that several people used.

    Counts only where they are three quarters or more of all who claimed so: at a poster for everybody some are always new.
    """
    young = Count("customer", distinct=True, filter=Q(registered_at__gt=F("at") - YOUNG))
    shared = span.issued().filter(token__used__gt=1)
    seen = shared.aggregate(young=young, everybody=Count("customer", distinct=True))
    return seen["young"] if seen["young"] >= MOSTLY * seen["everybody"] else 0


def _quick_cash_outs(span: Span) -> Any:
    """Redemptions on virtual goods within a quarter of an hour after the claim."""
    return span.redemptions().filter(virtual_amount__gt=0, at__lte=F("claimed_at") + QUICK).count()


def _customers_on_one_token(span: Span) -> Any:
    """The most distinct customers that one token served."""
    rows = span.issued().filter(token__isnull=False).values("token")
    most = rows.annotate(customers=Count("customer", distinct=True)).order_by("-customers").first()
    return most["customers"] if most else 0


_measures: dict[str, Callable[[Span], Any]] = {
    Metric.ISSUED_AMOUNT: _issued_amount,
    Metric.ISSUED_COUNT: _issued_count,
    Metric.REDEEMED_AMOUNT: _redeemed_amount,
    Metric.TOKEN_REFUSALS: _token_refusals,
    Metric.YOUNG_ACCOUNTS_ON_SHARED_TOKENS: _young_accounts_on_shared_tokens,
    Metric.QUICK_CASH_OUTS: _quick_cash_outs,
    Metric.CUSTOMERS_ON_ONE_TOKEN: _customers_on_one_token,
}
