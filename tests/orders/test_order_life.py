"""From placed to completed: payment, deliveries in part, refunds, completion."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from backoffice.lib.errors import InvalidInput
from orders.models import Order, Refund
from orders.services.cancelling import OrderIsFinal, cancel_order
from orders.services.completing import NotDelivered, complete_order
from orders.services.delivering import OrderHeld, OrderNotPaid, deliver_order, deliver_part
from orders.services.errors import ReferenceReused, TooMuchRefunded
from orders.services.paying import pay_order
from orders.services.refunding import RefundRequest, refund_order
from promotions.states import CouponStatus, SlotReturn
from tests.orders.factories import HOUR, a_hold, a_line, a_plain_coupon, an_order
from tests.orders.rounds import sql
from tests.promotions.factories import NOON, a_campaign

pytestmark = pytest.mark.django_db


def an_order_of_three(**fields):
    """Two cups and a pot, 90.00 in all."""
    lines = (a_line(sku="cup", amount=Decimal("40.00"), quantity=2), a_line(sku="pot", amount=Decimal("50.00")))
    return an_order(lines=lines, **fields)


def refunded(order, amount="90.00", *, ref="r1", cause="customer", **fields):
    return refund_order(order.ref, RefundRequest(ref=ref, amount=Decimal(amount), cause=cause, **fields), at=NOON)


def delivered_quantities(order):
    return list(order.lines.values_list("delivered_quantity", flat=True))


def refused(name, statement, *params):
    with pytest.raises(DatabaseError) as refusal, transaction.atomic():
        sql(statement, *params)
    assert refusal.value.__cause__.diag.constraint_name == name


def test_an_order_that_is_not_paid_is_not_delivered():
    order = an_order(is_paid=False)
    with pytest.raises(OrderNotPaid):
        deliver_order(order.ref, at=NOON)
    pay_order(order.ref, paid_at=NOON)
    assert deliver_order(order.ref, at=NOON).status == "delivered"


def test_told_twice_the_first_payment_stands():
    order = an_order(is_paid=False)
    for hours in range(2):
        order = pay_order(order.ref, paid_at=NOON + hours * HOUR)
    assert (order.status, order.paid_at) == ("paid", NOON)


def test_a_payment_after_the_cancellation_revives_nothing():
    order = an_order(is_paid=False)
    cancel_order(order.ref, cancelled_by="customer", reason="", at=NOON)
    order = pay_order(order.ref, paid_at=NOON + HOUR)
    assert (order.status, order.paid_at) == ("cancelled", NOON + HOUR)


def test_parcels_leave_one_after_another():
    order = an_order_of_three()
    order = deliver_part(order.ref, delivery_ref="d1", quantities={1: 1}, at=NOON)
    assert (order.status, delivered_quantities(order)) == ("partly_delivered", [1, 0])
    order = deliver_part(order.ref, delivery_ref="d2", quantities={1: 1, 2: 1}, at=NOON + HOUR)
    assert (order.status, order.delivered_at, delivered_quantities(order)) == ("delivered", NOON + HOUR, [2, 1])


def test_a_whole_delivery_takes_what_is_left():
    order = an_order_of_three()
    deliver_part(order.ref, delivery_ref="d1", quantities={1: 1}, at=NOON)
    assert delivered_quantities(deliver_order(order.ref, at=NOON)) == [2, 1]


def test_the_same_parcel_told_twice_leaves_once():
    order = an_order_of_three()
    for _ in range(2):
        deliver_part(order.ref, delivery_ref="d1", quantities={1: 1}, at=NOON)
    assert delivered_quantities(order) == [1, 0]
    with pytest.raises(ReferenceReused):
        deliver_part(order.ref, delivery_ref="d1", quantities={1: 2}, at=NOON)
    assert delivered_quantities(order) == [1, 0]


@pytest.mark.parametrize("quantities", [{1: 3}, {3: 1}, {2: 0}, {}])
def test_what_was_not_ordered_does_not_leave(quantities):
    order = an_order_of_three()
    with pytest.raises(InvalidInput):
        deliver_part(order.ref, delivery_ref="d1", quantities=quantities, at=NOON)
    assert (Order.objects.get().status, delivered_quantities(order), order.deliveries.count()) == ("paid", [0, 0], 0)


def test_a_held_order_gives_no_parcel():
    order = an_order_of_three()
    deliver_part(order.ref, delivery_ref="d1", quantities={1: 1}, at=NOON)
    a_hold(order)
    with pytest.raises(OrderHeld):
        deliver_part(order.ref, delivery_ref="d2", quantities={2: 1}, at=NOON)
    assert delivered_quantities(order) == [1, 0]


def test_a_partly_delivered_order_is_not_cancelled():
    order = an_order_of_three()
    deliver_part(order.ref, delivery_ref="d1", quantities={1: 1}, at=NOON)
    with pytest.raises(OrderIsFinal):
        cancel_order(order.ref, cancelled_by="customer", reason="", at=NOON)


def test_a_refund_in_part_changes_no_state():
    order = refunded(an_order_of_three(), "30.00")
    order.refresh_from_db()
    assert (order.status, order.refunded_amount, order.is_partly_refunded) == ("paid", Decimal("30.00"), True)


def test_what_is_paid_back_before_anything_left_is_cancelled():
    order = an_order_of_three()
    refunded(order, "40.00")
    order = refunded(order, "50.00", ref="r2", cause="dispute")
    assert (order.status, order.cancelled_by, order.refunded_amount) == ("cancelled", "dispute", Decimal("90.00"))


def test_what_is_paid_back_after_it_left_is_refunded():
    order = deliver_order(an_order_of_three().ref, at=NOON)
    assert refunded(order).status == "refunded"


def test_the_same_refund_told_twice_is_booked_once():
    order = an_order_of_three()
    for _ in range(2):
        order = refunded(order, "30.00")
    assert (Refund.objects.count(), order.refunded_amount) == (1, Decimal("30.00"))
    with pytest.raises(ReferenceReused):
        refunded(order, "31.00")


def test_no_more_is_paid_back_than_was_paid():
    order = refunded(an_order_of_three(), "60.00")
    with pytest.raises(TooMuchRefunded, match=r"30\.00 left"):
        refunded(order, "30.01", ref="r2")
    order.refresh_from_db()
    assert order.refunded_amount == Decimal("60.00")


def test_a_refund_says_that_it_was_paid():
    order = refunded(an_order_of_three(is_paid=False), "10.00")
    assert (order.status, order.paid_at) == ("paid", NOON)


@pytest.mark.parametrize("kind", ["manual", "risk"])
def test_a_held_order_is_not_refunded(kind):
    order = an_order_of_three()
    a_hold(order, kind=kind)
    with pytest.raises(OrderHeld, match="cannot be refunded"):
        refunded(order, "10.00")
    assert not Refund.objects.exists()


RETURNS = [
    (SlotReturn.UNLESS_RISK, "customer", CouponStatus.ISSUED),
    (SlotReturn.UNLESS_RISK, "goodwill", CouponStatus.ISSUED),
    (SlotReturn.UNLESS_RISK, "dispute", CouponStatus.VOIDED),
    (SlotReturn.UNLESS_RISK, "risk", CouponStatus.VOIDED),
    (SlotReturn.ALWAYS, "dispute", CouponStatus.ISSUED),
    (SlotReturn.NEVER, "customer", CouponStatus.VOIDED),
]


@pytest.mark.parametrize(("policy", "cause", "becomes"), RETURNS)
def test_a_coupon_comes_back_by_policy_and_cause(policy, cause, becomes):
    coupon = a_plain_coupon(campaign=a_campaign(slot_return=policy))
    order = an_order_of_three(coupons=(coupon,))
    refunded(order, "80.00", cause=cause)
    coupon.refresh_from_db()
    assert coupon.status == becomes


@pytest.mark.parametrize(("goods_returned", "becomes"), [(True, CouponStatus.ISSUED), (False, CouponStatus.REDEEMED)])
def test_goods_that_are_gone_keep_the_coupon_spent(goods_returned, becomes):
    coupon = a_plain_coupon()
    order = deliver_order(an_order_of_three(coupons=(coupon,)).ref, at=NOON)
    refunded(order, "80.00", goods_returned=goods_returned)
    coupon.refresh_from_db()
    assert coupon.status == becomes


def test_a_delivered_order_is_completed_once():
    order = deliver_order(an_order_of_three().ref, at=NOON)
    for hours in range(2):
        order = complete_order(order.ref, at=NOON + hours * HOUR)
    assert (order.status, order.completed_at) == ("completed", NOON)


def test_what_is_still_to_come_is_not_completed():
    order = an_order_of_three()
    deliver_part(order.ref, delivery_ref="d1", quantities={1: 1}, at=NOON)
    refunded(order, "69.99")
    with pytest.raises(NotDelivered):
        complete_order(order.ref, at=NOON)
    refunded(order, "0.01", ref="r2")
    assert complete_order(order.ref, at=NOON).status == "completed"


def test_round_the_services_a_held_order_is_neither_delivered_completed_nor_refunded():
    order = an_order_of_three()
    deliver_part(order.ref, delivery_ref="d1", quantities={1: 1}, at=NOON)
    a_hold(order)
    for status in ("delivered", "completed"):
        refused("held_order_is_not_delivered", f"UPDATE orders_order SET status = '{status}' WHERE id = %s", order.pk)
    refused("held_line_is_not_delivered", "UPDATE orders_orderline SET delivered_quantity = 2 WHERE order_id = %s", order.pk)
    refused(
        "held_order_is_not_delivered",
        "INSERT INTO orders_refund (order_id, ref, amount, cause, goods_returned, reason, refunded_at)"
        " VALUES (%s, 'r', 1, 'customer', false, '', now())",
        order.pk,
    )


def test_round_the_services_a_sum_of_refunds_is_their_sum():
    order = refunded(an_order_of_three(), "30.00")
    refused("refunded_amount_is_the_sum", "UPDATE orders_order SET refunded_amount = 20 WHERE id = %s", order.pk)
    refused(
        "order_never_refunds_more_than_was_paid",
        "INSERT INTO orders_refund (order_id, ref, amount, cause, goods_returned, reason, refunded_at)"
        " VALUES (%s, 'r', 60.01, 'customer', false, '', now())",
        order.pk,
    )
    refused(
        "refund_once_per_reference",
        "INSERT INTO orders_refund (order_id, ref, amount, cause, goods_returned, reason, refunded_at)"
        " SELECT order_id, ref, 1, cause, goods_returned, reason, refunded_at FROM orders_refund",
    )
    with pytest.raises(DatabaseError), transaction.atomic():
        sql("UPDATE orders_refund SET amount = 1")


def test_round_the_services_lines_leave_with_their_order_and_stay_gone():
    order = an_order_of_three()
    refused("held_line_is_not_delivered", "UPDATE orders_orderline SET delivered_quantity = 1 WHERE order_id = %s", order.pk)
    deliver_order(order.ref, at=NOON)
    refused("held_line_is_not_delivered", "UPDATE orders_orderline SET delivered_quantity = 0 WHERE order_id = %s", order.pk)
    refused(
        "order_line_delivers_no_more_than_ordered",
        "UPDATE orders_orderline SET delivered_quantity = 9 WHERE order_id = %s",
        order.pk,
    )
