"""How long the queue is and how overdue, and who is told."""

import pytest

from backoffice.lib import counting
from backoffice.lib.automation import tell_nobody
from orders.services.delivering import deliver_order
from promotions.models import Alarm
from promotions.services.alarms import acknowledge_alarm
from risk.services.leasing import take, take_next
from risk.services.queue_numbers import numbers_for, shift_of, skipped_until, watch_queue
from risk.services.queueing import assign, escalate, skip
from risk.services.reviewing import decide_flag
from risk.services.undoing import last_decision, undo_decision
from tests.promotions.factories import NOON, the_approver
from tests.risk.factories import DAY, HOUR, MINUTE
from tests.risk.queue_factories import a_reviewer, an_appeal, flagged, flagged_top_up, place_of

pytestmark = pytest.mark.django_db


def test_numbers_of_the_queue_for_its_reader():
    old, lost, mine = flagged_top_up(at=NOON - 3 * HOUR), flagged(), flagged()
    deliver_order(lost.order.ref, at=NOON)
    an_appeal()
    me, other = a_reviewer(), a_reviewer()
    assign(place_of(mine), me, by=other, at=NOON, reason="his")
    escalate(place_of(old), other, at=NOON, reason="large")
    found = numbers_for(me, at=NOON)
    assert (found.waiting, found.oldest, found.overdue) == (4, NOON - 3 * HOUR, 1)
    assert (found.can_be_saved, found.escalated, found.appeals, found.mine) == (3, 1, 1, 1)


def test_counting_stops_at_a_cap(monkeypatch):
    monkeypatch.setattr(counting, "MOST_COUNTED", 2)
    for _number in range(3):
        flagged()
    assert numbers_for(a_reviewer(), at=NOON).waiting == 2


def test_the_progress_of_a_shift():
    one, other, third = flagged(), flagged(), flagged()
    me = a_reviewer()
    for number, flag in enumerate((one, other, third)):
        take(place_of(flag), me, at=NOON + number * MINUTE)
        decide_flag(
            flag, decision="cleared" if number else "confirmed", reason="seen", by=me, at=NOON + number * MINUTE + MINUTE / 2
        )
    undo_decision(last_decision(me, at=NOON + HOUR), by=me, at=NOON + HOUR)
    skip(take_next(me, at=NOON + HOUR), me, at=NOON + HOUR)
    shift = shift_of(me, at=NOON + HOUR)
    assert (shift.decided, shift.cleared, shift.confirmed, shift.undone, shift.skipped) == (2, 1, 1, 1, 1)
    assert (shift.middle_seconds, shift.begun_at) == (30, NOON + MINUTE / 2)
    assert skipped_until(me, at=NOON + HOUR) == (1, NOON + 5 * HOUR)
    assert shift_of(me, at=NOON + DAY).decided == 0


def test_overdue_orders_that_can_be_saved_raise_one_alarm():
    flagged_top_up()
    assert watch_queue(NOON + 29 * MINUTE) == []
    assert len(watch_queue(NOON + 30 * MINUTE)) == 1
    assert watch_queue(NOON + 31 * MINUTE) == []
    alarm = Alarm.objects.get()
    assert (alarm.cause, alarm.detail) == (
        "review_overdue",
        "1 orders wait for a reviewer beyond their due time, of them 1 that can still be saved.",
    )
    acknowledge_alarm(alarm, by=the_approver(), note="two more people sit down", at=NOON + 32 * MINUTE)
    assert len(watch_queue(NOON + 33 * MINUTE)) == 1


def test_decided_orders_raise_no_alarm():
    flag = flagged_top_up()
    decide_flag(flag, decision="cleared", reason="fine", by=a_reviewer(), at=NOON)
    assert watch_queue(NOON + DAY) == []


def test_what_is_lost_anyway_raises_no_alarm():
    flag = flagged()
    deliver_order(flag.order.ref, at=NOON)
    assert watch_queue(NOON + 30 * DAY) == []


def test_an_appeal_that_nobody_decides_raises_an_alarm():
    an_appeal()
    assert len(watch_queue(NOON + 4 * HOUR)) == 1


def test_a_replay_raises_none():
    flagged_top_up()
    with tell_nobody():
        assert watch_queue(NOON + DAY) == []
