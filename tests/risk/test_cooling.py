"""An order that cools off is looked at once more before it may go."""

from decimal import Decimal

import pytest

from backoffice.lib.automation import observe_only
from backoffice.lib.schedules import all_checks, check_named
from orders.models import Hold
from orders.services.delivering import OrderHeld, deliver_order
from orders.services.holding import release_cooled_off
from promotions.models import Alarm
from promotions.services.thresholds import arm_threshold, check_restricted_type
from promotions.states import ThresholdAction
from risk.models import Assessment, Flag
from risk.services import assessing
from risk.services.assessing import LAST_LOOK, assess_cooling_orders, assess_order
from risk.services.reviewing import decide_flag
from tests.orders.factories import a_line, a_top_up, an_order
from tests.promotions.factories import NOON, a_coupon, a_coupon_type, a_token, an_entry, the_asker
from tests.risk.factories import (
    COLLECTOR,
    HOUR,
    MINUTE,
    a_leaked_token,
    a_night_account,
    a_rule_that,
    a_top_up_order,
    fails,
    gang_orders,
)

pytestmark = pytest.mark.django_db

ENDS = NOON + 30 * MINUTE


def suspend(coupon_type, at=NOON + 3 * MINUTE):
    """As an alarm does it."""
    arm_threshold(scope=coupon_type, metric="issued_count", window=None, limit=Decimal(1), action=ThresholdAction.SUSPEND)
    check_restricted_type(coupon_type.pk, at)
    assert Alarm.objects.filter(action="suspend", at=at).exists()


def a_night(order_count=1, **fields):
    """Orders by a token that goes from hand to hand, assessed when they were placed; and the coupon type."""
    token = a_leaked_token()
    orders = [a_top_up_order(token, **fields) for _ in range(order_count)]
    for order in orders:
        assess_order(order.pk, at=order.placed_at)
    return orders, token.batch.entry.coupon_type


def held_for_review():
    return set(Hold.objects.open().filter(kind="risk").values_list("order", flat=True))


def test_the_order_is_looked_at_in_the_last_minute_and_once_only():
    (order,), _ = a_night()
    assert assess_cooling_orders(ENDS - LAST_LOOK - MINUTE) == 0
    assert assess_cooling_orders(ENDS - LAST_LOOK) == 1
    assert assess_cooling_orders(ENDS - LAST_LOOK / 2) == 0
    assert Assessment.objects.get(order=order).assessed_at == ENDS - LAST_LOOK


def test_the_look_comes_before_the_release_whatever_the_order_of_the_checks():
    assert check_named("assess_cooling_orders").every * 2 <= LAST_LOOK
    names = [check.name for check in all_checks()]
    assert names.index("assess_cooling_orders") < names.index("release_cooled_off")


def test_evidence_that_came_meanwhile_keeps_the_order():
    (order,), _ = a_night(recipient=COLLECTOR, **a_night_account())
    token = order.discounts.get().coupon.claim.token
    lost = gang_orders(2, token, at=NOON + 5 * MINUTE)  # no message told of them
    assert not held_for_review()
    assess_cooling_orders(ENDS - MINUTE)
    release_cooled_off(ENDS + HOUR)
    assert held_for_review() == {order.pk, *(order.pk for order in lost)}
    with pytest.raises(OrderHeld):
        deliver_order(order.ref, at=ENDS)


def test_what_nothing_speaks_against_goes_when_its_cooling_off_is_over():
    (order,), _ = a_night()
    assess_cooling_orders(ENDS - MINUTE)
    release_cooled_off(ENDS)
    assert deliver_order(order.ref, at=ENDS).status == "delivered"


def test_after_a_suspension_the_last_claims_wait_for_a_reviewer():
    orders, coupon_type = a_night(2)
    assert not held_for_review()
    suspend(coupon_type)
    assert assess_cooling_orders(NOON + 4 * MINUTE) == 2
    assert held_for_review() == {order.pk for order in orders}
    assert set(Flag.objects.values_list("disposition", flat=True)) == {"undetermined"}
    assert assess_cooling_orders(NOON + 5 * MINUTE) == 0
    release_cooled_off(ENDS)
    with pytest.raises(OrderHeld):
        deliver_order(orders[0].ref, at=ENDS)


