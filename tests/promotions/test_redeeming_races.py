"""A coupon is spent once, whoever redeems, expires or cancels at the same time."""

from decimal import Decimal

import pytest

from promotions.models import (
    BudgetSlice,
    Coupon,
    CouponTypeSlice,
    Redemption,
)
from promotions.services import redeeming
from promotions.services.expiring import expire_coupons
from promotions.services.redeeming import CouponRefused, return_coupons
from tests.promotions.factories import (
    NOON,
    a_coupon,
    an_entry,
    redeem,
)
from tests.promotions.racing import at_once, errors_in, without_constraint
from tests.race.waiting import meeting

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def test_one_coupon_pays_for_one_of_twelve_orders_at_once():
    coupon = a_coupon()
    results = at_once([lambda: redeem(coupon)] * 12)
    assert [type(error) for error in errors_in(results)] == [CouponRefused] * 11
    assert Redemption.objects.count() == 1
    assert BudgetSlice.objects.get(pk=coupon.budget_slice_id).spent == Decimal("10.00")


def test_control_without_its_lock_and_its_guard_a_coupon_is_redeemed_twice(monkeypatch):
    coupon = a_coupon()
    BudgetSlice.objects.filter(pk=coupon.budget_slice_id).update(reserved=Decimal("120.00"))
    CouponTypeSlice.objects.update(issued_amount=Decimal("120.00"), reserved=Decimal("120.00"))
    find, others_have_found_it_too = redeeming.find_coupons, meeting(2)

    def find_without_lock(codes, customer, at, *, lock):
        found = find(codes, customer, at, lock=False)
        others_have_found_it_too()
        return found

    monkeypatch.setattr(redeeming, "find_coupons", find_without_lock)
    guard = "AND status = 'issued' AND valid_until > %(at)s::timestamptz"
    assert guard in redeeming.REDEEM
    monkeypatch.setattr(redeeming, "REDEEM", redeeming.REDEEM.replace(guard, ""))
    with without_constraint(Redemption, "redemption_one_open_per_coupon"):
        at_once([lambda: redeem(coupon)] * 12)
        redeemed = Redemption.objects.count()
    assert 1 < redeemed <= 12


def test_each_coupon_is_either_redeemed_or_expired():
    entry = an_entry()
    coupons = [a_coupon(entry=entry) for _ in range(24)]
    end = coupons[0].valid_until
    redemptions = [lambda c=coupon: redeem(c, at=NOON) for coupon in coupons]
    results = at_once([*redemptions, *[lambda: expire_coupons(end)] * 4])
    assert {type(error) for error in errors_in(results)} <= {CouponRefused}
    expire_coupons(end)
    expired = Coupon.objects.filter(status="expired").count()
    assert expired + Redemption.objects.count() == 24
    slices = list(BudgetSlice.objects.all())
    assert sum(part.spent for part in slices) == 10 * Redemption.objects.count()
    assert sum(part.returned for part in slices) == 10 * expired
    assert sum(part.reserved for part in slices) == 0


def test_an_order_that_is_cancelled_six_times_at_once_gives_back_once():
    coupon = a_coupon()
    redeem(coupon, order_ref="o1")
    results = at_once([lambda: return_coupons(order_ref="o1", cancelled_by="customer", at=NOON)] * 6)
    assert sorted(results) == [0] * 5 + [1]
    part = BudgetSlice.objects.get(pk=coupon.budget_slice_id)
    assert (part.reserved, part.spent, part.returned) == (Decimal("10.00"), 0, 0)
