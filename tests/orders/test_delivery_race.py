"""A hold and a delivery never pass each other. The controls show that without the triggers they do."""

import threading

import pytest
from django.db import IntegrityError, OperationalError, transaction

from orders.models import Hold, Order
from orders.services.delivering import OrderHeld, deliver_order
from orders.services.holding import OrderIsFinal, place_hold
from tests.orders.factories import an_order, orders
from tests.orders.rounds import in_threads, sql, trigger_off
from tests.promotions.factories import NOON, the_asker
from tests.race.waiting import somebody_waits, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]

DELIVER = "UPDATE orders_order SET status = 'delivered', delivered_at = now() WHERE id = %s"
HOLD = (
    "INSERT INTO orders_hold (order_id, kind, reason, placed_at, placed_by_id, release_reason)"
    " VALUES (%s, 'manual', 'round the services', now(), %s, '')"
)
ORDER_GUARD = ("orders_order", "held_order_is_not_delivered")
LINE_GUARD = ("orders_orderline", "held_line_is_not_delivered")
HOLD_GUARD = ("orders_hold", "delivered_order_takes_no_hold")


def is_held_and_delivered() -> bool:
    return Order.objects.held().filter(status="delivered").exists()


def overlap(first, second):
    """`first` has done its statement and commits only when `second` waits for it or is through."""
    done, tried = threading.Event(), threading.Event()

    def earlier():
        with transaction.atomic():
            sql(*first)
            done.set()
            wait_until(lambda: tried.is_set() or somebody_waits())

    def later():
        try:
            assert done.wait(timeout=30)
            sql(*second)
        finally:
            tried.set()

    return in_threads(earlier, later)


def test_a_delivery_waits_for_a_hold_that_is_being_placed_and_then_is_refused():
    order, user = an_order(), the_asker()
    answers = overlap((HOLD, order.pk, user.pk), (DELIVER, order.pk))
    assert answers[0] is None
    assert isinstance(answers[1], IntegrityError)
    assert Order.objects.get().status == "paid"


def test_control_without_the_orders_trigger_the_order_is_held_and_delivered():
    order, user = an_order(), the_asker()
    with trigger_off(*ORDER_GUARD), trigger_off(*LINE_GUARD):
        assert overlap((HOLD, order.pk, user.pk), (DELIVER, order.pk)) == [None, None]
        assert is_held_and_delivered()


def test_a_hold_waits_for_a_delivery_that_is_under_way_and_then_is_refused():
    order, user = an_order(), the_asker()
    answers = overlap((DELIVER, order.pk), (HOLD, order.pk, user.pk))
    assert answers[0] is None
    assert isinstance(answers[1], IntegrityError)
    assert not Hold.objects.exists()


def test_control_without_the_holds_trigger_the_order_is_delivered_and_held():
    order, user = an_order(), the_asker()
    with trigger_off(*HOLD_GUARD):
        assert overlap((DELIVER, order.pk), (HOLD, order.pk, user.pk)) == [None, None]
        assert is_held_and_delivered()


def in_an_old_snapshot(isolation, meanwhile, statement):
    """The statement runs in a transaction that reads as of before `meanwhile`, which another session commits."""
    with transaction.atomic():
        sql(f"SET TRANSACTION ISOLATION LEVEL {isolation}")
        sql("SELECT 1 FROM orders_order")
        assert in_threads(lambda: sql(*meanwhile)) == [None]
        sql(*statement)


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_an_old_snapshot_that_cannot_see_the_hold_delivers_nothing(isolation):
    order, user = an_order(), the_asker()
    with pytest.raises(IntegrityError, match="reads what is committed"):
        in_an_old_snapshot(isolation, (HOLD, order.pk, user.pk), (DELIVER, order.pk))
    assert Hold.objects.count() == 1
    assert not is_held_and_delivered()


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_an_old_snapshot_that_cannot_see_the_delivery_holds_nothing(isolation):
    order, user = an_order(), the_asker()
    with pytest.raises(OperationalError, match="could not serialize"):
        in_an_old_snapshot(isolation, (DELIVER, order.pk), (HOLD, order.pk, user.pk))
    assert Order.objects.get().status == "delivered"
    assert not Hold.objects.exists()


def test_of_a_hold_and_a_delivery_at_the_same_moment_one_is_true_and_the_other_is_refused():
    user = the_asker()
    for order in orders(15):
        held, delivered = in_threads(
            lambda order=order: place_hold(order, kind="risk", reason="odd", by=user, at=NOON),
            lambda order=order: deliver_order(order.ref, at=NOON),
        )
        assert (isinstance(held, Hold) and isinstance(delivered, OrderHeld)) or (
            isinstance(held, OrderIsFinal) and isinstance(delivered, Order)
        )
    assert not is_held_and_delivered()


def test_two_deliveries_at_the_same_moment_give_the_same_answer():
    order = an_order()
    answers = in_threads(*[lambda: deliver_order(order.ref, at=NOON)] * 4)
    assert [answer.delivered_at for answer in answers] == [NOON] * 4


def test_two_holds_of_a_kind_at_the_same_moment_are_one():
    order, user = an_order(), the_asker()
    answers = in_threads(*[lambda: place_hold(order, kind="risk", reason="odd", by=user, at=NOON)] * 4)
    assert len({hold.pk for hold in answers}) == 1
    assert Hold.objects.count() == 1
