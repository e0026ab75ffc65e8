"""A customer's coupons."""

from datetime import timedelta

import pytest

from backoffice.lib import clock
from tests.api.storefront import a_claim_body, is_problem
from tests.promotions.factories import NOON, a_claimant, a_coupon, a_coupon_type, an_entry

pytestmark = pytest.mark.django_db


def test_a_customer_sees_his_own_coupons_newest_first(storefront):
    claimant = a_claimant()
    first, second = a_coupon(claimant=claimant), a_coupon(claimant=claimant)
    a_coupon()
    page = storefront.get(f"customers/{claimant.ref}/coupons/").json()
    assert [coupon["code"] for coupon in page["results"]] == [second.code, first.code]
    assert page["results"][1] == {
        "code": first.code,
        "coupon_type": first.coupon_type.code,
        "name": first.coupon_type.name,
        "currency": "CNY",
        "face_value": "10.00",
        "percentage": None,
        "minimum_spend": "0.00",
        "status": "issued",
        "issued_at": "2026-01-20T12:00:00Z",
        "valid_until": "2026-02-09T12:00:00Z",
    }


def test_a_customer_we_never_heard_of_has_none(storefront):
    response = storefront.get("customers/nobody/coupons/")
    assert (response.status_code, response.json()["results"]) == (200, [])


def test_a_coupon_whose_time_is_over_shows_as_expired(storefront):
    coupon = a_coupon()
    with clock.fixed_at(coupon.valid_until):
        (shown,) = storefront.get(f"customers/{coupon.customer.ref}/coupons/").json()["results"]
    assert shown["status"] == "expired"


def test_a_page_takes_a_fixed_number_of_queries(storefront, django_assert_num_queries):
    claimant = a_claimant()
    for _ in range(3):
        a_coupon(claimant=claimant)
    storefront.get(f"customers/{claimant.ref}/coupons/")
    with django_assert_num_queries(2):
        storefront.get(f"customers/{claimant.ref}/coupons/")


def test_pages_hold_fifty(storefront):
    entry = an_entry(coupon_type=a_coupon_type(per_customer=51))
    body = a_claim_body(entry)
    for _ in range(51):
        storefront.post("claims/", body)
    page = storefront.get(f"customers/{body['customer']['ref']}/coupons/").json()
    assert len(page["results"]) == 50
    rest = storefront.get(page["next"].removeprefix("http://testserver")).json()
    assert len(rest["results"]) == 1


@pytest.mark.parametrize("ref", ["a%00b", "..", "a%2Fb", "%F0%9F%8E%81", "x" * 65, "a b", "a%0A"])
def test_what_cannot_be_a_reference_is_no_address(storefront, ref):
    assert is_problem(storefront.get(f"customers/{ref}/coupons/"), 404, "not_found")


def test_times_are_told_in_utc(storefront):
    coupon = a_coupon(at=NOON + timedelta(milliseconds=1500))
    (shown,) = storefront.get(f"customers/{coupon.customer.ref}/coupons/").json()["results"]
    assert shown["issued_at"] == "2026-01-20T12:00:01.500000Z"
