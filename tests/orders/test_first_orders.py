"""A coupon for first orders pays for one order of a customer, also when several are placed at once."""

import pytest

from orders.models import Order
from orders.services import placing
from orders.services.cancelling import cancel_order
from orders.states import CancelledBy
from promotions.models import Customer, Redemption
from promotions.services import redeeming
from promotions.services.redeeming import CouponRefused
from tests.orders.factories import an_order
from tests.promotions.conditions import a_type_of
from tests.promotions.factories import NOON, a_claimant, a_coupon, an_entry
from tests.promotions.racing import at_once, errors_in
from tests.race.waiting import somebody_waits, wait_until


def first_order_coupons(count):
    who = a_claimant()
    return [a_coupon(entry=an_entry(coupon_type=a_type_of(first_order_only=True)), claimant=who) for _ in range(count)]


@pytest.mark.django_db
def test_it_pays_for_a_first_order_and_not_for_a_second():
    first, second = first_order_coupons(2)
    an_order(coupons=(first,))
    with pytest.raises(CouponRefused, match="first order"):
        an_order(coupons=(second,))
    assert Order.objects.count() == 1


@pytest.mark.django_db
def test_an_order_without_coupons_is_a_first_order_too():
    (coupon,) = first_order_coupons(1)
    order = an_order(customer_ref=coupon.customer.ref)
    with pytest.raises(CouponRefused, match="first order"):
        an_order(coupons=(coupon,))
    cancel_order(order.ref, cancelled_by=CancelledBy.CUSTOMER, reason="", at=NOON)
    an_order(coupons=(coupon,))


def redeemed_at_once(monkeypatch, count):
    """Nobody writes before all have decided, or before somebody is held back."""
    fit, decided = redeeming.fit, []

    def fit_and_wait(*args, **kwargs):
        found = fit(*args, **kwargs)
        decided.append(found)
        wait_until(lambda: len(decided) >= count or somebody_waits())
        return found

    coupons = first_order_coupons(count)
    monkeypatch.setattr(redeeming, "fit", fit_and_wait)
    results = at_once([lambda c=coupon: an_order(coupons=(c,)) for coupon in coupons])
    assert {type(error) for error in errors_in(results)} <= {CouponRefused}
    return Redemption.objects.count()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_six_first_orders_at_once_one_is_the_first(monkeypatch):
    assert redeemed_at_once(monkeypatch, 6) == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_on_the_customer_several_are_first(monkeypatch):
    monkeypatch.setattr(redeeming, "lock_customer", lambda customer: None)
    # the other one marks the customer's row, and so locks it
    monkeypatch.setattr(placing, "customer_who_orders", lambda ref, at: Customer.objects.get(ref=ref))
    assert redeemed_at_once(monkeypatch, 6) > 1
