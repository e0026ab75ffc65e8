"""Bulk work that somebody stops: what has a result keeps it, and what is cancelled ends with a result for every item."""

import threading

import pytest
from django.contrib.auth.models import Permission, User
from django.db import IntegrityError, ProgrammingError, transaction

from backoffice.lib import jobs
from backoffice.lib.approvals import NotAllowed
from backoffice.lib.errors import InvalidInput, StaleState
from backoffice.lib.jobs import run_job
from backoffice.lib.models import Job
from orders.models import Emergency, Freeze, Hold, ImportedInvoice, Order
from orders.services import import_jobs
from orders.services.delivering import deliver_order
from orders.services.emergencies import start_emergency
from orders.services.emergency_ends import end_overdue
from orders.services.record_results import lines_of, results_of
from orders.services.records import issue_record
from orders.services.stopping import STOP_FREEZE, cancel_work, pause_work, resume_work
from tests.orders.factories import HOUR, a_done_freeze, a_freeze, a_release, approved, everything, orders, worked
from tests.orders.import_files import a_file, asked_to_load, checked, loaded
from tests.orders.rounds import AFTER_THE_LEASE, begun, in_chunks_of, in_threads, sql, trigger_off
from tests.promotions.factories import NOON, a_user, the_approver, the_asker
from tests.race.waiting import somebody_waits, wait_until

pytestmark = pytest.mark.django_db

LATER = NOON + HOUR
ROWS = [f"H{number},2025-01-01,u1,tea,1,5.00" for number in range(1, 6)]


def a_stopper() -> User:
    """Staff with the one right to stop freezes and releases."""
    user, app, name = a_user(), *STOP_FREEZE.split(".")
    user.user_permissions.add(Permission.objects.get(codename=name, content_type__app_label=app))
    return User.objects.get(pk=user.pk)


def cancelled(work, *, by=None, reason="the bureau took it back", at=LATER):
    return cancel_work(work, by=by or the_approver(), reason=reason, at=at)


def run(act, at=LATER):
    run_job(act.job_id, now=lambda: at)
    return Job.objects.get(pk=act.job_id)


def tally(act):
    return {result: number for result, number in act.items.all().tally().items() if number}


@pytest.fixture
def by_twos(monkeypatch):
    in_chunks_of(monkeypatch, 2)


# Cancelling


def test_what_is_held_stays_held_and_the_rest_is_skipped_and_says_why(by_twos):
    found = orders(5)
    freeze = begun(approved(a_freeze()), 1, at=NOON)
    cancelled(freeze)
    job = run(freeze)
    assert (job.status, job.done, job.total, job.finished_at) == ("cancelled", 5, 5, LATER)
    assert tally(freeze) == {"held": 2, "skipped": 3}
    assert set(freeze.items.filter(result="skipped").values_list("detail", flat=True)) == {"the freeze was cancelled"}
    assert [hold.order for hold in Hold.objects.open().order_by("pk")] == found[:2]
    assert deliver_order(found[4].ref, at=LATER).status == "delivered"


@pytest.mark.parametrize("chunks", [None, 0, 1, 2])
def test_wherever_it_is_cancelled_the_results_add_up_to_the_scope(by_twos, chunks):
    orders(5)
    freeze = approved(a_freeze())
    if chunks is not None:
        begun(freeze, chunks, at=NOON)
    cancelled(freeze)
    job, counts = run(freeze), tally(freeze)
    assert counts.get("held", 0) == 2 * (chunks or 0) == Hold.objects.open().count()
    assert counts.get("held", 0) + counts["skipped"] == job.total == job.done == 5


def test_a_cancelled_release_leaves_the_rest_held(by_twos):
    orders(5)
    release = begun(approved(a_release(a_done_freeze())), 1, at=NOON)
    cancelled(release)
    assert run(release).status == "cancelled"
    assert tally(release) == {"released": 2, "skipped": 3}
    assert set(release.items.filter(result="skipped").values_list("detail", flat=True)) == {"the release was cancelled"}
    assert Hold.objects.open().count() == 3


def test_what_a_cancelled_freeze_holds_is_released_like_any_other(by_twos):
    orders(5)
    freeze = begun(approved(a_freeze()), 1, at=NOON)
    cancelled(freeze)
    run(freeze)
    release = worked(approved(a_release(freeze)))
    assert tally(release) == {"released": 2}
    assert not Hold.objects.open().exists()


def test_who_was_skipped_by_a_cancelled_freeze_can_be_frozen_again(by_twos):
    orders(5)
    freeze = begun(approved(a_freeze()), 1, at=NOON)
    cancelled(freeze)
    run(freeze)
    assert tally(worked(approved(a_freeze()))) == {"held": 3, "skipped": 2}


