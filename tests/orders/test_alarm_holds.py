"""A crossed line may hold what redeems: new orders in their own transaction, earlier ones soon after, and nothing else."""

from datetime import timedelta

import pytest

from backoffice.lib.approvals import approve
from backoffice.lib.automation import observe_only
from backoffice.lib.errors import StaleState
from orders.models import Hold, Order
from orders.services.alarm_holds import hold_redeeming_orders
from orders.services.holding import release_hold
from orders.states import HoldKind
from promotions.models import Alarm, RedemptionHold
from promotions.services.redemption_holds import hold_redemptions, request_lift
from promotions.services.thresholds import check_thresholds
from promotions.states import Metric, ThresholdAction
from tests.orders.factories import an_order
from tests.promotions.factories import NOON, a_coupon, a_coupon_type, a_line, a_token, an_entry, the_approver, the_asker

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def held():
    return set(Hold.objects.open().filter(kind=HoldKind.ALARM).values_list("order__ref", flat=True))


def an_order_of(coupon, at=NOON):
    return an_order(coupons=[coupon], at=at)


def hold(scope, since=NOON - MINUTE):
    return hold_redemptions(scope, since=since, reason="leak", by=the_asker(), at=NOON)


def scopes(token):
    entry = token.batch.entry
    return {"campaign": entry.coupon_type.campaign, "coupon_type": entry.coupon_type, "entry": entry, "batch": token.batch}


@pytest.mark.parametrize("name", ["campaign", "coupon_type", "entry", "batch"])
def test_an_order_that_redeems_what_is_held_is_held_where_it_is_placed_and_no_other_is(name):
    entry = an_entry(coupon_type=a_coupon_type(), needs_token=True)
    token, elsewhere = a_token(entry=entry), an_entry()
    hold(scopes(token)[name])
    order = an_order_of(a_coupon(token=token))
    an_order_of(a_coupon(entry=elsewhere))
    assert held() == {order.ref}
    assert Hold.objects.get(kind=HoldKind.ALARM).reason == "leak"


def test_orders_placed_before_are_found_by_the_sweep_as_far_back_as_the_hold_reaches():
    entry = an_entry()
    early, late = (an_order_of(a_coupon(entry=entry), at=NOON - minutes * MINUTE) for minutes in (30, 5))
    hold(entry.coupon_type, since=NOON - 10 * MINUTE)
    assert hold_redeeming_orders(NOON) == 1
    assert held() == {late.ref}
    assert hold_redeeming_orders(NOON) == 0
    assert early.ref not in held()


def test_what_a_person_released_is_not_held_again_by_itself():
    entry = an_entry()
    hold(entry.coupon_type)
    an_order_of(a_coupon(entry=entry))
    release_hold(Hold.objects.get(kind=HoldKind.ALARM), by=the_asker(), reason="a regular customer", at=NOON)
    assert hold_redeeming_orders(NOON) == 0
    assert held() == set()


def test_it_takes_two_to_let_them_go_and_then_only_those_go_that_nothing_else_holds():
    campaign_entry = an_entry()
    one = hold(campaign_entry.coupon_type)
    other = hold(campaign_entry.coupon_type.campaign)
    order = an_order_of(a_coupon(entry=campaign_entry))
    for each, remaining in ((one, {order.ref}), (other, set())):
        approve(request_lift(each, by=the_asker(), reason="all clear", at=NOON), by=the_approver(), reason="yes", at=NOON)
        hold_redeeming_orders(NOON)
        assert held() == remaining
    with pytest.raises(StaleState):
        request_lift(RedemptionHold.objects.get(pk=one.pk), by=the_asker(), reason="again", at=NOON)


def test_a_crossed_line_holds_what_redeems_and_while_observing_it_does_not():
    entry, quiet = an_entry(), an_entry()
    for each in (entry, quiet):
        a_line(each.coupon_type, Metric.REDEEMED_AMOUNT, 1, action=ThresholdAction.HOLD)
    first = an_order_of(a_coupon(entry=entry))
    check_thresholds(NOON)
    assert Alarm.objects.get().action == ThresholdAction.HOLD
    hold_redeeming_orders(NOON)
    second = an_order_of(a_coupon(entry=entry))
    assert held() == {first.ref, second.ref}
    an_order_of(a_coupon(entry=quiet))
    with observe_only():
        check_thresholds(NOON)
    assert RedemptionHold.objects.count() == 1
    assert Order.objects.count() == 3
