"""A decision is taken back by its maker within his shift, and what cannot be undone is said."""

import pytest
from django.db import IntegrityError, transaction

from backoffice.lib.actors import system_user
from orders.models import Hold, HoldBreaker
from orders.services.delivering import deliver_order
from risk.models import CustomerDisposition, Flag, Review, ReviewAct
from risk.queueing import UNDO_WITHIN
from risk.services.reviewing import decide_flag
from risk.services.undoing import NotUndone, last_decision, undo_decision
from tests.promotions.factories import NOON
from tests.risk.factories import HOUR, MINUTE, a_flag
from tests.risk.queue_factories import a_reviewer, flagged

pytestmark = pytest.mark.django_db
LATER = NOON + 5 * MINUTE


def decided(flag, decision="cleared", *, by, at=LATER, **more):
    decide_flag(flag, decision=decision, reason="looked at it", by=by, at=at, **more)
    return last_decision(by, at=at)


def open_holds(order):
    return set(Hold.objects.open().filter(order=order).values_list("kind", "placed_by__username"))


def test_a_cleared_order_waits_again_and_is_held_as_before():
    flag, reviewer = a_flag(), a_reviewer()
    before = open_holds(flag.order)
    assert before == {("cooling", "system"), ("risk", "system")}
    act = decided(flag, by=reviewer)
    assert open_holds(flag.order) == set()
    undone = undo_decision(act, by=reviewer, at=LATER + MINUTE)
    assert (undone.flag.decision, undone.flag.decided_by, undone.remains) == ("", None, [])
    assert open_holds(flag.order) == before
    assert Review.objects.filter(order=flag.order).exists()


def test_what_was_taken_back_can_be_decided_otherwise_and_is_released_then():
    flag, reviewer = a_flag(), a_reviewer()
    undo_decision(decided(flag, by=reviewer), by=reviewer, at=LATER)
    decide_flag(flag, decision="cleared", reason="honest after all", by=reviewer, at=LATER + MINUTE)
    assert open_holds(flag.order) == set()


def test_a_confirmation_takes_its_own_hold_along_and_no_other():
    flag, reviewer = flagged(), a_reviewer()
    act = decided(flag, "confirmed", by=reviewer)
    assert open_holds(flag.order) == {("risk", reviewer.username)}
    undo_decision(act, by=reviewer, at=LATER)
    assert open_holds(flag.order) == set()
    held = a_flag()
    before = open_holds(held.order)
    undo_decision(decided(held, "confirmed", by=reviewer), by=reviewer, at=LATER)
    assert open_holds(held.order) == before


def test_what_left_meanwhile_stays_gone_and_that_is_said():
    flag, reviewer = a_flag(), a_reviewer()
    act = decided(flag, by=reviewer)
    deliver_order(flag.order.ref, at=LATER)
    undone = undo_decision(act, by=reviewer, at=LATER + MINUTE)
    assert len(undone.remains) == 2
    assert all("delivered" in sentence for sentence in undone.remains)
    assert open_holds(flag.order) == set()
    assert undone.flag.decision == ""


def test_a_cooling_off_that_is_over_does_not_come_back():
    flag, reviewer = a_flag(), a_reviewer()
    act = decided(flag, by=reviewer)
    undone = undo_decision(act, by=reviewer, at=LATER + 2 * HOUR)
    assert ["cooling-off" in sentence for sentence in undone.remains] == [True]
    assert open_holds(flag.order) == {("risk", "system")}


def test_where_automatic_holds_are_stopped_the_reviewer_holds_it():
    flag, reviewer = a_flag(), a_reviewer()
    act = decided(flag, by=reviewer)
    HoldBreaker.objects.filter(kind="risk").update(stopped_at=LATER, stopped_by=system_user(), stopped_reason="too many")
    undo_decision(act, by=reviewer, at=LATER + MINUTE)
    assert ("risk", reviewer.username) in open_holds(flag.order)


def test_a_reviewer_overrules_the_disposition_and_gets_back_what_the_rules_said():
    flag, reviewer = a_flag(), a_reviewer()
    act = decided(flag, disposition="swept_along", by=reviewer)
    flag.refresh_from_db()
    assert (flag.disposition, flag.overruled) == ("swept_along", "organised")
    undone = undo_decision(act, by=reviewer, at=LATER).flag
    assert (undone.disposition, undone.overruled) == ("organised", "")


def test_to_say_what_the_rules_said_overrules_nothing():
    flag = a_flag()
    decided(flag, disposition="organised", by=a_reviewer())
    flag.refresh_from_db()
    assert (flag.disposition, flag.overruled) == ("organised", "")


def test_nobody_takes_back_another_persons_decision():
    flag, reviewer = a_flag(), a_reviewer()
    act = decided(flag, by=reviewer)
    with pytest.raises(NotUndone, match="only who decided"):
        undo_decision(act, by=a_reviewer(), at=LATER)
    assert Flag.objects.get(pk=flag.pk).decision == "cleared"
    assert open_holds(flag.order) == set()


def test_after_the_shift_a_decision_stays():
    flag, reviewer = a_flag(), a_reviewer()
    act = decided(flag, by=reviewer)
    assert last_decision(reviewer, at=LATER + UNDO_WITHIN) is None
    with pytest.raises(NotUndone, match="older than 12 hours"):
        undo_decision(act, by=reviewer, at=LATER + UNDO_WITHIN + MINUTE)


def test_a_decision_is_taken_back_once():
    flag, reviewer = a_flag(), a_reviewer()
    act = decided(flag, by=reviewer)
    undo_decision(act, by=reviewer, at=LATER)
    with pytest.raises(NotUndone, match="already"):
        undo_decision(act, by=reviewer, at=LATER)
    with pytest.raises(IntegrityError), transaction.atomic():
        ReviewAct.objects.create(order=flag.order, kind="undone", by=reviewer, at=LATER, undoes=act)


def test_an_earlier_decision_that_was_decided_anew_is_not_taken_back_by_the_old_act():
    flag, reviewer = a_flag(), a_reviewer()
    first = decided(flag, by=reviewer)
    undo_decision(first, by=reviewer, at=LATER)
    second = decided(flag, "confirmed", by=reviewer, at=LATER + MINUTE)
    with pytest.raises(NotUndone):
        undo_decision(first, by=reviewer, at=LATER + MINUTE)
    assert second != first
    assert Flag.objects.get(pk=flag.pk).decision == "confirmed"


def test_the_customer_is_weighed_anew_when_a_decision_on_his_order_is_taken_back():
    flag, reviewer = a_flag(), a_reviewer()

    def called():
        return CustomerDisposition.objects.get(customer=flag.order.customer).disposition

    act = decided(flag, by=reviewer)
    assert called() != "organised"
    undo_decision(act, by=reviewer, at=LATER)
    assert called() == "organised"