def test_an_order_placed_after_the_suspension_waits_too():
    token = a_leaked_token()
    coupons = [a_coupon(token=token, at=NOON - MINUTE) for _ in range(2)]
    suspend(token.batch.entry.coupon_type, at=NOON)
    credit, goods = (
        an_order(coupons=(coupon,), lines=(line,), at=NOON + HOUR)
        for coupon, line in zip(coupons, (a_top_up(recipient=COLLECTOR), a_line()), strict=True)
    )
    assert assess_order(credit.pk, at=NOON + HOUR).disposition == "undetermined"
    assert assess_order(goods.pk, at=NOON + HOUR) is None
    assert held_for_review() == {credit.pk}


def test_who_tops_up_his_own_number_is_not_kept_by_a_suspension():
    (order,), coupon_type = a_night(phone="13911112222", recipient="13911112222")
    a_top_up_order(order.discounts.get().coupon.claim.token)
    suspend(coupon_type)
    assess_cooling_orders(NOON + 4 * MINUTE)
    assert order.pk not in held_for_review()
    assert not Flag.objects.filter(order=order).exists()


def test_guests_with_cards_of_their_own_are_not_kept_by_a_suspension():
    entry = an_entry(coupon_type=a_leaked_token().batch.entry.coupon_type)
    orders = [a_top_up_order(a_token(entry=entry)) for _ in range(3)]
    suspend(entry.coupon_type)
    assert assess_cooling_orders(NOON + 4 * MINUTE) == 3
    assert not held_for_review()
    assert not Flag.objects.filter(order__in=orders).exists()


def test_ordinary_orders_are_not_kept_by_a_suspension():
    coupon_type = a_coupon_type()
    order = an_order(coupons=(a_coupon(entry=an_entry(coupon_type=coupon_type)),), lines=(a_line(),))
    suspend(coupon_type)
    assert assess_order(order.pk, at=NOON + 4 * MINUTE) is None
    assert not held_for_review()


def test_what_was_claimed_long_before_the_suspension_is_not_kept():
    orders, coupon_type = a_night(2, claimed=2 * HOUR)
    suspend(coupon_type)
    assess_cooling_orders(NOON + 4 * MINUTE)
    assert not held_for_review()
    assert not Flag.objects.filter(order__in=orders).exists()


def test_what_a_reviewer_cleared_is_not_kept_again():
    (first, second), coupon_type = a_night(2)
    suspend(coupon_type)
    assess_cooling_orders(NOON + 4 * MINUTE)
    decide_flag(Flag.objects.get(order=first), decision="cleared", reason="a guest", by=the_asker(), at=NOON + 5 * MINUTE)
    assess_cooling_orders(ENDS - MINUTE)
    assert held_for_review() == {second.pk}


def test_while_observing_nothing_is_kept():
    orders, coupon_type = a_night(2)
    suspend(coupon_type)
    with observe_only():
        assess_cooling_orders(NOON + 4 * MINUTE)
    assert Flag.objects.filter(order__in=orders).count() == 2
    assert not held_for_review()


def test_what_cannot_be_assessed_before_its_cooling_off_ends_is_kept_for_a_reviewer():
    (order,), _ = a_night()
    with a_rule_that(fails):
        assess_cooling_orders(ENDS - MINUTE)
    assert held_for_review() == {order.pk}
    flag = Flag.objects.get(order=order)
    assert flag.disposition == "undetermined"
    assert "could not be assessed" in Hold.objects.get(order=order, kind="risk").reason
    assess_cooling_orders(ENDS)
    assert held_for_review() == {order.pk}


def test_what_fails_early_is_not_kept_while_there_is_time_to_try_again():
    with a_rule_that(fails):
        a_night()
        assess_cooling_orders(NOON + 10 * MINUTE)
    assert not held_for_review()


def test_an_order_that_was_never_assessed_is_looked_at_at_once():
    order = a_top_up_order()
    assert assess_cooling_orders(NOON + 10 * MINUTE) == 1
    assert Assessment.objects.filter(order=order).exists()


def test_an_order_that_always_fails_is_tried_a_bounded_number_of_times(monkeypatch):
    tried = []

    def always_fails(order_id, *, at):
        tried.append(order_id)
        raise RuntimeError

    monkeypatch.setattr(assessing, "_assess", always_fails)
    a_top_up_order()
    for half_minute in range(100):
        at = NOON + half_minute * MINUTE / 2
        assess_cooling_orders(at)
        release_cooled_off(at)
    assert len(tried) <= 4
    assert held_for_review()


def test_a_check_with_nothing_to_do_costs_a_query_or_two(django_assert_num_queries):
    with django_assert_num_queries(1):
        assess_cooling_orders(NOON)
    a_top_up_order()
    assess_cooling_orders(NOON)
    with django_assert_num_queries(2):
        assess_cooling_orders(NOON + MINUTE)
