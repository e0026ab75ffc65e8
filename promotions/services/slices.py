"""Limits in slices: cut when they are drafted, cut anew when they are changed, gathered when only remainders are left.

Whoever holds more than one slice locks them in the order of their ids, a coupon type's before a budget's (`thresholds` has the rest
of the order).
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from backoffice.lib.errors import InvalidInput
from backoffice.lib.money import ZERO, split_by_weight
from promotions.models import Budget, BudgetSlice, Campaign, Coupon, CouponType, CouponTypeSlice, Entry, EntrySlice
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
        raise InvalidInput(
            _("%(used)s of it are promised or spent already: it cannot be less than that.") % {"used": f"{sum(used, ZERO):,}"}
        )
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
        raise InvalidInput(_("%(issued)s are given already: it cannot be less than that.") % {"issued": f"{issued:,}"})
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
    return _gather(slices, [_room_of_type_slice(part) for part in slices], face_value)


@transaction.atomic
def gather_all_room(coupon_type_id: int, budget_id: int) -> None:
    """Move all room of a type into one of its slices, and all room of a budget into one of its own: for whoever takes very many."""
    of_type = list(CouponTypeSlice.objects.select_for_update(no_key=True).filter(coupon_type=coupon_type_id).order_by("pk"))
    _move_into_one(of_type, [_room_of_type_slice(part) for part in of_type])
    of_budget = list(BudgetSlice.objects.select_for_update(no_key=True).filter(budget=budget_id).order_by("pk"))
    _move_into_one(of_budget, [Room(None, part.amount - part.reserved - part.spent) for part in of_budget])


def _room_of_type_slice(part: Any) -> Room:
    return Room(
        None if part.quantity is None else part.quantity - part.issued,
        None if part.amount is None else part.amount - part.reserved - part.spent,
    )


def _gather(slices: Sequence[Any], rooms: Sequence[Room], face_value: Decimal) -> list[int]:
    ready = [part.number for part, room in zip(slices, rooms, strict=True) if room.gives(face_value)]
    if ready:
        return ready
    if not _together(rooms).gives(face_value):
        return []
    return [_move_into_one(slices, rooms)]


def _together(rooms: Sequence[Room]) -> Room:
    return Room(
        None if rooms[0].coupons is None else sum(room.coupons or 0 for room in rooms),
        None if rooms[0].money is None else sum((room.money or ZERO for room in rooms), ZERO),
    )


def _move_into_one(slices: Sequence[Any], rooms: Sequence[Room]) -> int:
    """All room into the slice that has most of it. Answers its number."""
    together = _together(rooms)
    receiver = max(range(len(slices)), key=lambda i: (rooms[i].money or ZERO, rooms[i].coupons or 0))
    for index, (part, room) in enumerate(zip(slices, rooms, strict=True)):
        if room.money is not None and together.money is not None and together.money >= 0:
            part.amount, part.overrun = part.amount - room.money + (together.money if index == receiver else ZERO), ZERO
            _write([part], "amount", "overrun")
        if room.coupons is not None and together.coupons is not None:
            part.quantity = part.quantity - room.coupons + (together.coupons if index == receiver else 0)
            _write([part], "quantity")
    return int(slices[receiver].number)


SlicesOf = dict[int, list[Any]]


def lock_all_slices(coupons: Iterable[Coupon]) -> tuple[SlicesOf, SlicesOf]:
    """Lock every slice of the types and of the budgets of these coupons. Answers them by type, and by budget."""
    coupons = list(coupons)
    return lock_all_of({coupon.coupon_type_id for coupon in coupons}, {coupon.budget_slice.budget_id for coupon in coupons})


def lock_all_of(types: Iterable[int], budgets: Iterable[int]) -> tuple[SlicesOf, SlicesOf]:
    """The same, of these coupon types and budgets. Types come first, each by id, as everybody locks them."""
    types, budgets = set(types), set(budgets)
    of_types: SlicesOf = {key: [] for key in types}
    of_budgets: SlicesOf = {key: [] for key in budgets}
    for part in CouponTypeSlice.objects.select_for_update(no_key=True).filter(coupon_type__in=types).order_by("pk"):
        of_types[part.coupon_type_id].append(part)
    for row in BudgetSlice.objects.select_for_update(no_key=True).filter(budget__in=budgets).order_by("pk"):
        of_budgets[row.budget_id].append(row)
    return of_types, of_budgets


@contextmanager
def paying_overruns(coupon_types: Iterable[CouponType]) -> Iterator[None]:
    """For bookings that free money of these types. Where their campaigns honour promises, what is free in one slice pays first for
    what lies above the amount in others: a claim would take it otherwise, and the budget give more than it has.

    Holds all slices of those types and of their budgets from here on.
    """
    honouring = [kind for kind in coupon_types if kind.campaign.honours_promises]
    if not honouring:
        yield
        return
    budgets = Budget.objects.filter(campaign__in={kind.campaign.pk for kind in honouring})
    of_types, of_budgets = lock_all_of([kind.pk for kind in honouring], budgets.values_list("pk", flat=True))
    yield
    for slices in (*of_types.values(), *of_budgets.values()):
        pay_overruns(slices)


def pay_overruns(slices: Sequence[Any]) -> None:
    """Move room into the slices that overrun, as far as the others have it. All of them are locked."""
    rows = type(slices[0])._default_manager.filter(pk__in=[part.pk for part in slices], overrun__gt=0)
    for receiver_id in rows.order_by("pk").values_list("pk", flat=True):
        fill_slice(slices, receiver_id, ZERO)


def refuse_overruns(campaign: Campaign) -> None:
    """Raises InvalidInput where more is promised than the budget of this campaign, or of a type of it, holds: a campaign that stops
    honouring promises would never pay for them again (`paying_overruns`).
    """
    types = CouponType.objects.filter(campaign=campaign).values_list("pk", flat=True)
    of_types, of_budgets = lock_all_of(types, Budget.objects.filter(campaign=campaign).values_list("pk", flat=True))
    overrun = sum((part.overrun for slices in (*of_types.values(), *of_budgets.values()) for part in slices), ZERO)
    if overrun:
        sentence = _("%(overrun)s are promised beyond the budget and would not be honoured: raise the budget first.")
        raise InvalidInput(sentence % {"overrun": f"{overrun:,}"})


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
