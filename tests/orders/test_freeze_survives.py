"""A freeze survives whatever happens to who works it: each order is held exactly once."""

import threading
from datetime import timedelta

import pytest
from django.db import transaction

from backoffice.lib.jobs import LEASE, job_queued, queue_job, requeue_stale_jobs, run_job
from backoffice.lib.models import Job
from orders.models import Hold, Order
from orders.services import scopes
from orders.services.delivering import OrderHeld, deliver_order
from orders.services.holding import place_hold, release_hold
from tests.orders.factories import a_done_freeze, a_freeze, a_release, an_order, approved, orders, worked
from tests.orders.rounds import in_chunks_of, in_threads
from tests.promotions.factories import NOON, the_asker
from tests.race.waiting import somebody_waits, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]

LATER = NOON + LEASE + timedelta(seconds=1)


class Killed(BaseException):
    """Nothing catches it, as nothing catches kill -9."""


class Stumbled(Exception):
    """A fault of the work itself."""


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    in_chunks_of(monkeypatch, 3)


def dies_in_chunk(monkeypatch, number, *, before_the_work=False, error=Killed):
    """The worker dies in its chunk of this number, before or after its statements, and always before its commit."""
    work, seen = scopes._settle_or_halve, []

    def dying(*arguments):
        seen.append(1)
        if len(seen) == number and before_the_work:
            raise error
        answer = work(*arguments)
        if len(seen) == number:
            raise error
        return answer

    monkeypatch.setattr(scopes, "_settle_or_halve", dying)


def each_is_held_once(freeze, count):
    tally = freeze.items.all().tally()
    assert tally["held"] == count
    assert sum(tally.values()) == count
    assert Hold.objects.count() == Order.objects.held().count() == count
    assert sum(hold.events.count() for hold in Hold.objects.all()) == count
    job = Job.objects.get(pk=freeze.job_id)
    assert (job.status, job.done, job.failed_items) == ("done", count, 0)


@pytest.mark.parametrize("before_the_work", [True, False], ids=["before the work", "before the commit"])
@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_a_worker_that_dies_anywhere_is_followed_by_another(monkeypatch, chunk, before_the_work):
    orders(8)
    freeze = approved(a_freeze())
    with monkeypatch.context() as patch:
        dies_in_chunk(patch, chunk, before_the_work=before_the_work)
        with pytest.raises(Killed):
            run_job(freeze.job_id, now=lambda: NOON)
    assert Hold.objects.count() == (chunk - 1) * 3
    assert Job.objects.get(pk=freeze.job_id).done == (chunk - 1) * 3
    assert run_job(freeze.job_id, now=lambda: LATER)
    each_is_held_once(freeze, 8)


def test_nobody_takes_over_while_the_lease_runs(monkeypatch):
    orders(4)
    freeze = approved(a_freeze())
    with monkeypatch.context() as patch:
        dies_in_chunk(patch, 2)
        with pytest.raises(Killed):
            run_job(freeze.job_id, now=lambda: NOON)
    assert not run_job(freeze.job_id, now=lambda: NOON + LEASE / 2)
    assert Hold.objects.count() == 3


def test_the_sweep_finds_a_job_whose_worker_died(monkeypatch):
    orders(4)
    freeze = approved(a_freeze())
    with monkeypatch.context() as patch:
        dies_in_chunk(patch, 1)
        with pytest.raises(Killed):
            run_job(freeze.job_id, now=lambda: NOON)
    woken = []
    job_queued.connect(receiver := lambda job_id, **_: woken.append(job_id))
    requeue_stale_jobs(LATER)
    job_queued.disconnect(receiver)
    assert woken == [freeze.job_id]


def test_a_job_that_failed_goes_on_where_it_stopped(monkeypatch):
    orders(8)
    freeze = approved(a_freeze())
    with monkeypatch.context() as patch:
        dies_in_chunk(patch, 2, error=Stumbled)
        with pytest.raises(Stumbled):
            run_job(freeze.job_id, now=lambda: NOON)
    freeze.job.refresh_from_db()
    assert (freeze.job.status, freeze.job.done, Hold.objects.count()) == ("failed", 3, 3)
    queue_job(freeze.job)
    run_job(freeze.job_id, now=lambda: LATER)
    each_is_held_once(freeze, 8)