def test_the_release_of_an_emergency_that_fell_is_not_cancelled(by_twos):
    orders(3)
    terms = {"kind": "manual", "legal_reference": "", "authority": "", "scope_text": "all", "reason": "they leave now"}
    worked(start_emergency(everything(), lasts=HOUR, by=the_approver(), at=NOON, **terms))
    end_overdue(LATER)
    release = Emergency.objects.get().release
    with pytest.raises(StaleState, match="nobody confirmed"):
        cancelled(release)
    assert run(release).status == "done"
    assert not Hold.objects.open().exists()


def test_who_when_and_why_stand_with_the_job_and_in_its_history(by_twos):
    orders(3)
    freeze = approved(a_freeze())
    cancelled(freeze, reason="the bureau took it back")
    job = Job.objects.get(pk=freeze.job_id)
    assert (job.cancelled_by, job.cancelled_at, job.cancel_reason) == (the_approver(), LATER, "the bureau took it back")
    event = Job.pgh_event_model.objects.filter(pgh_obj=job).order_by("pgh_id").last()
    assert event.cancelled_by == the_approver()
    assert event.pgh_context.metadata == {"reason": "the bureau took it back", "user": the_approver().pk, "job": job.pk}


@pytest.mark.parametrize("state", ["paused", "failed"])
def test_what_stands_still_is_cancelled_too(by_twos, state):
    orders(5)
    freeze = begun(approved(a_freeze()), 1, at=NOON)
    Job.objects.filter(pk=freeze.job_id).update(status=state, lease_until=None, lease_token=None)
    cancelled(freeze)
    assert run(freeze).status == "cancelled"
    assert tally(freeze) == {"held": 2, "skipped": 3}


def test_before_it_is_approved_nothing_is_cancelled():
    orders(2)
    freeze = a_freeze()
    with pytest.raises(StaleState, match="waiting for approval"):
        cancelled(freeze)
    assert worked(approved(freeze)).job.status == "done"


def test_what_has_ended_is_not_cancelled():
    orders(2)
    freeze = a_done_freeze()
    with pytest.raises(StaleState, match="is done"):
        cancelled(freeze)
    assert Job.objects.get(pk=freeze.job_id).cancelled_at is None


def test_what_has_a_result_for_every_item_is_not_cancelled(by_twos):
    orders(4)
    freeze = begun(approved(a_freeze()), 2, at=NOON)
    with pytest.raises(StaleState, match="nothing left"):
        cancelled(freeze)
    assert run(freeze).status == "done"


def test_it_is_cancelled_once():
    orders(2)
    freeze = approved(a_freeze())
    cancelled(freeze, reason="first")
    with pytest.raises(StaleState, match="cancelled already"):
        cancelled(freeze, reason="second")
    assert Job.objects.get(pk=freeze.job_id).cancel_reason == "first"


def test_what_is_cancelled_is_not_paused():
    orders(2)
    freeze = approved(a_freeze())
    cancelled(freeze)
    with pytest.raises(StaleState, match="cancelled already"):
        pause_work(freeze, by=the_approver(), reason="wait", at=LATER)
    assert run(freeze).status == "cancelled"


@pytest.mark.parametrize("stop", [cancel_work, pause_work, resume_work])
def test_only_who_has_the_right_stops_it(stop):
    orders(2)
    freeze = approved(a_freeze())
    before = Job.objects.values().get(pk=freeze.job_id)
    with pytest.raises(NotAllowed):
        stop(freeze, by=a_user(), reason="because", at=LATER)
    assert Job.objects.values().get(pk=freeze.job_id) == before


@pytest.mark.parametrize("stop", [cancel_work, pause_work])
def test_it_is_stopped_for_a_reason(stop):
    orders(2)
    freeze = approved(a_freeze())
    with pytest.raises(InvalidInput, match="reason"):
        stop(freeze, by=a_stopper(), reason=" ", at=LATER)
    assert Job.objects.get(pk=freeze.job_id).status == "queued"


# Pausing


def test_paused_it_waits_and_then_goes_on_where_it_was(by_twos):
    orders(5)
    freeze, stopper = begun(approved(a_freeze()), 1, at=NOON), a_stopper()
    pause_work(freeze, by=stopper, reason="wait for the bureau", at=LATER)
    assert run_job(freeze.job_id, now=lambda: LATER) is False
    assert Hold.objects.count() == 2
    resume_work(freeze, by=stopper, reason="they called", at=LATER)
    assert run(freeze).status == "done"
    assert tally(freeze) == {"held": 5}
    assert sum(hold.events.count() for hold in Hold.objects.all()) == 5


