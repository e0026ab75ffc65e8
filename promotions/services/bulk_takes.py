"""Many coupons of one type taken at once: from the type's quantity and own budget and the campaign's, as far as all of them reach.

The one place where grants book. The guards are the claim's: they stand in the WHERE of the statement that takes. Locks are taken as
everybody takes them, the type's slices before the budget's, each by id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from backoffice.lib.money import ZERO
from promotions.services.slices import gather_all_room
from promotions.states import RefusalReason

# Live slices with what room they have, in coupons and in money. A type without a quantity has room without end; the money of a type
# without a budget of its own is NULL.
ROOM = """
SELECT 'type', id, CASE WHEN quantity IS NULL THEN 2000000000 ELSE quantity - issued END, amount - reserved - spent
  FROM promotions_coupontypeslice WHERE coupon_type_id = %(coupon_type)s AND is_live
UNION ALL
SELECT 'budget', id, 2000000000, amount - reserved - spent
  FROM promotions_budgetslice WHERE budget_id = %(budget)s AND is_live
ORDER BY 1, 2
"""
TAKE = """
WITH type_wanted AS (
    SELECT * FROM unnest(%(type_slices)s::bigint[], %(type_counts)s::bigint[]) AS w(id, n)
), type_locked AS (
    SELECT s.id FROM promotions_coupontypeslice s WHERE s.id IN (SELECT id FROM type_wanted) ORDER BY s.id FOR NO KEY UPDATE
), type_take AS (
    UPDATE promotions_coupontypeslice s
       SET issued = s.issued + w.n, issued_amount = s.issued_amount + w.n * %(face_value)s,
           reserved = s.reserved + w.n * %(face_value)s
      FROM type_wanted w
     WHERE s.id = w.id AND s.id IN (SELECT id FROM type_locked) AND s.coupon_type_id = %(coupon_type)s
       AND s.is_live AND (s.quantity IS NULL OR s.issued + w.n <= s.quantity)
       AND (s.amount IS NULL OR s.reserved + s.spent + w.n * %(face_value)s <= s.amount)
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
WITHOUT_END = 2_000_000_000
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
    """The slices together have room for more coupons than each for itself."""


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
    types, budgets = _parts(rows, "type", source.face_value), _parts(rows, "budget", source.face_value)
    bounds = [
        (sum(max(int(n), 0) for kind, _, n, _ in rows if kind == "type"), RefusalReason.ALL_GIVEN),
        (_paid(rows, "type", source.face_value), RefusalReason.TYPE_BUDGET_SPENT),
        (_paid(rows, "budget", source.face_value), RefusalReason.BUDGET_SPENT),
    ]
    coupons, limit = min(bounds, key=lambda bound: bound[0])
    return Room(coupons, limit, types, budgets, has_crumbs=coupons > min(_sum(types), _sum(budgets)))


def take_many(source: Source, count: int, *, seed: int) -> list[tuple[int, int]]:
    """Take so many coupons, inside the caller's transaction. Answers the slices, of the type and of the budget, that give each.

    `seed` spreads those who take over the slices. Raises OutOfRoom, having taken nothing, where there is not enough.
    """
    for _ in range(MOST_ROUNDS):
        room = room_of(source)
        if room.coupons < count:
            raise OutOfRoom(room)
        if room.has_crumbs and min(_sum(room.type_slices), _sum(room.budget_slices)) < count:
            gather_all_room(source.coupon_type_id, source.budget_id)
            room = room_of(source)
        from_type, from_budget = _shares(room.type_slices, count, seed), _shares(room.budget_slices, count, seed)
        if _take(source, from_type, from_budget):
            return list(zip(_one_by_one(from_type), _one_by_one(from_budget), strict=True))
    raise RuntimeError("A grant was turned away by slices that say they have room: a flag and its owner's status disagree")


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


def _parts(rows: Sequence[Any], kind: str, face_value: Decimal) -> Shares:
    """How many coupons each slice can give, by its coupons and by its money."""
    found = [(pk, int(n), money) for name, pk, n, money in rows if name == kind]
    return [(pk, max(n if money is None else min(n, int(money // face_value)), 0)) for pk, n, money in found]


def _paid(rows: Sequence[Any], kind: str, face_value: Decimal) -> int:
    """For how many coupons the money of all slices together is enough."""
    rooms = [money for name, _, _, money in rows if name == kind]
    if any(money is None for money in rooms):
        return WITHOUT_END
    return max(int(sum(rooms, ZERO) // face_value), 0)


def _one_by_one(shares: Shares) -> list[int]:
    return [pk for pk, share in shares for _ in range(share)]


def _sum(slices: Sequence[tuple[int, int]]) -> int:
    return sum(room for _, room in slices)
