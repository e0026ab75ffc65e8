"""Claims, coupons and redemptions are the ledger: added to, never rewritten."""

import pytest

from promotions.models import (
    Claim,
    Coupon,
)
from promotions.services.redeeming import return_coupons
from tests.bypass import without_triggers
from tests.promotions.factories import (
    NOON,
    a_claim,
    a_coupon,
    an_entry,
)
from tests.promotions.rawsql import copy_of, refused, set_in, sql
from tests.promotions.rows import a_redemption

pytestmark = pytest.mark.django_db


# Coupons and claims


def test_a_coupon_worth_nothing_is_refused():
    coupon = a_coupon()
    refused("coupon_is_worth_something", copy_of(coupon, face_value="0", code="'NEW'"))


def a_claim_row(entry, **changes):
    """A further issued claim in raw SQL, by the same customer at the same entry, and its id."""
    claim = entry.claims.first() or a_claim(entry=entry)
    sql(copy_of(claim, **changes))
    return Claim.objects.latest("pk")


@pytest.mark.parametrize(
    "changes",
    [
        {"entry_id": "NULL"},
        {"coupon_type_id": "NULL"},
        {"reason": "'entry_full'"},
        {"outcome": "'refused'"},
        {"outcome": "'maybe'"},
    ],
)
def test_a_claim_is_issued_by_an_entry_or_refused_for_a_reason(changes):
    refused("claim_issued_by_an_entry_or_refused_for_a_reason", copy_of(a_claim(), **changes))


@pytest.mark.parametrize(
    "close",
    [
        lambda entry: sql(set_in(entry, "status = 'suspended'")),
        lambda entry: sql(set_in(entry, "status = 'closed'")),
        lambda entry: sql(set_in(entry, "opens_at = '2026-02-01', closes_at = '2026-03-01'")),
        lambda entry: sql(set_in(entry, "opens_at = '2025-01-01', closes_at = '2026-01-01'")),
    ],
    ids=["suspended", "closed", "not yet open", "over"],
)
def test_coupon_only_through_an_open_entry(close):
    coupon = a_coupon()
    claim = a_claim_row(coupon.claim.entry)
    with without_triggers():
        close(coupon.claim.entry)
    refused("only through an issued claim by an open entry", copy_of(coupon, claim_id=claim.pk, code="'NEW'"))
    assert Coupon.objects.count() == 1


@pytest.mark.parametrize("lack", ["a refused claim", "another customer's claim", "a claim of another type", "no claim"])
def test_no_coupon_comes_from(lack):
    coupon = a_coupon()
    entry, other = coupon.claim.entry, a_coupon()
    changes = {
        "a refused claim": lambda: {"claim_id": a_claim_row(entry, outcome="'refused'", reason="'entry_full'").pk},
        "another customer's claim": lambda: {"claim_id": a_claim_row(entry).pk, "customer_id": other.customer_id},
        "a claim of another type": lambda: {"claim_id": a_claim_row(entry).pk, "coupon_type_id": other.coupon_type_id},
        "no claim": lambda: {"claim_id": "NULL"},
    }[lack]()
    refused("open entry|null value", copy_of(coupon, code="'NEW'", **changes))


def test_one_claim_gives_one_coupon_and_a_code_is_given_once():
    coupon = a_coupon()
    refused("claim_id", copy_of(coupon, code="'NEW'"))
    refused("code", copy_of(coupon, claim_id=a_claim_row(coupon.claim.entry).pk))


@pytest.mark.parametrize("statement", ["UPDATE promotions_claim SET device = 'x'", "DELETE FROM promotions_claim"])
def test_claim_is_never_changed(statement):
    a_claim(entry=an_entry(is_open=False))
    refused("rows from promotions_claim table", statement)


@pytest.mark.parametrize(
    "assignment",
    [
        "code = 'STOLEN'",
        "customer_id = (SELECT max(id) FROM promotions_customer)",
        "face_value = 999",
        "valid_until = now() + interval '9 years'",
        "budget_slice_id = (SELECT max(id) FROM promotions_budgetslice)",
        "issued_at = now()",
    ],
)
def test_coupon_stays_what_was_issued(assignment):
    coupon, _ = a_coupon(), a_coupon()
    refused("Cannot update rows from promotions_coupon", set_in(coupon, assignment))


def test_coupon_is_never_deleted():
    a_coupon()
    refused("Cannot delete rows from promotions_coupon", "DELETE FROM promotions_coupon")


@pytest.mark.parametrize("assignment", ["amount = 0", "virtual_amount = 1", "order_ref = 'o2'", "at = now()", "claimed_at = now()"])
def test_redemption_only_comes_back(assignment):
    refused("Cannot update rows from promotions_redemption", set_in(a_redemption(), assignment))


def test_redemption_comes_back_once():
    redemption = a_redemption()
    return_coupons(order_ref="o1", cancelled_by="customer", at=NOON)
    for assignment in ("returned_at = NULL", "returned_at = now()"):
        refused("Cannot update rows from promotions_redemption", set_in(redemption, assignment))


def test_redemption_is_never_deleted():
    a_redemption()
    refused("Cannot delete rows from promotions_redemption", "DELETE FROM promotions_redemption")


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("redemption_never_negative", {"amount": "-0.01", "virtual_amount": "-0.01"}),
        ("redemption_never_negative", {"virtual_amount": "-0.01"}),
        ("redemption_virtual_is_a_part_of_it", {"virtual_amount": "amount + 0.01"}),
    ],
)
def test_a_redemption_that_makes_no_sense_is_refused(name, changes):
    redemption = a_redemption()
    return_coupons(order_ref="o1", cancelled_by="customer", at=NOON)
    refused(name, copy_of(redemption, returned_at="NULL", **changes))
