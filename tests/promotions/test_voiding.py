"""A coupon is taken out of its customer's hands, and its money goes where it belongs."""

from decimal import Decimal

import pytest

from backoffice.lib.errors import DomainError, StaleState
from promotions.models import Alarm
from promotions.services.budgets import budget_figures, coupon_type_figures
from promotions.services.changes import narrow
from promotions.services.expiring import expire_coupons
from promotions.services.redeeming import CouponRefused, return_coupons
from promotions.services.voiding import freeze_coupon, thaw_coupon, void_coupon
from promotions.states import AlarmCause, ClaimOutcome, CouponStatus, OverrunPolicy, RefusalReason
from tests.promotions.factories import (
    DAY,
    NOON,
    a_basket,
    a_campaign,
    a_claim,
    a_coupon,
    a_coupon_type,
    an_entry,
    redeem,
    the_asker,
)
from tests.promotions.figures import a_coupon_of, figures, ledger, money, status_of

pytestmark = pytest.mark.django_db


def by(verb, coupon, at=NOON, reason="test"):
    return verb(coupon, by=the_asker(), reason=reason, at=at)


def test_what_a_void_coupon_reserved_returns_once():
    campaign = a_campaign()
    coupon = a_coupon_of(campaign=campaign)
    by(void_coupon, coupon)
    by(void_coupon, coupon)
    assert status_of(coupon) == CouponStatus.VOIDED
    assert figures(campaign) == money(issued="10", returned="10")
    assert coupon_type_figures(coupon.coupon_type)["returned"] == Decimal(10)
    with pytest.raises(CouponRefused, match="voided"):
        redeem(coupon)


def test_a_void_coupon_makes_room_for_another():
    campaign = a_campaign(budget=Decimal(10))
    entry = an_entry(coupon_type=a_coupon_type(campaign=campaign))
    coupon = a_coupon(entry=entry)
    assert a_claim(entry=entry).reason == RefusalReason.BUDGET_SPENT
    by(void_coupon, coupon)
    assert a_claim(entry=entry).outcome == ClaimOutcome.ISSUED


def test_a_coupon_that_paid_for_an_order_is_not_void():
    campaign = a_campaign()
    coupon = a_coupon_of(campaign=campaign)
    redeem(coupon)
    with pytest.raises(DomainError, match="Cancel the order"):
        by(void_coupon, coupon)
    assert figures(campaign) == money(issued="10", spent="10")


@pytest.mark.parametrize("verb", [void_coupon, freeze_coupon])
def test_nothing_is_taken_without_a_reason_or_after_its_time(verb):
    coupon = a_coupon()
    with pytest.raises(DomainError, match="reason"):
        by(verb, coupon, reason=" ")
    expire_coupons(coupon.valid_until)
    with pytest.raises(StaleState):
        by(verb, coupon)
    assert status_of(coupon) == CouponStatus.EXPIRED


def test_a_frozen_coupon_stays_reserved_until_it_is_given_back_or_voided():
    campaign = a_campaign()
    coupon = a_coupon_of(campaign=campaign)
    by(freeze_coupon, coupon)
    with pytest.raises(CouponRefused, match="frozen"):
        redeem(coupon)
    expire_coupons(coupon.valid_until + DAY)
    assert (status_of(coupon), figures(campaign)) == (CouponStatus.FROZEN, money(issued="10", reserved="10"))
    by(thaw_coupon, coupon)
    expire_coupons(coupon.valid_until + DAY)
    assert (status_of(coupon), figures(campaign)) == (CouponStatus.EXPIRED, money(issued="10", returned="10"))


def test_what_was_not_frozen_is_not_given_back():
    coupon = a_coupon()
    redeem(coupon)
    with pytest.raises(StaleState):
        by(thaw_coupon, coupon)


# Room for what comes back


