"""Coupons expire by the clock, once, and what they reserved is there for others."""

from datetime import timedelta
from decimal import Decimal

import pytest

from backoffice.lib.schedules import check_named
from promotions.models import Coupon
from promotions.services import expiring
from promotions.services.budgets import budget_figures
from promotions.services.expiring import expire_coupons
from promotions.states import ClaimOutcome, CouponStatus, RefusalReason
from tests.promotions.factories import DAY, NOON, a_campaign, a_claim, a_coupon, a_coupon_type, an_entry, redeem

pytestmark = pytest.mark.django_db

END = NOON + 20 * DAY


def an_entry_of(campaign, **fields):
    return an_entry(coupon_type=a_coupon_type(campaign=campaign, **fields))


def statuses():
    return sorted(Coupon.objects.values_list("status", flat=True))


def test_a_coupon_expires_at_its_second_and_not_before():
    a_coupon()
    assert expire_coupons(END - timedelta(seconds=1)) == 0
    assert statuses() == [CouponStatus.ISSUED]
    assert expire_coupons(END) == 1
    assert statuses() == [CouponStatus.EXPIRED]


def test_expiring_twice_expires_once():
    campaign = a_campaign()
    a_coupon(entry=an_entry_of(campaign))
    assert [expire_coupons(END), expire_coupons(END)] == [1, 0]
    figures = budget_figures(campaign.budget)
    assert (figures["reserved"], figures["returned"]) == (0, Decimal("10.00"))


def test_what_an_expired_coupon_reserved_can_be_given_to_somebody_else():
    campaign = a_campaign(budget=Decimal("10.00"))
    a_coupon(entry=an_entry_of(campaign, valid_until=NOON + DAY))
    entry = an_entry_of(campaign)
    assert a_claim(entry=entry, at=NOON + DAY).reason == RefusalReason.BUDGET_SPENT
    expire_coupons(NOON + DAY)
    assert a_claim(entry=entry, at=NOON + DAY).outcome == ClaimOutcome.ISSUED


@pytest.mark.parametrize("status", [CouponStatus.VOIDED, CouponStatus.FROZEN])
def test_what_is_not_in_a_customers_hands_does_not_expire(status):
    coupon = a_coupon()
    Coupon.objects.filter(pk=coupon.pk).update(status=status)
    assert expire_coupons(END) == 0
    assert statuses() == [status]


def test_a_redeemed_coupon_does_not_expire():
    redeem(a_coupon())
    assert expire_coupons(END) == 0
    assert statuses() == [CouponStatus.REDEEMED]


def test_only_coupons_whose_own_time_is_over_expire():
    campaign = a_campaign()
    for days in (1, 2, 3):
        a_coupon(entry=an_entry_of(campaign, valid_until=NOON + days * DAY))
    assert expire_coupons(NOON + 2 * DAY) == 2
    assert statuses() == [CouponStatus.EXPIRED, CouponStatus.EXPIRED, CouponStatus.ISSUED]
    assert budget_figures(campaign.budget)["reserved"] == Decimal("10.00")


def test_more_than_one_chunk_is_worked_to_its_end(monkeypatch):
    monkeypatch.setattr(expiring, "CHUNK", 2)
    campaign = a_campaign(slices=3)
    entry = an_entry_of(campaign)
    for _ in range(7):
        a_coupon(entry=entry)
    assert expire_coupons(END) == 7
    assert budget_figures(campaign.budget)["returned"] == Decimal("70.00")


def test_the_scheduled_check_answers_how_many():
    a_coupon()
    assert check_named("expire_coupons").run(END) == 1
