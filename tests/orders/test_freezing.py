"""A freeze holds exactly what was in its scope when it was asked for, and says of each order what became of it."""

import hashlib

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backoffice.lib.errors import InvalidInput
from backoffice.lib.models import Approval, Job
from orders.models import Freeze, FreezeItem, Hold, Order
from orders.services import scopes
from orders.services.cancelling import cancel_order
from orders.services.delivering import deliver_order
from orders.services.freezing import request_freeze
from tests.orders.factories import (
    HOUR,
    a_done_freeze,
    a_freeze,
    a_hold,
    an_order,
    approved,
    everything,
    orders,
    worked,
)
from tests.orders.rounds import in_chunks_of, sql
from tests.promotions.factories import NOON, the_asker

pytestmark = pytest.mark.django_db


def results(act):
    return {result: count for result, count in act.items.all().tally().items() if count}


def python_hash(ids):
    return hashlib.sha256(",".join(str(pk) for pk in sorted(ids)).encode()).hexdigest()


def test_a_request_holds_nothing_yet():
    orders(2)
    freeze = a_freeze()
    assert not Hold.objects.exists()
    assert freeze.job.status == "requested"
    assert results(freeze) == {"pending": 2}


def test_a_request_fixes_counts_and_hashes_its_scope():
    ids = [order.pk for order in orders(12)]
    freeze = a_freeze()
    assert (freeze.job.total, freeze.job.scope_hash) == (12, python_hash(ids))


def test_the_hash_sorts_ids_as_numbers_not_as_text():
    sql("SELECT setval('orders_order_id_seq', 998)")
    ids = [order.pk for order in orders(3)]
    assert ids == [999, 1000, 1001]
    assert a_freeze().job.scope_hash == python_hash(ids)


def test_the_second_person_is_asked_for_exactly_this_scope():
    orders(2)
    freeze = a_freeze()
    approval = Approval.objects.get()
    assert freeze.job.approval == approval
    assert (approval.action, approval.target) == ("orders.freeze", f"orders.freeze:{freeze.pk}")
    assert approval.payload == {
        "freeze": freeze.pk,
        "scope_hash": freeze.job.scope_hash,
        "count": 2,
        "kind": "legal",
        "legal_reference": "PSB-2026-17",
        "authority": "Public security bureau",
        "valid_until": "",
        "scope": {},
        "document": "",
        "worth": {"CNY": "200.00"},
    }
    assert "all flagged orders of the night" in approval.summary


def test_an_approved_freeze_holds_every_order_of_its_scope():
    found = orders(3)
    freeze = a_done_freeze(reason="property preservation")
    holds = Hold.objects.order_by("order_id")
    assert [hold.order for hold in holds] == found
    assert {(hold.kind, hold.freeze, hold.placed_by, hold.placed_at) for hold in holds} == {("legal", freeze, the_asker(), NOON)}
    assert {hold.reason for hold in holds} == {"property preservation"}
    assert results(freeze) == {"held": 3}
    assert (freeze.job.status, freeze.job.done, freeze.job.failed_items) == ("done", 3, 0)


def test_a_freeze_holds_nothing_outside_its_scope():
    inside, outside = an_order(), an_order()
    a_done_freeze(everything().filter(pk=inside.pk))
    assert [hold.order for hold in Hold.objects.all()] == [inside]
    assert deliver_order(outside.ref, at=NOON).status == "delivered"


def test_what_matches_after_the_request_is_not_in_the_scope():
    early = an_order()
    freeze = a_freeze()
    an_order()
    worked(approved(freeze))
    assert [hold.order for hold in Hold.objects.all()] == [early]


def test_a_scope_may_be_a_filter_over_joins_an_ordered_list_or_a_page_of_one():
    found = orders(3)
    twice = everything().filter(lines__amount__gt=0).filter(lines__sku="tea").order_by("-placed_at")
    assert a_freeze(twice).job.total == 3
    assert a_freeze(Order.objects.for_admin_list().order_by("pk")[:2]).job.scope_hash == python_hash([o.pk for o in found[:2]])
    assert a_freeze(everything().filter(pk=found[0].pk) | everything().filter(pk=found[2].pk)).job.total == 2


def test_what_cannot_be_held_is_skipped_and_says_why():
    free, delivered, cancelled, held = orders(4)
    deliver_order(delivered.ref, at=NOON)
    cancel_order(cancelled.ref, cancelled_by="customer", reason="", at=NOON)
    a_done_freeze(everything().filter(pk=held.pk))
    freeze = a_done_freeze()
    assert dict(freeze.items.values_list("order_id", "detail")) == {
        free.pk: "",
        delivered.pk: "delivered before the freeze",
        cancelled.pk: "cancelled before the freeze",
        held.pk: "already held",
    }
    assert results(freeze) == {"held": 1, "skipped": 3}
    assert Hold.objects.filter(order=held).count() == 1


