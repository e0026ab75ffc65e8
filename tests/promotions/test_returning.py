"""A cancelled order gives its coupons back by the campaign's policy, once, and the budget knows of every cent."""

from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest

from promotions.models import Coupon, Redemption
from promotions.services.budgets import budget_figures
from promotions.services.expiring import expire_coupons
from promotions.services.redeeming import return_coupons
from promotions.states import ClaimOutcome, CouponStatus, SlotReturn
from tests.promotions.factories import (
    DAY,
    NOON,
    a_basket,
    a_campaign,
    a_claim,
    a_claimant,
    a_coupon,
    a_coupon_type,
    an_entry,
    redeem,
)
from tests.promotions.figures import a_coupon_of, figures, ledger, money, status_of

pytestmark = pytest.mark.django_db


def give_back(order_ref, cancelled_by="customer", at=NOON):
    return return_coupons(order_ref=order_ref, cancelled_by=cancelled_by, at=at)


# Cancelled orders


@pytest.mark.parametrize(
    ("policy", "cancelled_by", "lives_again"),
    [
        (SlotReturn.ALWAYS, "customer", True),
        (SlotReturn.ALWAYS, "staff", True),
        (SlotReturn.ALWAYS, "risk", True),
        (SlotReturn.UNLESS_RISK, "customer", True),
        (SlotReturn.UNLESS_RISK, "staff", True),
        (SlotReturn.UNLESS_RISK, "risk", False),
        (SlotReturn.NEVER, "customer", False),
        (SlotReturn.NEVER, "staff", False),
        (SlotReturn.NEVER, "risk", False),
    ],
)
def test_a_cancelled_order_gives_back_by_the_campaigns_policy(policy, cancelled_by, lives_again):
    campaign = a_campaign(slot_return=policy)
    coupon = a_coupon_of(campaign=campaign)
    redeem(coupon, order_ref="o1", lines=a_basket("6.00"))
    assert give_back("o1", cancelled_by, at=NOON + DAY) == lives_again
    assert status_of(coupon) == (CouponStatus.ISSUED if lives_again else CouponStatus.VOIDED)
    assert figures(campaign) == (money(issued="10", reserved="10") if lives_again else money(issued="10", returned="10"))
    assert Redemption.objects.get().returned_at == NOON + DAY


def test_a_coupon_that_came_back_can_be_redeemed_again():
    campaign = a_campaign()
    coupon = a_coupon_of(campaign=campaign)
    for order_ref in ("o1", "o2"):
        redeem(coupon, order_ref=order_ref)
        give_back(order_ref)
    redeem(coupon, order_ref="o3")
    assert figures(campaign) == money(issued="10", spent="10")
    assert Redemption.objects.filter(coupon=coupon, returned_at=None).get().order_ref == "o3"


def test_returning_twice_gives_back_once():
    campaign = a_campaign()
    coupon = a_coupon_of(campaign=campaign)
    redeem(coupon, order_ref="o1")
    assert [give_back("o1"), give_back("o1", at=NOON + DAY), give_back("o1", "risk")] == [1, 0, 0]
    assert figures(campaign) == money(issued="10", reserved="10")
    assert status_of(coupon) == CouponStatus.ISSUED
    assert Redemption.objects.get().returned_at == NOON


def test_returning_an_unknown_order_does_nothing():
    coupon = a_coupon()
    redeem(coupon, order_ref="o1")
    assert give_back("o2") == 0
    assert status_of(coupon) == CouponStatus.REDEEMED


def test_where_the_budget_has_no_room_left_the_coupon_is_voided_and_the_money_still_comes_back():
    campaign = a_campaign(budget=Decimal("10.00"))
    coupon_type = a_coupon_type(campaign=campaign)
    entry = an_entry(coupon_type=coupon_type)
    coupon = a_coupon(entry=entry)
    redeem(coupon, order_ref="o1", lines=a_basket("4.00"))
    a_coupon(entry=an_entry(coupon_type=a_coupon_type(campaign=campaign, face_value=Decimal("6.00"))))
    assert give_back("o1") == 0
    assert status_of(coupon) == CouponStatus.VOIDED
    assert figures(campaign) == money(issued="16", reserved="6", returned="10")
    assert budget_figures(campaign.budget)["room"] == Decimal("4.00")


def test_a_fully_used_coupon_comes_back_even_when_the_budget_is_spent():
    campaign = a_campaign(budget=Decimal("10.00"))
    coupon = a_coupon_of(campaign=campaign)
    redeem(coupon, order_ref="o1")
    assert give_back("o1") == 1
    assert status_of(coupon) == CouponStatus.ISSUED


def test_a_coupon_whose_time_is_over_does_not_come_back_but_its_money_does():
    campaign = a_campaign()
    coupon = a_coupon_of(campaign=campaign)
    redeem(coupon, order_ref="o1")
    assert give_back("o1", at=coupon.valid_until) == 0
    assert status_of(coupon) == CouponStatus.VOIDED
    assert figures(campaign) == money(issued="10", returned="10")


def test_every_coupon_of_an_order_comes_back_each_by_its_own_policy():
    who = a_claimant()
    generous, strict = a_campaign(slot_return=SlotReturn.ALWAYS), a_campaign(slot_return=SlotReturn.NEVER)
    coupons = [a_coupon_of(campaign=campaign, claimant=who) for campaign in (generous, strict)]
    other = a_coupon()
    redeem(*coupons, order_ref="o1")
    redeem(other, order_ref="o2")
    assert give_back("o1") == 1
    assert [status_of(coupon) for coupon in coupons] == [CouponStatus.ISSUED, CouponStatus.VOIDED]
    assert status_of(other) == CouponStatus.REDEEMED


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_the_counters_say_what_the_ledger_says(seed):
    random = Random(seed)
    campaign = a_campaign(budget=Decimal("120.00"), slices=3, slot_return=random.choice(SlotReturn.values))
    entries = [
        an_entry(
            coupon_type=a_coupon_type(
                campaign=campaign,
                face_value=Decimal(random.randrange(1, 3000)) / 100,
                percentage=random.choice([None, Decimal(random.randrange(1, 101))]),
                valid_until=NOON + random.randrange(2, 20) * DAY,
                per_customer=None,
            )
        )
        for _ in range(4)
    ]
    orders, at = [], NOON
    for _ in range(60):
        at += timedelta(hours=random.randrange(12))
        act = random.choice(["claim", "claim", "redeem", "redeem", "return", "expire"])
        coupon = Coupon.objects.redeemable(at).order_by("?").first()
        if act == "claim" and at < NOON + 10 * DAY:
            assert a_claim(entry=random.choice(entries), at=at).outcome in ClaimOutcome.values
        elif act == "redeem" and coupon is not None:
            orders.append(f"{seed}-{len(orders)}")
            redeem(coupon, order_ref=orders[-1], at=at, lines=a_basket(str(Decimal(random.randrange(1, 4000)) / 100)))
        elif act == "return" and orders:
            give_back(random.choice(orders), random.choice(["customer", "risk"]), at=at)
        elif act == "expire":
            expire_coupons(at)
        assert figures(campaign) == ledger()
    assert sum(part.amount for part in campaign.budget.slices.all()) == Decimal("120.00")
