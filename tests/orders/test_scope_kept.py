"""What was approved is what runs: a scope that is changed after the approval, whoever did it and how, holds nothing more."""

from contextlib import ExitStack, contextmanager

import pytest

from backoffice.lib.approvals import approve
from backoffice.lib.jobs import queue_job, run_job
from backoffice.lib.models import Job
from orders.models import Freeze, Hold
from orders.services import scopes
from orders.services.errors import ScopeChanged
from orders.services.stopping import cancel_work, pause_work, resume_work
from orders.services.terms import request_extension
from promotions.models import Alarm
from promotions.states import AlarmCause, Severity
from tests.bypass import without_triggers
from tests.orders.factories import HOUR, a_done_freeze, a_freeze, a_release, approved, everything, orders, worked
from tests.orders.rounds import AFTER_THE_LEASE, begun, in_chunks_of, sql, trigger_off
from tests.promotions.factories import DAY, NOON, the_approver, the_asker

pytestmark = pytest.mark.django_db

LATER = NOON + AFTER_THE_LEASE
EDITS = {
    "one less": "DELETE FROM {items} WHERE {subject} = {inside}",
    "one more": "INSERT INTO {items} ({owner}, {subject}, result, detail) VALUES ({act}, {outside}, 'pending', '')",
    "another one": "UPDATE {items} SET {subject} = {outside} WHERE {subject} = {inside}",
}
OF_FREEZE = {"items": "orders_freezeitem", "owner": "freeze_id", "subject": "order_id", "name": "freeze_scope"}
OF_RELEASE = {"items": "orders_releaseitem", "owner": "release_id", "subject": "hold_id", "name": "release_scope"}


@contextmanager
def guards_off(which):
    """The triggers that forbid such edits in the first place."""
    with ExitStack() as stack:
        for trigger in ("is_closed", "keeps_its_items"):
            stack.enter_context(trigger_off(which["items"], f"{which['name']}_{trigger}"))
        yield


def edited(act, edit, which, **ids):
    with guards_off(which):
        sql(edit.format(act=act.pk, **which, **ids))


def an_approved_freeze():
    """Of four orders, of which one is outside."""
    *inside, outside = orders(5)
    freeze = approved(a_freeze(everything().exclude(pk=outside.pk)))
    return freeze, {"inside": inside[-1].pk, "outside": outside.pk}


def fails(act, at=NOON):
    with pytest.raises(ScopeChanged):
        run_job(act.job_id, now=lambda: at)
    job = Job.objects.get(pk=act.job_id)
    return job.status == "failed" and "no longer what was approved" in job.error


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_scope_that_was_edited_after_the_approval_holds_nothing(edit):
    freeze, ids = an_approved_freeze()
    edited(freeze, edit, OF_FREEZE, **ids)
    assert fails(freeze)
    assert not Hold.objects.exists()


def test_control_without_the_look_at_the_scope_an_order_that_nobody_approved_is_held(monkeypatch):
    monkeypatch.setattr(scopes, "check_running", lambda *_: None)
    freeze, ids = an_approved_freeze()
    edited(freeze, EDITS["another one"], OF_FREEZE, **ids)
    worked(freeze)
    assert Hold.objects.filter(order=ids["outside"]).exists()


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_scope_that_was_edited_while_it_was_worked_does_not_end_as_done(monkeypatch, edit):
    in_chunks_of(monkeypatch, 3)
    freeze, ids = an_approved_freeze()
    begun(freeze, 1, at=NOON)
    edited(freeze, edit, OF_FREEZE, **ids)
    with pytest.raises(ScopeChanged):
        run_job(freeze.job_id, now=lambda: LATER)
    assert Job.objects.get(pk=freeze.job_id).status == "failed"
    assert Alarm.objects.filter(cause=AlarmCause.FREEZE_FAILED).count() == 1


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_scope_that_was_edited_while_the_job_stood_still_goes_on_with_nothing(monkeypatch, edit):
    in_chunks_of(monkeypatch, 2)
    freeze, ids = an_approved_freeze()
    begun(freeze, 1, at=NOON)
    pause_work(freeze, by=the_approver(), reason="wait", at=NOON)
    edited(freeze, edit, OF_FREEZE, **ids)
    resume_work(freeze, by=the_approver(), reason="go on", at=NOON)
    assert fails(freeze)
    assert Hold.objects.count() == 2


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_release_whose_scope_was_edited_releases_nothing(edit):
    *inside, outside = orders(4)
    other = a_done_freeze(everything().filter(pk=outside.pk))
    freeze = a_done_freeze(everything().exclude(pk=outside.pk))
    release = approved(a_release(freeze))
    ids = {"inside": freeze.holds.get(order=inside[0]).pk, "outside": other.holds.get().pk}
    edited(release, edit, OF_RELEASE, **ids)
    assert fails(release)
    assert Hold.objects.open().count() == 4


