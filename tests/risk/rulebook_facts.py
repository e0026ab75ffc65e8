"""A small world of facts for tests of the language itself, and rules at random over it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from risk.rulebook import All, Clause, Fact, FactType, Node, Not
from risk.rulebook import Any as AnyOf


def a_fact(name: str, kind: FactType, **fields: Any) -> Fact:
    return Fact(name, kind, name.replace("_", " "), "help", "source", "group", **fields)


SCHEMA: Mapping[str, Fact] = {
    fact.name: fact
    for fact in (
        a_fact("amount", FactType.NUMBER, unit="money"),
        a_fact("discount", FactType.NUMBER, unit="money"),
        a_fact("accounts", FactType.NUMBER),
        a_fact("device", FactType.TEXT),
        a_fact("channel", FactType.TEXT, choices={"app": "the app", "web": "the web"}),
        a_fact("is_new", FactType.YES_NO),
        a_fact("claimed_at", FactType.MOMENT),
        a_fact("placed_at", FactType.MOMENT),
        a_fact("lists", FactType.TEXTS),
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
facts = st.fixed_dictionaries({name: st.none() | VALUES[fact.type] for name, fact in SCHEMA.items()})


@st.composite
def clauses(draw: Any) -> Clause:
    fact = SCHEMA[draw(st.sampled_from(sorted(SCHEMA)))]
    operators = ["known", "missing"]
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
