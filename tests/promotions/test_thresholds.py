"""A line is crossed when what it measures reaches it, and once."""

from datetime import timedelta
from decimal import Decimal

import pytest

from backoffice.lib.errors import DomainError, StaleState
from promotions.models import Alarm, Threshold
from promotions.services.alarms import acknowledge_alarm
from promotions.services.redeeming import return_coupons
from promotions.services.thresholds import (
    check_thresholds,
    rearm_threshold,
)
from promotions.states import Metric, RefusalReason, ThresholdAction
from tests.promotions.factories import (
    DAY,
    NOON,
    a_basket,
    a_campaign,
    a_claim,
    a_claimant,
    a_coupon,
    a_coupon_type,
    a_line,
    a_restricted_type,
    a_token,
    a_user,
    an_entry,
    cash_out,
    redeem,
    the_asker,
)
from tests.promotions.racing import at_once

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
NEWCOMER = {"registered_at": NOON - DAY}


def a_shared_token(**fields):
    """A token of an online type's entry, so that only the scheduled check looks at its lines."""
    return a_token(entry=an_entry(coupon_type=a_coupon_type(**fields), needs_token=True), uses=50)


# By metric: what is done once, and how much of the metric that is.
DEEDS = {
    Metric.ISSUED_COUNT: (lambda token, at: a_coupon(token=token, at=at), 1),
    Metric.ISSUED_AMOUNT: (lambda token, at: a_coupon(token=token, at=at), 10),
    Metric.REDEEMED_AMOUNT: (lambda token, at: redeem(a_coupon(token=token, at=at), at=at), 10),
    Metric.TOKEN_REFUSALS: (lambda token, at: a_claim(entry=token.batch.entry, token="forged", at=at), 1),
    Metric.YOUNG_ACCOUNTS_ON_SHARED_TOKENS: (
        lambda token, at: a_coupon(token=token, claimant=a_claimant(**NEWCOMER), at=at),
        1,
    ),
    Metric.QUICK_CASH_OUTS: (lambda token, at: cash_out(a_coupon(token=token, at=at), at=at), 1),
    Metric.CUSTOMERS_ON_ONE_TOKEN: (lambda token, at: a_coupon(token=token, at=at), 1),
    Metric.LIABILITY: (lambda token, at: a_coupon(token=token, at=at), 10),
    Metric.ATTEMPTS: (lambda token, at: a_coupon(token=token, at=at), 1),
    Metric.REFUSALS: (lambda token, at: a_claim(entry=token.batch.entry, token=None, at=at), 1),
}
# What is outstanding is outstanding now: it has no window.
WINDOWED = [metric for metric in Metric if metric != Metric.LIABILITY]
# A line drawn for a batch sees what came by its tokens: a forged one, or none, came by nobody's.
BY_TOKEN = [metric for metric in Metric if metric not in (Metric.TOKEN_REFUSALS, Metric.REFUSALS)]


SCOPES = {
    "platform": lambda token: "platform",
    "campaign": lambda token: token.batch.entry.coupon_type.campaign,
    "coupon_type": lambda token: token.batch.entry.coupon_type,
    "entry": lambda token: token.batch.entry,
    "batch": lambda token: token.batch,
}
CASES = [
    (metric, window, scope)
    for metric in Metric
    for window in (None, 10 * MINUTE)
    for scope in SCOPES
    if (window is None or metric in WINDOWED) and (scope != "batch" or metric in BY_TOKEN)
]


def test_every_metric_has_a_deed_in_these_tests():
    assert set(DEEDS) == set(Metric)


@pytest.mark.parametrize(("metric", "window", "scope"), CASES)
def test_the_third_deed_crosses_a_line_drawn_at_three(metric, window, scope):
    token, (do, unit) = a_shared_token(), DEEDS[metric]
    line = a_line(SCOPES[scope](token), metric, 3 * unit, window)
    for _ in range(2):
        do(token, NOON)
    assert check_thresholds(NOON) == []
    do(token, NOON)
    (alarm,) = check_thresholds(NOON)
    assert (alarm.threshold, alarm.value, alarm.limit, alarm.cause) == (line, 3 * unit, 3 * unit, metric)
    assert alarm.scope.startswith(scope)


@pytest.mark.parametrize("metric", WINDOWED)
def test_what_has_left_the_window_no_longer_counts(metric):
    token, (do, unit) = a_shared_token(), DEEDS[metric]
    a_line("platform", metric, 2 * unit, 10 * MINUTE)
    for _ in range(2):
        do(token, NOON)
    assert check_thresholds(NOON + 10 * MINUTE) == []
    assert len(check_thresholds(NOON + 10 * MINUTE - timedelta(seconds=1))) == 1


@pytest.mark.parametrize("scope", ["campaign", "coupon_type", "entry", "batch"])
@pytest.mark.parametrize("metric", Metric)
def test_what_happens_elsewhere_does_not_count(metric, scope):
    here, elsewhere, (do, unit) = a_shared_token(), a_shared_token(), DEEDS[metric]
    for window in (None, 10 * MINUTE) if metric in WINDOWED else (None,):
        a_line(SCOPES[scope](here), metric, unit, window)
    for _ in range(3):
        do(elsewhere, NOON)
    assert check_thresholds(NOON) == []


def test_a_campaigns_line_adds_up_all_its_types():
    campaign = a_campaign()
    a_line(campaign, Metric.ISSUED_AMOUNT, 30)
    for face in (10, 20):
        assert check_thresholds(NOON) == []
        a_coupon(entry=an_entry(coupon_type=a_coupon_type(campaign=campaign, face_value=Decimal(face))))
    assert len(check_thresholds(NOON)) == 1


