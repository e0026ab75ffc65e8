"""Budgets in slices: cut, gathered, given back."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import F, Sum

from backoffice.lib.money import ZERO, split_by_weight
from promotions.models import Budget, BudgetSlice

DEFAULT_SLICES = 8


def cut_amount(amount: Decimal, slices: int) -> list[Decimal]:
    """An amount in equal parts, to the cent."""
    return split_by_weight(amount, [Decimal(1)] * slices)


def cut_count(count: int, slices: int) -> list[int]:
    """A number of things in equal whole parts; the first ones get what is left over."""
    return [count // slices + (number < count % slices) for number in range(slices)]


def budget_figures(budget: Budget) -> dict[str, Decimal]:
    """amount, issued, reserved, spent, returned and room, in the campaign's currency, as of now."""
    sums = budget.slices.aggregate(reserved=Sum("reserved"), spent=Sum("spent"), returned=Sum("returned"))
    figures = {name: value or ZERO for name, value in sums.items()}
    return {
        "amount": budget.amount,
        "issued": figures["reserved"] + figures["spent"] + figures["returned"],
        **figures,
        "room": budget.amount - figures["reserved"] - figures["spent"],
    }


@transaction.atomic
def gather_room(budget_id: int, wanted: Decimal) -> list[int]:
    """Move what room the slices have into one of them, so that the last coupons of a budget are not lost in the cracks.

    Answers the number of the slice that can give `wanted` now; nothing where all of them together cannot.
    """
    slices = list(BudgetSlice.objects.select_for_update().filter(budget=budget_id).order_by("number"))
    rooms = [part.amount - part.reserved - part.spent for part in slices]
    if sum(rooms, ZERO) < wanted:
        return []
    fullest = max(range(len(slices)), key=lambda i: rooms[i])
    if rooms[fullest] < wanted:
        _give_amount(slices, rooms, fullest)
    return [slices[fullest].number]


def _give_amount(slices: Sequence[BudgetSlice], rooms: Sequence[Decimal], receiver: int) -> None:
    for index, part in enumerate(slices):
        if index != receiver:
            BudgetSlice.objects.filter(pk=part.pk).update(amount=F("amount") - rooms[index])
    moved = sum(rooms, ZERO) - rooms[receiver]
    BudgetSlice.objects.filter(pk=slices[receiver].pk).update(amount=F("amount") + moved)


def lock_slices(ids: Iterable[int]) -> None:
    """For a transaction that books more than once: all its slices in the order in which everybody locks them."""
    list(BudgetSlice.objects.select_for_update(no_key=True).filter(pk__in=set(ids)).order_by("pk").values_list("pk"))


def book(bookings: Sequence[tuple[int, Decimal, Decimal, Decimal]]) -> bool:
    """Change slices by (slice id, reserved, spent, returned), each relative, in one statement, in the order of their ids.

    Answers False, and the caller must roll back, where a slice has not the room or would fall below zero.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH wanted AS ("
            " SELECT id, sum(reserved) AS reserved, sum(spent) AS spent, sum(returned) AS returned"
            " FROM unnest(%s::bigint[], %s::numeric[], %s::numeric[], %s::numeric[]) AS w(id, reserved, spent, returned)"
            " GROUP BY id"
            "), locked AS ("
            " SELECT s.id FROM promotions_budgetslice s WHERE s.id IN (SELECT id FROM wanted) ORDER BY s.id FOR NO KEY UPDATE"
            ") UPDATE promotions_budgetslice s SET reserved = s.reserved + w.reserved, spent = s.spent + w.spent,"
            " returned = s.returned + w.returned FROM wanted w"
            " WHERE s.id = w.id AND s.id IN (SELECT id FROM locked) AND s.reserved + w.reserved >= 0 AND s.spent + w.spent >= 0"
            " AND s.reserved + w.reserved + s.spent + w.spent <= s.amount",
            [list(column) for column in zip(*bookings, strict=True)],
        )
        return cursor.rowcount == len({slice_id for slice_id, *_ in bookings})
