"""A void takes back what a grant gave and nobody used, and nothing else."""

from decimal import Decimal

import pytest

from backoffice.lib.approvals import SamePerson, approve, reject
from backoffice.lib.errors import DomainError, InvalidInput
from promotions.models import Coupon, GrantVoid
from promotions.services.expiring import expire_coupons
from promotions.services.grant_voids import request_void
from tests.promotions.factories import (
    DAY,
    NOON,
    a_campaign,
    a_claim,
    a_claimant,
    a_coupon,
    a_coupon_type,
    an_entry,
    cash_out,
    the_approver,
    the_asker,
)
from tests.promotions.figures import figures, ledger, money
from tests.promotions.granting import a_grant, a_void, an_approved_grant

pytestmark = pytest.mark.django_db

WHY = {"reason": "test", "at": NOON}


def of(ref):
    return Coupon.objects.get(customer__ref=ref)


def test_what_is_still_issued_is_voided_and_its_money_returns_and_what_was_redeemed_is_lost():
    campaign = a_campaign(budget=Decimal(100))
    grant = a_grant("u1", "u2", "u3", coupon_type=a_coupon_type(campaign=campaign))
    cash_out(of("u2"))
    void = a_void(grant)
    found = {item.coupon.customer.ref: (item.result, item.detail) for item in void.items.select_related("coupon__customer")}
    assert found == {"u1": ("voided", ""), "u2": ("lost", "redeemed: lost"), "u3": ("voided", "")}
    assert {ref: of(ref).status for ref in found} == {"u1": "voided", "u2": "redeemed", "u3": "voided"}
    assert figures(campaign) == money(issued="30", spent="10", returned="20") == ledger()


def test_coupons_of_claims_and_of_other_grants_are_not_touched():
    coupon_type = a_coupon_type()
    claimed = a_coupon(entry=an_entry(coupon_type=coupon_type))
    a_grant("other", coupon_type=coupon_type)
    a_void(a_grant("u1", coupon_type=coupon_type))
    claimed.refresh_from_db()
    assert (claimed.status, of("other").status, of("u1").status) == ("issued", "issued", "voided")


def test_who_lost_his_coupon_so_may_be_given_or_claim_one_again():
    coupon_type = a_coupon_type()
    a_void(a_grant("u1", "u2", coupon_type=coupon_type))
    assert a_claim(entry=an_entry(coupon_type=coupon_type), claimant=a_claimant(ref="u1")).outcome == "issued"
    assert a_grant("u2", coupon_type=coupon_type).items.get().result == "granted"


def test_what_expired_is_left_alone():
    grant = a_grant("u1", "u2", coupon_type=a_coupon_type(valid_until=NOON + DAY))
    void = request_void(grant, by=the_asker(), **WHY)
    expire_coupons(NOON + 2 * DAY)
    approve(void.job.approval, by=the_approver(), **WHY)
    from backoffice.lib.jobs import run_job

    run_job(void.job_id, now=lambda: NOON + 2 * DAY)
    assert set(void.items.values_list("result", "detail")) == {("skipped", "expired before")}
    assert figures(grant.coupon_type.campaign) == ledger()


def test_a_void_needs_a_second_person():
    approver = the_approver()
    void = request_void(a_grant("u1"), by=approver, **WHY)
    with pytest.raises(SamePerson):
        approve(void.job.approval, by=approver, **WHY)
    assert of("u1").status == "issued"


def test_a_void_that_was_rejected_never_runs_and_can_be_asked_for_anew():
    grant = a_grant("u1")
    void = request_void(grant, by=the_asker(), **WHY)
    reject(void.job.approval, by=the_approver(), **WHY)
    void.job.refresh_from_db()
    assert (void.job.status, of("u1").status) == ("cancelled", "issued")
    assert a_void(grant).items.get().result == "voided"


def test_a_grant_that_still_runs_cannot_be_voided():
    with pytest.raises(DomainError, match="not finished"):
        request_void(an_approved_grant("u1"), by=the_asker(), **WHY)


def test_where_nothing_is_left_there_is_nothing_to_void():
    grant = a_grant("u1")
    a_void(grant)
    with pytest.raises(InvalidInput, match="None of its coupons"):
        request_void(grant, by=the_asker(), **WHY)
    assert GrantVoid.objects.count() == 1
