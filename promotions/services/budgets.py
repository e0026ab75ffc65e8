"""What budgets hold, and the bookings that change it once a coupon is there: redeemed, returned, expired, voided."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Sum

from backoffice.lib import exchanges
from backoffice.lib.money import ZERO
from promotions.models import Budget, BudgetSlice, Campaign, Coupon, CouponType, CouponTypeSlice
from promotions.services.alarms import Found, raise_alarm
from promotions.states import AlarmCause, Severity

# The slices of coupon types first, then those of budgets, each in the order of their ids, as the claim takes them. What a booking
# reserves or spends less than before has returned. Without `honours` a slice gives only what it has room for.
BOOK = """
WITH wanted AS (
    SELECT * FROM unnest(%(coupon_type_slice)s::bigint[], %(budget_slice)s::bigint[], %(reserved)s::numeric[],
                         %(spent)s::numeric[], %(honours)s::boolean[])
        AS w(coupon_type_slice, budget_slice, reserved, spent, honours)
), of_types AS (
    SELECT coupon_type_slice AS id, sum(reserved) AS reserved, sum(spent) AS spent, bool_or(honours) AS honours
      FROM wanted GROUP BY coupon_type_slice
), of_budgets AS (
    SELECT budget_slice AS id, sum(reserved) AS reserved, sum(spent) AS spent, bool_or(honours) AS honours
      FROM wanted GROUP BY budget_slice
), locked_types AS (
    SELECT s.id FROM promotions_coupontypeslice s WHERE s.id IN (SELECT id FROM of_types) ORDER BY s.id FOR NO KEY UPDATE
), booked_types AS (
    UPDATE promotions_coupontypeslice s
       SET reserved = s.reserved + w.reserved, spent = s.spent + w.spent,
           overrun = greatest(0, coalesce(s.reserved + w.reserved + s.spent + w.spent - s.amount, 0))
      FROM of_types w
     WHERE s.id = w.id AND s.id IN (SELECT id FROM locked_types) AND s.reserved + w.reserved >= 0 AND s.spent + w.spent >= 0
       AND (s.amount IS NULL OR w.honours OR s.reserved + w.reserved + s.spent + w.spent <= s.amount + s.overrun)
 RETURNING s.id
), locked_budgets AS (
    SELECT s.id FROM promotions_budgetslice s
     WHERE s.id IN (SELECT id FROM of_budgets) AND (SELECT count(*) FROM booked_types) = (SELECT count(*) FROM of_types)
     ORDER BY s.id FOR NO KEY UPDATE
), booked_budgets AS (
    UPDATE promotions_budgetslice s
       SET reserved = s.reserved + w.reserved, spent = s.spent + w.spent, returned = s.returned - w.reserved - w.spent,
           overrun = greatest(0, s.reserved + w.reserved + s.spent + w.spent - s.amount)
      FROM of_budgets w
     WHERE s.id = w.id AND s.id IN (SELECT id FROM locked_budgets) AND s.reserved + w.reserved >= 0 AND s.spent + w.spent >= 0
       AND (w.honours OR s.reserved + w.reserved + s.spent + w.spent <= s.amount + s.overrun)
 RETURNING s.id
)
SELECT (SELECT count(*) FROM booked_types) = (SELECT count(*) FROM of_types)
   AND (SELECT count(*) FROM booked_budgets) = (SELECT count(*) FROM of_budgets)
"""


class Booking(NamedTuple):
    """What becomes of one coupon's money, relative: in both slices that the coupon was issued from."""

    coupon_type_slice: int
    budget_slice: int
    reserved: Decimal
    spent: Decimal
    honours: bool = False


def booking(coupon: Coupon, *, reserved: Decimal = ZERO, spent: Decimal = ZERO, honours: bool = False) -> Booking:
    """What becomes of this coupon's money. With `honours` it is booked where there is no room too, as an overrun."""
    return Booking(coupon.coupon_type_slice_id, coupon.budget_slice_id, reserved, spent, honours)


def book(bookings: Sequence[Booking]) -> bool:
    """Change the slices in one statement. Answers False, and the caller must roll back, where one of them cannot give it."""
    with connection.cursor() as cursor:
        cursor.execute(BOOK, _columns(bookings))
        return bool(cursor.fetchone()[0])


def queue_booking(bookings: Sequence[Booking], look: exchanges.Look) -> None:
    """The same, sent with the next statement. `look` sees a row of one value: whether all could be given."""
    exchanges.queue(BOOK, _columns(bookings), look)


def _columns(bookings: Sequence[Booking]) -> dict[str, list[Any]]:
    return {name: list(column) for name, column in zip(Booking._fields, zip(*bookings, strict=True), strict=True)}


def lock_slices(coupons: Iterable[Coupon]) -> None:
    """For a transaction that books more than once: all slices of these coupons in the order in which everybody locks them."""
    coupons = list(coupons)
    types, budgets = {coupon.coupon_type_slice_id for coupon in coupons}, {coupon.budget_slice_id for coupon in coupons}
    list(CouponTypeSlice.objects.select_for_update(no_key=True).filter(pk__in=types).order_by("pk").values_list("pk"))
    list(BudgetSlice.objects.select_for_update(no_key=True).filter(pk__in=budgets).order_by("pk").values_list("pk"))


def budget_figures(budget: Budget) -> dict[str, Decimal]:
    """amount, issued, reserved, spent, returned, overrun and room, in the campaign's currency, as of now.

    What is reserved is the outstanding liability: coupons that customers hold and may still use.
    """
    names = ("reserved", "spent", "returned", "overrun")
    sums = budget.slices.aggregate(**{name: Sum(name) for name in names})
    figures = {name: sums[name] or ZERO for name in names}
    return {
        "amount": budget.amount,
        "issued": figures["reserved"] + figures["spent"] + figures["returned"],
        **figures,
        "room": budget.amount - figures["reserved"] - figures["spent"],
    }


def coupon_type_figures(coupon_type: CouponType) -> dict[str, Decimal | None]:
    """The same of a coupon type; amount and room are None where it has no budget of its own."""
    sums = coupon_type.slices.aggregate(
        issued=Sum("issued_amount"), reserved=Sum("reserved"), spent=Sum("spent"), overrun=Sum("overrun")
    )
    issued, reserved, spent, overrun = (sums[name] or ZERO for name in ("issued", "reserved", "spent", "overrun"))
    amount = coupon_type.budget_amount
    return {
        "amount": amount,
        "issued": issued,
        "reserved": reserved,
        "spent": spent,
        "returned": issued - reserved - spent,
        "overrun": overrun,
        "room": None if amount is None else amount - reserved - spent,
    }


def alarm_overrun(campaign: Campaign, at: datetime) -> None:
    """Say so once, until somebody has seen it, where more is promised than the budget of the campaign or of a type of it holds."""
    of_budget = BudgetSlice.objects.filter(budget__campaign=campaign).aggregate(n=Sum("overrun"))["n"] or ZERO
    of_types = CouponTypeSlice.objects.filter(coupon_type__campaign=campaign).aggregate(n=Sum("overrun"))["n"] or ZERO
    if of_budget or of_types:
        raise_alarm(
            AlarmCause.BUDGET_OVERRUN,
            scope=f"campaign:{campaign.code}",
            at=at,
            severity=Severity.URGENT,
            about=campaign,
            key=f"overrun:{campaign.pk}",
            found=Found(value=campaign.budget.amount + of_budget, limit=campaign.budget.amount),
        )