def test_a_hold_of_another_kind_is_no_reason_to_skip():
    order = an_order()
    a_hold(order, kind="risk")
    assert results(a_done_freeze()) == {"held": 1}
    assert order.holds.open().count() == 2


def test_an_order_delivered_between_request_and_run_is_skipped():
    order = an_order()
    freeze = approved(a_freeze())
    deliver_order(order.ref, at=NOON)
    assert results(worked(freeze)) == {"skipped": 1}


def test_one_order_that_the_database_refuses_fails_alone():
    found = orders(7)
    sql(f"ALTER TABLE orders_hold ADD CONSTRAINT cursed CHECK (order_id <> {found[4].pk})")
    freeze = a_done_freeze()
    assert results(freeze) == {"held": 6, "failed": 1}
    assert (freeze.job.status, freeze.job.done, freeze.job.failed_items) == ("done", 7, 1)
    failed = freeze.items.get(result="failed")
    assert failed.order == found[4]
    assert "cursed" in failed.detail


def test_it_is_worked_in_chunks_that_commit_their_progress(monkeypatch):
    in_chunks_of(monkeypatch, 3)
    orders(8)
    seen = []
    monkeypatch.setattr(scopes, "_settle_or_halve", watched(scopes._settle_or_halve, seen))
    freeze = a_done_freeze()
    assert seen == [3, 3, 2]
    assert results(freeze) == {"held": 8}


def watched(function, seen):
    def watch(scope, owner, subjects, settle):
        seen.append(len(subjects))
        return function(scope, owner, subjects, settle)

    return watch


def test_a_scope_that_fills_its_last_chunk_ends_too(monkeypatch):
    in_chunks_of(monkeypatch, 3)
    orders(6)
    freeze = a_done_freeze()
    assert (freeze.job.status, results(freeze)) == ("done", {"held": 6})


def test_a_chunk_costs_the_same_number_of_statements_however_large_it_is():
    counts = []
    for size in (2, 10):
        orders(size)
        freeze = approved(a_freeze(Order.objects.free_to_ship()))
        with CaptureQueriesContext(connection) as captured:
            worked(freeze)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_a_manual_freeze_needs_no_legal_reference():
    an_order()
    freeze = a_done_freeze(kind="manual", legal_reference="", authority="")
    assert Hold.objects.get().kind == "manual"
    assert freeze.legal_reference == ""


NONSENSE = {
    "no reason": {"reason": ""},
    "a legal one without a reference": {"legal_reference": " "},
    "no scope in words": {"scope_text": ""},
    "a kind that is not for freezes": {"kind": "cooling"},
    "an unknown kind": {"kind": "lunar"},
    "a NUL byte": {"authority": "a\x00"},
    "a long reference": {"legal_reference": "r" * 201},
}


@pytest.mark.parametrize("fields", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_asks_for_nothing(fields):
    an_order()
    with pytest.raises(InvalidInput):
        a_freeze(**fields)
    for model in (Freeze, FreezeItem, Job):
        assert not model.objects.exists()


@pytest.mark.parametrize("scope", [lambda: everything().none(), lambda: everything().filter(ref="nope")], ids=["none", "no match"])
def test_an_empty_scope_is_refused(scope):
    an_order()
    with pytest.raises(InvalidInput, match="Nothing matches"):
        a_freeze(scope())
    assert not Job.objects.exists()


def test_every_hold_of_a_freeze_is_in_the_history_with_job_and_reason():
    orders(3)
    freeze = a_done_freeze()
    contexts = [event.pgh_context.metadata for hold in Hold.objects.all() for event in hold.events.all()]
    assert [(context["reason"], context["job"]) for context in contexts] == [("property preservation", freeze.job_id)] * 3


def test_the_time_of_the_request_and_of_the_run_are_kept_apart():
    an_order()
    freeze = request_freeze(
        everything(),
        kind="manual",
        legal_reference="",
        authority="",
        scope_text="all",
        reason="rehearsal",
        by=the_asker(),
        at=NOON,
    )
    worked(approved(freeze, at=NOON + HOUR), at=NOON + 2 * HOUR)
    assert freeze.job.requested_at == NOON
    assert Hold.objects.get().placed_at == NOON + 2 * HOUR
