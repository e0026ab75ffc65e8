"""What is undone is undone in every respect."""

import pytest
from django.db import DataError, transaction

from backoffice.lib import exchanges


class Refused(Exception):
    pass


def refuse(heard):
    with exchanges.undoable(Refused):
        transaction.on_commit(lambda: heard.append("undone"))
        raise Refused


@pytest.mark.django_db
def test_whoever_waits_for_the_commit_does_not_hear_of_what_was_undone(django_capture_on_commit_callbacks):
    heard = []
    with django_capture_on_commit_callbacks(execute=True), exchanges.gathered():
        transaction.on_commit(lambda: heard.append("before"))
        with pytest.raises(Refused):
            refuse(heard)
        with exchanges.undoable(Refused):
            transaction.on_commit(lambda: heard.append("done"))
    assert heard == ["before", "done"]


@pytest.mark.django_db
def test_all_rows_of_an_answer_are_given_and_of_none_none():
    with exchanges.gathered():
        exchanges.queue("SELECT 1")
        assert exchanges.ask_rows("SELECT n FROM generate_series(1, %(last)s::int) AS n", {"last": 3}) == [(1,), (2,), (3,)]
        assert exchanges.ask_rows("SELECT 1 WHERE %(never)s::boolean", {"never": False}) == []
        assert exchanges.ask("SELECT 1 WHERE %(never)s::boolean", {"never": False}) is None


class Heard(Exception):
    pass


def tell(_row):
    raise Heard


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("asked_before", [0, 1])
def test_what_stands_before_an_error_is_looked_at_first(asked_before):
    with pytest.raises(Heard):
        look_and_divide_by_zero(asked_before)


@transaction.atomic
def look_and_divide_by_zero(asked_before):
    with exchanges.gathered():
        for number in range(asked_before):
            exchanges.ask("SELECT %(n)s::int", {"n": number})
        exchanges.queue("SELECT 1", look=tell)
        exchanges.ask("SELECT 1 / %(n)s::int", {"n": 0})


@pytest.mark.django_db(transaction=True)
def test_an_error_alone_is_djangos():
    with pytest.raises(DataError), transaction.atomic(), exchanges.gathered():
        exchanges.ask("SELECT 1 / %(n)s::int", {"n": 0})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "items"),
    [
        ("text[]", ["plain", "", "NULL", "null", 'a "quoted" one', "back\\slash\\", "{braces}", "a,b", " blank ", "新年", "'"]),
        ("text[]", []),
        ("bigint[]", [0, -1, 2**62]),
        ("text[]", ["some", None]),
        ("boolean[]", [True, False]),
    ],
)
def test_a_list_arrives_as_it_was_sent(kind, items):
    with exchanges.gathered():
        assert exchanges.ask(f"SELECT %(items)s::{kind}, cardinality(%(items)s::{kind})", {"items": items}) == (items, len(items))
