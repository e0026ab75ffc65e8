"""An order is called off, and its coupons come back or not."""

import pytest

from backoffice.lib.errors import InvalidInput
from orders.models import Hold
from orders.services.cancelling import OrderHeld, OrderIsFinal, OrderNotFound, cancel_order
from orders.services.delivering import deliver_order
from orders.signals import hold_released
from promotions.models import Redemption
from promotions.states import CouponStatus
from tests.orders.factories import HOUR, a_done_freeze, a_done_release, a_hold, a_plain_coupon, an_order
from tests.promotions.factories import NOON

pytestmark = pytest.mark.django_db


def cancelled(order, *, by="customer", reason="changed my mind", at=NOON):
    return cancel_order(order.ref, cancelled_by=by, reason=reason, at=at)


def test_a_cancelled_order_says_by_whom_when_and_why():
    order = cancelled(an_order(), by="staff", reason="out of stock")
    order.refresh_from_db()
    assert (order.status, order.cancelled_by, order.cancelled_at) == ("cancelled", "staff", NOON)
    assert order.cancel_reason == "out of stock"


def test_asked_twice_the_answer_is_the_same():
    order = cancelled(an_order())
    again = cancelled(order, by="risk", reason="too late", at=NOON + HOUR)
    assert (again.cancelled_by, again.cancelled_at) == ("customer", NOON)


@pytest.mark.parametrize(
    ("by", "status"), [("customer", CouponStatus.ISSUED), ("staff", CouponStatus.ISSUED), ("risk", CouponStatus.VOIDED)]
)
def test_the_coupon_comes_back_by_the_policy_of_its_campaign(by, status):
    coupon = a_plain_coupon()
    cancelled(an_order(coupons=(coupon,)), by=by)
    coupon.refresh_from_db()
    assert coupon.status == status
    assert Redemption.objects.get().returned_at == NOON


def test_a_coupon_that_came_back_pays_for_another_order():
    coupon = a_plain_coupon()
    cancelled(an_order(coupons=(coupon,)))
    assert an_order(coupons=(coupon,)).discount_amount == coupon.face_value


def test_cancelled_twice_the_coupon_comes_back_once():
    coupon = a_plain_coupon()
    order = an_order(coupons=(coupon,))
    cancelled(order)
    an_order(coupons=(coupon,))
    cancelled(order, at=NOON + HOUR)
    coupon.refresh_from_db()
    assert coupon.status == CouponStatus.REDEEMED


def test_a_delivered_order_is_not_cancelled():
    order = deliver_order(an_order().ref, at=NOON)
    with pytest.raises(OrderIsFinal, match="already delivered"):
        cancelled(order)


def test_open_holds_are_released_with_the_order_and_nobody_is_asked_to_deliver(django_capture_on_commit_callbacks):
    order = an_order()
    a_hold(order, kind="manual")
    a_hold(order, kind="risk")
    heard = []
    hold_released.connect(receiver := lambda **_: heard.append(1))
    with django_capture_on_commit_callbacks(execute=True):
        cancelled(order)
    hold_released.disconnect(receiver)
    assert not order.holds.open().exists()
    assert set(order.holds.values_list("release_reason", "released_by__username")) == {("order cancelled", "system")}
    assert heard == []


@pytest.mark.parametrize("by", ["customer", "staff", "risk"])
def test_what_is_under_a_legal_hold_is_cancelled_by_nobody(by):
    coupon = a_plain_coupon()
    order = an_order(coupons=(coupon,))
    a_hold(order, kind="manual")
    a_done_freeze()
    with pytest.raises(OrderHeld, match="cannot be cancelled") as refusal:
        cancelled(order, by=by)
    assert [hold.kind for hold in refusal.value.holds] == ["legal"]
    order.refresh_from_db()
    coupon.refresh_from_db()
    assert (order.status, coupon.status) == ("paid", CouponStatus.REDEEMED)
    assert Hold.objects.open().count() == 2


def test_after_the_release_it_can_be_cancelled():
    order = an_order()
    a_done_release(a_done_freeze())
    assert cancelled(order).status == "cancelled"


def test_an_unknown_order_is_not_found():
    with pytest.raises(OrderNotFound):
        cancel_order("NOPE", cancelled_by="customer", reason="", at=NOON)


def test_a_customer_need_not_say_why():
    assert cancelled(an_order(), reason="").status == "cancelled"


@pytest.mark.parametrize(("by", "reason"), [("staff", " "), ("risk", ""), ("somebody", "why not"), ("staff", "a\x00b")])
def test_nonsense_cancels_nothing(by, reason):
    order = an_order()
    with pytest.raises(InvalidInput):
        cancelled(order, by=by, reason=reason)
    order.refresh_from_db()
    assert order.status == "paid"
