"""Locks are taken in one order from every side: nobody is sacrificed to a deadlock, least of all who presses stop."""

import time
from datetime import timedelta
from decimal import Decimal
from threading import Event

import pytest

from promotions.models import Alarm, BudgetSlice, Threshold
from promotions.services import claiming, redeeming, returning
from promotions.services.claiming import claim_coupon
from promotions.services.coupon_types import suspend_coupon_type
from promotions.services.redeeming import return_coupons
from promotions.services.thresholds import arm_threshold
from promotions.services.tokens import token_text
from promotions.states import CouponTypeStatus, Metric, ThresholdAction
from tests.promotions.factories import (
    DAY,
    NOON,
    a_campaign,
    a_claim,
    a_claimant,
    a_coupon,
    a_coupon_type,
    a_request,
    a_restricted_type,
    a_token,
    an_entry,
    cash_out,
    redraw_lines,
    the_asker,
)
from tests.promotions.racing import at_once, errors_in

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def linger_in(monkeypatch, module, name):
    """Let a function first say that it was reached, and dawdle, so that others come in between."""
    function, is_there = getattr(module, name), Event()

    def dawdling(*args, **kwargs):
        is_there.set()
        time.sleep(0.4)
        return function(*args, **kwargs)

    monkeypatch.setattr(module, name, dawdling)
    return is_there


def after(event, act):
    def wait_and_act():
        assert event.wait(10)
        return act()

    return wait_and_act


def test_staff_and_a_claim_that_crosses_the_line_suspend_a_type_at_once(monkeypatch):
    token, asker = a_token(uses=50), the_asker()
    coupon_type = token.batch.entry.coupon_type
    young = [a_request(token=token, claimant=a_claimant(registered_at=NOON - DAY)) for _ in range(10)]
    for request in young[:9]:
        claim_coupon(request, at=NOON)
    is_there = linger_in(monkeypatch, claiming, "check_restricted_type")
    stop = after(is_there, lambda: suspend_coupon_type(coupon_type, by=asker, reason="rumours", at=NOON))
    assert errors_in(at_once([lambda: claim_coupon(young[9], at=NOON), stop])) == []
    coupon_type.refresh_from_db()
    assert coupon_type.status == CouponTypeStatus.SUSPENDED


def test_a_redemption_that_crosses_the_line_and_a_claim_do_not_block_each_other(monkeypatch):
    coupon_type = a_restricted_type(campaign=a_campaign(slices=1))
    token = a_token(entry=an_entry(coupon_type=coupon_type), uses=50)
    coupons = [a_coupon(token=token) for _ in range(10)]
    for coupon in coupons[:9]:
        cash_out(coupon)
    is_there = linger_in(monkeypatch, redeeming, "check_restricted_type")
    request = a_request(token=token)
    acts = [lambda: cash_out(coupons[9]), after(is_there, lambda: claim_coupon(request, at=NOON))]
    assert errors_in(at_once(acts)) == []
    assert Alarm.objects.get().cause == Metric.QUICK_CASH_OUTS


def test_refusals_and_claims_cross_one_line_at_once():
    token = a_token(uses=50)
    entry, text = token.batch.entry, token_text(token)
    a_claim(entry=entry, token="forged")
    line = arm_threshold(
        scope=entry.coupon_type,
        metric=Metric.TOKEN_REFUSALS,
        window=timedelta(minutes=10),
        limit=Decimal(1),
        action=ThresholdAction.SUSPEND,
    )
    requests = [a_request(entry=entry, token="forged" if n % 2 else text) for n in range(24)]
    acts = [lambda r=request: claim_coupon(r, at=NOON) for request in requests]
    assert errors_in(at_once(acts)) == []
    assert Alarm.objects.filter(threshold=line).count() == 1


def test_two_orders_with_several_coupons_come_back_at_once(monkeypatch):
    campaign = a_campaign(slices=2)
    entry = an_entry(coupon_type=a_coupon_type(campaign=campaign))
    first, second = BudgetSlice.objects.order_by("pk")

    for order_ref, parts in {"order0": (first, second), "order1": (second, first)}.items():
        for part in parts:
            cash_out(a_coupon_on(part, entry), order_ref=order_ref)
    book = returning.book

    def dawdling_book(*args):
        found = book(*args)
        time.sleep(0.2)
        return found

    monkeypatch.setattr(returning, "book", dawdling_book)
    acts = [lambda n=n: return_coupons(order_ref=f"order{n}", cancelled_by="customer", at=NOON) for n in range(2)]
    assert at_once(acts) == [2, 2]


def test_everything_happens_to_one_restricted_type_at_once():
    entry, asker = an_entry(coupon_type=a_restricted_type()), the_asker()
    token = a_token(entry=entry, uses=100)
    text = token_text(token)
    redraw_lines(Threshold.objects.filter(metric=Metric.CUSTOMERS_ON_ONE_TOKEN), limit=Decimal(12), action=ThresholdAction.SUSPEND)
    coupons = [a_coupon(token=token) for _ in range(9)]
    requests = [a_request(entry=entry, token=text if n % 3 else "forged") for n in range(18)]
    claims = [lambda r=request: claim_coupon(r, at=NOON) for request in requests]
    redemptions = [lambda c=coupon: cash_out(c) for coupon in coupons]
    stop = [lambda: suspend_coupon_type(a_fresh(entry.coupon_type), by=asker, reason="rumours", at=NOON)]
    assert errors_in(at_once([*claims, *redemptions, *stop])) == []


def a_coupon_on(part, entry):
    """A coupon whose money was reserved in this slice."""
    while (coupon := a_coupon(entry=entry)).budget_slice_id != part.pk:
        pass
    return coupon


def a_fresh(obj):
    return type(obj).objects.get(pk=obj.pk)
