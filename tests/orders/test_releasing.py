"""A release undoes a freeze, whole or in part, and nothing else."""

import pytest

from backoffice.lib.errors import InvalidInput
from backoffice.lib.models import Approval, Job
from orders.models import Hold, Release
from orders.services.delivering import deliver_order
from orders.services.freezing import ScopeChanged
from orders.services.holding import release_hold
from orders.signals import hold_released
from tests.orders.factories import (
    HOUR,
    a_done_freeze,
    a_done_release,
    a_hold,
    a_release,
    an_order,
    approved,
    everything,
    orders,
    worked,
)
from tests.orders.rounds import in_chunks_of, sql, trigger_off
from tests.promotions.factories import NOON, the_approver, the_asker

pytestmark = pytest.mark.django_db


def results(act):
    return {result: count for result, count in act.items.all().tally().items() if count}


def test_a_release_ends_the_holds_of_its_freeze_and_says_by_whom_when_and_why():
    found = orders(3)
    freeze = a_done_freeze()
    release = a_done_release(freeze, at=NOON)
    assert results(release) == {"released": 3}
    assert (release.job.status, release.job.done) == ("done", 3)
    assert set(Hold.objects.values_list("released_at", "released_by__username", "release_reason")) == {
        (NOON, the_asker().username, "proceedings closed")
    }
    assert deliver_order(found[0].ref, at=NOON).status == "delivered"


def test_the_second_person_is_asked_for_exactly_this_scope():
    orders(2)
    freeze = a_done_freeze()
    release = a_release(freeze)
    approval = Approval.objects.get(action="orders.release")
    assert approval.target == f"orders.release:{release.pk}"
    assert approval.payload == {
        "release": release.pk,
        "freeze_id": freeze.pk,
        "scope_hash": release.job.scope_hash,
        "count": 2,
        "legal_reference": "PSB-2026-18",
        "scope": {},
        "document": "",
        "worth": {"CNY": "200.00"},
    }


def test_a_release_undoes_exactly_its_own_freeze():
    mine, other = an_order(), an_order()
    a_hold(mine, kind="risk")
    freeze = a_done_freeze(everything().filter(pk=mine.pk))
    a_done_freeze(everything().filter(pk=other.pk), legal_reference="PSB-2026-20")
    a_done_release(freeze)
    assert sorted(Hold.objects.open().values_list("order_id", "kind")) == sorted([(mine.pk, "risk"), (other.pk, "legal")])


def test_a_part_is_released_by_naming_its_holds():
    first, second = orders(2)
    freeze = a_done_freeze()
    release = a_done_release(freeze, holds=Hold.objects.filter(order=first))
    assert release.job.total == 1
    assert list(Hold.objects.open().values_list("order_id", flat=True)) == [second.pk]


def test_holds_that_the_freeze_did_not_place_are_not_in_the_scope_though_they_were_named():
    order = an_order()
    a_hold(order, kind="risk")
    freeze = a_done_freeze()
    release = a_done_release(freeze, holds=Hold.objects.all())
    assert release.job.total == 1
    assert [hold.kind for hold in Hold.objects.open()] == ["risk"]


def test_what_was_released_in_the_meantime_is_skipped_and_keeps_its_own_release():
    orders(2)
    freeze = a_done_freeze(kind="manual", legal_reference="")
    release = approved(a_release(freeze))
    earlier = release_hold(Hold.objects.first(), by=the_approver(), reason="cleared", at=NOON)
    worked(release, at=NOON + HOUR)
    assert results(release) == {"released": 1, "skipped": 1}
    assert release.items.get(result="skipped").detail == "released before"
    earlier.refresh_from_db()
    assert (earlier.released_at, earlier.release_reason) == (NOON, "cleared")


def test_two_releases_of_the_same_holds_release_them_once():
    orders(2)
    freeze = a_done_freeze()
    first, second = approved(a_release(freeze)), approved(a_release(freeze))
    assert results(worked(first)) == {"released": 2}
    assert results(worked(second, at=NOON + HOUR)) == {"skipped": 2}
    assert set(Hold.objects.values_list("released_at", flat=True)) == {NOON}


def test_after_a_release_the_orders_can_be_frozen_again():
    orders(2)
    a_done_release(a_done_freeze())
    assert results(a_done_freeze()) == {"held": 2}


def test_whoever_waits_for_the_orders_is_told_chunk_by_chunk(monkeypatch, django_capture_on_commit_callbacks):
    in_chunks_of(monkeypatch, 2)
    found = orders(3)
    freeze = a_done_freeze()
    heard = []
    hold_released.connect(receiver := lambda order_ids, **_: heard.append(order_ids))
    with django_capture_on_commit_callbacks(execute=True):
        a_done_release(freeze)
    hold_released.disconnect(receiver)
    assert heard == [[found[0].pk, found[1].pk], [found[2].pk]]


def test_a_scope_that_was_edited_after_the_request_is_not_approved():
    orders(2)
    release = a_release(a_done_freeze())
    with trigger_off("orders_releaseitem", "release_scope_keeps_its_items"):
        sql("DELETE FROM orders_releaseitem WHERE id = (SELECT min(id) FROM orders_releaseitem)")
    with pytest.raises(ScopeChanged):
        approved(release)
    assert Hold.objects.open().count() == 2


def test_a_manual_freeze_is_released_without_a_reference():
    an_order()
    assert results(a_done_release(a_done_freeze(kind="manual", legal_reference=""), legal_reference="")) == {"released": 1}


@pytest.mark.parametrize("fields", [{"reason": ""}, {"legal_reference": ""}, {"scope_text": " "}], ids=str)
def test_nonsense_asks_for_nothing(fields):
    an_order()
    freeze = a_done_freeze()
    with pytest.raises(InvalidInput):
        a_release(freeze, **fields)
    assert not Release.objects.exists()
    assert not Job.objects.filter(kind="release").exists()


def test_nothing_to_release_is_refused():
    an_order()
    freeze = a_done_freeze()
    a_done_release(freeze)
    with pytest.raises(InvalidInput, match="Nothing matches"):
        a_release(freeze)
