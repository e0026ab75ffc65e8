"""A coupon pays for an order once, and the budget knows of every cent."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.transaction import TransactionManagementError

from promotions.models import BudgetSlice, Coupon, Redemption
from promotions.services.campaigns import pause_campaign
from promotions.services.coupon_types import suspend_coupon_type
from promotions.services.redeeming import CouponRefused, redeem_coupons, return_coupons
from promotions.states import CouponStatus
from tests.promotions.factories import (
    NOON,
    a_basket,
    a_campaign,
    a_claimant,
    a_coupon,
    a_customer,
    redeem,
    the_asker,
)
from tests.promotions.figures import a_coupon_of, everything, figures, money, status_of

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def refused(*coupons, match, **fields):
    """Redeeming these is refused, and nothing is left of the attempt."""
    before = everything()
    with pytest.raises(CouponRefused, match=match):
        redeem(*coupons, **fields)
    assert everything() == before


def give_back(order_ref, cancelled_by="customer", at=NOON):
    return return_coupons(order_ref=order_ref, cancelled_by=cancelled_by, at=at)


def test_a_redemption_spends_what_was_reserved():
    campaign = a_campaign()
    coupon = a_coupon_of(campaign=campaign)
    assert figures(campaign) == money(issued="10", reserved="10")
    redeem(coupon, order_ref="o1")
    assert figures(campaign) == money(issued="10", spent="10")
    assert status_of(coupon) == CouponStatus.REDEEMED
    redemption = Redemption.objects.get()
    assert (redemption.coupon, redemption.order_ref, redemption.amount) == (coupon, "o1", Decimal("10.00"))
    assert (redemption.at, redemption.claimed_at, redemption.returned_at) == (NOON, NOON, None)


def test_what_a_basket_does_not_use_goes_back_to_the_budget():
    campaign = a_campaign()
    coupon = a_coupon_of(campaign=campaign, face_value=Decimal("50.00"))
    quote = redeem(coupon, lines=a_basket("20.00", "10.00"))
    assert (quote.total_discount, quote.payable) == (Decimal("30.00"), Decimal("0.00"))
    assert figures(campaign) == money(issued="50", spent="30", returned="20")


def test_a_basket_below_the_minimum_spend_is_refused():
    coupon = a_coupon_of(minimum_spend=Decimal("100.00"))
    refused(coupon, lines=a_basket("60.00", "39.99"), match=rf"{coupon.code}.*100")
    redeem(coupon, lines=a_basket("60.00", "40.00"))


def test_another_customers_coupon_does_not_exist():
    coupon, stranger = a_coupon(), a_customer("stranger")
    before = everything()
    sentences = []
    for code in (coupon.code, "NOSUCHCODE"):
        with pytest.raises(CouponRefused) as error, transaction.atomic():
            redeem_coupons(codes=[code], customer=stranger, lines=a_basket(), order_ref="o1", at=NOON)
        sentences.append(str(error.value).replace(code, "…"))
    assert len(set(sentences)) == 1
    assert everything() == before


@pytest.mark.parametrize("code", ["", "nosuch", "' OR 1=1 --", "x" * 500])
def test_an_unknown_code_is_refused(code):
    with pytest.raises(CouponRefused, match="no coupon"), transaction.atomic():
        redeem_coupons(codes=[code], customer=a_customer("c"), lines=a_basket(), order_ref="o1", at=NOON)


def test_a_code_is_not_found_in_lower_case():
    coupon = a_coupon()
    with pytest.raises(CouponRefused), transaction.atomic():
        redeem_coupons(codes=[coupon.code.lower()], customer=coupon.customer, lines=a_basket(), order_ref="o1", at=NOON)


def test_a_coupon_expires_at_its_second():
    coupon = a_coupon()
    refused(coupon, at=coupon.valid_until, match="expired")
    redeem(coupon, at=coupon.valid_until - SECOND)


def test_a_coupon_is_redeemed_once():
    coupon = a_coupon()
    redeem(coupon)
    refused(coupon, match="redeemed")


def test_a_code_typed_twice_in_one_order_is_refused():
    coupon = a_coupon()
    refused(coupon, coupon, match="once")


@pytest.mark.parametrize("status", [CouponStatus.FROZEN, CouponStatus.VOIDED])
def test_a_coupon_that_was_stopped_is_refused(status):
    coupon = a_coupon()
    Coupon.objects.filter(pk=coupon.pk).update(status=status)
    refused(coupon, match=str(status))


def test_several_coupons_pay_for_one_order():
    campaign, who = a_campaign(), a_claimant()
    first = a_coupon_of(campaign=campaign, claimant=who, face_value=Decimal("30.00"))
    second = a_coupon_of(campaign=campaign, claimant=who, face_value=Decimal("90.00"))
    quote = redeem(first, second, lines=a_basket("60.00", "40.00"), order_ref="o1")
    assert quote.coupons == ((first, Decimal("10.00")), (second, Decimal("90.00")))
    assert quote.line_discounts == (Decimal("60.00"), Decimal("40.00"))
    assert figures(campaign) == money(issued="120", spent="100", returned="20")
    assert {row.amount for row in Redemption.objects.filter(order_ref="o1")} == {Decimal("10.00"), Decimal("90.00")}


def test_where_one_of_several_coupons_is_refused_none_is_redeemed():
    who = a_claimant()
    good, expensive = a_coupon_of(claimant=who), a_coupon_of(claimant=who, minimum_spend=Decimal("500.00"))
    refused(good, expensive, match=expensive.code)
    assert status_of(good) == CouponStatus.ISSUED


def test_a_percentage_takes_its_share_up_to_the_face_value():
    campaign, who = a_campaign(), a_claimant()
    fields = {"campaign": campaign, "claimant": who, "percentage": Decimal("15.00"), "face_value": Decimal("20.00")}
    redeem(a_coupon_of(**fields), lines=a_basket("33.33"))
    assert figures(campaign) == money(issued="20", spent="5.00", returned="15.00")
    redeem(a_coupon_of(**fields), lines=a_basket("1000.00"))
    assert figures(campaign) == money(issued="40", spent="25.00", returned="15.00")


def test_the_share_on_virtual_goods_is_kept_to_the_cent():
    coupon = a_coupon()
    redeem(coupon, lines=a_basket("30.00", category="phone_credit") + a_basket("60.00") + a_basket("9.99", category="game_credit"))
    redemption = Redemption.objects.get()
    assert redemption.amount == Decimal("10.00")
    assert redemption.virtual_amount == Decimal("4.00")


def test_a_basket_without_virtual_goods_has_no_virtual_share():
    redeem(a_coupon())
    assert Redemption.objects.get().virtual_amount == 0


def test_an_order_without_coupons_pays_in_full_and_leaves_no_trace():
    quote = redeem_coupons(codes=[], customer=a_customer("c"), lines=a_basket("5.00"), order_ref="o", at=NOON)
    assert (quote.total_discount, quote.payable, quote.coupons) == (0, Decimal("5.00"), ())
    assert not Redemption.objects.exists()


def test_coupons_of_two_currencies_cannot_pay_for_one_order():
    who = a_claimant()
    coupons = [a_coupon_of(campaign=a_campaign(currency=currency), claimant=who) for currency in ("CNY", "USD")]
    refused(*coupons, match="currencies")


@pytest.mark.parametrize(
    "stop",
    [
        lambda coupon, **why: suspend_coupon_type(coupon.coupon_type, **why),
        lambda coupon, **why: pause_campaign(coupon.coupon_type.campaign, **why),
    ],
)
def test_a_coupon_honestly_claimed_stays_valid_when_its_type_or_campaign_is_stopped(stop):
    coupon = a_coupon()
    stop(coupon, by=the_asker(), reason="test", at=NOON)
    redeem(coupon)


def test_a_counter_that_lost_a_reservation_refuses_rather_than_falls_below_zero():
    coupon = a_coupon()
    BudgetSlice.objects.filter(pk=coupon.budget_slice_id).update(reserved=Decimal("9.99"))
    refused(coupon, match="reservation")


@pytest.mark.django_db(transaction=True)
def test_redeeming_outside_the_callers_transaction_is_an_error():
    coupon = a_coupon()
    with pytest.raises(TransactionManagementError):
        redeem_coupons(codes=[coupon.code], customer=coupon.customer, lines=a_basket(), order_ref="o1", at=NOON)
    assert not Redemption.objects.exists()


def test_when_the_order_fails_its_coupons_are_not_spent():
    campaign = a_campaign()
    coupon = a_coupon_of(campaign=campaign)
    with transaction.atomic():
        redeem(coupon)
        transaction.set_rollback(True)
    assert status_of(coupon) == CouponStatus.ISSUED
    assert figures(campaign) == money(issued="10", reserved="10")
