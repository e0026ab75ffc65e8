"""One person freezes alone for a day at most: loudly, and confirmed by a second one, or it falls and what it placed is released."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.db import IntegrityError, transaction

from backoffice.lib.approvals import NotAllowed, SamePerson, approve, reject, withdraw
from backoffice.lib.errors import InvalidInput, StaleState
from backoffice.lib.jobs import pause_job, run_job
from backoffice.lib.models import Approval, Job, OutboxMessage
from orders.models import Emergency, Freeze, Hold, Release
from orders.services import scopes
from orders.services.emergencies import start_emergency
from orders.services.emergency_ends import CONFIRMED, FALLEN, STARTED, end_overdue
from orders.services.errors import ScopeChanged
from orders.services.scope_kinds import RELEASE_SCOPE
from promotions.models import Alarm
from promotions.states import AlarmCause, Severity
from tests.lib.telling import a_webhook
from tests.orders.factories import HOUR, a_done_freeze, a_freeze_approver, a_hold, an_order, everything, orders, worked
from tests.orders.rounds import begun, in_chunks_of, in_threads, sql, trigger_off
from tests.promotions.factories import NOON, a_user, the_approver

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def a_starter():
    user = a_user()
    user.user_permissions.add(Permission.objects.get(codename="start_emergency_freeze", content_type__app_label="orders"))
    return User.objects.get(pk=user.pk)


def an_emergency(scope=None, *, by=None, lasts=DAY, at=NOON, **fields):
    terms = {
        "kind": "legal",
        "legal_reference": "by telephone, 01:10",
        "authority": "Public security bureau",
        "scope_text": "orders of the night",
        "reason": "they are being delivered now",
    }
    orders_of_it = everything() if scope is None else scope
    return start_emergency(orders_of_it, lasts=lasts, by=by or a_starter(), at=at, **{**terms, **fields})


def confirmed(freeze, *, by=None, at=NOON + HOUR):
    return approve(freeze.job.approval, by=by or the_approver(), reason="read it, and it is right", at=at)


def released(freeze):
    """The job of the release that the fall of this emergency asked for, worked to its end."""
    release = Emergency.objects.get(freeze=freeze).release
    return worked(release, at=NOON + DAY)


def test_it_holds_without_a_second_person():
    found = orders(3)
    freeze = worked(an_emergency())
    assert [hold.order for hold in Hold.objects.order_by("order_id")] == found
    assert freeze.job.approval.status == "pending"


def test_it_is_told_loudly():
    a_webhook("https://example.com/hook", STARTED)
    orders(3)
    freeze = an_emergency()
    alarm = Alarm.objects.get()
    assert (alarm.cause, alarm.severity, alarm.target) == (
        AlarmCause.EMERGENCY_STARTED,
        Severity.URGENT,
        f"orders.freeze:{freeze.pk}",
    )
    assert OutboxMessage.objects.get(event=STARTED).payload["orders"] == 3
    assert "EMERGENCY" in freeze.job.approval.summary


def test_nobody_starts_one_without_the_right():
    an_order()
    for somebody in (a_user(), a_freeze_approver()):
        with pytest.raises(NotAllowed):
            an_emergency(by=somebody)
    assert not Freeze.objects.exists()


@pytest.mark.parametrize("lasts", [timedelta(0), -HOUR, DAY + timedelta(seconds=1), timedelta(days=30)])
def test_it_lasts_a_day_at_most(lasts):
    an_order()
    with pytest.raises(InvalidInput, match="24 hours"):
        an_emergency(lasts=lasts)
    assert not Freeze.objects.exists()


def test_a_second_person_confirms_it_by_the_hash_of_its_scope_and_it_stays():
    a_webhook("https://example.com/hook", CONFIRMED)
    orders(2)
    freeze = worked(an_emergency())
    approver = the_approver()
    confirmed(freeze, by=approver)
    emergency = Emergency.objects.get()
    assert (emergency.confirmed_by, emergency.confirmed_at) == (approver, NOON + HOUR)
    assert end_overdue(NOON + 2 * DAY) == 0
    assert Hold.objects.open().count() == 2
    assert OutboxMessage.objects.filter(event=CONFIRMED).count() == 1


def test_who_started_it_does_not_confirm_it():
    an_order()
    starter = a_starter()
    starter.user_permissions.add(Permission.objects.get(codename="approve_freeze"))
    freeze = an_emergency(by=User.objects.get(pk=starter.pk))
    with pytest.raises(SamePerson):
        confirmed(freeze, by=User.objects.get(pk=starter.pk))


def test_a_scope_that_was_changed_is_not_confirmed():
    orders(3)
    freeze = worked(an_emergency())
    with trigger_off("orders_freezeitem", "freeze_scope_keeps_its_items"):
        freeze.items.order_by("pk").first().delete()
    with pytest.raises(ScopeChanged):
        confirmed(freeze)
    assert Emergency.objects.unconfirmed().exists()


def test_unconfirmed_it_falls_and_exactly_what_it_placed_is_released():
    a_webhook("https://example.com/hook", FALLEN)
    first, second, third = orders(3)
    by_hand = a_hold(first)
    other = a_done_freeze(everything().filter(pk=second.pk))
    freeze = worked(an_emergency())
    assert end_overdue(NOON + DAY) == 1
    release = released(freeze)
    assert set(Hold.objects.open().values_list("pk", flat=True)) == {by_hand.pk, other.holds.get().pk}
    assert dict(release.items.values_list("hold__order", "result")) == {first.pk: "released", third.pk: "released"}
    assert release.job.scope_hash == scopes.fingerprint(RELEASE_SCOPE, release).sha256
    assert (release.job.status, release.job.requested_by.username) == ("done", "system")
    assert OutboxMessage.objects.filter(event=FALLEN).count() == 1
    assert Alarm.objects.filter(cause=AlarmCause.EMERGENCY_FALLEN, severity=Severity.URGENT).count() == 1


def test_it_falls_once():
    orders(2)
    freeze = worked(an_emergency())
    assert [end_overdue(NOON + DAY), end_overdue(NOON + DAY), end_overdue(NOON + 2 * DAY)] == [1, 0, 0]
    released(freeze)
    assert Release.objects.count() == 1


def test_before_its_time_it_does_not_fall():
    an_order()
    worked(an_emergency(lasts=HOUR))
    assert end_overdue(NOON + HOUR - timedelta(seconds=1)) == 0
    assert Hold.objects.open().exists()


def test_too_late_it_is_not_confirmed_any_more():
    an_order()
    freeze = worked(an_emergency(lasts=HOUR))
    with pytest.raises(StaleState, match="time is over"):
        confirmed(freeze, at=NOON + HOUR)
    assert end_overdue(NOON + HOUR) == 1


def test_turned_down_it_falls_at_once():
    an_order()
    freeze = worked(an_emergency())
    reject(freeze.job.approval, by=the_approver(), reason="the wrong orders", at=NOON + HOUR)
    released(freeze)
    assert not Hold.objects.open().exists()
    assert Hold.objects.get().release_reason == "the wrong orders"


def test_taken_back_it_falls_at_once():
    an_order()
    starter = a_starter()
    freeze = worked(an_emergency(by=starter))
    withdraw(freeze.job.approval, by=starter, reason="my mistake", at=NOON + HOUR)
    released(freeze)
    assert not Hold.objects.open().exists()


@pytest.mark.parametrize("chunks", [0, 1])
def test_it_falls_in_the_middle_of_its_work_and_holds_nothing_more(monkeypatch, chunks):
    in_chunks_of(monkeypatch, 2)
    orders(5)
    freeze = an_emergency()
    work(freeze, chunks)
    assert end_overdue(NOON + DAY) == 1
    run_job(freeze.job_id, now=lambda: NOON + 2 * DAY)
    assert Job.objects.get(pk=freeze.job_id).status == "cancelled"
    assert {result: n for result, n in freeze.items.tally().items() if n} == (
        {"held": 2, "skipped": 3} if chunks else {"skipped": 5}
    )
    if chunks:
        assert released(freeze).items.count() == 2
    assert not Hold.objects.open().exists()


def work(freeze, chunks):
    """So many chunks, and then the job is paused."""
    if chunks:
        begun(freeze, chunks, at=NOON)
    pause_job(freeze.job, by=the_approver(), reason="wait", at=NOON)


def test_one_that_held_nothing_falls_without_a_release():
    an_order()
    freeze = an_emergency()
    assert end_overdue(NOON + DAY) == 1
    emergency = Emergency.objects.get()
    assert (emergency.release, emergency.fallen_at) == (None, NOON + DAY)
    assert worked(freeze, at=NOON + DAY).job.status == "cancelled"
    assert freeze.items.get().result == "skipped"


def test_once_confirmed_turning_down_is_over():
    an_order()
    freeze = worked(an_emergency())
    confirmed(freeze)
    with pytest.raises(Exception, match="already"):
        reject(freeze.job.approval, by=the_approver(), reason="no", at=NOON + HOUR)


# Round the services


def test_the_database_knows_no_emergency_longer_than_a_day():
    an_order()
    freeze = an_emergency()
    fields = {"started_by": freeze.job.requested_by, "started_at": NOON}
    with pytest.raises(IntegrityError, match="emergency_lasts_a_day_at_most"), transaction.atomic():
        Emergency.objects.create(freeze=a_done_freeze(by=freeze.job.requested_by), ends_at=NOON + DAY + HOUR, **fields)


def test_the_database_knows_no_emergency_confirmed_by_who_started_it():
    an_order()
    freeze = an_emergency()
    with (
        trigger_off("orders_emergency", "emergency_is_of_who_asked"),
        pytest.raises(IntegrityError, match="never_confirmed_by_who_started_it"),
        transaction.atomic(),
    ):
        Emergency.objects.update(confirmed_by=freeze.job.requested_by, confirmed_at=NOON)


def test_the_database_knows_no_confirmation_without_the_approval():
    an_order()
    an_emergency()
    with pytest.raises(IntegrityError, match="confirmed by who approved it"), transaction.atomic():
        Emergency.objects.update(confirmed_by=the_approver(), confirmed_at=NOON)
    with trigger_off("orders_emergency", "emergency_is_of_who_asked"):
        Emergency.objects.update(confirmed_by=the_approver(), confirmed_at=NOON)


def test_the_database_knows_no_late_confirmation():
    an_order()
    an_emergency()
    with (
        trigger_off("orders_emergency", "emergency_is_of_who_asked"),
        pytest.raises(IntegrityError, match="confirmed_in_time"),
        transaction.atomic(),
    ):
        Emergency.objects.update(confirmed_by=the_approver(), confirmed_at=NOON + DAY)


@pytest.mark.parametrize(
    "change", ["ends_at = ends_at + interval '1 hour'", "started_at = now()", "started_by_id = started_by_id + 1"]
)
def test_sql_gives_it_no_longer_time(change):
    an_order()
    an_emergency(lasts=HOUR)
    with pytest.raises(IntegrityError), transaction.atomic():
        sql(f"UPDATE orders_emergency SET {change}")


def test_sql_wakes_no_fallen_one():
    an_order()
    an_emergency()
    end_overdue(NOON + DAY)
    with pytest.raises(IntegrityError, match="falls once"), transaction.atomic():
        sql("UPDATE orders_emergency SET fallen_at = NULL, release_id = NULL")


def test_a_fallen_one_places_no_hold():
    an_order()
    freeze, order = worked(an_emergency()), an_order()
    end_overdue(NOON + DAY)
    hold = {"order": order, "kind": "legal", "reason": "x", "placed_at": NOON, "placed_by": the_approver(), "freeze": freeze}
    with pytest.raises(IntegrityError, match="has fallen"), transaction.atomic():
        Hold.objects.create(**hold)
    with trigger_off("orders_hold", "fallen_emergency_places_no_hold"):
        Hold.objects.create(**hold)


# Many at once


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_confirmed_and_overdue_at_the_same_moment_exactly_one_happens():
    for _ in range(4):
        orders(2)
        freeze = worked(an_emergency())
        approver = a_freeze_approver()

        def confirm(freeze=freeze, approver=approver):
            return approve(Approval.objects.get(pk=freeze.job.approval_id), by=approver, reason="yes", at=NOON + HOUR)

        in_threads(confirm, lambda: end_overdue(NOON + DAY), lambda: end_overdue(NOON + DAY))
        emergency = Emergency.objects.get(freeze=freeze)
        assert (emergency.confirmed_at is None) != (emergency.fallen_at is None)
        assert Release.objects.filter(freeze=freeze).count() == (emergency.fallen_at is not None)
        if emergency.fallen_at:
            worked(emergency.release, at=NOON + DAY)
        assert Hold.objects.open().filter(freeze=freeze).exists() == (emergency.confirmed_at is not None)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_it_falls_while_a_worker_holds_its_orders_and_nothing_stays_held(monkeypatch):
    in_chunks_of(monkeypatch, 2)
    orders(14)
    freeze = an_emergency()
    answers = in_threads(lambda: run_job(freeze.job_id, now=lambda: NOON), lambda: end_overdue(NOON + DAY))
    assert answers in ([True, 1], [False, 1])  # it may have fallen before the worker came; nobody locks the other out
    emergency = Emergency.objects.get()
    if emergency.release:
        worked(emergency.release, at=NOON + DAY)
    assert not Hold.objects.open().exists()
    assert Hold.objects.count() == Hold.objects.filter(freeze=freeze).count()
