"""What makes no sense is refused in words when it is drafted, and leaves nothing."""

from decimal import Decimal

import pytest

from backoffice.lib.errors import InvalidInput
from promotions.models import Campaign, CouponType, Entry
from promotions.services.campaigns import start_and_end_campaigns
from promotions.states import (
    Audience,
)
from tests.promotions.factories import (
    DAY,
    NOON,
    a_campaign,
    a_coupon_type,
    an_entry,
)
from tests.promotions.kinds import fresh

pytestmark = pytest.mark.django_db


# Nonsense


@pytest.mark.parametrize(
    "fields",
    [
        {"ends_at": NOON - DAY},
        {"ends_at": NOON - 2 * DAY},
        {"budget": Decimal(0)},
        {"budget": Decimal("-0.01")},
        {"budget": Decimal("0.001")},
        {"budget": Decimal("NaN")},
        {"budget": Decimal("1e13")},
        {"currency": "cny"},
        {"currency": "YUAN"},
        {"code": ""},
        {"code": "x" * 41},
        {"name": ""},
        {"name": "a\x00b"},
        {"slot_return": "sometimes"},
    ],
)
def test_a_campaign_that_makes_no_sense_is_refused_in_words_and_leaves_nothing(fields):
    with pytest.raises(InvalidInput) as refusal:
        a_campaign(is_live=False, **fields)
    assert len(str(refusal.value)) > 10
    assert not Campaign.objects.exists()


def test_a_code_is_given_once():
    campaign = a_campaign(is_live=False)
    with pytest.raises(InvalidInput):
        a_campaign(is_live=False, code=campaign.code)
    coupon_type = a_coupon_type(campaign=campaign, is_live=False)
    with pytest.raises(InvalidInput):
        a_coupon_type(campaign=campaign, is_live=False, code=coupon_type.code)
    entry = an_entry(coupon_type=coupon_type, is_open=False)
    with pytest.raises(InvalidInput):
        an_entry(coupon_type=coupon_type, is_open=False, code=entry.code)


@pytest.mark.parametrize(
    "fields",
    [
        {"face_value": Decimal(0)},
        {"face_value": Decimal("-1")},
        {"face_value": Decimal("NaN")},
        {"face_value": Decimal("0.005")},
        {"percentage": Decimal(0)},
        {"percentage": Decimal("100.01")},
        {"minimum_spend": Decimal("-0.01")},
        {"claim_until": NOON - DAY},
        {"valid_until": NOON - DAY},
        {"quantity": -1},
        {"audience": "everybody"},
        {"per_customer": -1},
        {"per_customer": 0},
        {"per_customer": 40_000},
        {"code": "a\x00b"},
    ],
)
def test_a_coupon_type_that_makes_no_sense_is_refused_and_leaves_nothing(fields):
    campaign = a_campaign(is_live=False)
    with pytest.raises(InvalidInput):
        a_coupon_type(campaign=campaign, is_live=False, **fields)
    assert not CouponType.objects.exists()


def test_a_coupon_with_a_minimum_spend_may_do_without_limits():
    a_coupon_type(minimum_spend=Decimal(1), per_customer=None, quantity=None, audience=Audience.ONLINE)


def test_no_type_is_made_for_a_campaign_that_has_ended():
    campaign = a_campaign()
    start_and_end_campaigns(NOON + 30 * DAY)
    with pytest.raises(InvalidInput, match="ended"):
        a_coupon_type(campaign=fresh(campaign), is_live=False)


@pytest.mark.parametrize(
    "fields",
    [
        {"cap": 0},
        {"cap": -1},
        {"closes_at": NOON - DAY},
        {"channel": "fax"},
        {"code": ""},
        {"code": "x" * 61},
    ],
)
def test_an_entry_that_makes_no_sense_is_refused_and_leaves_nothing(fields):
    coupon_type = a_coupon_type(is_live=False)
    with pytest.raises(InvalidInput):
        an_entry(coupon_type=coupon_type, is_open=False, **fields)
    assert not Entry.objects.exists()
