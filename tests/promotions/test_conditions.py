"""What a type asks of who claims it: each condition has its own reason for staff, and what nobody says does not meet it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from promotions.models import Customer
from promotions.services.claiming import claim_coupon
from promotions.states import Identity, RefusalReason
from tests.promotions.factories import DAY, NOON, a_claim, a_claimant, a_coupon, a_coupon_type, a_customer, an_entry
from tests.promotions.ruling import sharing, somebody_at

pytestmark = pytest.mark.django_db


def entry_for(**conditions):
    return an_entry(coupon_type=a_coupon_type(**conditions))


def reason_for(entry, claimant=None, **fields):
    return a_claim(entry=entry, claimant=claimant or a_claimant(), **fields).reason


def test_only_verified_phones():
    entry = entry_for(requires_verified_phone=True)
    assert reason_for(entry, a_claimant(is_phone_verified=True)) == ""
    assert reason_for(entry, a_claimant()) == RefusalReason.PHONE_NOT_VERIFIED
    assert reason_for(entry, a_claimant(is_phone_verified=True, phone="no number")) == RefusalReason.PHONE_NOT_VERIFIED


@pytest.mark.parametrize(
    ("registered_at", "reason"),
    [
        (NOON - 7 * DAY, ""),
        (NOON - 7 * DAY + timedelta(seconds=1), RefusalReason.ACCOUNT_TOO_YOUNG),
        (NOON + DAY, RefusalReason.ACCOUNT_TOO_YOUNG),
        (None, RefusalReason.ACCOUNT_TOO_YOUNG),
    ],
)
def test_only_accounts_of_an_age_that_is_known(registered_at, reason):
    assert reason_for(entry_for(minimum_account_age=7 * DAY), a_claimant(registered_at=registered_at)) == reason


@pytest.mark.parametrize(
    ("region", "reason"),
    [("CN-31", ""), (" cn-31 ", ""), ("CN-11", RefusalReason.OUTSIDE_REGIONS), ("", RefusalReason.REGION_MISSING)],
)
def test_only_the_regions_that_the_type_names(region, reason):
    assert reason_for(entry_for(regions=["cn-31", "CN-44"]), region=region) == reason


def test_without_conditions_nobody_need_say_anything():
    claim = a_claim(claimant=a_claimant(registered_at=None, phone="", is_verified=False))
    assert (claim.reason, claim.region, claim.has_ordered) == ("", "", None)


def test_what_was_said_is_kept_with_the_claim():
    who = a_claimant(is_phone_verified=True, identity="id-1", has_ordered=False)
    claim = a_claim(claimant=who, region="cn-31")
    assert (claim.is_phone_verified, claim.has_ordered, claim.region) == (True, False, "CN-31")
    assert claim.identity_hash == claim.customer.identity_hash != ""
    assert "id-1" not in repr(vars(claim)) + repr(vars(claim.customer))


# New customers only


def test_a_new_customer_gets_one_coupon_for_new_customers_of_whatever_type():
    first, second = (entry_for(new_customers_only=True, per_customer=None) for _ in range(2))
    who = a_claimant()
    assert [reason_for(entry, who) for entry in (first, first, second)] == ["", *[RefusalReason.NOT_A_NEW_CUSTOMER] * 2]


def test_whoever_has_had_a_coupon_is_not_new():
    who = a_claimant()
    a_coupon(claimant=who)
    assert reason_for(entry_for(new_customers_only=True), who) == RefusalReason.NOT_A_NEW_CUSTOMER


def test_whoever_was_only_refused_is_still_new():
    who, entry = a_claimant(), entry_for(new_customers_only=True)
    assert reason_for(entry_for(regions=["CN-31"]), who) == RefusalReason.REGION_MISSING
    assert reason_for(entry, who) == ""


def test_whoever_has_ordered_here_is_not_new():
    who = a_claimant()
    a_customer(who.ref)
    assert reason_for(entry_for(new_customers_only=True), who) == RefusalReason.NOT_A_NEW_CUSTOMER


def test_whoever_has_ordered_by_the_storefronts_word_is_not_new_and_stays_so():
    who, entry = a_claimant(has_ordered=True), entry_for(new_customers_only=True)
    assert reason_for(entry, who) == RefusalReason.NOT_A_NEW_CUSTOMER
    assert reason_for(entry, replace(who, has_ordered=False)) == RefusalReason.NOT_A_NEW_CUSTOMER
    assert Customer.objects.get().has_ordered


def test_a_second_account_of_the_same_verified_person_is_not_new():
    entry = entry_for(new_customers_only=True)
    first = somebody_at(entry)
    claim_coupon(first, at=NOON)
    assert claim_coupon(sharing(Identity.PERSON, somebody_at(entry), first), at=NOON).reason == RefusalReason.NOT_A_NEW_CUSTOMER
    assert claim_coupon(somebody_at(entry), at=NOON).reason == ""


def test_who_was_verified_once_stays_known_by_it():
    who = a_claimant(identity="id-1")
    entry = an_entry(coupon_type=a_coupon_type(per_customer=None))
    a_claim(entry=entry, claimant=who)
    known = Customer.objects.get().identity_hash
    a_claim(entry=entry, claimant=replace(who, identity=""))
    assert Customer.objects.get().identity_hash == known != ""
