"""Limits in slices: cut when they are drafted, cut anew when they are changed, gathered when only remainders are left.

Whoever holds more than one slice locks them in the order of their ids, a coupon type's before a budget's (`thresholds` has the rest
of the order).
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from backoffice.lib.errors import InvalidInput
from backoffice.lib.money import ZERO, split_by_weight
from promotions.models import Budget, BudgetSlice, Coupon, CouponType, CouponTypeSlice, Entry, EntrySlice
from promotions.states import OverrunPolicy

DEFAULT_SLICES = 8
SMALL_BUDGET = Decimal(10_000)
SMALL_COUNT = 1_000


def cut_amount(amount: Decimal, slices: int) -> list[Decimal]:
    """An amount in equal parts, to the cent."""
    return split_by_weight(amount, [Decimal(1)] * slices)


def cut_count(count: int, slices: int) -> list[int]:
    """A number of things in equal whole parts; the first ones get what is left over."""
    return [count // slices + (number < count % slices) for number in range(slices)]


def cut_budget(budget: Budget, *, slices: int | None = None) -> None:
    """The slices of a drafted budget, anew: one where it is small."""
    parts = slices or (1 if budget.amount < SMALL_BUDGET else DEFAULT_SLICES)
    budget.slices.all().delete()
    cut = enumerate(cut_amount(budget.amount, parts))
    BudgetSlice.objects.bulk_create(BudgetSlice(budget=budget, number=number, amount=part) for number, part in cut)


def cut_coupon_type(coupon_type: CouponType, *, slices: int | None = None) -> None:
    """The slices of a drafted type, anew. A restricted type takes one: what it crosses must be seen by the claim that crosses."""
    is_small = coupon_type.quantity is not None and coupon_type.quantity < SMALL_COUNT
    parts = slices or (1 if coupon_type.is_restricted or is_small else DEFAULT_SLICES)
    coupon_type.slices.all().delete()
    quantities: Sequence[Any] = [None] * parts if coupon_type.quantity is None else cut_count(coupon_type.quantity, parts)
    amounts: Sequence[Any] = [None] * parts if coupon_type.budget_amount is None else cut_amount(coupon_type.budget_amount, parts)
    CouponTypeSlice.objects.bulk_create(
        CouponTypeSlice(coupon_type=coupon_type, number=number, quantity=quantities[number], amount=amounts[number])
        for number in range(parts)
    )


def cut_entry(entry: Entry, *, slices: int | None = None) -> None:
    """The slices of a drafted entry, anew: one where it is small or of a restricted type."""
    parts = slices or (1 if entry.coupon_type.is_restricted or entry.cap < SMALL_COUNT else DEFAULT_SLICES)
    entry.slices.all().delete()
    cut = enumerate(cut_count(entry.cap, parts))
    EntrySlice.objects.bulk_create(EntrySlice(entry=entry, number=number, cap=part) for number, part in cut)


def recut_budget(budget: Budget, amount: Decimal) -> None:
    """Spread a new amount over the slices in use. Raises InvalidInput where more is promised, unless the campaign honours that."""
    _recut_money(BudgetSlice.objects.filter(budget=budget), amount, budget.campaign.overrun_policy)


def recut_coupon_type(coupon_type: CouponType, *, quantity: int | None, budget_amount: Decimal | None) -> None:
    """Spread a new quantity and a new budget of its own over the slices in use. Raises InvalidInput where more was given."""
    rows = CouponTypeSlice.objects.filter(coupon_type=coupon_type)
    _recut_money(rows, budget_amount, coupon_type.campaign.overrun_policy)
    _recut_count(rows, "quantity", quantity)


def recut_entry(entry: Entry, cap: int) -> None:
    """Spread a new cap over the slices in use. Raises InvalidInput where more was given."""
    _recut_count(EntrySlice.objects.filter(entry=entry), "cap", cap)


def _recut_money(rows: QuerySet[Any], amount: Decimal | None, policy: str) -> None:
    slices = list(rows.select_for_update(no_key=True).order_by("pk"))
    used = [part.reserved + part.spent for part in slices]
    room = ZERO if amount is None else amount - sum(used, ZERO)
    if room < 0 and policy != OverrunPolicy.HONOUR:
        raise InvalidInput(f"{sum(used, ZERO):,} of it are promised or spent already: it cannot be less than that.")
    shares = cut_amount(max(room, ZERO), len(slices))
    missing = max(-room, ZERO)
    for part, taken, share in zip(slices, used, shares, strict=True):
        overrun = min(missing, taken)
        missing -= overrun
        part.amount = None if amount is None else taken - overrun + share
        part.overrun = overrun
    _write(slices, "amount", "overrun")


def _recut_count(rows: QuerySet[Any], column: str, count: int | None) -> None:
    slices = list(rows.select_for_update(no_key=True).order_by("pk"))
    issued = sum(part.issued for part in slices)
    if count is not None and count < issued:
        raise InvalidInput(f"{issued:,} are given already: it cannot be less than that.")
    shares = [None] * len(slices) if count is None else cut_count(count - issued, len(slices))
    for part, share in zip(slices, shares, strict=True):
        setattr(part, column, None if share is None else part.issued + share)
    _write(slices, column)


def _write(slices: Sequence[Any], *columns: str) -> None:
    """Limits alone, of rows that are locked: what was taken is never written by value."""
    for part in slices:
        type(part)._default_manager.filter(pk=part.pk).update(**{column: getattr(part, column) for column in columns})


class Room(NamedTuple):
    """What a slice can still give: coupons and money, each None where there is no limit."""

    coupons: int | None
    money: Decimal | None

    def gives(self, face_value: Decimal) -> bool:
        return (self.coupons is None or self.coupons >= 1) and (self.money is None or self.money >= face_value)


@transaction.atomic
def gather_budget_room(budget_id: int, face_value: Decimal) -> list[int]:
    """Move what room a budget's slices have into one of them, so that the last coupons are not lost in the cracks.

    Answers the number of the slice that can give the face value now; nothing where all of them together cannot.
    """
    slices = list(BudgetSlice.objects.select_for_update(no_key=True).filter(budget=budget_id).order_by("pk"))
    return _gather(slices, [Room(None, part.amount - part.reserved - part.spent) for part in slices], face_value)


@transaction.atomic
def gather_coupon_type_room(coupon_type_id: int, face_value: Decimal) -> list[int]:
    """The same for the slices of a coupon type, where coupons may be left in one slice and money in another."""
    slices = list(CouponTypeSlice.objects.select_for_update(no_key=True).filter(coupon_type=coupon_type_id).order_by("pk"))
    rooms = [
        Room(
            None if part.quantity is None else part.quantity - part.issued,
            None if part.amount is None else part.amount - part.reserved - part.spent,
        )
        for part in slices
    ]
    return _gather(slices, rooms, face_value)


def _gather(slices: Sequence[Any], rooms: Sequence[Room], face_value: Decimal) -> list[int]:
    ready = [part.number for part, room in zip(slices, rooms, strict=True) if room.gives(face_value)]
    if ready:
        return ready
    together = Room(
        None if rooms[0].coupons is None else sum(room.coupons or 0 for room in rooms),
        None if rooms[0].money is None else sum((room.money or ZERO for room in rooms), ZERO),
    )
    if not together.gives(face_value):
        return []
    receiver = max(range(len(slices)), key=lambda i: (rooms[i].money or ZERO, rooms[i].coupons or 0))
    for index, (part, room) in enumerate(zip(slices, rooms, strict=True)):
        if room.money is not None and together.money is not None:
            part.amount, part.overrun = part.amount - room.money + (together.money if index == receiver else ZERO), ZERO
            _write([part], "amount", "overrun")
        if room.coupons is not None and together.coupons is not None:
            part.quantity = part.quantity - room.coupons + (together.coupons if index == receiver else 0)
            _write([part], "quantity")
    return [slices[receiver].number]


def lock_all_slices(coupons: Iterable[Coupon]) -> tuple[dict[int, list[Any]], dict[int, list[Any]]]:
    """Lock every slice of the types and of the budgets of these coupons. Answers them by type, and by budget."""
    coupons = list(coupons)
    types, budgets = {coupon.coupon_type_id for coupon in coupons}, {coupon.budget_slice.budget_id for coupon in coupons}
    of_types: dict[int, list[Any]] = {key: [] for key in types}
    of_budgets: dict[int, list[Any]] = {key: [] for key in budgets}
    for part in CouponTypeSlice.objects.select_for_update(no_key=True).filter(coupon_type__in=types).order_by("pk"):
        of_types[part.coupon_type_id].append(part)
    for row in BudgetSlice.objects.select_for_update(no_key=True).filter(budget__in=budgets).order_by("pk"):
        of_budgets[row.budget_id].append(row)
    return of_types, of_budgets


def fill_slice(slices: Sequence[Any], receiver_id: int, wanted: Decimal) -> None:
    """Move room from the others into one slice until it has what is wanted, as far as they have it. All of them are locked."""
    ids = [part.pk for part in slices]
    fresh = type(slices[0])._default_manager.filter(pk__in=ids).order_by("pk")
    rooms = {part.pk: (part, part.amount - part.reserved - part.spent) for part in fresh if part.amount is not None}
    if receiver_id not in rooms:
        return
    receiver, room = rooms.pop(receiver_id)
    missing = wanted - room
    for part, spare in sorted(rooms.values(), key=lambda pair: -pair[1]):
        moved = min(spare, missing)
        if moved > 0:
            part.amount, receiver.amount, missing = part.amount - moved, receiver.amount + moved, missing - moved
            _write([part], "amount")
    receiver.overrun = max(receiver.reserved + receiver.spent - receiver.amount, ZERO)
    _write([receiver], "amount", "overrun")