def test_a_message_that_comes_again_after_the_end_does_nothing():
    orders(4)
    freeze = worked(approved(a_freeze()))
    assert not run_job(freeze.job_id, now=lambda: LATER)
    each_is_held_once(freeze, 4)


def test_workers_at_the_same_moment_share_no_order():
    orders(8)
    freeze = approved(a_freeze())
    in_threads(*[lambda: run_job(freeze.job_id, now=lambda: NOON)] * 3)
    each_is_held_once(freeze, 8)


def test_a_worker_that_was_overtaken_writes_nothing_more(monkeypatch):
    """It sleeps past its lease between two chunks, another finishes the job, and then it wakes up."""
    orders(8)
    freeze = approved(a_freeze())
    times = iter([NOON] * 3)  # it takes the lease, looks at the scope, works a chunk

    def oversleeping():
        at = next(times, None)
        if at is None:
            in_threads(lambda: run_job(freeze.job_id, now=lambda: LATER))
        return at or NOON

    assert run_job(freeze.job_id, now=oversleeping)
    each_is_held_once(freeze, 8)
    assert set(Hold.objects.values_list("placed_at", flat=True)) == {NOON, LATER}


def test_a_release_that_dies_is_finished_by_another(monkeypatch):
    orders(8)
    release = approved(a_release(a_done_freeze()))
    with monkeypatch.context() as patch:
        dies_in_chunk(patch, 2)
        with pytest.raises(Killed):
            run_job(release.job_id, now=lambda: NOON)
    assert Hold.objects.open().count() == 5
    assert run_job(release.job_id, now=lambda: LATER)
    assert not Hold.objects.open().exists()
    assert release.items.all().tally()["released"] == 8


def test_a_release_waits_for_one_by_hand_and_then_skips_that_hold():
    an_order()
    freeze = a_done_freeze(kind="manual", legal_reference="")
    release = approved(a_release(freeze))
    user, hold = the_asker(), Hold.objects.get()
    by_hand, by_job = threading.Event(), threading.Event()

    def release_by_hand():
        with transaction.atomic():
            release_hold(hold, by=user, reason="cleared", at=NOON)
            by_hand.set()
            wait_until(lambda: by_job.is_set() or somebody_waits())
            assert not by_job.is_set()

    def run():
        assert by_hand.wait(timeout=30)
        run_job(release.job_id, now=lambda: LATER)
        by_job.set()

    assert in_threads(release_by_hand, run) == [None, None]
    assert release.items.get().detail == "released before"
    assert Hold.objects.get().released_at == NOON


def test_deliveries_and_holds_go_on_while_a_freeze_runs_and_every_answer_is_true():
    found = orders(12)
    freeze = approved(a_freeze())
    user = the_asker()

    def deliver_all():
        return [_answer(lambda ref=order.ref: deliver_order(ref, at=NOON)) for order in reversed(found)]

    def hold_all():
        return [_answer(lambda order=order: place_hold(order, kind="risk", reason="odd", by=user, at=NOON)) for order in found[::2]]

    _, delivered, _ = in_threads(lambda: run_job(freeze.job_id, now=lambda: NOON), deliver_all, hold_all)
    assert not Order.objects.held().filter(status="delivered").exists()
    for order, answer in zip(reversed(found), delivered, strict=True):
        order.refresh_from_db()
        assert (order.status == "delivered") == isinstance(answer, Order)
        assert isinstance(answer, Order | OrderHeld)
    tally = freeze.items.all().tally()
    assert tally["held"] + tally["skipped"] == 12
    assert tally["skipped"] == Order.objects.filter(status="delivered").count()


def _answer(act):
    try:
        return act()
    except Exception as error:
        return error


def test_a_freeze_waits_for_a_delivery_under_way_and_then_skips_that_order():
    order = an_order()
    freeze = approved(a_freeze())
    delivering, freezing = threading.Event(), threading.Event()

    def deliver():
        with transaction.atomic():
            deliver_order(order.ref, at=NOON)
            delivering.set()
            wait_until(lambda: freezing.is_set() or somebody_waits())
            assert not freezing.is_set()

    def run():
        assert delivering.wait(timeout=30)
        run_job(freeze.job_id, now=lambda: NOON)
        freezing.set()

    assert in_threads(deliver, run) == [None, None]
    assert freeze.items.get().detail == "delivered before the freeze"
