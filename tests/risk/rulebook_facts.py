"""A small world of facts for tests of the language itself, and rules at random over it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from ipaddress import ip_network
from typing import Any

from hypothesis import strategies as st

from risk.rulebook import All, Clause, Fact, FactType, Node, Not
from risk.rulebook import Any as AnyOf


def a_fact(name: str, kind: FactType, **fields: Any) -> Fact:
    return Fact(name, kind, name.replace("_", " "), "help", "source", "group", **fields)


SCHEMA: Mapping[str, Fact] = {
    fact.name: fact
    for fact in (
        a_fact("amount", FactType.NUMBER, unit="money", holds="amount"),
        a_fact("discount", FactType.NUMBER, unit="money"),
        a_fact("accounts", FactType.NUMBER),
        a_fact("device", FactType.TEXT, holds="device"),
        a_fact("address", FactType.TEXT, holds="network"),
        a_fact("recipient", FactType.TEXT, holds="recipient", is_hashed=True),
        a_fact("channel", FactType.TEXT, choices={"app": "the app", "web": "the web"}),
        a_fact("is_new", FactType.YES_NO),
        a_fact("claimed_at", FactType.MOMENT),
        a_fact("placed_at", FactType.MOMENT),
        a_fact("lists", FactType.TEXTS, holds="coupon_type"),
    )
}
COLUMN_TYPES = {
    FactType.NUMBER: "numeric",
    FactType.TEXT: "text",
    FactType.YES_NO: "boolean",
    FactType.MOMENT: "timestamptz",
    FactType.TEXTS: "text[]",
}
LETTERS = "aAäß券码🎫é\u0301 %_\\'\"{},Z"
NIGHT = datetime(2026, 1, 20, 1, tzinfo=UTC)

numbers = st.one_of(
    st.sampled_from([Decimal(0), Decimal("0.10"), Decimal("0.1"), Decimal(-1), Decimal(5), Decimal("5.00"), Decimal("99.999999")]),
    st.decimals(min_value=-(10**12), max_value=10**12, places=6, allow_nan=False, allow_infinity=False),
)
texts = st.one_of(st.sampled_from(["", "a", "A", "券", "é", "e\u0301", "NULL", "a%"]), st.text(LETTERS, max_size=6))
moments = st.one_of(
    st.sampled_from([NIGHT, NIGHT + timedelta(microseconds=1), NIGHT - timedelta(days=1)]),
    st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
)
VALUES = {
    FactType.NUMBER: numbers,
    FactType.TEXT: texts,
    FactType.YES_NO: st.booleans(),
    FactType.MOMENT: moments,
    FactType.TEXTS: st.lists(texts, max_size=3),
}
addresses = st.sampled_from(["192.0.2.7", "192.0.2.200", "203.0.113.7", "2001:db8:0:7::/64", "no address", ""])
facts = st.fixed_dictionaries(
    {name: st.none() | (addresses if name == "address" else VALUES[fact.type]) for name, fact in SCHEMA.items()}
)


LIST_NAMES = ["empty", "long", "short"]
AROUND_THE_EVENT = [NIGHT + timedelta(minutes=minutes) for minutes in (-90, -1, 0, 1, 90)]


@dataclass(frozen=True)
class Item:
    """A value on a list of a test, as the table has it."""

    list_name: str
    value: str
    begins_at: datetime
    expires_at: datetime | None = None
    ended_at: datetime | None = None

    def is_on(self, at: datetime) -> bool:
        return self.begins_at <= at and all(end is None or end > at for end in (self.expires_at, self.ended_at))

    def names(self, fact: Fact, value: Any) -> bool:
        """Told anew, without SQL: whether it is this value of the fact that the item names."""
        if fact.type == FactType.TEXTS:
            return self.value in value
        if fact.type == FactType.NUMBER:
            return self.value == f"{value.normalize():f}"
        if fact.holds != "network":
            return bool(self.value == value)
        try:
            return ip_network(value).subnet_of(ip_network(self.value))  # type: ignore[arg-type]
        except (ValueError, TypeError):
            return False


def is_on_list(items: list[Item], fact: Fact, list_name: str, value: Any, at: datetime) -> bool | None:
    if value is None:
        return None
    return any(item.list_name == list_name and item.is_on(at) and item.names(fact, value) for item in items)


LISTED_VALUES = ["a", "A", "券", "é", "e\u0301", "5", "0.1", "192.0.2.7/32", "192.0.2.0/24", "2001:db8::/32"]
items = st.lists(
    st.builds(
        Item,
        st.sampled_from(["long", "short"]),
        st.sampled_from(LISTED_VALUES),
        st.sampled_from(AROUND_THE_EVENT),
        st.none() | st.sampled_from(AROUND_THE_EVENT),
        st.none() | st.sampled_from(AROUND_THE_EVENT),
    ),
    max_size=8,
)


@st.composite
def clauses(draw: Any) -> Clause:
    fact = SCHEMA[draw(st.sampled_from(sorted(SCHEMA)))]
    operators = ["known", "missing"]
    if fact.holds and (fact.is_hashed or draw(st.booleans())):
        return Clause(fact.name, draw(st.sampled_from(["on_list", "not_on_list"])), list_name=draw(st.sampled_from(LIST_NAMES)))
    if fact.type == FactType.YES_NO:
        return Clause(fact.name, draw(st.sampled_from([*operators, "yes", "no"])))
    if fact.type == FactType.TEXTS:
        operator = draw(st.sampled_from([*operators, "has_any"]))
        return Clause(fact.name, operator, values=tuple(draw(st.lists(texts, max_size=3)) if operator == "has_any" else ()))
    ordered = ["at_least", "more", "at_most", "less"]
    more = ["equal", "not_equal", "one_of"] + (["starts_with", "contains"] if fact.type == FactType.TEXT else ordered)
    operator = draw(st.sampled_from(operators + more))
    if operator in operators:
        return Clause(fact.name, operator)
    if operator == "one_of":
        return Clause(fact.name, operator, values=tuple(draw(st.lists(VALUES[fact.type], max_size=3))))
    others = [one.name for one in SCHEMA.values() if one.type == fact.type and one.name != fact.name]
    if operator not in ("starts_with", "contains") and draw(st.booleans()):
        return Clause(fact.name, operator, other=draw(st.sampled_from(others)))
    return Clause(fact.name, operator, value=draw(VALUES[fact.type]))


def _groups(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(parts, max_size=4).map(tuple)
    return several.map(All) | several.map(AnyOf) | parts.map(Not)


trees: st.SearchStrategy[Node] = st.recursive(clauses(), _groups, max_leaves=10)
