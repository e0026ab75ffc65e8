"""How far a value list reaches: how many orders, or claims, of the last day have a value that is on it now."""

from datetime import datetime, timedelta
from typing import NamedTuple

from risk.backtesting import preview
from risk.models import ValueList
from risk.rulebook import Any as AnyOf
from risk.rulebook import Clause
from risk.rulefacts import BOOKS

PERIOD = timedelta(days=1)


class Reach(NamedTuple):
    """Of so many events of the subject so many."""

    subject: str
    judged: int
    hits: int


def reach_of(value_list: ValueList, *, at: datetime) -> Reach | None:
    """By any fact that the list fits, of orders where they have one. None where it takes too long to count while a page waits."""
    for subject, book in BOOKS.items():
        names = [name for name, known in book.facts.items() if known.fact.holds == value_list.holds]
        if names:
            tree = AnyOf(tuple(Clause(name, "on_list", list_name=value_list.name) for name in names))
            figures = preview(subject, tree, since=at - PERIOD, until=at, lists_at=at)
            return Reach(subject, figures.judged, figures.hits) if figures else None
    raise LookupError(value_list.holds)
