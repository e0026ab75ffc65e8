"""One asks, another decides, and what was approved is what runs, once."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import DatabaseError, connection, transaction

from backoffice.lib import approvals
from backoffice.lib.approvals import (
    AlreadyDecided,
    AlreadyRequested,
    NotAllowed,
    SamePerson,
    approvable,
    approve,
    payload_hash,
    reject,
    request_approval,
    withdraw,
)
from backoffice.lib.errors import DomainError, NotFound
from backoffice.lib.models import Approval, ApprovalStatus
from tests.bypass import without_triggers
from tests.promotions.factories import DAY, NOON, a_user, the_approver, the_asker
from tests.promotions.racing import at_once

pytestmark = pytest.mark.django_db

ACTION = "tests.make_group"
LATER = NOON + DAY


class CannotNow(DomainError):
    pass


@pytest.fixture(autouse=True)
def _an_approvable_action(monkeypatch):
    """Approving it makes a group of the payload's name; turning it down makes one called `no`."""
    monkeypatch.setattr(approvals, "_actions", dict(approvals._actions))

    def on_reject(approval, at):
        Group.objects.create(name="no")

    @approvable(ACTION, permission="auth.add_group", on_reject=on_reject)
    def make_group(approval, at):
        Group.objects.create(name=approval.payload["name"])
        if approval.payload.get("fails") == "politely":
            raise CannotNow("The world has moved on.")
        if approval.payload.get("fails"):
            raise RuntimeError


def asked(*, target="tests.thing:1", by=None, **payload):
    return request_approval(
        action=ACTION,
        target=target,
        summary="A group is made.",
        payload={"name": "made", **payload},
        reason="needed",
        by=by or the_asker(),
        at=NOON,
    )


def yes(approval, by=None, reason="looks right"):
    return approve(approval, by=by or the_approver(), reason=reason, at=LATER)


def groups():
    return set(Group.objects.values_list("name", flat=True)) & {"made", "no", "forged"}


def is_untouched(approval):
    now = Approval.objects.get(pk=approval.pk)
    return (now.status, now.decided_by, now.decided_at, groups()) == (ApprovalStatus.PENDING, None, None, set())


def test_asking_changes_nothing_but_waits():
    approval = asked()
    assert is_untouched(approval)
    assert approval.payload_hash == payload_hash(ACTION, "tests.thing:1", {"name": "made"})


def test_approving_carries_out_what_was_asked_and_says_who_and_when():
    approval = yes(asked())
    assert groups() == {"made"}
    now = Approval.objects.get(pk=approval.pk)
    assert (now.status, now.decided_by, now.decided_at) == (ApprovalStatus.APPROVED, the_approver(), LATER)
    assert now.decision_reason == "looks right"


def test_the_permission_is_enough_and_nothing_less():
    approval, approver = asked(), a_user()
    with pytest.raises(NotAllowed):
        yes(approval, by=approver)
    approver.user_permissions.add(Permission.objects.get(codename="change_group"))
    with pytest.raises(NotAllowed):
        yes(approval, by=type(approver).objects.get(pk=approver.pk))
    assert is_untouched(approval)
    approver.user_permissions.add(Permission.objects.get(codename="add_group"))
    yes(approval, by=type(approver).objects.get(pk=approver.pk))
    assert groups() == {"made"}


def test_who_may_no_longer_log_in_may_no_longer_approve():
    approval = asked()
    with pytest.raises(NotAllowed):
        yes(approval, by=a_user(is_superuser=True, is_active=False))
    assert is_untouched(approval)


@pytest.mark.parametrize("decide", [approve, reject])
def test_who_asks_does_not_decide_superuser_or_not(decide):
    approval = asked(by=the_approver())
    with pytest.raises(SamePerson):
        decide(approval, by=the_approver(), reason="mine", at=LATER)
    assert is_untouched(approval)


def refused(match, assignment):
    with pytest.raises(DatabaseError, match=match), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE lib_approval SET {assignment}")


def refused_without_the_trigger(match, assignment):
    with without_triggers():
        refused(match, assignment)


@pytest.mark.parametrize(
    ("rule", "assignment"),
    [
        ("approval_never_by_the_one_who_asked", "status='approved', decided_by_id=requested_by_id, decided_at=now()"),
        ("approval_never_by_the_one_who_asked", "status='rejected', decided_by_id=requested_by_id, decided_at=now()"),
        ("approval_decision_has_person_and_time", "status='approved'"),
        ("approval_decision_has_person_and_time", "status='approved', decided_at=now()"),
        ("approval_decision_has_person_and_time", "decided_at=now()"),
        ("approval_has_a_reason", "reason=''"),
        ("approval_payload_is_hashed", "payload_hash='nonsense'"),
    ],
)
def test_the_database_keeps_the_rules_of_deciding(rule, assignment):
    asked()
    refused_without_the_trigger(rule, assignment)


def test_the_database_keeps_one_request_open_per_thing():
    asked(target="tests.thing:1")
    asked(target="tests.thing:2")
    refused_without_the_trigger("approval_one_pending_per_action_and_target", "target='tests.thing:1'")


def test_the_same_thing_is_asked_for_once_at_a_time():
    first = asked()
    with pytest.raises(AlreadyRequested):
        asked(by=a_user())
    assert Approval.objects.get() == first
    reject(first, by=the_approver(), reason="not yet", at=LATER)
    asked()
    assert Approval.objects.count() == 2


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_nothing_is_asked_for_or_turned_down_without_a_reason(reason):
    with pytest.raises(DomainError, match="reason"):
        request_approval(action=ACTION, target="t:1", summary="", payload={}, reason=reason, by=the_asker(), at=NOON)
    assert not Approval.objects.exists()
    approval = asked()
    with pytest.raises(DomainError, match="reason"):
        reject(approval, by=the_approver(), reason=reason, at=LATER)
    assert is_untouched(approval)