def test_what_runs_is_not_let_go_on():
    orders(2)
    freeze = approved(a_freeze())
    with pytest.raises(StaleState, match="Nothing stands still"):
        resume_work(freeze, by=a_stopper(), reason="go", at=LATER)


# The record


def test_the_record_and_the_table_of_a_cancelled_freeze_are_true(by_twos):
    orders(5)
    freeze = begun(approved(a_freeze()), 1, at=NOON)
    cancelled(freeze)
    run(freeze)
    freeze.job.refresh_from_db()
    text = issue_record(freeze, kind="html", by=the_asker(), at=LATER).content.decode()
    assert "the bureau took it back" in text
    assert "the freeze was cancelled" in text
    assert "work ended: cancelled, 5 of 5" in text
    assert results_of(freeze).counts == {("held", ""): 2, ("skipped", "the freeze was cancelled"): 3}
    table = "".join(lines_of(freeze))
    assert table.count(",skipped,the freeze was cancelled") == 3
    assert table.count(",held,") == 2


# Imports


@pytest.fixture
def invoices_by_twos(monkeypatch):
    monkeypatch.setattr(import_jobs, "INVOICES_A_CHUNK", 2)


def test_what_is_loaded_stays_loaded_and_the_rest_of_the_file_is_skipped(invoices_by_twos):
    found = asked_to_load(checked(a_file(*ROWS)))
    half_loaded(found)
    cancelled(found)
    assert run(found).status == "cancelled"
    found.refresh_from_db()
    assert found.status == "cancelled"
    assert found.invoices.all().tally() == {"pending": 0, "loaded": 2, "skipped": 3, "failed": 0}
    assert set(found.invoices.filter(result="skipped").values_list("detail", flat=True)) == {"loading was cancelled"}
    assert set(Order.objects.values_list("ref", flat=True)) == {"H1", "H2"}
    assert [order.lines.count() for order in Order.objects.all()] == [1, 1]


def half_loaded(found):
    """Its worker loaded one chunk and was killed."""
    import uuid

    token = uuid.uuid4()
    assert jobs._take_lease(found.job_id, token, NOON)
    jobs._work_chunk(found.job_id, token, NOON)


def test_the_same_file_again_loads_what_was_left_out(invoices_by_twos):
    found = asked_to_load(checked(a_file(*ROWS)))
    half_loaded(found)
    cancelled(found)
    run(found)
    again = loaded(checked(a_file(*ROWS)))
    assert again.invoices.all().tally() == {"pending": 0, "loaded": 3, "skipped": 2, "failed": 0}
    assert Order.objects.count() == 5
    assert ImportedInvoice.objects.filter(result="loaded").count() == 5


def test_a_file_that_is_not_being_loaded_is_not_cancelled():
    found = checked(a_file(*ROWS))
    with pytest.raises(StaleState, match="Discard"):
        cancelled(found)


def test_loading_is_paused_and_goes_on(invoices_by_twos):
    found = asked_to_load(checked(a_file(*ROWS)))
    half_loaded(found)
    pause_work(found, by=the_approver(), reason="busy", at=LATER)
    assert run_job(found.job_id, now=lambda: LATER) is False
    resume_work(found, by=the_approver(), reason="quiet", at=LATER)
    assert run(found).status == "done"
    found.refresh_from_db()
    assert (found.status, found.invoices.all().tally()["loaded"]) == ("loaded", 5)


# Round the services


def test_sql_holds_nothing_more_for_a_cancelled_freeze():
    order, _other = orders(2)
    freeze = approved(a_freeze())
    cancelled(freeze)
    hold = {"order": order, "kind": "legal", "reason": "x", "placed_at": NOON, "placed_by": the_approver(), "freeze": freeze}
    with pytest.raises(IntegrityError, match="was cancelled"), transaction.atomic():
        Hold.objects.create(**hold)
    with trigger_off("orders_hold", "cancelled_freeze_places_no_hold"):
        Hold.objects.create(**hold)


def test_sql_ends_no_legal_hold_by_a_cancelled_release():
    orders(2)
    release = begun(approved(a_release(a_done_freeze())), 0, at=NOON)
    cancelled(release)
    statement = "UPDATE orders_hold SET released_at = now(), released_by_id = placed_by_id, release_reason = 'x'"
    with pytest.raises(IntegrityError, match="ends by a release"), transaction.atomic():
        sql(statement)
    with trigger_off("orders_hold", "legal_hold_ends_by_a_release"):
        sql(statement)


