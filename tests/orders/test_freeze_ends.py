"""What the database itself says of the end of a freeze: every item has a result, and it stays."""

import pytest
from django.db import IntegrityError, transaction

from backoffice.lib.jobs import run_job
from backoffice.lib.models import Job
from orders.models import Hold
from orders.services import scopes
from tests.orders.factories import a_done_freeze, a_done_release, a_freeze, a_release, an_order, approved, orders
from tests.orders.rounds import sql, trigger_off
from tests.promotions.factories import NOON

pytestmark = pytest.mark.django_db

FINISH = "UPDATE lib_job SET status = 'done', done = total WHERE id = %s"


def under_way(act):
    """Its job runs and has done nothing yet."""
    sql("UPDATE lib_job SET status = 'running' WHERE id = %s", act.job_id)
    return act


def refused(name, statement, *params):
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        sql(statement, *params)
    assert caught.value.__cause__.diag.constraint_name == name


def test_a_freeze_is_not_done_while_an_order_has_no_result():
    orders(2)
    freeze = under_way(approved(a_freeze()))
    refused("freeze_ends_complete", FINISH, freeze.job_id)
    assert Job.objects.get(pk=freeze.job_id).status == "running"


def test_a_release_is_not_done_while_a_hold_has_no_result():
    orders(2)
    release = under_way(approved(a_release(a_done_freeze())))
    refused("release_ends_complete", FINISH, release.job_id)


def test_control_without_the_trigger_a_freeze_is_done_that_held_nothing():
    orders(2)
    freeze = under_way(approved(a_freeze()))
    with trigger_off("lib_job", "freeze_ends_complete"):
        sql(FINISH, freeze.job_id)
    assert Job.objects.get(pk=freeze.job_id).status == "done"
    assert not Hold.objects.exists()


def test_a_job_that_counts_a_failure_that_no_item_has_is_not_done():
    an_order()
    freeze = under_way(approved(a_freeze()))
    sql("UPDATE orders_freezeitem SET result = 'skipped'")
    refused(
        "freeze_ends_complete", "UPDATE lib_job SET status = 'done', done = total, failed_items = 1 WHERE id = %s", freeze.job_id
    )


def test_a_worker_that_leaves_an_item_out_does_not_finish(monkeypatch):
    """A settling that does half of its part: the job fails instead of telling that all is held."""
    orders(4)
    freeze = approved(a_freeze())
    whole = scopes._settle_or_halve
    monkeypatch.setattr(scopes, "_settle_or_halve", lambda scope, owner, items, settle: whole(scope, owner, items[:2], settle))
    with pytest.raises(IntegrityError, match="every item of the scope has a result"):
        run_job(freeze.job_id, now=lambda: NOON)
    assert Job.objects.get(pk=freeze.job_id).status == "failed"


@pytest.mark.parametrize("change", ["result = 'pending'", "result = 'skipped'", "detail = 'otherwise'"])
def test_what_became_of_an_item_stays_written(change):
    an_order()
    freeze = a_done_freeze()
    refused("freeze_item_result_comes_once", f"UPDATE orders_freezeitem SET {change}")
    a_done_release(freeze)
    refused("release_item_result_comes_once", f"UPDATE orders_releaseitem SET {change}")
    assert [item.result for item in freeze.items.all()] == ["held"]


def test_control_without_the_trigger_a_result_is_told_otherwise():
    an_order()
    freeze = a_done_freeze()
    with trigger_off("orders_freezeitem", "freeze_item_result_comes_once"):
        sql("UPDATE orders_freezeitem SET result = 'skipped'")
    assert freeze.items.get().result == "skipped"