def test_what_nobody_registered_cannot_be_asked_for():
    with pytest.raises(NotFound, match="called tests"):
        request_approval(action="tests.unheard_of", target="t:1", summary="", payload={}, reason="x", by=the_asker(), at=NOON)


def test_a_rejection_undoes_the_request():
    approval = reject(asked(), by=the_approver(), reason="too dear", at=LATER)
    assert approval.status == ApprovalStatus.REJECTED
    assert groups() == {"no"}


def test_who_asked_can_take_it_back_and_nobody_else_can():
    approval = asked()
    with pytest.raises(NotAllowed):
        withdraw(approval, by=the_approver(), reason="not mine", at=LATER)
    assert is_untouched(approval)
    withdraw(approval, by=the_asker(), reason="a mistake", at=LATER)
    assert Approval.objects.get().status == ApprovalStatus.WITHDRAWN
    assert groups() == {"no"}


@pytest.mark.parametrize("decide_first", [approve, reject])
@pytest.mark.parametrize("decide_then", [approve, reject])
def test_what_is_decided_stays_decided(decide_first, decide_then):
    approval = asked()
    decide_first(approval, by=the_approver(), reason="first", at=LATER)
    before = groups()
    with pytest.raises(AlreadyDecided):
        decide_then(approval, by=the_approver(), reason="second", at=LATER)
    assert groups() == before
    assert Approval.objects.get().decision_reason == "first"


def test_where_the_world_has_moved_on_nothing_happens_and_the_request_still_waits():
    approval = asked(fails="politely")
    with pytest.raises(CannotNow):
        yes(approval)
    assert is_untouched(approval)


def test_a_crash_while_it_is_carried_out_leaves_the_request_waiting():
    approval = asked(fails="badly")
    with pytest.raises(RuntimeError):
        yes(approval)
    assert is_untouched(approval)


@pytest.mark.parametrize(
    "edit",
    [
        {"payload": {"name": "forged"}},
        {"payload": {"name": "made", "more": 1}},
        {"payload": {}},
        {"target": "tests.thing:2"},
        {"payload_hash": "0" * 64},
    ],
)
def test_what_was_edited_after_it_was_asked_for_is_not_approved(edit):
    approval = asked()
    with without_triggers():  # which refuse it
        Approval.objects.update(**edit)
    with pytest.raises(DomainError, match="changed after"):
        yes(approval)
    assert is_untouched(approval)


def test_a_stale_copy_of_the_request_does_not_run_instead_of_the_stored_one():
    approval = asked()
    approval.payload = {"name": "forged"}
    yes(approval)
    assert groups() == {"made"}


def test_the_hash_does_not_depend_on_how_the_payload_is_spelled():
    assert payload_hash("a", "t", {"x": 1, "y": "券"}) == payload_hash("a", "t", {"y": "券", "x": 1})
    different = [("a", "t", {"x": 1}), ("b", "t", {"x": 1}), ("a", "u", {"x": 1}), ("a", "t", {"x": "1"}), ("a", "t", {})]
    assert len({payload_hash(*one) for one in different}) == len(different)


def test_history_says_who_decided_and_why():
    approval = yes(asked(), reason="checked the figures")
    event = approval.events.order_by("pgh_id").last()
    assert event.status == ApprovalStatus.APPROVED
    assert event.pgh_context.metadata == {
        "user": the_approver().pk,
        "reason": "checked the figures",
        "approval": approval.pk,
    }


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_ten_approvals_at_once_carry_it_out_once():
    approval, approvers = asked(), [a_user(is_superuser=True) for _ in range(10)]
    results = at_once([lambda by=approver: yes(approval, by=by) for approver in approvers])
    assert sorted(type(result).__name__ for result in results) == ["AlreadyDecided"] * 9 + ["Approval"]
    assert groups() == {"made"}


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_an_approval_and_a_rejection_at_once_are_one_decision():
    approval, approver = asked(), a_user(is_superuser=True)
    the_approver()
    results = at_once([lambda: yes(approval, by=approver), lambda: reject(approval, by=the_approver(), reason="no", at=LATER)] * 3)
    assert sum(isinstance(result, Approval) for result in results) == 1
    assert groups() in ({"made"}, {"no"})


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_ten_requests_at_once_for_one_thing_are_one_request():
    askers = [a_user() for _ in range(10)]
    results = at_once([lambda by=asker: asked(by=by) for asker in askers])
    assert sum(isinstance(result, AlreadyRequested) for result in results) == 9
    assert Approval.objects.count() == 1


@pytest.mark.parametrize(
    "assignment",
    [
        "payload = '{}'",
        "payload_hash = repeat('0', 64)",
        "target = 'tests.thing:2'",
        "action = 'x'",
        "reason = 'x'",
        "summary = 'x'",
    ],
)
def test_approval_stays_as_asked(assignment):
    asked()
    refused("stays as it was asked", assignment)


def test_an_approval_is_decided_once_and_never_deleted():
    yes(asked())
    for assignment in (
        "status = 'rejected'",
        "decision_reason = 'another'",
        "status = 'pending', decided_by_id = NULL, decided_at = NULL",
    ):
        refused("decided once", assignment)
    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM lib_approval")  # approval_is_never_deleted, approvals_are_never_truncated