def test_a_returned_coupon_finds_room_that_lies_in_another_slice():
    campaign = a_campaign(budget=Decimal("40.00"), slices=4)
    kind = a_coupon_type(campaign=campaign, per_customer=None)
    entry = an_entry(coupon_type=kind)
    coupon = a_coupon(entry=entry)
    redeem(coupon, order_ref="o1", lines=a_basket("4.00"))
    small = an_entry(coupon_type=a_coupon_type(campaign=campaign, face_value=Decimal("6.00"), per_customer=None))
    for _ in range(4):
        a_coupon(entry=small)
    assert figures(campaign) == money(issued="34", reserved="24", spent="4", returned="6")
    assert return_coupons(order_ref="o1", cancelled_by="customer", at=NOON) == 1
    assert figures(campaign) == money(issued="34", reserved="34") == ledger()
    assert sum(part.amount for part in campaign.budget.slices.all()) == Decimal("40.00")


def test_a_campaign_that_honours_revives_a_coupon_without_room_and_alarms_once():
    campaign = a_campaign(budget=Decimal("10.00"), overrun_policy=OverrunPolicy.HONOUR)
    coupon = a_coupon_of(campaign=campaign)
    redeem(coupon, order_ref="o1", lines=a_basket("4.00"))
    a_coupon(entry=an_entry(coupon_type=a_coupon_type(campaign=campaign, face_value=Decimal("6.00"))))
    assert return_coupons(order_ref="o1", cancelled_by="customer", at=NOON) == 1
    assert budget_figures(campaign.budget)["overrun"] == Decimal("6.00")
    alarm = Alarm.objects.get()
    assert (alarm.cause, alarm.value, alarm.limit) == (AlarmCause.BUDGET_OVERRUN, Decimal("16.00"), Decimal("10.00"))
    redeem(coupon, order_ref="o2", lines=a_basket("4.00"))
    assert budget_figures(campaign.budget)["overrun"] == Decimal(0)
    return_coupons(order_ref="o2", cancelled_by="customer", at=NOON)
    assert Alarm.objects.count() == 1


# A budget of the type's own


def test_a_types_own_budget_ends_its_giving_and_says_so():
    entry = an_entry(coupon_type=a_coupon_type(budget_amount=Decimal("25.00")))
    other = an_entry(coupon_type=a_coupon_type(campaign=entry.coupon_type.campaign))
    assert [a_claim(entry=entry).reason for _ in range(3)] == ["", "", RefusalReason.TYPE_BUDGET_SPENT]
    assert a_claim(entry=other).outcome == ClaimOutcome.ISSUED


def test_the_last_coupon_of_a_types_budget_is_gathered_from_its_slices():
    entry = an_entry(coupon_type=a_coupon_type(budget_amount=Decimal("35.00"), quantity=5, slices=4))
    reasons = [a_claim(entry=entry).reason for _ in range(5)]
    assert reasons == ["", "", "", RefusalReason.TYPE_BUDGET_SPENT, RefusalReason.TYPE_BUDGET_SPENT]
    figures = coupon_type_figures(entry.coupon_type)
    assert (figures["reserved"], figures["room"]) == (Decimal("30.00"), Decimal("5.00"))


def test_a_types_money_follows_its_coupons():
    campaign = a_campaign()
    kind = a_coupon_type(campaign=campaign, budget_amount=Decimal(100), per_customer=None)
    coupons = [a_coupon(entry=entry) for entry in [an_entry(coupon_type=kind)] for _ in range(4)]
    redeem(coupons[0], lines=a_basket("3.50"))
    by(void_coupon, coupons[1])
    narrow(kind, changes={"budget_amount": Decimal(60)}, by=the_asker(), reason="less", at=NOON)
    figures = coupon_type_figures(kind.__class__.objects.get(pk=kind.pk))
    assert figures == {
        "amount": Decimal(60),
        "issued": Decimal(40),
        "reserved": Decimal(20),
        "spent": Decimal("3.50"),
        "returned": Decimal("16.50"),
        "overrun": Decimal(0),
        "room": Decimal("36.50"),
    }
