"""Quotes: what coupons would take off; nothing changes."""

import pytest

from promotions.models import Coupon, Redemption
from promotions.states import CouponStatus
from tests.api.storefront import a_line_body, is_problem
from tests.orders.factories import a_plain_coupon

pytestmark = pytest.mark.django_db


def a_quote_body(*coupons, **fields):
    return {
        "customer": coupons[0].customer.ref if coupons else "u0",
        "coupons": [coupon.code for coupon in coupons],
        "lines": [a_line_body(amount="70.00"), a_line_body(amount="30.00")],
        **fields,
    }


def test_a_quote_says_what_the_coupons_take_off(storefront):
    coupon = a_plain_coupon()
    assert storefront.post("quotes/", a_quote_body(coupon)).json() == {
        "currency": "CNY",
        "total_discount": "10.00",
        "payable": "90.00",
        "coupons": [{"coupon": coupon.code, "amount": "10.00"}],
        "line_discounts": ["7.00", "3.00"],
    }


def test_a_quote_changes_nothing(storefront):
    storefront.post("quotes/", a_quote_body(a_plain_coupon()))
    assert Coupon.objects.get().status == CouponStatus.ISSUED
    assert Redemption.objects.exists() is False


def test_a_quote_without_coupons_takes_nothing_off(storefront):
    assert storefront.post("quotes/", a_quote_body()).json()["payable"] == "100.00"


def test_a_basket_below_the_minimum_is_refused(storefront):
    response = storefront.post("quotes/", a_quote_body(a_plain_coupon(minimum_spend="500.00")))
    assert is_problem(response, 409, "coupon_refused")


def test_a_quote_takes_the_basket_of_an_order_as_it_is(storefront):
    top_up = a_line_body(category="phone_credit", recipient="13800138000")
    assert storefront.post("quotes/", a_quote_body(lines=[top_up])).status_code == 200
