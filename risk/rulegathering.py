"""Reads the facts that rules of staff ask for: of one order now, or of many in a backtest. See `risk.rulefacts` for their meaning.

One statement for an order and one for its claims, and only where a rule that runs asks for something. Facts are as of the event's
own time, so that looking again, or a backtest next year, sees what was seen at first.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from risk.rulefacts import BOOKS, statement_of

OF_SUBJECT = {
    "order": "e.id = %(order)s",
    "claim": """e.id IN (SELECT c.claim_id FROM orders_orderdiscount d JOIN promotions_coupon c ON c.id = d.coupon_id
                          WHERE d.order_id = %(order)s)""",
}


@dataclass(frozen=True, slots=True)
class Event:
    """What was known of an order, or of a claim, at its time. A fact that is None was missing."""

    id: int
    at: datetime
    facts: Mapping[str, Any]


def gather_events(subject: str, order_id: int, names: Collection[str]) -> list[Event]:
    """The order itself, or the claims of its coupons, with the facts named."""
    ordered = sorted(names)
    statement = statement_of(BOOKS[subject], ordered, where=OF_SUBJECT[subject])
    with connection.cursor() as cursor:
        cursor.execute(statement, {"order": order_id})
        return [Event(row[0], row[1], dict(zip(ordered, row[2:], strict=True))) for row in cursor.fetchall()]
