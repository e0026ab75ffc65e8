"""Tries a rule on events of the past, in the database: the statements, and what they answer.

Facts are as of each event's own time, and so are value lists unless another time is given for them. A count over a window of the
event's own table is read by one pass over all of them; every other fact as it is read of one order. Both give the same (tests hold
them against each other).
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import OperationalError, connection, transaction

from risk.rulebook import Node, condition_of, facts_of, memberships_of
from risk.rulefacts import BOOKS, look_ups

APPLIES = {"order": "e.discount_amount > 0 AND e.imported_from = ''", "claim": "true"}
EVENTS = {"order": "orders_order", "claim": "promotions_claim"}
FOUND_ORDERS = {
    "order": "SELECT id AS order_id, said FROM found",
    "claim": """SELECT d.order_id, bool_or(f.said) AS said FROM found f JOIN promotions_coupon c ON c.claim_id = f.id
                  JOIN orders_orderdiscount d ON d.coupon_id = c.id GROUP BY d.order_id""",
}
LABELLED = {
    "order": """SELECT f.order_id, f.decision FROM risk_flag f JOIN orders_order e ON e.id = f.order_id
                 WHERE e.placed_at >= %(since)s AND e.placed_at < %(until)s""",
    "claim": """SELECT DISTINCT f.order_id, f.decision FROM risk_flag f JOIN orders_orderdiscount d ON d.order_id = f.order_id
                  JOIN promotions_coupon c ON c.id = d.coupon_id JOIN promotions_claim e ON e.id = c.claim_id
                 WHERE e.at >= %(since)s AND e.at < %(until)s""",
}
MONEY = {
    "order": "SELECT coalesce(sum(o.discount_amount), 0) FROM found f JOIN orders_order o ON o.id = f.id WHERE f.said",
    "claim": "SELECT coalesce(sum(c.face_value), 0) FROM found f JOIN promotions_coupon c ON c.claim_id = f.id WHERE f.said",
}
FIGURES = """
SELECT count(*) FILTER (WHERE h.said), count(*) FILTER (WHERE h.said AND l.decision = 'confirmed'),
       count(*) FILTER (WHERE h.said AND l.decision = 'cleared'), count(*) FILTER (WHERE l.decision = 'confirmed'),
       count(*) FILTER (WHERE l.decision = 'cleared')
  FROM ({labelled}) l LEFT JOIN ({found}) h ON h.order_id = l.order_id
"""
WRONG = """
SELECT l.order_id, l.decision FROM ({labelled}) l LEFT JOIN ({found}) h ON h.order_id = l.order_id
 WHERE l.decision = 'cleared' AND h.said OR l.decision = 'confirmed' AND h.said IS NOT TRUE
 ORDER BY l.decision, l.order_id
"""
PREVIEW_MILLISECONDS = 1500


@dataclass(frozen=True, slots=True)
class Figures:
    """What a rule would have said in a time. See `risk.models.BacktestDay`."""

    judged: int
    hits: int
    unknown: int
    flagged: int
    confirmed_hits: int
    cleared_hits: int
    confirmed: int
    cleared: int
    money: Decimal
    wrong: list[tuple[int, str]]
    """Decided orders that it would have got wrong, with what the reviewer said."""


def judged_statement(subject: str, tree: Node, *, lists_at: str = "") -> tuple[str, dict[str, Any]]:
    """`id` and `said` (null where unknown) of all events of the subject from %(since)s to %(until)s.

    `lists_at` is the SQL of the time as of which value lists are asked, empty for each event's own.
    """
    book, names, memberships = BOOKS[subject], sorted(facts_of(tree)), memberships_of(tree)
    period = f"{book.at} < %(until)s AND {book.at} >= %(since)s::timestamptz"
    if not any(book.facts[name].windowed for name in names):
        columns = book.columns(names)
        listed = look_ups(memberships, book.schema, columns, at=lists_at or book.at)
        condition = condition_of(tree, columns | listed.columns)
        return (
            f"SELECT e.id, {condition.text} AS said FROM {book.joined(names)} WHERE {period} AND {APPLIES[subject]}",  # noqa: S608
            condition.values | listed.values,
        )
    columns = {name: f"b.f{place}" for place, name in enumerate(names)}
    read = ", ".join(f"{book.facts[name].windowed or book.facts[name].expression} AS f{place}" for place, name in enumerate(names))
    back = " - ".join(["%(since)s::timestamptz", f"interval '{_longest([book.facts[name].back for name in names])}'"])
    listed = look_ups(memberships, book.schema, columns, at=lists_at or "b.at")
    condition = condition_of(tree, columns | listed.columns)
    before = f"SELECT e.id, {book.at} AS at, ({APPLIES[subject]}) AS applies, {read} FROM {book.joined(names)}"  # noqa: S608
    before = f"{before} WHERE {book.at} < %(until)s AND {book.at} >= {back}"
    said = f"SELECT b.id, {condition.text} AS said FROM ({before}) b WHERE b.at >= %(since)s AND b.applies"  # noqa: S608
    return said, condition.values | listed.values


def _longest(intervals: list[str]) -> str:
    hours = {"10 minutes": 1, "1 hour": 1, "24 hours": 24, "7 days": 168}
    return f"{max(hours.get(interval, 0) for interval in intervals)} hours"


def try_rule(subject: str, tree: Node, *, since: datetime, until: datetime, lists_at: datetime | None = None) -> Figures:
    """Judge the events from `since` to before `until`, with value lists as of `lists_at` or else of each event.

    Call inside a transaction: it makes a table that goes with it.
    """
    statement, values = judged_statement(subject, tree, lists_at="%(lists_at)s::timestamptz" if lists_at else "")
    times = {"since": since, "until": until, "lists_at": lists_at}
    pieces = {"labelled": LABELLED[subject], "found": FOUND_ORDERS[subject]}
    at, applies = BOOKS[subject].at, APPLIES[subject]
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.found")
        cursor.execute(
            f"CREATE TEMPORARY TABLE found ON COMMIT DROP AS SELECT id, said FROM ({statement}) j WHERE said IS NOT FALSE",  # noqa: S608
            values | times,
        )
        counted = f"SELECT count(*) FROM {EVENTS[subject]} e WHERE {at} >= %(since)s AND {at} < %(until)s AND {applies}"  # noqa: S608
        cursor.execute(counted, times)
        judged = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FILTER (WHERE said), count(*) FILTER (WHERE said IS NULL) FROM found")
        hits, unknown = cursor.fetchone()
        cursor.execute(FIGURES.format(**pieces), times)
        flagged, confirmed_hits, cleared_hits, confirmed, cleared = cursor.fetchone()
        cursor.execute(MONEY[subject])
        money = cursor.fetchone()[0]
        cursor.execute(WRONG.format(**pieces), times)
        return Figures(judged, hits, unknown, flagged, confirmed_hits, cleared_hits, confirmed, cleared, money, cursor.fetchall())


def preview(subject: str, tree: Node, *, since: datetime, until: datetime, lists_at: datetime | None = None) -> Figures | None:
    """The same for a form that waits for it; None where it takes longer than PREVIEW_MILLISECONDS."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{PREVIEW_MILLISECONDS}ms"])
            figures = try_rule(subject, tree, since=since, until=until, lists_at=lists_at)
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
            return figures
    except OperationalError:
        return None
