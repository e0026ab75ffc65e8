"""The most a coupon type can give, in all and within a minute, and that no crowd gets more."""

from datetime import timedelta
from decimal import Decimal

import pytest

from promotions.services.blast import blast_radius, radius_text
from promotions.services.claiming import claim_coupon
from promotions.services.coupon_types import Terms, request_coupon_type
from promotions.services.entries import close_entry
from promotions.states import CouponTypeStatus, Metric, ThresholdAction
from tests.promotions.factories import (
    NOON,
    a_campaign,
    a_coupon,
    a_coupon_type,
    a_line,
    a_request,
    a_restricted_type,
    a_token,
    an_entry,
    the_asker,
)
from tests.promotions.kinds import WHY, fresh

pytestmark = pytest.mark.django_db
SUSPEND = ThresholdAction.SUSPEND
MINUTE = timedelta(minutes=1)


def radius(coupon_type):
    found = blast_radius(coupon_type, NOON)
    return found.in_all.coupons, found.per_minute.coupons


@pytest.mark.parametrize(
    ("budget", "quantity", "caps", "coupons"),
    [
        ("1000.00", 500, [], 100),
        ("1009.99", 500, [], 100),
        ("9999.00", 50, [], 50),
        ("9999.00", 500, [20, 30], 50),
        ("9999.00", None, [700], 700),
        ("5.00", None, [700], 0),
    ],
)
def test_in_all_the_tightest_of_budget_quantity_and_caps_counts(budget, quantity, caps, coupons):
    coupon_type = a_coupon_type(campaign=a_campaign(budget=Decimal(budget)), quantity=quantity, minimum_spend=Decimal(1))
    for cap in caps:
        an_entry(coupon_type=coupon_type, cap=cap)
    assert radius(coupon_type)[0] == coupons
    assert blast_radius(coupon_type, NOON).money == coupons * 10


def test_what_is_given_and_what_is_closed_does_not_count_any_more():
    coupon_type = a_coupon_type()
    first, second = an_entry(coupon_type=coupon_type, cap=20), an_entry(coupon_type=coupon_type, cap=30)
    a_coupon(entry=first)
    assert radius(coupon_type)[0] == 49
    close_entry(first, by=the_asker(), **WHY)
    assert radius(coupon_type)[0] == 30
    close_entry(second, by=the_asker(), **WHY)
    assert radius(coupon_type)[0] == 0


@pytest.mark.parametrize(
    ("lines", "per_minute"),
    [
        ([], 100),
        ([{"limit": 30, "window": 10 * MINUTE, "action": SUSPEND}], 30),
        ([{"limit": 30, "window": 10 * MINUTE}], 100),
        ([{"limit": 30, "window": None, "action": SUSPEND}], 30),
        ([{"limit": 10, "window": MINUTE / 4, "action": SUSPEND}], 40),
        ([{"limit": 250, "window": 10 * MINUTE, "action": SUSPEND, "metric": Metric.ISSUED_AMOUNT}], 3),
        ([{"limit": 5, "window": MINUTE, "action": SUSPEND, "metric": Metric.QUICK_CASH_OUTS}], 100),
    ],
)
def test_within_a_minute_a_line_that_suspends_counts_and_one_that_only_alarms_does_not(lines, per_minute):
    coupon_type = a_restricted_type()
    for line in lines:
        a_line(scope=coupon_type, **line)
    assert radius(coupon_type) == (100, per_minute)


def test_a_line_of_an_online_type_is_late_by_as_much_as_its_check(settings):
    settings.HOLDFAST_CLAIMS_PER_SECOND = 2
    coupon_type = a_coupon_type()
    assert radius(coupon_type) == (100, 100)
    a_line(scope=coupon_type, limit=30, window=MINUTE, action=SUSPEND)
    assert radius(coupon_type) == (100, 50)


def test_within_a_minute_it_is_no_more_than_the_installation_gives(settings):
    settings.HOLDFAST_CLAIMS_PER_SECOND = 1
    assert radius(a_coupon_type(quantity=5000)) == (5000, 60)


def test_a_crowd_gets_no_more_within_a_minute_than_was_said():
    coupon_type = a_restricted_type(terms=Terms(uses_per_token=100))
    token = a_token(entry=an_entry(coupon_type=coupon_type), uses=100)
    a_line(scope=coupon_type, limit=7, window=10 * MINUTE, action=SUSPEND)
    said = blast_radius(coupon_type, NOON).per_minute.coupons
    outcomes = [claim_coupon(a_request(token=token), at=NOON).outcome for _ in range(said + 5)]
    assert outcomes.count("issued") == said == 7
    assert fresh(coupon_type).status == CouponTypeStatus.SUSPENDED


def test_the_approval_says_it_in_money():
    coupon_type = a_restricted_type(is_live=False)
    asked = request_coupon_type(coupon_type, by=the_asker(), **WHY)
    assert radius_text(blast_radius(coupon_type, NOON)) in asked.summary
    assert "10,000.00 CNY in all (100 coupons)" in asked.summary
