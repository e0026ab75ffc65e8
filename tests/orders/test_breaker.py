"""Automatic holds stop at a rate that staff set: flags go on, people are told, and two persons start them again."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from backoffice.lib.actors import system_user
from backoffice.lib.approvals import SamePerson, approve
from backoffice.lib.errors import StaleState
from orders.models import Hold, HoldBreaker, MissedHold
from orders.services.alarm_holds import hold_redeeming_orders
from orders.services.breaker import hold_automatically, hold_missed, leave_missed, request_start, stop_automatic_holds
from orders.services.delivering import deliver_order
from orders.services.holding import place_hold
from orders.states import HoldKind
from promotions.models import Alarm
from promotions.services.redemption_holds import hold_redemptions
from promotions.states import AlarmCause, Severity
from tests.orders.factories import HOUR, a_cooling_order, a_plain_coupon, an_order, orders
from tests.orders.rounds import in_threads, sql, trigger_off
from tests.promotions.factories import NOON, a_coupon, an_entry, the_approver, the_asker
from tests.risk.factories import a_flag

pytestmark = pytest.mark.django_db


def at_most(number, kind="risk", window=HOUR):
    breaker, _ = HoldBreaker.objects.get_or_create(kind=kind, defaults={"window": window, "most": number})
    HoldBreaker.objects.filter(pk=breaker.pk).update(most=number, window=window)
    breaker.refresh_from_db()
    return breaker


def hold(order, kind="risk", at=NOON):
    return hold_automatically(order, kind=kind, reason="looks odd", at=at)


def stopped(kind="risk"):
    breaker = at_most(1, kind)
    stop_automatic_holds(breaker, by=the_asker(), reason="holds everybody", at=NOON)
    breaker.refresh_from_db()
    return breaker


def test_up_to_the_limit_orders_are_held_and_beyond_it_they_are_listed():
    at_most(2)
    first, second, third = orders(3)
    assert [bool(hold(order)) for order in (first, second, third)] == [True, True, False]
    assert set(Hold.objects.values_list("order", flat=True)) == {first.pk, second.pk}
    missed = MissedHold.objects.get()
    assert (missed.order, missed.kind, missed.reason) == (third, "risk", "looks odd")
    assert list(MissedHold.objects.waiting()) == [missed]


def test_reaching_the_limit_tells_people_once():
    breaker = at_most(1)
    for order in orders(4):
        hold(order)
    alarm = Alarm.objects.get(cause=AlarmCause.HOLDS_STOPPED)
    assert (alarm.severity, alarm.target) == (Severity.URGENT, f"orders.holdbreaker:{breaker.pk}")
    breaker.refresh_from_db()
    assert (breaker.stopped_at, breaker.stopped_by) == (NOON, system_user())


def test_it_stays_stopped_when_the_window_has_passed():
    at_most(1)
    first, second, third = orders(3)
    hold(first), hold(second)
    assert hold(third, at=NOON + 5 * HOUR) is None


def test_below_the_rate_nothing_ever_stops():
    at_most(2)
    for number, order in enumerate(orders(6)):
        assert hold(order, at=NOON + number * HOUR)
    assert not Alarm.objects.exists()


def test_each_kind_has_a_breaker_of_its_own():
    at_most(1, "risk")
    first, second = orders(2)
    hold(first), hold(second)
    assert hold(second, kind="alarm")


def test_what_a_person_holds_counts_nothing_and_is_never_refused():
    breaker = stopped()
    place_hold(an_order(), kind=HoldKind.RISK, reason="by hand", by=the_asker(), at=NOON)
    breaker.refresh_from_db()
    assert breaker.placed == 0
    assert Hold.objects.count() == 1


def test_risk_flags_go_on_while_its_holds_are_stopped():
    stopped("risk")
    flag = a_flag()
    assert flag.disposition == "organised"
    assert not Hold.objects.filter(kind=HoldKind.RISK).exists()
    assert flag.order_id in MissedHold.objects.filter(kind="risk").values_list("order", flat=True)


def test_a_restricted_coupon_turned_into_phone_credit_is_listed_while_cooling_is_stopped():
    stopped("cooling")
    order = a_cooling_order()
    assert not order.holds.exists()
    assert MissedHold.objects.get().kind == "cooling"


def test_orders_held_by_an_alarm_stop_in_the_middle_of_a_sweep_and_the_sweep_ends():
    at_most(2, "alarm")
    entry = an_entry()
    for _ in range(5):
        an_order(coupons=(a_coupon(entry=entry),))
    hold_redemptions(entry.coupon_type, since=NOON - HOUR, reason="leak", by=the_asker(), at=NOON)
    assert hold_redeeming_orders(NOON) == 5
    assert Hold.objects.filter(kind=HoldKind.ALARM).count() == 2
    assert MissedHold.objects.waiting().count() == 3
    assert hold_redeeming_orders(NOON) == 0


def test_an_order_placed_while_alarm_holds_are_stopped_says_that_it_is_not_held():
    stopped("alarm")
    coupon = a_plain_coupon()
    hold_redemptions(coupon.coupon_type, since=NOON - HOUR, reason="leak", by=the_asker(), at=NOON)
    order = an_order(coupons=(coupon,))
    assert deliver_order(order.ref, at=NOON).status == "delivered"
    assert not MissedHold.objects.waiting().exists()


def test_the_same_order_is_listed_once():
    stopped()
    order = an_order()
    hold(order), hold(order)
    assert MissedHold.objects.count() == 1


def test_starting_again_takes_a_second_person_and_counts_from_nothing():
    breaker = stopped()
    approval = request_start(breaker, by=the_asker(), reason="the rule is mended", at=NOON)
    assert hold(an_order()) is None
    with pytest.raises(SamePerson):
        approve(approval, by=the_asker(), reason="", at=NOON)
    approve(approval, by=the_approver(), reason="looked", at=NOON)
    assert hold(an_order())


def test_starting_again_is_refused_where_the_limit_was_changed_meanwhile():
    breaker = stopped()
    approval = request_start(breaker, by=the_asker(), reason="the rule is mended", at=NOON)
    at_most(1_000)
    with pytest.raises(StaleState, match="limit was changed"):
        approve(approval, by=the_approver(), reason="", at=NOON)
    assert hold(an_order()) is None


def test_what_runs_cannot_be_asked_to_start():
    with pytest.raises(StaleState):
        request_start(at_most(1), by=the_asker(), reason="x", at=NOON)


def test_a_reviewer_holds_one_and_leaves_another_each_once():
    stopped()
    first, second = orders(2)
    hold(first), hold(second)
    held, left = MissedHold.objects.order_by("pk")
    hold_missed(held, by=the_asker(), reason="it is the gang", at=NOON)
    leave_missed(left, by=the_asker(), reason="an ordinary customer", at=NOON)
    assert Hold.objects.get().order == first
    assert not MissedHold.objects.waiting().exists()
    with pytest.raises(StaleState):
        leave_missed(held, by=the_asker(), reason="no", at=NOON)


def test_what_was_delivered_meanwhile_waits_for_nobody():
    stopped()
    order = an_order()
    hold(order)
    deliver_order(order.ref, at=NOON)
    assert not MissedHold.objects.waiting().exists()


# Round the services


def test_sql_does_not_start_it_again():
    breaker = stopped()
    with pytest.raises(IntegrityError, match="approval of their own"), transaction.atomic():
        sql("UPDATE orders_holdbreaker SET stopped_at = NULL, stopped_by_id = NULL, stopped_reason = '' WHERE id = %s", breaker.pk)


def test_sql_places_no_automatic_hold_while_they_are_stopped():
    stopped()
    order, who = an_order(), system_user()
    with pytest.raises(IntegrityError, match="are stopped"), transaction.atomic():
        Hold.objects.create(order=order, kind="risk", reason="round the services", placed_at=NOON, placed_by=who)
    with trigger_off("orders_hold", "stopped_breaker_places_no_hold"):
        Hold.objects.create(order=order, kind="risk", reason="round the services", placed_at=NOON, placed_by=who)


@pytest.mark.parametrize("change", ["most = 0", "\"window\" = '30 seconds'", "stopped_at = now()", "stopped_reason = 'alone'"])
def test_sql_makes_no_breaker_without_limit_or_half_stopped(change):
    breaker = at_most(1)
    with pytest.raises(IntegrityError), transaction.atomic():
        sql(f"UPDATE orders_holdbreaker SET {change} WHERE id = %s", breaker.pk)


def test_sql_makes_no_breaker_one_of_another_kind():
    breaker = at_most(1)
    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        sql("UPDATE orders_holdbreaker SET kind = 'alarm' WHERE id = %s", breaker.pk)


def test_sql_deletes_no_breaker():
    breaker = at_most(1)
    with pytest.raises(ProgrammingError, match="Cannot delete"), transaction.atomic():
        sql("DELETE FROM orders_holdbreaker WHERE id = %s", breaker.pk)


def test_a_decision_has_person_time_and_reason():
    stopped()
    hold(an_order())
    with pytest.raises(IntegrityError), transaction.atomic():
        MissedHold.objects.update(decision="left")


# Many at once


def hold_each(found):
    """All of them at once, each in a transaction of its own. Answers which are held."""

    def one(order):
        def act():
            with transaction.atomic():
                return hold(order) is not None

        return act

    return in_threads(*(one(order) for order in found))


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_sixteen_at_once_hold_no_more_than_the_limit():
    at_most(5)
    system_user()
    answers = hold_each(orders(16))
    assert sum(answers) == Hold.objects.count() == 5
    assert MissedHold.objects.count() == 11
    assert Alarm.objects.count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_control_without_the_rows_lock_they_hold_more(monkeypatch):
    """The breaker's row is read without its lock: everybody sees the same room."""
    from orders.services import breaker as module

    at_most(5)
    system_user()
    found = orders(16)
    everybody_has_read = threading.Barrier(len(found))

    def read(kind):
        breaker = HoldBreaker.objects.get(kind=kind)
        everybody_has_read.wait(timeout=20)
        return breaker

    monkeypatch.setattr(module, "_locked", read)
    hold_each(found)
    assert Hold.objects.count() > 5


def test_an_hour_of_the_default_lets_a_night_pass():
    """What the replayed nights hold at full size is some dozens; the default stops what a shift could never look through."""
    from orders.services.breaker import MOST_AN_HOUR

    assert {str(kind): most for kind, most in MOST_AN_HOUR.items()} == {"cooling": 10_000, "risk": 2_000, "alarm": 10_000}
    assert set(HoldBreaker.objects.values_list("kind", "most", "window")) == {
        ("cooling", 10_000, HOUR),
        ("risk", 2_000, HOUR),
        ("alarm", 10_000, timedelta(hours=1)),
    }
