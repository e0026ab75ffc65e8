"""What the database promises, tried round the services."""

import pgtrigger
import pytest
from django.db import DatabaseError, transaction

from orders.models import Hold, Order, OrderDiscount, OrderLine
from orders.services.cancelling import cancel_order
from orders.services.delivering import deliver_order
from orders.services.holding import release_hold
from tests.orders.factories import HOUR, a_done_freeze, a_freeze, a_hold, a_plain_coupon, a_release, an_order
from tests.orders.rounds import sql
from tests.promotions.factories import NOON, the_asker

pytestmark = pytest.mark.django_db

DELIVER = "UPDATE orders_order SET status = 'delivered', delivered_at = now() WHERE id = %s"
CANCEL = "UPDATE orders_order SET status = 'cancelled', cancelled_at = now(), cancelled_by = 'risk' WHERE id = %s"


def refused(name, act):
    """The act breaks the rule of this name, and leaves the rest of the test its transaction."""

    def act_and_check():
        act()
        sql("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(DatabaseError) as refusal, transaction.atomic():
        act_and_check()
    assert refusal.value.__cause__.diag.constraint_name == name


def a_held_order():
    order = an_order()
    a_hold(order)
    return order


def test_a_held_order_becomes_delivered_by_no_update():
    order = a_held_order()
    refused("held_order_is_not_delivered", lambda: sql(DELIVER, order.pk))
    refused("held_order_is_not_delivered", lambda: Order.objects.update(status="delivered", delivered_at=NOON))
    order.status, order.delivered_at = "delivered", NOON
    refused("held_order_is_not_delivered", order.save)


def test_the_guard_cannot_be_ignored_by_a_setting_of_the_session():
    order = a_held_order()
    with pgtrigger.ignore("orders.Order:held_order_is_not_delivered"):
        refused("held_order_is_not_delivered", lambda: sql(DELIVER, order.pk))


def test_one_held_order_among_many_refuses_the_whole_update():
    free, held = an_order(), a_held_order()
    refused("held_order_is_not_delivered", lambda: Order.objects.update(status="delivered", delivered_at=NOON))
    assert not Order.objects.filter(pk__in=[free.pk, held.pk]).exclude(status="paid").exists()


def test_a_delivered_order_cannot_be_inserted_under_a_hold_that_waits_for_it():
    order = an_order()

    def insert():
        sql(
            "INSERT INTO orders_hold (order_id, kind, reason, placed_at, placed_by_id, release_reason)"
            " VALUES (999999, 'manual', 'too early', now(), %s, '')",
            the_asker().pk,
        )
        Order.objects.create(
            pk=999_999, ref="X", customer=order.customer, placed_at=NOON, gross_amount=1, status="delivered", delivered_at=NOON
        )

    refused("held_order_is_not_delivered", insert)


FINISH = {
    "delivered": lambda ref: deliver_order(ref, at=NOON),
    "cancelled": lambda ref: cancel_order(ref, cancelled_by="customer", reason="", at=NOON),
}


@pytest.mark.parametrize("finish", FINISH.values(), ids=FINISH)
def test_a_finished_order_takes_no_hold(finish):
    order = an_order()
    finish(order.ref)
    hold = Hold(order=order, kind="manual", reason="late", placed_at=NOON, placed_by=the_asker())
    refused("delivered_order_takes_no_hold", hold.save)
    refused("delivered_order_takes_no_hold", lambda: Hold.objects.bulk_create([hold]))


def test_a_released_hold_is_not_opened_again():
    order = an_order()
    release_hold(a_hold(order), by=the_asker(), reason="cleared", at=NOON)
    deliver_order(order.ref, at=NOON)
    refused("hold_stays_what_it_is", lambda: Hold.objects.update(released_at=None, released_by=None))


def test_a_hold_is_not_moved_to_another_order():
    held, other = a_held_order(), an_order()
    refused("hold_stays_what_it_is", lambda: Hold.objects.filter(order=held).update(order=other))


def test_a_legal_hold_does_not_become_one_that_anybody_may_release():
    an_order()
    a_done_freeze()
    refused("hold_stays_what_it_is", lambda: Hold.objects.update(kind="manual"))


def test_a_hold_is_not_deleted():
    order = a_held_order()
    refused("hold_is_never_deleted", lambda: Hold.objects.filter(order=order).delete())
    refused("hold_is_never_deleted", lambda: sql("DELETE FROM orders_hold"))


def test_an_order_under_a_legal_hold_is_not_cancelled():
    order = an_order()
    a_done_freeze()
    refused("held_order_is_not_delivered", lambda: sql(CANCEL, order.pk))


def test_a_delivered_order_is_never_placed_again():
    order = an_order()
    deliver_order(order.ref, at=NOON)
    with pytest.raises(DatabaseError, match="Invalid transition"), transaction.atomic():
        sql("UPDATE orders_order SET status = 'placed' WHERE id = %s", order.pk)


def test_one_open_hold_of_a_kind_per_order():
    order = a_held_order()
    hold = Hold(order=order, kind="manual", reason="again", placed_at=NOON, placed_by=the_asker())
    refused("hold_one_open_per_kind", hold.save)


HOLD_RULES = {
    "hold_has_a_reason": {"reason": ""},
    "hold_cooling_ends_by_itself": {"kind": "cooling"},
    "hold_legal_has_a_freeze": {"kind": "legal"},
    "hold_release_has_time_and_person": {"released_at": NOON},
}


@pytest.mark.parametrize(("name", "fields"), HOLD_RULES.items(), ids=HOLD_RULES)
def test_a_hold_keeps_its_rules(name, fields):
    values = {"kind": "manual", "reason": "odd", "placed_at": NOON, "placed_by": the_asker(), "order": an_order()}
    refused(name, Hold(**{**values, **fields}).save)


ORDER_RULES = {
    "order_is_worth_something": {"gross_amount": 0},
    "order_never_below_zero": {"discount_amount": 101},
    "order_delivered_has_a_time": {"status": "delivered"},
    "order_cancelled_has_time_and_person": {"status": "cancelled"},
}


@pytest.mark.parametrize(("name", "fields"), ORDER_RULES.items(), ids=ORDER_RULES)
def test_an_order_keeps_its_rules(name, fields):
    order = an_order()
    refused(name, lambda: Order.objects.filter(pk=order.pk).update(**fields))


LINE_RULES = {
    "order_line_is_worth_something": {"amount": 0},
    "order_line_discount_within_amount": {"discount": 101},
}


@pytest.mark.parametrize(("name", "fields"), LINE_RULES.items(), ids=LINE_RULES)
def test_a_line_keeps_its_rules(name, fields):
    order = an_order()
    refused(name, lambda: order.lines.update(**fields))


def test_a_position_is_taken_once():
    order = an_order()
    refused("order_line_position_once", OrderLine(order=order, position=1, sku="x", category="goods", amount=1).save)


def test_a_coupon_stands_once_in_an_order_and_never_takes_less_than_nothing():
    coupon = a_plain_coupon()
    order = an_order(coupons=(coupon,))
    refused("order_discount_once_per_coupon", OrderDiscount(order=order, coupon=coupon, amount=1).save)
    refused("order_discount_never_negative", lambda: order.discounts.update(amount=-1))


def test_a_legal_freeze_has_a_reference():
    an_order()
    freeze = a_freeze()
    refused("freeze_legal_has_a_reference", lambda: type(freeze).objects.update(legal_reference=""))
    refused("freeze_kind_is_legal_or_manual", lambda: type(freeze).objects.update(kind="risk"))


def test_the_scope_of_a_freeze_is_closed_once_it_is_asked_for():
    an_order()
    freeze = a_freeze()
    other = an_order()
    add = "INSERT INTO orders_freezeitem (freeze_id, order_id, result, detail) VALUES (%s, %s, 'pending', '')"
    refused("freeze_scope_is_closed", lambda: sql(add, freeze.pk, other.pk))
    refused("freeze_scope_is_closed", lambda: freeze.items.update(order=other))
    refused("freeze_scope_is_closed", lambda: sql("DELETE FROM orders_freezeitem"))
    refused("freeze_item_result_is_known", lambda: freeze.items.update(result="released"))


def test_the_scope_of_a_release_is_closed_once_it_is_asked_for():
    an_order()
    freeze = a_done_freeze()
    release = a_release(freeze)
    other = a_hold(an_order())
    add = "INSERT INTO orders_releaseitem (release_id, hold_id, result, detail) VALUES (%s, %s, 'pending', '')"
    refused("release_scope_is_closed", lambda: sql(add, release.pk, other.pk))
    refused("release_scope_is_closed", lambda: release.items.update(hold=other))
    refused("release_scope_is_closed", lambda: sql("DELETE FROM orders_releaseitem"))
    refused("release_item_result_is_known", lambda: release.items.update(result="held"))


def test_every_change_of_a_hold_is_in_the_history_with_its_reason():
    order = an_order()
    hold = a_hold(order, reason="shared device", at=NOON)
    release_hold(hold, by=the_asker(), reason="own number", at=NOON + HOUR)
    events = hold.events.order_by("pgh_id")
    assert [(event.pgh_label, event.pgh_context.metadata["reason"]) for event in events] == [
        ("insert", "shared device"),
        ("update", "own number"),
    ]
