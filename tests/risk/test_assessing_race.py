"""Two workers assess the same orders at the same moment."""

import threading

import pytest
from django.db import IntegrityError

from orders.models import Hold, Order
from orders.querysets import OrderQuerySet
from orders.services.delivering import deliver_order
from risk.gathering import gather_facts
from risk.models import Assessment, Finding, Flag
from risk.services.assessing import assess_missed_orders, assess_order
from risk.services.reviewing import FlagIsDecided, decide_flag
from tests.orders.rounds import in_threads
from tests.promotions.factories import NOON, a_user
from tests.risk.factories import HOUR, MINUTE, a_flag, a_leaked_token, gang_orders

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


def findings_twice():
    """Rules found more than once on an order."""
    seen = list(Finding.objects.values_list("order", "rule"))
    return len(seen) - len(set(seen))


def test_many_workers_on_one_order_leave_one_set_of_findings_one_flag_and_one_hold():
    orders = gang_orders(3, a_leaked_token())
    answers = in_threads(*[lambda: assess_order(orders[-1].pk, at=NOON + 10 * MINUTE)] * 6)
    assert {answer.pk for answer in answers} == {Flag.objects.get(order=orders[-1]).pk}
    assert Assessment.objects.filter(order=orders[-1]).count() == 1
    assert findings_twice() == 0
    assert Hold.objects.filter(order=orders[-1], kind="risk").count() == 1


def test_control_without_the_lock_the_workers_run_into_each_other(monkeypatch):
    """Only the unique constraints are left then: the workers fail instead of waiting."""
    order = gang_orders(1, a_leaked_token())[0]
    everybody_has_looked = threading.Barrier(2)

    def gather_together(order, *, at):
        everybody_has_looked.wait(timeout=10)
        return gather_facts(order, at=at)

    def keep_unlocked(order_id, **values):
        is_first = not Assessment.objects.filter(order=order_id).exists()
        everybody_has_looked.wait(timeout=10)
        if is_first:
            Assessment.objects.create(order_id=order_id, assessed_at=values["at"])
        return is_first

    monkeypatch.setattr(OrderQuerySet, "locked", lambda self, pk: self.get(pk=pk))
    monkeypatch.setattr("risk.services.assessing.gather_facts", gather_together)
    monkeypatch.setattr("risk.services.recording._keep_assessment", keep_unlocked)
    answers = in_threads(*[lambda: assess_order(order.pk, at=NOON)] * 2)
    assert any(isinstance(answer, IntegrityError) for answer in answers)


def test_workers_that_convict_each_others_orders_do_not_stand_in_each_others_way():
    token = a_leaked_token()
    orders = gang_orders(6, token, device="farm-1")
    for order in orders:
        assess_order(order.pk, at=NOON)  # at that time nobody else is seen yet
    answers = in_threads(*[lambda pk=order.pk: assess_order(pk, at=NOON + 10 * MINUTE) for order in orders])
    assert all(isinstance(answer, Flag) for answer in answers), answers
    assert Flag.objects.filter(disposition="organised").count() == 6
    assert findings_twice() == 0
    assert Hold.objects.open().filter(kind="risk").count() == 6
    assert not Assessment.objects.exclude(error="").exists()


def test_two_sweeps_at_once_assess_everything_once():
    gang_orders(3, a_leaked_token())
    in_threads(*[lambda: assess_missed_orders(NOON + 10 * MINUTE)] * 2)
    assert Assessment.objects.filter(error="").count() == 3
    assert Flag.objects.count() == 3
    assert findings_twice() == 0


def test_an_order_is_either_held_in_time_or_delivered_and_never_both():
    orders = gang_orders(3, a_leaked_token())
    Hold.objects.all().update(released_at=NOON, released_by=a_user(), release_reason="no cooling-off in this test")
    ref, pk = orders[-1].ref, orders[-1].pk
    in_threads(lambda: assess_order(pk, at=NOON + HOUR), lambda: deliver_order(ref, at=NOON + HOUR))
    is_delivered = Order.objects.get(pk=pk).status == "delivered"
    assert Hold.objects.open().filter(order=pk).exists() is not is_delivered
    assert Flag.objects.filter(order=pk).exists()


def test_of_two_reviewers_the_second_is_told():
    flag = a_flag()
    first, second = a_user(), a_user()
    answers = in_threads(
        lambda: decide_flag(flag, decision="cleared", reason="a family", by=first, at=NOON + HOUR),
        lambda: decide_flag(flag, decision="confirmed", reason="a gang", by=second, at=NOON + HOUR),
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["Flag", "FlagIsDecided"]
    assert any(isinstance(answer, FlagIsDecided) for answer in answers)
    flag.refresh_from_db()
    held = Hold.objects.open().filter(order=flag.order, kind="risk").exists()
    assert held is (flag.decision == "confirmed")


def test_a_decision_and_an_assessment_at_once_leave_the_decision():
    flag = a_flag()
    reviewer = a_user()
    in_threads(
        lambda: decide_flag(flag, decision="cleared", reason="a family", by=reviewer, at=NOON + HOUR),
        *[lambda: assess_order(flag.order_id, at=NOON + HOUR)] * 3,
    )
    flag.refresh_from_db()
    assert flag.decision == "cleared"
    assert not Hold.objects.open().filter(order=flag.order).exists()
