"""What is wrong with a rule is told in words, and where; what is right comes back as it was written."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings

from risk.admin.rule_building import apply, empty, part_of, place_problems, read
from risk.models import RuleRun
from risk.rulebook import KnownList, RuleNotUnderstood, check, compile_tree, parse, to_json
from risk.rulefacts import BOOKS
from risk.services.forgetting import KEPT, forget_runs
from risk.wording import lines_of
from tests.promotions.factories import NOON
from tests.risk.factories import a_top_up_order
from tests.risk.rulebook_facts import SCHEMA, trees

LISTS = {
    "racks": KnownList("racks", "device"),
    "stadiums": KnownList("stadiums", "network"),
    "old-racks": KnownList("old-racks", "device", is_retired=True),
}
AMOUNT = {"fact": "amount", "is": "at_least", "value": "5"}


@pytest.mark.parametrize(
    ("said", "path", "words"),
    [
        ({"all": []}, "0", "has no conditions"),
        ({"all": [AMOUNT, {"any": [{"fact": "colour", "is": "equal", "value": "red"}]}]}, "0.1.0", "no fact called “colour”"),
        ({"not": {"fact": "amount", "is": "contains", "value": "5"}}, "0.0", "cannot be compared in this way"),
        ({"fact": "amount", "is": "at_least"}, "0", "Say what “amount” is compared with"),
        ({"fact": "amount", "is": "at_least", "value": "five"}, "0", "is a number"),
        ({"fact": "amount", "is": "at_least", "value": "NaN"}, "0", "is a number"),
        ({"fact": "amount", "is": "at_least", "value": "1" * 30}, "0", "too many digits"),
        ({"fact": "amount", "is": "at_least", "value": True}, "0", "Write the value"),
        ({"fact": "claimed_at", "is": "less", "value": "2026-01-20T09:00"}, "0", "with its zone"),
        ({"fact": "channel", "is": "equal", "value": "fax"}, "0", "no value that “channel” can have"),
        ({"fact": "device", "is": "equal", "value": "a\x00b"}, "0", "on one line"),
        ({"fact": "device", "is": "one_of", "values": []}, "0", "at least one value"),
        ({"fact": "amount", "is": "more", "other": "accounts"}, "0", "same kind and unit"),
        ({"fact": "is_new", "is": "yes", "value": "yes"}, "0", "Say what"),
        ("rule", "0", "neither a condition nor a group"),
        ({"all": [AMOUNT], "any": [AMOUNT]}, "0", "neither a condition nor a group"),
        ({"all": [AMOUNT] * 101}, "0.99", "too big"),
        ({"fact": "device", "is": "on_list"}, "0", "Choose a value list for “device”"),
        ({"fact": "device", "is": "on_list", "list": ""}, "0", "Choose a value list"),
        ({"fact": "device", "is": "on_list", "list": ["racks"]}, "0", "Choose a value list"),
        ({"fact": "device", "is": "on_list", "list": "racks", "value": "a"}, "0", "Choose a value list"),
        ({"any": [AMOUNT, {"fact": "device", "is": "on_list", "list": "lost"}]}, "0.1", "no value list called “lost”"),
        ({"fact": "device", "is": "not_on_list", "list": "stadiums"}, "0", "“stadiums” holds another sort of value than “device”"),
        ({"fact": "device", "is": "on_list", "list": "old-racks"}, "0", "“old-racks” is retired"),
        ({"fact": "claimed_at", "is": "on_list", "list": "racks"}, "0", "cannot be compared in this way"),
        ({"fact": "recipient", "is": "equal", "value": "1"}, "0", "cannot be compared in this way"),
    ],
)
def test_a_rule_that_cannot_be_understood_says_what_and_where(said: Any, path: str, words: str) -> None:
    (problem,) = check(said, SCHEMA, LISTS)
    assert problem.path == path
    assert words in str(problem)


def test_a_list_that_fits_is_understood_and_of_a_rule_that_is_written_none_is_looked_up() -> None:
    said = {"fact": "device", "is": "on_list", "list": "racks"}
    assert to_json(parse(said, SCHEMA, LISTS)) == said
    assert to_json(parse({**said, "list": "lost"}, SCHEMA)) == {**said, "list": "lost"}


def test_the_form_offers_only_lists_that_fit_and_keeps_the_one_chosen() -> None:
    data = QueryDict("t.0.kind=all&t.0.size=1&t.0.0.kind=clause&t.0.0.fact=device&t.0.0.is=on_list&t.0.0.list=racks")
    (part,) = read(data, SCHEMA, LISTS).parts
    assert (part.fitting_lists, part.asks_value) == ([("racks", True)], False)
    said = {"all": [{"fact": "device", "is": "on_list", "list": "racks"}]}
    assert part_of(parse(said, SCHEMA, LISTS), SCHEMA, LISTS).said() == said


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(RuleNotUnderstood) as refused:
        parse({"all": [{"fact": "colour", "is": "yes"}, {"any": []}, AMOUNT]}, SCHEMA)
    assert [problem.path for problem in refused.value.problems] == ["0.0", "0.1"]


def understood(tree: Any) -> Any:
    try:
        return parse(to_json(tree), SCHEMA)
    except RuleNotUnderstood:
        return None


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tree=trees)
def test_what_is_understood_comes_back_as_it_was_written(tree: Any) -> None:
    node = understood(tree)
    if node is not None:
        assert parse(to_json(node), SCHEMA) == node
        assert compile_tree(node).size == len(compile_tree(node).evaluate(dict.fromkeys(SCHEMA)).trace)


def test_a_rule_is_put_together_by_buttons_alone() -> None:
    schema = BOOKS["order"].schema
    root = apply(apply(empty(schema), "group:0"), "add:0.1")
    assert [part.path for part in root.parts[1].parts] == ["0.1.0", "0.1.1"]
    root = apply(root, "remove:0.1.0")
    assert [part.path for part in root.parts[1].parts] == ["0.1.0"]
    assert apply(root, "remove:0") is root


def test_what_is_sent_becomes_the_tree_that_it_says() -> None:
    data = QueryDict(
        "t.0.kind=none&t.0.size=2"
        "&t.0.0.kind=clause&t.0.0.fact=orders.count.device&t.0.0.window=1h&t.0.0.is=at_least&t.0.0.value=3"
        "&t.0.1.kind=clause&t.0.1.fact=lists.device&t.0.1.is=has_any&t.0.1.value=grey&t.0.1.value=block"
    )
    root = read(data, BOOKS["order"].schema)
    said = {
        "not": {
            "any": [
                {"fact": "orders.count.device.1h", "is": "at_least", "value": "3"},
                {"fact": "lists.device", "is": "has_any", "values": ["grey", "block"]},
            ]
        }
    }
    assert root.said() == said
    tree = parse(said, BOOKS["order"].schema)
    assert part_of(tree, BOOKS["order"].schema).said() == said


@pytest.mark.parametrize("typed", ["TV-100,NY-5", "TV-100，NY-5", "TV-100、 NY-5", "TV-100\nNY-5"])
def test_values_are_told_apart_by_the_commas_of_any_keyboard(typed: str) -> None:
    data = QueryDict(mutable=True)
    clause = {"fact": "coupon.types", "is": "has_any", "value": typed}
    data.update(
        {"t.0.kind": "any", "t.0.size": "1", "t.0.0.kind": "clause"} | {f"t.0.0.{name}": said for name, said in clause.items()}
    )
    assert read(data, BOOKS["order"].schema).parts[0].values == ["TV-100", "NY-5"]


def test_a_problem_stands_beside_the_condition_it_is_about() -> None:
    root = read(QueryDict("t.0.kind=none&t.0.size=1&t.0.0.kind=clause"), BOOKS["order"].schema)
    homeless = place_problems(root, check(root.said(), BOOKS["order"].schema))
    assert homeless == []
    assert len(root.parts[0].problems) == 1


def test_a_deep_or_wide_form_is_read_without_end_to_it() -> None:
    data = QueryDict("t.0.kind=all&t.0.size=99999999")
    assert len(read(data, BOOKS["order"].schema).parts) == 100


def test_a_rule_reads_as_sentences_with_what_each_part_said() -> None:
    tree = parse({"all": [AMOUNT, {"not": {"any": [{"fact": "is_new", "is": "yes"}]}}]}, SCHEMA)
    trace = compile_tree(tree).evaluate(dict.fromkeys(SCHEMA) | {"amount": 7, "is_new": None}).trace
    assert [(line.depth, str(line.text), line.mark) for line in lines_of(tree, SCHEMA, trace)] == [
        (0, "all of these hold", "?"),
        (1, "amount (money) is at least 5", "✓"),
        (1, "none of these holds", "?"),
        (2, "it is so: is new", "?"),
    ]


@pytest.mark.django_db
def test_runs_are_forgotten_after_their_time_and_not_before() -> None:
    order = a_top_up_order()
    for at in (NOON - KEPT - timedelta(seconds=1), NOON - KEPT + timedelta(seconds=1)):
        RuleRun.objects.create(order=order, at=at, versions=[1], results=["miss"], nanoseconds=[1])
    assert forget_runs(NOON) == 1
    assert RuleRun.objects.count() == 1