@pytest.mark.parametrize(
    "ordinary",
    [
        lambda token: a_coupon(token=token, claimant=a_claimant(registered_at=NOON - 8 * DAY)),
        lambda token: a_coupon(token=token, claimant=a_claimant(registered_at=None)),
        lambda token: a_coupon(token=a_token(entry=token.batch.entry), claimant=a_claimant(**NEWCOMER)),
    ],
    ids=["a week old", "of unknown age", "by a token of his own"],
)
def test_an_ordinary_guest_is_no_young_account_on_a_shared_token(ordinary):
    token = a_shared_token()
    a_line("platform", Metric.YOUNG_ACCOUNTS_ON_SHARED_TOKENS, 1)
    ordinary(token)
    ordinary(token)
    assert check_thresholds(NOON) == []


@pytest.mark.parametrize(
    "ordinary",
    [
        lambda coupon: cash_out(coupon, at=NOON + 15 * MINUTE + timedelta(seconds=1)),
        lambda coupon: redeem(coupon, lines=a_basket("200.00")),
        lambda coupon: (
            cash_out(coupon, order_ref="o1"),
            return_coupons(order_ref="o1", cancelled_by="customer", at=NOON),
        ),
    ],
    ids=["hours later", "on clothes", "cancelled"],
)
def test_an_ordinary_purchase_is_no_quick_cash_out(ordinary):
    a_line("platform", Metric.QUICK_CASH_OUTS, 1)
    ordinary(a_coupon())
    assert check_thresholds(NOON + DAY) == []


def test_a_missing_token_is_no_refused_token():
    a_line("platform", Metric.TOKEN_REFUSALS, 1)
    assert a_claim(entry=a_shared_token().batch.entry, token=None).reason == RefusalReason.TOKEN_MISSING
    assert check_thresholds(NOON) == []


def test_money_that_came_back_is_no_longer_redeemed():
    coupon = a_coupon()
    for scope in ("platform", coupon.coupon_type.campaign, coupon.coupon_type):
        a_line(scope, Metric.REDEEMED_AMOUNT, 10)
    redeem(coupon, order_ref="o1")
    return_coupons(order_ref="o1", cancelled_by="customer", at=NOON)
    assert check_thresholds(NOON) == []


# Once


def test_a_crossed_line_stays_quiet():
    a_line(limit=1)
    a_coupon()
    assert len(check_thresholds(NOON)) == 1
    a_coupon()
    assert check_thresholds(NOON + MINUTE) == []
    assert Alarm.objects.count() == 1


def test_each_of_several_lines_is_crossed_for_itself():
    lines = [a_line(limit=limit) for limit in (1, 2, 3)]
    a_coupon()
    a_coupon()
    assert [alarm.threshold for alarm in check_thresholds(NOON)] == lines[:2]
    a_coupon()
    assert [alarm.threshold for alarm in check_thresholds(NOON)] == lines[2:]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_eight_checks_at_once_raise_one_alarm_and_suspend_once():
    coupon = a_coupon()
    a_line(coupon.coupon_type, action=ThresholdAction.SUSPEND)
    a_line(coupon.coupon_type.campaign, action=ThresholdAction.SUSPEND)
    found = at_once([lambda: check_thresholds(NOON)] * 8)
    assert sorted(map(len, found)) in ([0] * 7 + [2], [0] * 6 + [1, 1])
    assert Alarm.objects.count() == 2


def test_an_armed_line_can_be_crossed_again():
    line = a_line(window=10 * MINUTE)
    a_coupon()
    check_thresholds(NOON)
    line.refresh_from_db()
    assert line.fired_at == NOON
    rearm_threshold(line, by=the_asker(), reason="it was the festival", at=NOON)
    assert check_thresholds(NOON + DAY) == []
    a_coupon(at=NOON + DAY)
    assert len(check_thresholds(NOON + DAY)) == 1
    assert line.alarms.count() == 2


def test_what_is_armed_cannot_be_armed_and_nothing_is_armed_without_a_reason():
    line = a_line()
    with pytest.raises(StaleState, match="armed already"):
        rearm_threshold(line, by=the_asker(), reason="again", at=NOON)
    a_coupon()
    check_thresholds(NOON)
    with pytest.raises(DomainError, match="reason"):
        rearm_threshold(line, by=the_asker(), reason="  ", at=NOON)
    assert not Threshold.objects.armed().filter(is_built_in=False).exists()


def test_an_alarm_is_acknowledged_once_and_with_a_note():
    a_line()
    a_coupon()
    (alarm,) = check_thresholds(NOON)
    with pytest.raises(DomainError, match="what was done"):
        acknowledge_alarm(alarm, by=the_asker(), note=" ", at=NOON)
    acknowledge_alarm(alarm, by=the_asker(), note="called the owner", at=NOON)
    with pytest.raises(StaleState, match="acknowledged"):
        acknowledge_alarm(alarm, by=a_user(), note="me too", at=NOON)
    assert Alarm.objects.get().acknowledged_by == the_asker()
    assert not Alarm.objects.unacknowledged().exists()


def test_newcomers_among_the_guests_of_a_poster_are_not_a_gang():
    token = a_token(entry=an_entry(coupon_type=a_restricted_type()), uses=60)
    ages = [1 if guest % 3 == 0 else 400 for guest in range(45)]
    reasons = [a_claim(token=token, claimant=a_claimant(registered_at=NOON - age * DAY)).reason for age in ages]
    assert reasons == [""] * 45
