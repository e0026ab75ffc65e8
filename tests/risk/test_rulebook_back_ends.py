"""Closures and SQL give the same result on every input, on a real PostgreSQL."""

from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from risk.rulebook import All, Clause, Node, Not, compile_tree, condition_of
from risk.rulebook import Any as AnyOf
from tests.risk.rulebook_facts import COLUMN_TYPES, SCHEMA, facts, trees

COLUMNS = {name: f"e.{name}" for name in SCHEMA}
TYPED = ", ".join(f"{name} {COLUMN_TYPES[fact.type]}" for name, fact in SCHEMA.items())


@pytest.fixture(autouse=True)
def events(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE events (place int, {TYPED}) ON COMMIT DROP")


def by_sql(tree: Node, rows: list[dict[str, Any]], columns: Any = COLUMNS) -> list[bool | None]:
    condition = condition_of(tree, columns)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE events")
        for place, row in enumerate(rows):
            cursor.execute(
                f"INSERT INTO events VALUES (%s, {', '.join(['%s'] * len(SCHEMA))})", [place, *(row[name] for name in SCHEMA)]
            )
        cursor.execute(f"SELECT {condition.text} FROM events e ORDER BY place", condition.values)
        return [said for (said,) in cursor.fetchall()]


def by_closures(tree: Node, rows: list[dict[str, Any]]) -> list[bool | None]:
    compiled = compile_tree(tree)
    evaluations = [compiled.evaluate(row) for row in rows]
    assert not [one.error for one in evaluations if one.error]
    return [one.trace[0] for one in evaluations]


def distinct(tree: Node) -> Node:
    """The same tree with every node an object of its own: hypothesis hands out the same one twice."""
    if isinstance(tree, Clause):
        return Clause(tree.fact, tree.operator, tree.value, tree.other, tree.values)
    if isinstance(tree, Not):
        return Not(distinct(tree.part))
    return type(tree)(tuple(distinct(part) for part in tree.parts))


SETTINGS = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SETTINGS
@given(tree=trees, rows=st.lists(facts, min_size=1, max_size=4))
def test_closures_and_sql_say_the_same_of_every_event(tree: Node, rows: list[dict[str, Any]]) -> None:
    tree = distinct(tree)
    assert by_closures(tree, rows) == by_sql(tree, rows)


NOTHING_KNOWN = dict.fromkeys(SCHEMA)
NEW = Clause("is_new", "yes")
DEVICE = Clause("device", "equal", value="a")


@pytest.mark.parametrize(
    ("tree", "known", "said"),
    [
        (All(()), {}, True),
        (AnyOf(()), {}, False),
        (NEW, {}, None),
        (Not(NEW), {}, None),
        (All((NEW, DEVICE)), {"device": "b"}, False),
        (All((NEW, DEVICE)), {"device": "a"}, None),
        (AnyOf((NEW, DEVICE)), {"device": "a"}, True),
        (AnyOf((NEW, DEVICE)), {"device": "b"}, None),
        (Clause("device", "one_of"), {}, None),
        (Clause("device", "one_of"), {"device": ""}, False),
        (Clause("lists", "has_any", values=("grey",)), {"lists": []}, False),
        (Clause("lists", "has_any", values=("grey",)), {}, None),
        (Clause("device", "missing"), {}, True),
        (Clause("device", "known"), {"device": ""}, True),
        (Clause("device", "contains", value="%"), {"device": "ab"}, False),
    ],
)
def test_what_is_missing_makes_unknown_and_never_a_silent_pass(tree: Node, known: dict[str, Any], said: bool | None) -> None:
    row = NOTHING_KNOWN | known
    assert by_closures(tree, [row]) == by_sql(tree, [row]) == [said]


def test_the_comparison_of_the_two_notices_a_back_end_that_takes_a_missing_fact_for_a_miss() -> None:
    careless = {name: f"coalesce(e.{name}, false)" if name == "is_new" else f"e.{name}" for name in SCHEMA}
    assert by_closures(NEW, [NOTHING_KNOWN]) != by_sql(NEW, [NOTHING_KNOWN], careless)