CHANGES = {
    "the kind of hold": "UPDATE orders_freeze SET kind = 'manual' WHERE id = %s",
    "the reference": "UPDATE orders_freeze SET legal_reference = 'PSB-2026-99' WHERE id = %s",
    "the scope as data": """UPDATE orders_freeze SET scope = '{"all_of": []}' WHERE id = %s""",
    "the hash in the job": "UPDATE lib_job SET scope_hash = repeat('0', 64) WHERE id ="
    " (SELECT job_id FROM orders_freeze WHERE id = %s)",
    "the hash in the approval": "UPDATE lib_approval SET payload = jsonb_set(payload, '{scope_hash}', '\"0\"') WHERE id ="
    " (SELECT approval_id FROM lib_job j JOIN orders_freeze f ON f.job_id = j.id WHERE f.id = %s)",
    "the worth in the approval": "UPDATE lib_approval SET payload = jsonb_set(payload, '{worth}', '\"0\"') WHERE id ="
    " (SELECT approval_id FROM lib_job j JOIN orders_freeze f ON f.job_id = j.id WHERE f.id = %s)",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_terms_and_hashes_that_were_rewritten_after_the_approval_hold_nothing(change):
    freeze, _ids = an_approved_freeze()
    with without_triggers(), trigger_off("orders_freeze", "freeze_keeps_its_scope"):
        sql(change, freeze.pk)
    assert fails(freeze)
    assert not Hold.objects.exists()


def test_a_term_that_was_extended_meanwhile_stops_nothing():
    orders(2)
    freeze = approved(a_freeze(valid_until=NOON + DAY))
    extension = request_extension(
        freeze,
        valid_until=NOON + 9 * DAY,
        legal_reference="PSB-2026-20",
        authority="",
        reason="longer",
        by=the_asker(),
        at=NOON,
    )
    approve(extension.approval, by=the_approver(), reason="seen", at=NOON)
    assert Freeze.objects.get().valid_until == NOON + 9 * DAY
    assert worked(freeze).job.status == "done"


def test_people_are_told_at_once_which_freeze_stopped_and_why():
    freeze, ids = an_approved_freeze()
    edited(freeze, EDITS["one less"], OF_FREEZE, **ids)
    assert fails(freeze)
    alarm = Alarm.objects.get(cause=AlarmCause.FREEZE_FAILED)
    assert (alarm.severity, alarm.scope, alarm.target) == (Severity.URGENT, f"freeze:{freeze.pk}", f"orders.freeze:{freeze.pk}")
    assert "came to a stop after 0 of 4: What is in the database is no longer what was approved" in alarm.detail


def test_people_are_told_once_however_often_somebody_tries_again():
    freeze, ids = an_approved_freeze()
    edited(freeze, EDITS["one less"], OF_FREEZE, **ids)
    for _ in range(3):
        assert fails(freeze)
        queue_job(Job.objects.get(pk=freeze.job_id))
    assert Alarm.objects.filter(cause=AlarmCause.FREEZE_FAILED).count() == 1


def test_a_cancelled_one_whose_scope_was_edited_stays_failed_and_holds_nothing():
    """No result can be given to an item that is gone, so it never looks like one that ended well."""
    freeze, ids = an_approved_freeze()
    edited(freeze, EDITS["one less"], OF_FREEZE, **ids)
    cancel_work(freeze, by=the_approver(), reason="no", at=NOON + HOUR)
    assert fails(freeze)
    assert not Hold.objects.exists()


def test_the_scope_is_read_twice_however_many_chunks_there_are(monkeypatch):
    in_chunks_of(monkeypatch, 1)
    seen, look = [], scopes.check_running
    monkeypatch.setattr(scopes, "check_running", lambda *arguments: seen.append(1) or look(*arguments))
    orders(5)
    a_done_freeze()
    assert len(seen) == 2
