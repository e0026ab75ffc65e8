"""An order and the redemption of its coupons are one transaction."""

from decimal import Decimal

import pytest

from backoffice.lib.automation import observe_only
from orders.models import Hold, Order, OrderDiscount, OrderLine
from orders.services.placing import CouponRefused, DuplicateOrder, place_order
from orders.signals import order_placed
from promotions.models import Coupon, Customer, Redemption
from promotions.states import CouponStatus
from tests.orders.factories import (
    a_line,
    a_plain_coupon,
    a_restricted_coupon,
    a_top_up,
    an_order,
    an_order_request,
)
from tests.promotions.factories import NOON, a_campaign, a_claimant, a_coupon, a_coupon_type, an_entry

pytestmark = pytest.mark.django_db


def stored_line(order: Order) -> OrderLine:
    return order.lines.get()


def test_a_plain_order_is_stored_with_what_came_with_it():
    order = an_order(ref="A-1", customer_ref="c9", device=" DEV-1 ", address="2001:db8:1:2:3::4")
    order.refresh_from_db()
    assert (order.status, order.placed_at, order.customer.ref, order.currency) == ("paid", NOON, "c9", "CNY")
    assert (order.gross_amount, order.discount_amount, order.payable_amount) == (Decimal(100), Decimal(0), Decimal(100))
    assert (order.device, order.address) == ("dev-1", "2001:db8:1:2::/64")
    assert not Hold.objects.exists()


def test_a_device_that_identifies_nobody_is_stored_as_none():
    assert an_order(device="00:00:00:00:00:00", address="").device == ""


def test_a_coupon_pays_for_an_order_and_is_redeemed_with_it():
    coupon = a_plain_coupon()
    order = an_order(coupons=(coupon,))
    coupon.refresh_from_db()
    assert coupon.status == CouponStatus.REDEEMED
    assert Redemption.objects.get(order_ref=order.ref).amount == Decimal("10.00")
    assert (order.discount_amount, order.payable_amount) == (Decimal("10.00"), Decimal("90.00"))


def test_the_order_takes_the_currency_of_its_coupons():
    coupon = a_plain_coupon(campaign=a_campaign(currency="HKD"))
    assert an_order(coupons=(coupon,)).currency == "HKD"


def test_discounts_are_copied_by_value_and_split_over_the_lines_to_the_cent():
    coupon = a_plain_coupon()
    order = an_order(coupons=(coupon,), lines=tuple(a_line(sku=f"s{i}", amount=Decimal("33.33")) for i in range(3)))
    assert [line.discount for line in order.lines.all()] == [Decimal("3.34"), Decimal("3.33"), Decimal("3.33")]
    assert OrderDiscount.objects.get(order=order, coupon=coupon).amount == Decimal("10.00")


def test_two_coupons_leave_a_discount_each():
    claimant = a_claimant()
    first, second = (a_coupon(entry=an_entry(coupon_type=a_coupon_type()), claimant=claimant) for _ in range(2))
    order = an_order(coupons=(first, second))
    assert order.discount_amount == Decimal("20.00")
    assert {discount.coupon for discount in order.discounts.all()} == {first, second}


def test_of_a_recipient_only_a_keyed_hash_and_the_last_four_digits_are_kept():
    line = stored_line(an_order(lines=(a_top_up(recipient="138 0013 8000"),)))
    assert line.recipient_last_four == "8000"
    assert len(line.recipient_hash) == 64
    assert "13800138000" not in str(OrderLine.objects.values().get())


def test_two_spellings_of_a_recipient_are_one():
    first, second = (stored_line(an_order(lines=(a_top_up(recipient=text),))) for text in ("13800138000", "+86 138-0013-8000"))
    assert first.recipient_hash == second.recipient_hash


def test_of_a_recipient_of_goods_nothing_is_kept():
    line = stored_line(an_order(lines=(a_line(recipient="13800138000"),)))
    assert (line.recipient_hash, line.recipient_last_four) == ("", "")


