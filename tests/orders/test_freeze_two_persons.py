"""Who asks for a freeze never approves it, and what was approved is what runs."""

import pytest
from django.db import IntegrityError, transaction

from backoffice.lib import approvals
from backoffice.lib.approvals import AlreadyDecided, NotAllowed, SamePerson, approve, reject, withdraw
from backoffice.lib.errors import DomainError, StaleState
from backoffice.lib.jobs import queue_job, run_job
from backoffice.lib.models import Approval, Job
from orders.models import Freeze, Hold
from orders.services.freezing import ScopeChanged
from tests.bypass import without_triggers
from tests.orders.factories import (
    a_done_freeze,
    a_freeze,
    a_freeze_approver,
    a_release,
    an_order,
    approved,
    everything,
    orders,
)
from tests.orders.rounds import in_threads, sql, trigger_off
from tests.promotions.factories import NOON, a_user, the_approver, the_asker
from tests.race.waiting import meeting

pytestmark = pytest.mark.django_db


def decided(freeze, *, by, at=NOON):
    return approve(freeze.job.approval, by=by, reason="checked", at=at)


def nothing_ran(freeze):
    freeze.job.refresh_from_db()
    return freeze.job.status == "requested" and not run_job(freeze.job_id, now=lambda: NOON) and not Hold.objects.exists()


def test_who_asked_does_not_approve_superuser_or_not():
    an_order()
    freeze = a_freeze(by=the_approver())
    with pytest.raises(SamePerson):
        decided(freeze, by=the_approver())
    assert nothing_ran(freeze)


def test_who_asked_does_not_approve_by_sql_either():
    an_order()
    freeze = a_freeze()
    with pytest.raises(IntegrityError, match="approval_never_by_the_one_who_asked"), transaction.atomic():
        sql(
            "UPDATE lib_approval SET status = 'approved', decided_at = now(), decided_by_id = requested_by_id WHERE id = %s",
            freeze.job.approval_id,
        )
    assert nothing_ran(freeze)


def test_who_lacks_the_right_does_not_approve():
    an_order()
    freeze = a_freeze()
    with pytest.raises(NotAllowed):
        decided(freeze, by=a_user())
    assert nothing_ran(freeze)


def test_who_has_the_right_approves_and_the_job_is_queued():
    an_order()
    freeze = a_freeze()
    decided(freeze, by=a_freeze_approver())
    freeze.job.refresh_from_db()
    assert freeze.job.status == "queued"


def test_a_job_that_nobody_approved_does_not_run():
    an_order()
    assert nothing_ran(a_freeze())


def test_an_approval_is_given_once():
    an_order()
    freeze = approved(a_freeze())
    with pytest.raises(AlreadyDecided):
        decided(freeze, by=the_approver())


EDITS = {
    "one less": "DELETE FROM orders_freezeitem WHERE order_id = {inside}",
    "one more": "INSERT INTO orders_freezeitem (freeze_id, order_id, result, detail) VALUES ({freeze}, {outside}, 'pending', '')",
    "another one": "UPDATE orders_freezeitem SET order_id = {outside} WHERE order_id = {inside}",
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_scope_that_was_edited_after_the_request_is_not_approved(edit):
    """The triggers forbid it in the first place; here somebody has switched them off."""
    inside, _, outside = orders(3)
    freeze = a_freeze(everything().exclude(pk=outside.pk))
    with (
        trigger_off("orders_freezeitem", "freeze_scope_is_closed"),
        trigger_off("orders_freezeitem", "freeze_scope_keeps_its_items"),
    ):
        sql(edit.format(inside=inside.pk, outside=outside.pk, freeze=freeze.pk))
    with pytest.raises(ScopeChanged):
        decided(freeze, by=the_approver())
    assert Approval.objects.get().status == "pending"
    assert nothing_ran(freeze)


@pytest.mark.parametrize("terms", [{"kind": "manual"}, {"legal_reference": "PSB-2026-99"}], ids=["kind", "reference"])
def test_terms_that_were_edited_after_the_request_are_not_approved(terms):
    an_order()
    freeze = a_freeze()
    Freeze.objects.update(**terms)
    with pytest.raises(ScopeChanged):
        decided(freeze, by=the_approver())
    assert nothing_ran(freeze)


def test_a_payload_that_was_edited_after_the_request_is_not_approved():
    an_order()
    freeze = a_freeze()
    with without_triggers():  # which refuse it
        sql("UPDATE lib_approval SET payload = jsonb_set(payload, '{count}', '2')")
    with pytest.raises(DomainError, match="changed after it was asked"):
        decided(freeze, by=the_approver())
    assert nothing_ran(freeze)


def test_a_hash_rewritten_in_the_job_is_not_approved():
    an_order()
    freeze = a_freeze()
    Job.objects.update(scope_hash="0" * 64)
    with pytest.raises(ScopeChanged):
        decided(freeze, by=the_approver())
    assert nothing_ran(freeze)


def test_a_rejected_freeze_never_runs():
    an_order()
    freeze = a_freeze()
    reject(freeze.job.approval, by=the_approver(), reason="too wide", at=NOON)
    freeze.job.refresh_from_db()
    assert (freeze.job.status, freeze.job.finished_at) == ("cancelled", NOON)
    with pytest.raises(StaleState):
        queue_job(freeze.job)
    assert not run_job(freeze.job_id, now=lambda: NOON)
    assert not Hold.objects.exists()


def test_a_withdrawn_freeze_never_runs():
    an_order()
    freeze = a_freeze()
    withdraw(freeze.job.approval, by=the_asker(), reason="wrong filter", at=NOON)
    freeze.job.refresh_from_db()
    assert freeze.job.status == "cancelled"


def test_a_release_needs_a_second_person_too():
    an_order()
    release = a_release(a_done_freeze())
    with pytest.raises(SamePerson):
        decided(release, by=the_asker())
    reject(release.job.approval, by=the_approver(), reason="not yet", at=NOON)
    release.job.refresh_from_db()
    assert release.job.status == "cancelled"
    assert Hold.objects.open().count() == 1


def a_hundred_approvals(freeze):
    """A hundred people approve at the same moment, each on a connection of its own, and each then lets the job run."""
    users = [a_freeze_approver() for _ in range(100)]

    def decide(user):
        try:
            return decided(freeze, by=user)
        except AlreadyDecided as refusal:
            return refusal
        finally:
            run_job(freeze.job_id, now=lambda: NOON)

    return in_threads(*[lambda user=user: decide(user) for user in users])


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_a_hundred_approvals_at_the_same_moment_one_counts_and_it_runs_once():
    orders(3)
    freeze = a_freeze()
    told = a_hundred_approvals(freeze)
    assert sorted(type(answer).__name__ for answer in told) == ["AlreadyDecided"] * 99 + ["Approval"]
    assert Hold.objects.count() == 3
    assert sum(hold.events.count() for hold in Hold.objects.all()) == 3
    assert Job.objects.get(pk=freeze.job_id).done == 3


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_many_of_a_hundred_approvals_do_not_hear_that_another_came_first(monkeypatch):
    """What is left then is the guarded move of the job, which refuses them in words that say nothing of the approval."""
    orders(3)
    freeze = a_freeze()
    meet = meeting(2)

    def read_together(approval):
        found = Approval.objects.get(pk=freeze.job.approval_id)
        meet()
        return found

    monkeypatch.setattr(approvals, "_lock_pending", read_together)
    told = a_hundred_approvals(freeze)
    assert [type(answer).__name__ for answer in told].count("AlreadyDecided") < 99
