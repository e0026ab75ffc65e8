"""The books of facts, one for each thing that rules judge, and the statements that read them. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from risk.rulebook import Schema
from risk.rulefacts import claims, orders, velocity
from risk.rulefacts.sources import SqlFact


@dataclass(frozen=True, slots=True)
class Book:
    """All facts of one kind of event, `e`, that happened `at`."""

    subject: str
    source: str
    at: str
    joins: Mapping[str, str]
    facts: Mapping[str, SqlFact]

    @property
    def schema(self) -> Schema:
        return {name: known.fact for name, known in self.facts.items()}

    def columns(self, names: Collection[str]) -> dict[str, str]:
        """The SQL that reads each of these facts, over what `joined` joins."""
        return {name: self.facts[name].expression for name in names}

    def joined(self, names: Collection[str]) -> str:
        """The tables that these facts are read from."""
        wanted = {join for name in names for join in self.facts[name].joins}
        return " ".join([self.source, *(sql for join, sql in self.joins.items() if join in wanted)])


def _book(subject: str, source: str, at: str, joins: Mapping[str, str], found: list[SqlFact]) -> Book:
    facts = {known.fact.name: known for known in found}
    if len(facts) != len(found):
        raise ValueError("two facts have the same name")
    return Book(subject, source, at, joins, facts)


BOOKS: Mapping[str, Book] = {
    "order": _book(
        "order",
        orders.SOURCE,
        orders.AT,
        orders.JOINS,
        [
            *(known for group in orders.GROUPS for known in group.facts),
            *velocity.facts_over(velocity.orders_of_orders(), orders.AT),
            *velocity.facts_over(velocity.claims_of("e", is_own=False), orders.AT),
        ],
    ),
    "claim": _book(
        "claim",
        claims.SOURCE,
        claims.AT,
        claims.JOINS,
        [
            *(known for group in claims.GROUPS for known in group.facts),
            *velocity.facts_over(velocity.claims_of("e", is_own=True), claims.AT),
        ],
    ),
}


def statement_of(book: Book, names: Collection[str], *, where: str, more: Collection[str] = ()) -> str:
    """Reads the facts of the events that `where` names: their id, their time, then a column for each fact in alphabetical order,
    then `more` columns over the tables of these facts.
    """
    columns = ", ".join([*(book.facts[name].expression for name in sorted(names)), *more])
    return f"SELECT e.id, {book.at}{', ' if columns else ''}{columns} FROM {book.joined(names)} WHERE {where} ORDER BY e.id"  # noqa: S608