def test_sql_ends_no_act_that_began_while_an_item_has_no_result():
    orders(2)
    freeze = approved(a_freeze())
    with pytest.raises(IntegrityError, match="has a result before the job ends"), transaction.atomic():
        sql("UPDATE lib_job SET status = 'cancelled' WHERE id = %s", freeze.job_id)
    with trigger_off("lib_job", "freeze_ends_complete"):
        sql("UPDATE lib_job SET status = 'cancelled' WHERE id = %s", freeze.job_id)


@pytest.mark.parametrize("change", ["cancelled_at = NULL, cancelled_by_id = NULL, cancel_reason = ''", "cancel_reason = 'other'"])
def test_sql_takes_no_cancellation_back(change):
    orders(2)
    freeze = approved(a_freeze())
    cancelled(freeze)
    with pytest.raises(ProgrammingError, match="Cannot update of"), transaction.atomic():
        sql(f"UPDATE lib_job SET {change} WHERE id = %s", freeze.job_id)
    with trigger_off("lib_job", "job_is_cancelled_once"):
        sql(f"UPDATE lib_job SET {change} WHERE id = %s", freeze.job_id)


def test_sql_cancels_nothing_without_a_person_and_a_reason():
    orders(2)
    freeze = approved(a_freeze())
    with pytest.raises(IntegrityError, match="job_cancelled_by_whom_and_why"), transaction.atomic():
        sql("UPDATE lib_job SET cancelled_at = now() WHERE id = %s", freeze.job_id)


# At the same moment


def cancelled_in_the_middle_of_a_chunk(monkeypatch, *, waits):
    """Somebody cancels while a worker has placed the holds of its first chunk and not committed them. Answers how many holds there
    were when the cancellation was told, and how many at the end.
    """
    in_chunks_of(monkeypatch, 4)
    orders(10)
    freeze, seen = approved(a_freeze()), []
    in_the_chunk, told = threading.Event(), threading.Event()
    settle = import_scopes()._settle_or_halve

    def settle_and_be_cancelled(*arguments):
        answer = settle(*arguments)
        in_the_chunk.set()
        wait_until(lambda: told.is_set() or (waits and somebody_waits()))
        return answer

    def between_two_chunks():
        if in_the_chunk.is_set():
            assert told.wait(timeout=30)
        return NOON

    monkeypatch.setattr(import_scopes(), "_settle_or_halve", settle_and_be_cancelled)

    def cancel():
        assert in_the_chunk.wait(timeout=30)
        cancelled(freeze)
        seen.append(Hold.objects.count())
        told.set()

    in_threads(lambda: run_job(freeze.job_id, now=between_two_chunks), cancel)
    run_job(freeze.job_id, now=lambda: NOON + AFTER_THE_LEASE)
    return freeze, seen[0], Hold.objects.count()


def import_scopes():
    from orders.services import scopes

    return scopes


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_whoever_cancels_waits_for_the_chunk_and_after_that_nothing_is_held(monkeypatch):
    freeze, when_told, at_the_end = cancelled_in_the_middle_of_a_chunk(monkeypatch, waits=True)
    assert (when_told, at_the_end) == (4, 4)
    assert tally(freeze) == {"held": 4, "skipped": 6}
    assert Job.objects.get(pk=freeze.job_id).status == "cancelled"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_of_the_job_orders_are_held_after_it_was_told(monkeypatch):
    """A chunk that only reads its job does not see that it was cancelled meanwhile; the trigger that would is off."""
    monkeypatch.setattr(jobs, "_locked", lambda rows: rows)
    with trigger_off("orders_hold", "cancelled_freeze_places_no_hold"):
        _freeze, when_told, at_the_end = cancelled_in_the_middle_of_a_chunk(monkeypatch, waits=False)
    assert when_told < at_the_end


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_eight_who_cancel_while_it_runs_are_told_the_truth_and_the_results_add_up(monkeypatch):
    in_chunks_of(monkeypatch, 2)
    orders(12)
    freeze, people = approved(a_freeze()), [a_stopper() for _ in range(8)]

    def cancel(user):
        try:
            return cancel_work(Freeze.objects.get(pk=freeze.pk), by=user, reason="enough", at=LATER)
        except StaleState as refusal:
            return refusal

    answers = in_threads(*[lambda user=user: cancel(user) for user in people], lambda: run_job(freeze.job_id, now=lambda: NOON))
    run_job(freeze.job_id, now=lambda: NOON + AFTER_THE_LEASE)
    job, counts = Job.objects.get(pk=freeze.job_id), tally(freeze)
    told = [type(answer).__name__ for answer in answers[:-1]]
    assert told.count("Job") == (job.cancelled_at is not None) == (job.status == "cancelled")
    assert counts.get("held", 0) == Hold.objects.count()
    assert counts.get("held", 0) + counts.get("skipped", 0) == job.done == job.total == 12
