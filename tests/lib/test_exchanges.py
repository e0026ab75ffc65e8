"""What is undone is undone in every respect."""

import pytest
from django.db import transaction

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
