"""The ledger over time says what the counters say, bucket by bucket, in one statement."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from promotions.burndown import HOUR, Window
from promotions.services.budgets import budget_figures
from promotions.services.expiring import expire_coupons
from promotions.services.redeeming import return_coupons
from promotions.services.series import given_in_the_last_hour, series_of
from promotions.states import RefusalReason, SlotReturn
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

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
D = Decimal


def an_entry_of(campaign, **fields):
    return an_entry(coupon_type=a_coupon_type(campaign=campaign, **fields))


def whole(campaign, until=NOON + 30 * DAY):
    types = campaign.coupon_types.values_list("pk", flat=True)
    return series_of(types, Window.of(NOON - DAY, until, 240))


def stood(campaign, series):
    figures = budget_figures(campaign.budget)
    return series.levels(**{name: figures[name] for name in ("reserved", "spent", "returned")})


@pytest.mark.parametrize("policy", SlotReturn.values)
@pytest.mark.parametrize("cancelled_by", ["customer", "risk"])
def test_what_the_ledger_says_of_a_whole_life_is_what_the_counters_say(policy, cancelled_by):
    campaign = a_campaign(slot_return=policy)
    entry = an_entry_of(campaign)
    used, given_back, left, again = (a_coupon(entry=entry, at=NOON + n * MINUTE) for n in range(4))
    redeem(used, lines=a_basket("6.00"), at=NOON + HOUR)
    redeem(given_back, lines=a_basket("7.50"), order_ref="o1", at=NOON + 2 * HOUR)
    return_coupons(order_ref="o1", cancelled_by=cancelled_by, at=NOON + DAY)
    redeem(again, lines=a_basket("9.99"), at=NOON + 3 * HOUR)
    expire_coupons(NOON + 20 * DAY)
    levels = stood(campaign, whole(campaign))
    assert (levels[0].reserved, levels[0].spent, levels[0].returned) == (D(0), D(0), D(0))
    assert levels[-1].issued == D(40)
    assert left.face_value == D(10)


def test_buckets_count_what_happened_in_them():
    campaign = a_campaign()
    entry, claimant = an_entry_of(campaign), a_claimant()
    a_claim(entry=entry, claimant=claimant, at=NOON)
    a_claim(entry=entry, claimant=claimant, at=NOON + MINUTE)
    a_claim(entry=entry, at=NOON + MINUTE)
    series = series_of([entry.coupon_type_id], Window.of(NOON, NOON + 5 * MINUTE, 240))
    assert series.issued == {NOON: 1, NOON + MINUTE: 1}
    assert series.refused == {NOON + MINUTE: 1}
    assert series.reasons == {RefusalReason.LIMIT_REACHED: 1}
    assert [level.reserved for level in stood(campaign, series)] == [D(10), D(20), D(20), D(20), D(20), D(20)]


def test_what_is_outside_the_window_or_of_other_types_is_left_out():
    campaign = a_campaign()
    entry, other = an_entry_of(campaign), an_entry()
    a_coupon(entry=entry, at=NOON - HOUR)
    a_coupon(entry=entry, at=NOON + HOUR)
    a_coupon(entry=other, at=NOON)
    assert series_of([entry.coupon_type_id], Window.of(NOON - MINUTE, NOON + MINUTE, 240)).is_empty


def test_the_edges_of_a_window_belong_to_it():
    entry = an_entry()
    a_coupon(entry=entry, at=NOON)
    a_coupon(entry=entry, at=NOON + HOUR)
    window = Window.of(NOON, NOON + HOUR, 240)
    series = series_of([entry.coupon_type_id], window)
    assert series.issued == {NOON: 1, NOON + HOUR: 1}
    assert set(series.issued) <= set(window.starts)


def test_the_last_hour_counts_what_came_back_against_what_went_out():
    campaign = a_campaign()
    entry = an_entry_of(campaign)
    a_coupon(entry=entry, at=NOON - 2 * HOUR)
    coupons = [a_coupon(entry=entry, at=NOON) for _ in range(3)]
    redeem(coupons[0], lines=a_basket("4.00"), at=NOON + MINUTE)
    assert given_in_the_last_hour([entry.coupon_type_id], NOON + HOUR) == D(24)


def test_however_many_types_and_claims_it_is_one_statement():
    campaign = a_campaign()
    for _ in range(3):
        a_coupon(entry=an_entry_of(campaign))
    with CaptureQueriesContext(connection) as queries:
        series = whole(campaign)
    assert series.issued.total() == 3
    assert sum("promotions_claim" in query["sql"] for query in queries) == 1


def test_no_types_ask_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert series_of([], Window.of(NOON, NOON + HOUR, 240)).is_empty
