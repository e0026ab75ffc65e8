"""Quotes: what coupons would take off; nothing changes."""

import pytest

from orders.services.cancelling import cancel_order
from orders.states import CancelledBy
from promotions.models import Coupon, Redemption
from promotions.states import CouponStatus
from tests.api.storefront import a_line_body, is_problem
from tests.orders.factories import a_plain_coupon, an_order
from tests.promotions.conditions import a_type_of
from tests.promotions.factories import NOON, a_claimant, a_coupon, a_coupon_type, an_entry

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


def test_a_refusal_says_of_each_coupon_why_it_does_not_fit(storefront):
    who = a_claimant()
    dear = a_coupon(entry=an_entry(coupon_type=a_coupon_type(minimum_spend="500.00")), claimant=who)
    fits = a_coupon(entry=an_entry(coupon_type=a_coupon_type()), claimant=who)
    response = storefront.post("quotes/", a_quote_body(fits, dear))
    assert is_problem(response, 409, "coupon_refused")
    (error,) = response.json()["errors"]
    assert (error["pointer"], error["code"]) == ("#/coupons/1", "minimum_not_met")
    assert error["detail"] == response.json()["detail"] == f"Coupon {dear.code} needs a basket of at least 500.00."


def test_a_quote_knows_whether_the_order_would_be_the_first(storefront):
    who = a_claimant()
    first = a_coupon(entry=an_entry(coupon_type=a_type_of(first_order_only=True)), claimant=who)
    assert storefront.post("quotes/", a_quote_body(first)).status_code == 200
    order = an_order(customer_ref=who.ref)
    response = storefront.post("quotes/", a_quote_body(first))
    assert response.json()["errors"][0]["code"] == "not_first_order"
    cancel_order(order.ref, cancelled_by=CancelledBy.CUSTOMER, reason="", at=NOON)
    assert storefront.post("quotes/", a_quote_body(first)).status_code == 200


def test_a_scope_reads_the_product_category_of_a_line(storefront):
    coupon = a_coupon(entry=an_entry(coupon_type=a_type_of(included=[("product_category", "food/*")])))
    lines = [a_line_body(amount="70.00"), a_line_body(amount="30.00") | {"product_category": "food/tea"}]
    assert storefront.post("quotes/", a_quote_body(coupon, lines=lines)).json()["line_discounts"] == ["0.00", "10.00"]


def test_a_quote_takes_the_basket_of_an_order_as_it_is(storefront):
    top_up = a_line_body(category="phone_credit", recipient="13800138000")
    assert storefront.post("quotes/", a_quote_body(lines=[top_up])).status_code == 200
