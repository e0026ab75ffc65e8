"""The ship gate: an open hold says no."""

import pytest

from orders.models import Order
from orders.services.cancelling import cancel_order
from orders.services.delivering import OrderHeld, OrderIsFinal, OrderNotFound, deliver_order
from orders.services.holding import release_hold
from tests.orders.factories import HOUR, a_done_freeze, a_hold, an_order
from tests.promotions.factories import NOON, the_asker

pytestmark = pytest.mark.django_db


def test_a_free_order_is_delivered():
    order = deliver_order(an_order().ref, at=NOON)
    order.refresh_from_db()
    assert (order.status, order.delivered_at, order.delivery_asked_at) == ("delivered", NOON, NOON)


def test_asked_twice_the_answer_is_the_same():
    ref = an_order().ref
    deliver_order(ref, at=NOON)
    assert deliver_order(ref, at=NOON + HOUR).delivered_at == NOON


@pytest.mark.parametrize("kind", ["manual", "risk", "cooling"])
def test_a_held_order_is_not_delivered(kind):
    order = an_order()
    hold = a_hold(order, kind=kind, until=NOON + HOUR)
    with pytest.raises(OrderHeld) as refusal:
        deliver_order(order.ref, at=NOON)
    assert refusal.value.code == "order_held"
    assert refusal.value.holds == (hold,)
    order.refresh_from_db()
    assert (order.status, order.delivered_at) == ("paid", None)


def test_the_sentence_of_the_refusal_does_not_say_why_it_is_held():
    order = an_order()
    a_hold(order, kind="risk", reason="shares a device with forty others")
    with pytest.raises(OrderHeld, match=f"Order {order.ref} is held and cannot be delivered.$"):
        deliver_order(order.ref, at=NOON)


def test_a_legally_frozen_order_is_not_delivered():
    order = an_order()
    a_done_freeze()
    with pytest.raises(OrderHeld):
        deliver_order(order.ref, at=NOON)


def test_a_cooling_hold_holds_until_it_is_released_however_late_it_is():
    order = an_order()
    a_hold(order, kind="cooling", until=NOON + HOUR)
    with pytest.raises(OrderHeld):
        deliver_order(order.ref, at=NOON + 2 * HOUR)


def test_the_first_ask_is_remembered_though_it_was_refused():
    order = an_order()
    hold = a_hold(order)
    for at in (NOON + HOUR, NOON + 2 * HOUR):
        with pytest.raises(OrderHeld):
            deliver_order(order.ref, at=at)
    release_hold(hold, by=the_asker(), reason="cleared", at=NOON + 2 * HOUR)
    delivered = deliver_order(order.ref, at=NOON + 3 * HOUR)
    assert (delivered.delivery_asked_at, delivered.delivered_at) == (NOON + HOUR, NOON + 3 * HOUR)


def test_a_cancelled_order_is_not_delivered():
    order = an_order()
    cancel_order(order.ref, cancelled_by="customer", reason="", at=NOON)
    with pytest.raises(OrderIsFinal, match="already cancelled"):
        deliver_order(order.ref, at=NOON)


def test_an_unknown_order_is_not_found():
    with pytest.raises(OrderNotFound, match="There is no order NOPE"):
        deliver_order("NOPE", at=NOON)
    assert not Order.objects.exists()


def test_other_orders_go_on_while_one_is_held():
    held, free = an_order(), an_order()
    a_hold(held)
    assert deliver_order(free.ref, at=NOON).status == "delivered"


def test_the_list_knows_what_is_held_and_what_is_free_to_ship():
    held, free = an_order(), an_order()
    a_hold(held)
    assert list(Order.objects.held()) == [held]
    assert list(Order.objects.free_to_ship()) == [free]
    assert {order.pk: order.is_held for order in Order.objects.for_admin_list()} == {held.pk: True, free.pk: False}
