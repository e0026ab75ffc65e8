"""Many callers place the same order at the same moment."""

import pytest

from orders.models import Order
from orders.services.placing import DuplicateOrder, place_order
from promotions.models import Coupon, Redemption
from promotions.states import CouponStatus
from tests.orders.factories import a_plain_coupon, an_order_request
from tests.orders.rounds import in_threads
from tests.promotions.factories import NOON

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


def outcomes(answers):
    return sorted(type(answer).__name__ for answer in answers)


def test_of_equal_orders_one_is_placed_and_the_others_are_duplicates():
    request = an_order_request(coupons=(a_plain_coupon(),))
    answers = in_threads(*[lambda: place_order(request, at=NOON)] * 6)
    assert outcomes(answers) == ["DuplicateOrder"] * 5 + ["Order"]
    assert Order.objects.count() == Redemption.objects.count() == 1


def test_who_loses_the_race_for_a_reference_loses_no_coupon():
    requests = [an_order_request(ref="same", coupons=(a_plain_coupon(),)) for _ in range(6)]
    answers = in_threads(*[lambda request=request: place_order(request, at=NOON) for request in requests])
    assert outcomes(answers) == ["DuplicateOrder"] * 5 + ["Order"]
    assert Coupon.objects.filter(status=CouponStatus.REDEEMED).count() == 1
    assert Coupon.objects.filter(status=CouponStatus.ISSUED).count() == 5
    assert isinstance(next(answer for answer in answers if not isinstance(answer, Order)), DuplicateOrder)
