"""Closures and SQL give the same result on every input, on a real PostgreSQL."""

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from risk.rulebook import All, Clause, Node, Not, compile_tree, condition_of, memberships_of
from risk.rulebook import Any as AnyOf
from risk.rulefacts import listed, look_ups
from tests.risk.rulebook_facts import AROUND_THE_EVENT, COLUMN_TYPES, NIGHT, SCHEMA, Item, facts, is_on_list, items, trees

COLUMNS = {name: f"e.{name}" for name in SCHEMA}
TYPED = ", ".join(f"{name} {COLUMN_TYPES[fact.type]}" for name, fact in SCHEMA.items())
LISTS = "CREATE TEMPORARY TABLE risk_valuelist (id int, name text) ON COMMIT DROP"
ITEMS = """CREATE TEMPORARY TABLE risk_valuelistitem (id serial, value_list_id int, value text, created_at timestamptz,
    expires_at timestamptz, ended_at timestamptz) ON COMMIT DROP"""


@pytest.fixture(autouse=True)
def events(db: None) -> None:
    """Temporary tables come before the real ones of the same name: constraints have tests of their own."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE events (place int, at timestamptz, {TYPED}) ON COMMIT DROP")
        cursor.execute(LISTS)
        cursor.execute("INSERT INTO risk_valuelist VALUES (1, 'long'), (2, 'short'), (3, 'empty')")
        cursor.execute(ITEMS)


def by_sql(tree: Node, rows: list[dict[str, Any]], columns: Any = COLUMNS, on: Any = (), at: datetime = NIGHT) -> list[bool | None]:
    asked = look_ups(memberships_of(tree), SCHEMA, columns, at="e.at")
    condition = condition_of(tree, columns | asked.columns)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE events")
        cursor.execute("TRUNCATE risk_valuelistitem")
        for item in on:
            cursor.execute(
                "INSERT INTO risk_valuelistitem (value_list_id, value, created_at, expires_at, ended_at)"
                " SELECT id, %s, %s, %s, %s FROM risk_valuelist WHERE name = %s",
                [item.value, item.begins_at, item.expires_at, item.ended_at, item.list_name],
            )
        for place, row in enumerate(rows):
            cursor.execute(
                f"INSERT INTO events VALUES (%s, %s, {', '.join(['%s'] * len(SCHEMA))})",
                [place, at, *(row[name] for name in SCHEMA)],
            )
        cursor.execute(f"SELECT {condition.text} FROM events e ORDER BY place", condition.values | asked.values)
        return [said for (said,) in cursor.fetchall()]


def by_closures(tree: Node, rows: list[dict[str, Any]], on: Any = (), at: datetime = NIGHT) -> list[bool | None]:
    compiled, asked = compile_tree(tree), memberships_of(tree)
    found = [{one.key: is_on_list(on, SCHEMA[one.fact], one.list_name, row[one.fact], at) for one in asked} | row for row in rows]
    evaluations = [compiled.evaluate(row) for row in found]
    assert not [one.error for one in evaluations if one.error]
    return [one.trace[0] for one in evaluations]


def distinct(tree: Node) -> Node:
    """The same tree with every node an object of its own: hypothesis hands out the same one twice."""
    if isinstance(tree, Clause):
        return Clause(tree.fact, tree.operator, tree.value, tree.other, tree.values, tree.list_name)
    if isinstance(tree, Not):
        return Not(distinct(tree.part))
    return type(tree)(tuple(distinct(part) for part in tree.parts))


SETTINGS = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SETTINGS
@given(tree=trees, rows=st.lists(facts, min_size=1, max_size=4), on=items, at=st.sampled_from(AROUND_THE_EVENT))
def test_closures_and_sql_say_the_same_of_every_event(tree: Node, rows: list[dict[str, Any]], on: list[Item], at: datetime) -> None:
    tree = distinct(tree)
    assert by_closures(tree, rows, on, at) == by_sql(tree, rows, on=on, at=at)


NOTHING_KNOWN = dict.fromkeys(SCHEMA)
NEW = Clause("is_new", "yes")
DEVICE = Clause("device", "equal", value="a")


def on_list(fact: str, list_name: str = "long") -> Clause:
    return Clause(fact, "on_list", list_name=list_name)


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
        (on_list("device", "empty"), {}, None),
        (on_list("device", "empty"), {"device": "a"}, False),
        (Clause("device", "not_on_list", list_name="empty"), {}, None),
        (Clause("device", "not_on_list", list_name="empty"), {"device": "a"}, True),
        (on_list("lists", "empty"), {"lists": []}, False),
    ],
)
def test_what_is_missing_makes_unknown_and_never_a_silent_pass(tree: Node, known: dict[str, Any], said: bool | None) -> None:
    row = NOTHING_KNOWN | known
    assert by_closures(tree, [row]) == by_sql(tree, [row]) == [said]


BEFORE, NOW, LATER = AROUND_THE_EVENT[1:4]


@pytest.mark.parametrize(
    ("fact", "value", "item", "said"),
    [
        ("device", "a", Item("long", "a", NOW), True),
        ("device", "A", Item("long", "a", NOW), False),
        ("device", "a", Item("short", "a", NOW), False),
        ("device", "a", Item("long", "a", LATER), False),
        ("device", "a", Item("long", "a", BEFORE, expires_at=NOW), False),
        ("device", "a", Item("long", "a", BEFORE, ended_at=NOW), False),
        ("device", "a", Item("long", "a", BEFORE, expires_at=LATER, ended_at=LATER), True),
        ("lists", ["b", "a"], Item("long", "a", NOW), True),
        ("amount", 5, Item("long", "5", NOW), True),
        ("address", "192.0.2.7", Item("long", "192.0.2.7/32", NOW), True),
        ("address", "192.0.2.7", Item("long", "192.0.0.0/16", NOW), True),
        ("address", "192.0.2.7", Item("long", "192.0.3.0/24", NOW), False),
        ("address", "2001:db8::/64", Item("long", "2001:db8::/32", NOW), True),
        ("address", "no address", Item("long", "192.0.2.0/24", NOW), False),
    ],
)
def test_a_value_is_on_a_list_from_when_it_was_put_there_until_it_ends(fact: str, value: Any, item: Item, said: bool) -> None:
    assert by_sql(on_list(fact), [NOTHING_KNOWN | {fact: value}], on=[item]) == [said]


def test_the_comparison_of_the_two_notices_a_back_end_that_takes_a_missing_fact_for_a_miss() -> None:
    careless = {name: f"coalesce(e.{name}, false)" if name == "is_new" else f"e.{name}" for name in SCHEMA}
    assert by_closures(NEW, [NOTHING_KNOWN]) != by_sql(NEW, [NOTHING_KNOWN], careless)


@pytest.mark.parametrize("forgotten", ["x.created_at <= {at}", "x.expires_at > {at}", "x.ended_at > {at}"])
def test_the_comparison_of_the_two_notices_a_list_that_is_asked_as_of_another_time(
    forgotten: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listed, "IN_FORCE", listed.IN_FORCE.replace(forgotten, "true"))
    seen = [Item("long", "a", LATER), Item("long", "a", BEFORE, expires_at=NOW), Item("long", "a", BEFORE, ended_at=NOW)]
    row = NOTHING_KNOWN | {"device": "a"}
    assert by_closures(on_list("device"), [row], seen) != by_sql(on_list("device"), [row], on=seen)
