"""Reads the facts that rules of staff ask for: of one order now, or of many in a backtest. See `risk.rulefacts` for their meaning.

One statement for an order and one for its claims, whatever they ask of value lists, and only where a rule that runs asks for
something. Facts are as of the event's
own time, so that looking again, or a backtest next year, sees what was seen at first.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from risk.rulebook import Membership
from risk.rulefacts import BOOKS, look_ups, statement_of

OF_SUBJECT = {
    "order": "e.id = %(order)s",
    "claim": """e.id IN (SELECT c.claim_id FROM orders_orderdiscount d JOIN promotions_coupon c ON c.id = d.coupon_id
                          WHERE d.order_id = %(order)s)""",
}


@dataclass(frozen=True, slots=True)
class Event:
    """What was known of an order, or of a claim, at its time. A fact that is None was missing.

    Among the facts stands whether values were on value lists, by the key of the membership; `items` holds by which item, 0 where
    they were not.
    """

    id: int
    at: datetime
    facts: Mapping[str, Any]
    items: Mapping[str, int | None] = field(default_factory=dict)


def gather_events(subject: str, order_id: int, names: Collection[str], memberships: Collection[Membership] = ()) -> list[Event]:
    """The order itself, or the claims of its coupons, with the facts named, those of the memberships among them."""
    book, ordered = BOOKS[subject], sorted(names)
    asked = look_ups(memberships, book.schema, book.columns(ordered), at=book.at, names_item=True)
    statement = statement_of(book, ordered, where=OF_SUBJECT[subject], more=asked.columns.values())
    with connection.cursor() as cursor:
        cursor.execute(statement, {"order": order_id, **asked.values})
        return [_event(row, ordered, list(asked.columns)) for row in cursor.fetchall()]


def _event(row: tuple[Any, ...], names: list[str], keys: list[str]) -> Event:
    facts, last = dict(zip(names, row[2:], strict=False)), 2 + len(names)
    items: dict[str, int | None] = dict(zip(keys, row[last:], strict=True))
    facts |= {key: None if item is None else item > 0 for key, item in items.items()}
    return Event(row[0], row[1], facts, items)
