"""Many coupons of one type taken at once: from the quantity of the type and the money of its campaign, as far as both reach.

The one place where grants book. The guards are the claim's: they stand in the WHERE of the statement that takes. Locks are taken as
everybody takes them, the type's slices before the budget's, each by id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from promotions.models import CouponTypeSlice
from promotions.services.budgets import gather_room
from promotions.states import RefusalReason

# Live slices with what room they have, the budget's counted in coupons. A type without a quantity has room without end.
ROOM = """
SELECT 'type', id, CASE WHEN quantity IS NULL THEN 2000000000 ELSE quantity - issued END, 0
  FROM promotions_coupontypeslice WHERE coupon_type_id = %(coupon_type)s AND is_live
UNION ALL
SELECT 'budget', id, floor((amount - reserved - spent) / %(face_value)s)::bigint, amount - reserved - spent
  FROM promotions_budgetslice WHERE budget_id = %(budget)s AND is_live
ORDER BY 2
"""
TAKE = """
WITH type_wanted AS (
    SELECT * FROM unnest(%(type_slices)s::bigint[], %(type_counts)s::bigint[]) AS w(id, n)
), type_locked AS (
    SELECT s.id FROM promotions_coupontypeslice s WHERE s.id IN (SELECT id FROM type_wanted) ORDER BY s.id FOR NO KEY UPDATE
), type_take AS (
    UPDATE promotions_coupontypeslice s SET issued = s.issued + w.n, issued_amount = s.issued_amount + w.n * %(face_value)s
      FROM type_wanted w
     WHERE s.id = w.id AND s.id IN (SELECT id FROM type_locked) AND s.coupon_type_id = %(coupon_type)s
       AND s.is_live AND (s.quantity IS NULL OR s.issued + w.n <= s.quantity)
 RETURNING s.id
), budget_wanted AS (
    SELECT * FROM unnest(%(budget_slices)s::bigint[], %(budget_counts)s::bigint[]) AS w(id, n)
     WHERE (SELECT count(*) FROM type_take) = cardinality(%(type_slices)s::bigint[])
), budget_locked AS (
    SELECT s.id FROM promotions_budgetslice s WHERE s.id IN (SELECT id FROM budget_wanted) ORDER BY s.id FOR NO KEY UPDATE
), budget_take AS (
    UPDATE promotions_budgetslice s SET reserved = s.reserved + w.n * %(face_value)s
      FROM budget_wanted w
     WHERE s.id = w.id AND s.id IN (SELECT id FROM budget_locked) AND s.budget_id = %(budget)s
       AND s.is_live AND s.reserved + s.spent + w.n * %(face_value)s <= s.amount
 RETURNING s.id
)
SELECT (SELECT count(*) FROM type_take) = cardinality(%(type_slices)s::bigint[])
   AND (SELECT count(*) FROM budget_take) = cardinality(%(budget_slices)s::bigint[])
"""
MOST_ROUNDS = 1_000  # each lost round is somebody else's coupon, so a real race ends long before

Shares = list[tuple[int, int]]
"""Slices, by id, and how many coupons each gives."""


@dataclass(frozen=True)
class Source:
    """What coupons are taken from."""

    coupon_type_id: int
    budget_id: int
    face_value: Decimal


@dataclass(frozen=True)
class Room:
    """So many coupons can be had, and by which limit no more."""

    coupons: int
    limit: RefusalReason
    type_slices: Shares
    budget_slices: Shares
    has_crumbs: bool
    """The budget's slices have room for more coupons together than each for itself."""


class OutOfRoom(Exception):
    """Nothing was taken: there is room for fewer."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self.room = room


def room_of(source: Source) -> Room:
    """What there is now; nothing is locked, so it may be less in a moment."""
    with connection.cursor() as cursor:
        cursor.execute(ROOM, source.__dict__ | {"coupon_type": source.coupon_type_id, "budget": source.budget_id})
        rows = cursor.fetchall()
    types = [(pk, max(int(n), 0)) for kind, pk, n, _ in rows if kind == "type"]
    budgets = [(pk, max(int(n), 0)) for kind, pk, n, _ in rows if kind == "budget"]
    given, paid = _sum(types), int(sum(money for kind, _, _, money in rows if kind == "budget") // source.face_value)
    limit = RefusalReason.ALL_GIVEN if given <= paid else RefusalReason.BUDGET_SPENT
    return Room(min(given, paid), limit, types, budgets, has_crumbs=paid > _sum(budgets))


def take_many(source: Source, count: int, *, seed: int) -> list[int]:
    """Take so many coupons, inside the caller's transaction. Answers the budget slice that pays for each.

    `seed` spreads those who take over the slices. Raises OutOfRoom, having taken nothing, where there is not enough.
    """
    for _ in range(MOST_ROUNDS):
        room = room_of(source)
        if room.coupons < count:
            raise OutOfRoom(room)
        if room.has_crumbs and _sum(room.budget_slices) < count:
            _gather(source, count)
            room = room_of(source)
        from_type, from_budget = _shares(room.type_slices, count, seed), _shares(room.budget_slices, count, seed)
        if _take(source, from_type, from_budget):
            return [pk for pk, share in from_budget for _ in range(share)]
    raise RuntimeError("A grant was turned away by slices that say they have room: a flag and its owner's status disagree")


def _gather(source: Source, count: int) -> None:
    """Crumbs into one slice. The type's slices are locked before, for the take that follows will want them."""
    slices = CouponTypeSlice.objects.select_for_update(no_key=True).filter(coupon_type=source.coupon_type_id)
    list(slices.order_by("pk").values_list("pk"))
    gather_room(source.budget_id, count * source.face_value)


def _take(source: Source, from_type: Shares, from_budget: Shares) -> bool:
    """All or nothing; where it is nothing, no row stays locked."""
    values: dict[str, Any] = {
        "coupon_type": source.coupon_type_id,
        "budget": source.budget_id,
        "face_value": source.face_value,
        "type_slices": [pk for pk, _ in from_type],
        "type_counts": [share for _, share in from_type],
        "budget_slices": [pk for pk, _ in from_budget],
        "budget_counts": [share for _, share in from_budget],
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TAKE, values)
        is_taken = bool(cursor.fetchone()[0])
        if not is_taken:
            transaction.set_rollback(True)
    return is_taken


def _shares(slices: Shares, count: int, seed: int) -> Shares:
    """From one slice where one is enough, so that claims by the others do not wait; otherwise from as few as will do."""
    if _sum(slices) < count:
        return []
    turned = slices[seed % len(slices) :] + slices[: seed % len(slices)]
    enough = next(((pk, count) for pk, room in turned if room >= count), None)
    if enough:
        return [enough]
    shares, left = [], count
    for pk, room in sorted(slices, key=lambda part: -part[1]):
        share = min(room, left)
        left -= share
        if share:
            shares.append((pk, share))
    return sorted(shares)


def _sum(slices: Sequence[tuple[int, int]]) -> int:
    return sum(room for _, room in slices)