def test_virtual_goods_are_summed_in_the_order():
    order = an_order(lines=(a_line(), a_top_up(amount=Decimal("30.00")), a_top_up(category="game_credit", amount=Decimal("5.00"))))
    assert order.virtual_amount == Decimal("35.00")


def test_a_refused_coupon_leaves_no_order_behind():
    with pytest.raises(CouponRefused):
        an_order(coupon_codes=("NOSUCHCOUPON",))
    assert not Order.objects.exists()
    assert not Customer.objects.exists()


def test_one_refused_coupon_spends_none_of_the_others():
    coupon = a_plain_coupon()
    with pytest.raises(CouponRefused):
        an_order(coupons=(coupon,), coupon_codes=(coupon.code, "NOSUCHCOUPON"))
    coupon.refresh_from_db()
    assert coupon.status == CouponStatus.ISSUED
    assert not Redemption.objects.exists()


def test_the_coupon_of_somebody_else_is_refused():
    coupon = a_plain_coupon()
    with pytest.raises(CouponRefused):
        an_order(coupons=(coupon,), customer_ref="somebody-else")
    assert not Order.objects.exists()


def test_the_same_reference_again_is_a_duplicate_and_spends_no_coupon():
    an_order(ref="A-1")
    coupon = a_plain_coupon()
    with pytest.raises(DuplicateOrder, match="A-1"):
        an_order(ref="A-1", coupons=(coupon,))
    coupon.refresh_from_db()
    assert coupon.status == CouponStatus.ISSUED
    assert Order.objects.count() == 1
    assert not Redemption.objects.exists()


def test_the_very_same_order_again_is_a_duplicate_though_its_coupon_is_spent_by_now():
    request = an_order_request(coupons=(a_plain_coupon(),))
    place_order(request, at=NOON)
    with pytest.raises(DuplicateOrder):
        place_order(request, at=NOON)
    assert Redemption.objects.count() == 1


def test_the_commit_is_announced_once(django_capture_on_commit_callbacks):
    heard = []
    order_placed.connect(receiver := lambda order_id, **_: heard.append(order_id))
    with django_capture_on_commit_callbacks(execute=True):
        order = an_order()
    order_placed.disconnect(receiver)
    assert heard == [order.pk]


def test_a_listener_that_fails_does_not_undo_the_order(django_capture_on_commit_callbacks):
    def broken(**_):
        raise ConnectionError("the broker is away")

    order_placed.connect(broken)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            order = an_order()
    finally:
        order_placed.disconnect(broken)
    assert Order.objects.filter(pk=order.pk).exists()


def test_a_restricted_coupon_into_virtual_goods_cools_off_for_the_time_its_type_says():
    coupon = a_restricted_coupon()
    order = an_order(coupons=(coupon,), lines=(a_line(), a_top_up()))
    hold = order.holds.get()
    assert (hold.kind, hold.placed_at, hold.until) == ("cooling", NOON, NOON + coupon.coupon_type.cooling)
    assert hold.placed_by.username == "system"
    assert hold.reason


def test_a_restricted_coupon_into_goods_does_not_cool_off():
    an_order(coupons=(a_restricted_coupon(),))
    assert not Hold.objects.exists()


def test_an_ordinary_coupon_into_virtual_goods_does_not_cool_off():
    an_order(coupons=(a_plain_coupon(),), lines=(a_top_up(),))
    assert not Hold.objects.exists()


def test_while_observing_nothing_cools_off():
    with observe_only():
        order = an_order(coupons=(a_restricted_coupon(),), lines=(a_top_up(),))
    assert not order.holds.exists()


def test_a_plain_order_takes_few_round_trips(django_assert_max_num_queries):
    an_order(customer_ref="known")
    request = an_order_request(customer_ref="known", lines=tuple(a_line(sku=str(i)) for i in range(50)))
    # savepoint, customer, order, lines, release of the savepoint
    with django_assert_max_num_queries(5):
        place_order(request, at=NOON)


def test_the_lines_keep_their_order():
    order = an_order(lines=tuple(a_line(sku=sku) for sku in "cab"))
    assert [line.sku for line in order.lines.all()] == ["c", "a", "b"]
    assert Coupon.objects.count() == 0
