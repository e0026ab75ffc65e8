"""What can be claimed: live campaigns with their online types and open entries, and never anything else."""

from datetime import timedelta

import pytest

from promotions.services.campaigns import pause_campaign
from promotions.services.conditions import add_scope_line
from promotions.services.coupon_types import Terms, suspend_coupon_type
from promotions.services.entries import close_entry, suspend_entry
from tests.api.storefront import is_problem
from tests.promotions.conditions import a_draft_type, live, some_hours
from tests.promotions.factories import DAY, NOON, a_campaign, a_coupon_type, a_restricted_type, an_entry, the_asker

pytestmark = pytest.mark.django_db


def shown(storefront):
    """Campaign code -> type code -> entry codes."""
    response = storefront.get("campaigns/")
    assert response.status_code == 200
    return {
        campaign["code"]: {kind["code"]: [entry["code"] for entry in kind["entries"]] for kind in campaign["coupon_types"]}
        for campaign in response.json()["results"]
    }


def test_a_live_campaign_shows_its_types_and_entries(storefront):
    campaign = a_campaign(name="Spring")
    coupon_type = a_coupon_type(campaign=campaign)
    entry = an_entry(coupon_type=coupon_type)
    (found,) = storefront.get("campaigns/").json()["results"]
    assert found == {
        "code": campaign.code,
        "name": "Spring",
        "starts_at": "2026-01-19T12:00:00Z",
        "ends_at": "2026-02-19T12:00:00Z",
        "currency": "CNY",
        "time_zone": "Asia/Shanghai",
        "coupon_types": [
            {
                "code": coupon_type.code,
                "name": coupon_type.name,
                "face_value": "10.00",
                "percentage": None,
                "minimum_spend": "0.00",
                "claim_from": "2026-01-19T12:00:00Z",
                "claim_until": "2026-01-30T12:00:00Z",
                "valid_until": "2026-02-09T12:00:00Z",
                "valid_days": None,
                "requires_verified": False,
                "first_order_only": False,
                "stacks": "any",
                "stacking_group": "",
                "stacks_with": [],
                "scope": [],
                "hours": [],
                "entries": [
                    {
                        "code": entry.code,
                        "channel": "app",
                        "opens_at": "2026-01-19T12:00:00Z",
                        "closes_at": "2026-01-30T12:00:00Z",
                        "needs_token": False,
                        "hours": [],
                    }
                ],
            }
        ],
    }


def test_what_a_coupon_will_ask_for_is_told_before_it_is_claimed(storefront):
    draft = a_draft_type(terms=Terms(valid_days=7, first_order_only=True, stacks="listed", stacks_with=["drinks"]))
    add_scope_line(draft, side="left_out", by="category", value="phone_credit")
    some_hours(draft, weekdays=[6, 7])
    an_entry(coupon_type=live(draft))
    (campaign,) = storefront.get("campaigns/").json()["results"]
    (kind,) = campaign["coupon_types"]
    assert (kind["valid_days"], kind["first_order_only"], kind["stacks_with"]) == (7, True, ["drinks"])
    assert kind["scope"] == [{"side": "left_out", "by": "category", "value": "phone_credit"}]
    assert kind["hours"] == [{"weekdays": [6, 7], "opens": "18:00:00", "closes": "22:00:00"}]


def test_a_restricted_type_never_appears(storefront):
    campaign = a_campaign()
    online = an_entry(coupon_type=a_coupon_type(campaign=campaign))
    restricted = an_entry(coupon_type=a_restricted_type(campaign=campaign))
    assert shown(storefront) == {campaign.code: {online.coupon_type.code: [online.code]}}
    text = storefront.get("campaigns/").content.decode()
    assert f'"{restricted.code}"' not in text
    assert f'"{restricted.coupon_type.code}"' not in text


@pytest.mark.parametrize("name", ["audience", "coupon_types__audience", "status", "search", "ordering", "fields", "page_size"])
def test_no_filter_brings_a_restricted_type_back(storefront, name):
    restricted = an_entry(coupon_type=a_restricted_type())
    response = storefront.get(f"campaigns/?{name}=restricted")
    assert is_problem(response, 400, "unknown_parameter")
    assert f'"{restricted.code}"' not in response.content.decode()


def test_a_campaign_of_restricted_types_alone_does_not_appear(storefront):
    an_entry(coupon_type=a_restricted_type(campaign=a_campaign(name="TV show")))
    assert shown(storefront) == {}


def closed(entry):
    close_entry(entry, by=the_asker(), reason="test", at=NOON)


def suspended(entry):
    suspend_entry(entry, by=the_asker(), reason="test", at=NOON)


def type_suspended(entry):
    suspend_coupon_type(entry.coupon_type, by=the_asker(), reason="test", at=NOON)


def campaign_paused(entry):
    pause_campaign(entry.coupon_type.campaign, by=the_asker(), reason="test", at=NOON)


@pytest.mark.parametrize("stop", [closed, suspended, type_suspended, campaign_paused])
def test_what_is_stopped_disappears(storefront, stop):
    entry = an_entry()
    assert len(shown(storefront)) == 1
    stop(entry)
    assert shown(storefront) == {}


@pytest.mark.parametrize(
    "make",
    [
        lambda: an_entry(opens_at=NOON + DAY),
        lambda: an_entry(opens_at=NOON - DAY, closes_at=NOON),
        lambda: an_entry(is_open=False),
        lambda: an_entry(coupon_type=a_coupon_type(claim_from=NOON + DAY)),
        lambda: an_entry(coupon_type=a_coupon_type(claim_until=NOON)),
        lambda: an_entry(coupon_type=a_coupon_type(campaign=a_campaign(starts_at=NOON + timedelta(seconds=1)))),
        a_coupon_type,
        a_campaign,
    ],
)
def test_what_is_not_open_now_does_not_appear(storefront, make):
    make()
    assert shown(storefront) == {}


def test_a_page_takes_a_fixed_number_of_queries(storefront, django_assert_num_queries):
    def queries():
        with django_assert_num_queries(7):  # the key, campaigns, types, their scope and hours, entries, their hours
            storefront.get("campaigns/")

    an_entry()
    storefront.get("campaigns/")  # notes the use of the key
    queries()
    campaign = a_campaign()
    for _ in range(3):
        an_entry(coupon_type=a_coupon_type(campaign=campaign))
    queries()


def test_pages_follow_each_other(storefront, monkeypatch):
    monkeypatch.setattr("backoffice.lib.views.NewestFirst.page_size", 2)
    codes = [an_entry().coupon_type.campaign.code for _ in range(5)]
    seen, address = [], "/api/v1/campaigns/"
    while address:
        page = storefront.get(address).json()
        seen += [campaign["code"] for campaign in page["results"]]
        address = page["next"] and page["next"].removeprefix("http://testserver")
    assert seen == codes[::-1]


@pytest.mark.parametrize(
    "cursor",
    ["nonsense", "cD1hYmM=", "cD0xMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTA=", "cD0AAA==", "bz0xMDAwMDAw", "%00", "é", "cD3CsQ=="],
)
def test_a_cursor_that_we_did_not_give_is_a_clear_error(storefront, cursor):
    an_entry()
    response = storefront.get(f"campaigns/?cursor={cursor}")
    assert response.status_code in {200, 404}
    if response.status_code == 404:
        assert is_problem(response, 404, "not_found")
