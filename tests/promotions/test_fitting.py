"""A coupon that does not fit is refused with a reason for programs and a sentence for people, and is not spent."""

from decimal import Decimal

import pytest

from promotions.services.fitting import BasketLine, CouponRefused
from promotions.services.redeeming import return_coupons
from promotions.states import CouponMisfit, CouponStatus
from tests.promotions.conditions import a_type_of
from tests.promotions.factories import NOON, a_basket, a_campaign, a_claimant, a_coupon, an_entry, redeem
from tests.promotions.figures import everything, status_of

pytestmark = pytest.mark.django_db


def a_coupon_with(claimant=None, **terms):
    return a_coupon(entry=an_entry(coupon_type=a_type_of(**terms)), claimant=claimant or a_claimant())


def refused(*coupons, **how):
    """The reasons, by place; and nothing is left of the attempt."""
    before = everything()
    with pytest.raises(CouponRefused) as error:
        redeem(*coupons, **how)
    assert everything() == before
    assert str(error.value) == error.value.errors[0]["detail"]
    assert all(len(item["detail"]) > 20 for item in error.value.errors)
    return {item["pointer"]: item["code"] for item in error.value.errors}


def tea_and_credit(tea="60.00", credit="100.00"):
    return [
        BasketLine("TEA-1", "goods", Decimal(tea), "food/tea"),
        BasketLine("TOPUP", "phone_credit", Decimal(credit)),
    ]


def test_the_discount_comes_off_what_the_coupon_covers():
    coupon = a_coupon_with(left_out=[("category", "phone_credit")], face_value=Decimal(80))
    quote = redeem(coupon, lines=tea_and_credit())
    assert quote.line_discounts == (Decimal("60.00"), Decimal("0.00"))


def test_a_basket_of_nothing_that_is_covered_is_refused():
    coupon = a_coupon_with(included=[("product_category", "food/*")])
    assert refused(coupon, lines=a_basket("500.00")) == {"#/coupons/0": CouponMisfit.NOTHING_COVERED}


def test_virtual_goods_that_are_left_out_do_not_count_for_the_minimum_spend():
    coupon = a_coupon_with(left_out=[("category", "phone_credit")], minimum_spend=Decimal(100))
    assert refused(coupon, lines=tea_and_credit("99.99", "500.00")) == {"#/coupons/0": CouponMisfit.MINIMUM_NOT_MET}
    redeem(coupon, lines=tea_and_credit("100.00", "0.01"))


def test_every_coupon_that_does_not_fit_is_named():
    who = a_claimant()
    fits, dear, scoped = (
        a_coupon_with(who),
        a_coupon_with(who, minimum_spend=Decimal(900)),
        a_coupon_with(who, included=[("sku", "SOMETHING-ELSE")]),
    )
    assert refused(fits, dear, scoped) == {
        "#/coupons/1": CouponMisfit.MINIMUM_NOT_MET,
        "#/coupons/2": CouponMisfit.NOTHING_COVERED,
    }


def test_a_coupon_that_would_take_nothing_is_refused_and_not_spent():
    who = a_claimant()
    everything_off, late = a_coupon_with(who, face_value=Decimal(200)), a_coupon_with(who, face_value=Decimal(50))
    assert refused(late, everything_off) == {"#/coupons/0": CouponMisfit.TAKES_NOTHING}
    redeem(everything_off)
    assert status_of(late) == CouponStatus.ISSUED


def test_a_coupon_that_stands_alone_is_refused_beside_another():
    who = a_claimant()
    alone, other = a_coupon_with(who, stacks="alone"), a_coupon_with(who)
    assert refused(other, alone) == {"#/coupons/1": CouponMisfit.DOES_NOT_STACK}
    redeem(alone)


def test_coupons_go_together_where_each_lists_the_other():
    who = a_claimant()
    tea = a_coupon_with(who, stacks="listed", stacks_with=["snacks"], stacking_group="drinks")
    cake = a_coupon_with(who, stacks="listed", stacks_with=["drinks"], stacking_group="snacks")
    bread = a_coupon_with(who, stacks="listed", stacks_with=[tea.coupon_type.code], stacking_group="snacks")
    assert refused(cake, bread) == {"#/coupons/0": CouponMisfit.DOES_NOT_STACK}
    assert redeem(tea, cake).total_discount == 20


def test_a_first_order_coupon_is_for_who_has_redeemed_nothing():
    who = a_claimant()
    plain, first = a_coupon_with(who), a_coupon_with(who, first_order_only=True)
    redeem(plain, order_ref="o1")
    assert refused(first) == {"#/coupons/0": CouponMisfit.NOT_FIRST_ORDER}
    return_coupons(order_ref="o1", cancelled_by="customer", at=NOON)
    redeem(first)


def test_two_coupons_of_a_first_order_may_pay_for_it_together():
    who = a_claimant()
    assert redeem(a_coupon_with(who, first_order_only=True), a_coupon_with(who, first_order_only=True)).total_discount == 20


@pytest.mark.parametrize("status", ["voided", "frozen"])
def test_what_was_stopped_is_not_usable(status):
    coupon = a_coupon_with()
    type(coupon).objects.filter(pk=coupon.pk).update(status=status)
    assert refused(coupon) == {"#/coupons/0": CouponMisfit.NOT_USABLE}


def test_what_has_expired_and_what_is_unknown_are_told_apart():
    coupon, stranger = a_coupon_with(), a_coupon_with()
    assert refused(coupon, at=coupon.valid_until) == {"#/coupons/0": CouponMisfit.EXPIRED}
    assert refused(coupon, stranger) == {"#/coupons/1": CouponMisfit.UNKNOWN_COUPON}
    assert refused(coupon, coupon) == {"#/coupons/1": CouponMisfit.NAMED_TWICE}


def test_coupons_of_two_currencies_pay_for_no_order_together():
    who = a_claimant()
    euros = a_coupon_with(who, campaign=a_campaign(currency="EUR"))
    assert refused(a_coupon_with(who), euros) == {"#/coupons/1": CouponMisfit.CURRENCIES_DIFFER}
