"""How the review queue is ordered and by when an order is to be looked at. Pure: plain numbers, from which guards are written too.

What can still be saved comes first: a top-up leaves within a second of its hold, a parcel within hours, and where nothing is left
to save an hour more costs nothing. Within that, by due time; then by score.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import IntEnum

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

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
# From the flag on. An organised order is held, and stays so; what is not held leaves at any moment, but is less likely to be theft.
# A customer who was stopped wrongly waits as long as this takes, so even the last of them is looked at within the working day.
TERMS: Mapping[Urgency, tuple[timedelta, timedelta]] = {
    Urgency.TOP_UP: (30 * MINUTE, 2 * HOUR),
    Urgency.GOODS: (2 * HOUR, 8 * HOUR),
    Urgency.NOTHING: (3 * DAY, 3 * DAY),
}
"""Organised orders, and all others."""
APPEAL_TERM = 4 * HOUR


def term(urgency: Urgency, disposition: str) -> timedelta:
    """How long after its flag an order is to be decided."""
    organised, others = TERMS[urgency]
    return organised if disposition == ORGANISED else others


def term_sql(urgency: str, disposition: str) -> str:
    """The same as SQL, of two expressions."""
    whens = " ".join(
        f"WHEN {urgency} = {number.value} AND {disposition} = '{ORGANISED}' THEN interval '{organised.total_seconds():.0f} seconds'"
        f" WHEN {urgency} = {number.value} THEN interval '{others.total_seconds():.0f} seconds'"
        for number, (organised, others) in TERMS.items()
    )
    return f"CASE {whens} END"


def due_sql(since: str, urgency: str, disposition: str) -> str:
    """Due times are whole minutes, so that within a minute the score decides."""
    return f"date_trunc('minute', {since}) + {term_sql(urgency, disposition)}"
