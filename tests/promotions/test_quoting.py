"""A quote says what a redemption would take, and takes nothing."""

from decimal import Decimal

import pytest

from promotions.models import Customer
from promotions.services.redeeming import CouponRefused, quote_coupons
from tests.promotions.factories import (
    NOON,
    a_basket,
    a_claimant,
    a_coupon,
    redeem,
)
from tests.promotions.figures import a_coupon_of, everything

pytestmark = pytest.mark.django_db


# Quotes


def quote(*coupons, customer_ref=None, lines=None, at=NOON):
    return quote_coupons(
        codes=[coupon.code for coupon in coupons],
        customer_ref=customer_ref or coupons[0].customer.ref,
        lines=lines or a_basket(),
        at=at,
    )


def test_a_quote_changes_nothing():
    coupon = a_coupon()
    before = everything()
    assert quote(coupon).payable == Decimal("90.00")
    assert everything() == before


def test_a_quote_says_what_the_redemption_then_takes():
    who = a_claimant()
    coupons = [
        a_coupon_of(claimant=who, face_value=Decimal("7.77")),
        a_coupon_of(claimant=who, percentage=Decimal("12.34"), face_value=Decimal("30.00")),
    ]
    lines = a_basket("19.99", "0.01", "3.33")
    assert quote(*coupons, lines=lines) == redeem(*coupons, lines=lines)


def test_a_quote_refuses_what_a_redemption_would_refuse():
    coupon = a_coupon_of(minimum_spend=Decimal("100.00"))
    other = a_coupon()
    for fields, match in [
        ({"lines": a_basket("99.99")}, "100"),
        ({"at": coupon.valid_until}, "expired"),
        ({"customer_ref": other.customer.ref}, "no coupon"),
        ({"customer_ref": "never seen"}, "no coupon"),
    ]:
        with pytest.raises(CouponRefused, match=match):
            quote(coupon, **fields)
    redeem(coupon)
    with pytest.raises(CouponRefused, match="redeemed"):
        quote(coupon)


def test_a_quote_without_coupons_knows_nobody_and_needs_nobody():
    assert quote_coupons(codes=[], customer_ref="never seen", lines=a_basket("5.00"), at=NOON).payable == Decimal("5.00")
    assert not Customer.objects.exists()
