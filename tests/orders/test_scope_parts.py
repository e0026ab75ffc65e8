"""A scope as data and as an address: the same one again, or a sentence why it is none. Pure: no database."""

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from orders.scopes.parts import (
    MOST_PARTS,
    MOST_VALUES,
    BadScope,
    Operator,
    Part,
    ScopeParts,
    scope_from_address,
    scope_from_data,
)

PAID = Part("status", Operator.IS_ONE_OF, ("paid", "placed"))
NIGHT = Part("placed_at", Operator.BETWEEN, ("2026-01-19T16:00:00+00:00", ""))
RACK = Part("device", Operator.IS_ONE_OF, ("rack 01 & co/=?",))
KNOWN = {"status": Operator.IS_ONE_OF, "placed_at": Operator.BETWEEN, "device": Operator.IS_ONE_OF}
SCOPE = ScopeParts((PAID, NIGHT), (RACK,))


def by_address(scope: ScopeParts) -> ScopeParts:
    query = QueryDict(mutable=True)
    for name, value in scope.address():
        query.appendlist(name, value)
    return scope_from_address(QueryDict(query.urlencode()).lists(), KNOWN)


def test_data_and_address_give_the_same_scope_again() -> None:
    assert scope_from_data(SCOPE.data()) == SCOPE
    assert by_address(SCOPE) == SCOPE


def test_what_is_no_field_in_an_address_is_not_ours() -> None:
    assert scope_from_address(QueryDict("utm=1&status=paid&add=device").lists(), KNOWN) == ScopeParts(
        (Part("status", Operator.IS_ONE_OF, ("paid",)),)
    )


texts = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"], exclude_characters="\x7f"), min_size=1, max_size=40)


@given(st.lists(texts, min_size=1, max_size=5, unique=True))
def test_any_text_survives_the_address(values: list[str]) -> None:
    scope = ScopeParts((Part("device", Operator.IS_ONE_OF, tuple(values)),))
    assert by_address(scope) == scope
    assert scope_from_data(scope.data()) == scope


def row(**changes: object) -> dict[str, object]:
    return {"field": "status", "operator": "is_one_of", "values": ["paid"], **changes}


def data(*rows: object, **changes: object) -> dict[str, object]:
    return {"version": 1, "all_of": list(rows), "left_out": [], **changes}


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (None, "A scope has a version"),
        ([], "A scope has a version"),
        ({"version": 1, "all_of": []}, "A scope has a version"),
        (data(extra=1), "A scope has a version"),
        (data(row(), version=2), "of another version"),
        (data(all_of={"status": "paid"}), "are a list"),
        (data("status"), "has a field, an operator and values"),
        (data(row(more=1)), "has a field, an operator and values"),
        (data(row(field=7)), "names a field"),
        (data(row(operator="is_not")), "names a field"),
        (data(row(values="paid")), "are texts"),
        (data(row(values=[7])), "are texts"),
        (data(row(values=[])), "has no value"),
        (data(row(values=["", ""])), "has no value"),
        (data(row(values=["x" * 201])), "longer than 200"),
        (data(row(values=["a\x00b"])), "cannot be stored"),
        (data(row(values=["a\ud800"])), "cannot be stored"),
        (data(row(values=[str(n) for n in range(MOST_VALUES + 1)])), "load them as a list"),
        (data(row(), row()), "is there twice"),
        (data(*(row(field=f"f{n}") for n in range(MOST_PARTS + 1))), "at most 20 conditions"),
        (data(row(operator="between", values=["a"])), "from one time until another"),
        (data(row(operator="between", values=["a", "b", "c"])), "from one time until another"),
    ],
)
def test_what_is_no_scope_is_refused_with_a_sentence(broken: object, sentence: str) -> None:
    with pytest.raises(BadScope, match=sentence):
        scope_from_data(broken)


def test_adding_to_a_field_takes_both_values_and_another_period_replaces_the_first() -> None:
    more = SCOPE.adding(Part("status", Operator.IS_ONE_OF, ("delivered",)), is_left_out=False)
    assert more.all_of == (NIGHT, Part("status", Operator.IS_ONE_OF, ("paid", "placed", "delivered")))
    day = Part("placed_at", Operator.BETWEEN, ("", "2026-01-20T00:00:00+00:00"))
    assert SCOPE.adding(day, is_left_out=False).all_of == (PAID, day)


def test_taking_a_condition_away_leaves_the_others() -> None:
    assert SCOPE.without(NIGHT, is_left_out=False) == ScopeParts((PAID,), (RACK,))
    assert SCOPE.without(RACK, is_left_out=True) == ScopeParts((PAID, NIGHT))
    assert SCOPE.without(RACK, is_left_out=False) == SCOPE
