"""A change carries who made it, under which request, and why; and only its own reason."""

import pytest
import structlog
from django.http import HttpResponse

from backoffice.lib.audit import HistoryMiddleware, because
from backoffice.lib.models import ApiKey
from tests.lib.keys import a_key, last_metadata, rename
from tests.promotions.factories import the_approver, the_asker
from tests.promotions.rawsql import sql

pytestmark = pytest.mark.django_db


# Who and why


def test_a_change_carries_its_reason_and_its_actor():
    key = a_key()
    with because("lost laptop", user=the_asker().pk):
        rename(key)
    assert last_metadata(key) == {"reason": "lost laptop", "user": the_asker().pk}


@pytest.mark.parametrize(
    "write",
    [
        lambda: ApiKey.objects.update(name="x"),
        lambda: sql("UPDATE lib_apikey SET name = %s", "x"),
        lambda: sql("  update lib_apikey set name = 'x'"),
        lambda: sql("WITH w AS (UPDATE lib_apikey SET name = 'x' RETURNING 1) SELECT count(*) FROM w"),
    ],
)
def test_a_reason_reaches_bulk_statements_and_raw_sql(write):
    key = a_key()
    with because("cleaning up"):
        write()
    assert last_metadata(key) == {"reason": "cleaning up"}


@pytest.mark.parametrize("reason", ["it's O'Brien's; DROP TABLE--", "活动结束", '{"reason": "x"}', "%s %(x)s", "a\nb\t\\", "😀"])
def test_a_reason_is_kept_as_it_was_written(reason):
    key = a_key()
    with because(reason):
        rename(key)
    assert last_metadata(key)["reason"] == reason


def test_an_inner_reason_adds_to_the_outer_one_and_wins():
    key = a_key()
    with because("outer", user=1, job=7), because("inner", user=2):
        rename(key)
    assert last_metadata(key) == {"reason": "inner", "user": 2, "job": 7}


def test_after_the_inner_block_the_outer_reason_holds_again():
    first, second = a_key(), a_key()
    with because("outer", user=1):
        with because("inner", user=2):
            rename(first)
        rename(second)
    assert last_metadata(second) == {"reason": "outer", "user": 1}
    assert last_metadata(first) == {"reason": "inner", "user": 2}


def test_what_was_changed_before_the_inner_block_keeps_its_own_reason():
    first, second = a_key(), a_key()
    with because("outer"):
        rename(first)
        with because("inner"):
            rename(second)
    assert last_metadata(first) == {"reason": "outer"}
    assert last_metadata(second) == {"reason": "inner"}


def test_an_error_in_the_inner_block_gives_the_outer_reason_back():
    key = a_key()
    with because("outer"):
        with pytest.raises(RuntimeError), because("inner"):
            raise RuntimeError
        rename(key)
    assert last_metadata(key) == {"reason": "outer"}


def test_after_the_block_nothing_carries_its_reason():
    first, second = a_key(), a_key()
    with because("a reason"):
        rename(first)
    rename(second)
    assert last_metadata(first) == {"reason": "a reason"}
    assert last_metadata(second) is None


def test_a_reason_that_changed_nothing_leaves_nothing():
    key = a_key()
    with because("looked only"):
        list(ApiKey.objects.all())
    rename(key)
    assert last_metadata(key) is None


# Requests


def answer(rf, act, *, user=None, request_id="7f3a"):
    """What the middleware makes of a POST by this user that does `act`."""
    request = rf.post("/admin/lib/apikey/1/change/")
    request.user = user or the_asker()

    def view(request):
        act()
        return HttpResponse("done")

    with structlog.contextvars.bound_contextvars(**({"request_id": request_id} if request_id else {})):
        return HistoryMiddleware(view)(request)


def test_a_request_leaves_its_user_its_path_and_its_id(rf):
    key = a_key()
    assert answer(rf, lambda: rename(key)).content == b"done"
    assert last_metadata(key) == {"user": the_asker().pk, "url": "/admin/lib/apikey/1/change/", "request_id": "7f3a"}


def test_a_reason_given_in_a_request_joins_what_is_known_of_the_request(rf):
    key = a_key()

    def act():
        with because("lost laptop"):
            rename(key)

    answer(rf, act)
    assert last_metadata(key) == {
        "user": the_asker().pk,
        "url": "/admin/lib/apikey/1/change/",
        "request_id": "7f3a",
        "reason": "lost laptop",
    }


def test_two_things_done_for_two_reasons_in_one_request_keep_them_apart(rf):
    keys = [a_key(), a_key(), a_key()]

    def act():
        for key, reason in zip(keys, ("first", "second"), strict=False):
            with because(reason):
                rename(key)
        rename(keys[2])

    answer(rf, act)
    assert [last_metadata(key).get("reason") for key in keys] == ["first", "second", None]
    assert {last_metadata(key)["request_id"] for key in keys} == {"7f3a"}


def test_a_request_without_an_id_still_names_its_user(rf):
    key = a_key()
    answer(rf, lambda: rename(key), request_id=None)
    assert last_metadata(key) == {"user": the_asker().pk, "url": "/admin/lib/apikey/1/change/"}


def test_the_next_request_knows_nothing_of_the_one_before(rf):
    first, second = a_key(), a_key()
    answer(rf, lambda: rename(first))
    answer(rf, lambda: rename(second), user=the_approver(), request_id="99")
    assert last_metadata(second)["user"] == the_approver().pk
    assert last_metadata(first)["user"] == the_asker().pk
