"""How the review queue is ordered and by when an order is to be looked at. Pure: plain numbers, from which guards are written too.

What can still be saved comes first: a top-up leaves within a second of its hold, a parcel within hours, and where nothing is left
to save an hour more costs nothing. Within that, by due time; then by score.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import IntEnum

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

LEASE = 15 * MINUTE
"""How long an order is kept for whoever took it, from the last time that his page said he is there."""
SKIPPED_FOR = 4 * HOUR
"""When an order that somebody skipped comes back to him."""
UNDO_WITHIN = 12 * HOUR
"""A decision is taken back by its maker within his shift."""
SHIFT = 12 * HOUR


class Urgency(IntEnum):
    """What can still be saved of an order, most urgent first."""

    TOP_UP = 0
    GOODS = 1
    NOTHING = 2


ORGANISED = "organised"
TERM_COLUMNS: Mapping[Urgency, tuple[str, str]] = {
    Urgency.TOP_UP: ("top_up_organised", "top_up_others"),
    Urgency.GOODS: ("goods_organised", "goods_others"),
    Urgency.NOTHING: ("nothing_organised", "nothing_others"),
}
"""Where `ReviewTerms` keeps how long after its flag an order is to be decided: organised orders, and all others."""


def term_sql(urgency: str, disposition: str) -> str:
    """How long after its flag an order is to be decided, as SQL of two expressions. Reads the terms as they stand now."""
    whens = " ".join(
        f"WHEN {urgency} = {number.value} AND {disposition} = '{ORGANISED}' THEN t.{organised}"
        f" WHEN {urgency} = {number.value} THEN t.{others}"
        for number, (organised, others) in TERM_COLUMNS.items()
    )
    return f"(SELECT CASE {whens} END FROM risk_reviewterms t)"  # noqa: S608  our own names


def due_sql(since: str, urgency: str, disposition: str) -> str:
    """Due times are whole minutes, so that within a minute the score decides."""
    return f"date_trunc('minute', {since}) + {term_sql(urgency, disposition)}"
