"""A claim is issued or refused, is kept either way, and takes from everything or from nothing."""

from datetime import timedelta
from decimal import Decimal

import pytest

from backoffice.lib.errors import InvalidInput
from promotions.models import BudgetSlice, Claim, Coupon, CouponTypeSlice, EntrySlice
from promotions.services.blocks import block_identity
from promotions.services.campaigns import pause_campaign
from promotions.services.claiming import claim_coupon
from promotions.services.coupon_types import suspend_coupon_type
from promotions.services.entries import close_entry, suspend_entry
from promotions.services.rules import add_rule
from promotions.services.tokens import revoke_batch, revoke_token, token_text
from promotions.states import Channel, ClaimOutcome, Identity, RefusalReason
from tests.promotions.factories import (
    DAY,
    NOON,
    a_campaign,
    a_claim,
    a_claimant,
    a_coupon_type,
    a_request,
    a_restricted_type,
    a_token,
    an_entry,
    the_asker,
)

pytestmark = pytest.mark.django_db


def refusal(**fields):
    claim = a_claim(**fields)
    assert claim.outcome == ClaimOutcome.REFUSED
    assert not Coupon.objects.filter(claim=claim).exists()
    return claim.reason


def test_an_issued_claim_takes_one_from_entry_and_type_and_its_face_value_from_the_budget():
    entry = an_entry()
    claim = a_claim(entry=entry)
    assert claim.outcome == ClaimOutcome.ISSUED
    assert EntrySlice.objects.get(entry=entry).issued == 1
    assert CouponTypeSlice.objects.get(coupon_type=entry.coupon_type).issued == 1
    budget = BudgetSlice.objects.filter(budget__campaign=entry.coupon_type.campaign)
    assert sum(part.reserved for part in budget) == Decimal("10.00")
    assert len(claim.coupon.code) == 14


def test_a_refused_claim_takes_nothing_and_is_kept_with_its_reason():
    entry = an_entry(coupon_type=a_coupon_type(requires_verified=True))
    assert refusal(entry=entry, claimant=a_claimant(is_verified=False)) == RefusalReason.NOT_VERIFIED
    assert Claim.objects.refused().count() == 1
    assert EntrySlice.objects.get(entry=entry).issued == 0
    assert not BudgetSlice.objects.exclude(reserved=0).exists()


def test_without_an_entry_there_is_no_way_in():
    coupon_type = a_coupon_type()
    assert (
        refusal(
            entry=an_entry(),
            coupon_type=coupon_type.code,
        )
        == RefusalReason.WRONG_ENTRY
    )
    entry = an_entry(coupon_type=coupon_type, is_open=False)
    assert refusal(entry=entry) == RefusalReason.ENTRY_NOT_OPEN
    assert claim_coupon(a_request(entry=entry), at=NOON).reason == RefusalReason.ENTRY_NOT_OPEN


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"coupon_type": "NOPE"}, RefusalReason.UNKNOWN_COUPON_TYPE),
        ({"channel": Channel.WEB}, RefusalReason.WRONG_CHANNEL),
        ({"at": NOON + 11 * DAY}, RefusalReason.OUTSIDE_PERIOD),
        ({"at": NOON - 2 * DAY}, RefusalReason.OUTSIDE_PERIOD),
    ],
)
def test_what_is_wrong_with_the_way_in_is_said_exactly(fields, reason):
    assert refusal(**fields) == reason


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        (suspend_entry, RefusalReason.ENTRY_NOT_OPEN),
        (close_entry, RefusalReason.ENTRY_NOT_OPEN),
        (lambda entry, **why: suspend_coupon_type(entry.coupon_type, **why), RefusalReason.COUPON_TYPE_NOT_LIVE),
        (lambda entry, **why: pause_campaign(entry.coupon_type.campaign, **why), RefusalReason.CAMPAIGN_NOT_LIVE),
    ],
)
def test_whatever_is_stopped_refuses_from_the_next_claim_on(stop, reason):
    entry = an_entry()
    a_claim(entry=entry)
    stop(entry, by=the_asker(), reason="test", at=NOON)
    assert refusal(entry=entry) == reason


def test_the_last_second_of_the_period_gives_and_the_next_does_not():
    entry = an_entry(closes_at=NOON + timedelta(hours=1))
    assert a_claim(entry=entry, at=NOON + timedelta(minutes=59, seconds=59)).outcome == ClaimOutcome.ISSUED
    assert refusal(entry=entry, at=NOON + timedelta(hours=1)) == RefusalReason.OUTSIDE_PERIOD


def test_one_customer_takes_one():
    entry = an_entry()
    who = a_claimant()
    a_claim(entry=entry, claimant=who)
    assert refusal(entry=entry, claimant=who) == RefusalReason.LIMIT_REACHED


def test_a_windowed_rule_gives_again_when_its_oldest_use_has_left_the_window():
    coupon_type = a_coupon_type(is_live=False, per_customer=None, quantity=100)
    add_rule(coupon_type, identity=Identity.DEVICE, window=timedelta(minutes=10), limit=2)
    entry = an_entry(coupon_type=go_live(coupon_type))
    minutes = [0, 4, 9, 10, 11, 14]
    outcomes = [a_claim(entry=entry, device="d1", at=NOON + timedelta(minutes=m)).outcome for m in minutes]
    assert outcomes == ["issued", "issued", "refused", "issued", "refused", "issued"]


def test_a_rule_refuses_who_lacks_the_identity_it_counts_by():
    coupon_type = a_coupon_type(is_live=False)
    add_rule(coupon_type, identity=Identity.DEVICE, window=None, limit=1)
    entry = an_entry(coupon_type=go_live(coupon_type))
    for nobody in ("", "  ", "00:00:00:00:00:00", "Unknown", "9774D56D682E549C"):
        assert refusal(entry=entry, device=nobody) == RefusalReason.IDENTITY_MISSING


def test_a_blocked_identity_is_refused_until_the_block_expires():
    entry = an_entry()
    block_identity(identity=Identity.DEVICE, value="d1", scope=None, reason="farm", expires_at=NOON + DAY, by=the_asker(), at=NOON)
    assert refusal(entry=entry, device="D1 ") == RefusalReason.IDENTITY_BLOCKED
    assert a_claim(entry=entry, device="d1", at=NOON + DAY).outcome == ClaimOutcome.ISSUED


def test_a_token_is_taken_with_the_claim_and_used_up():
    token = a_token(uses=2)
    assert a_claim(token=token).outcome == ClaimOutcome.ISSUED
    assert a_claim(token=token).outcome == ClaimOutcome.ISSUED
    assert refusal(token=token) == RefusalReason.TOKEN_USED_UP
    token.refresh_from_db()
    assert token.used == 2


def test_a_token_for_another_entry_is_misplaced():
    token, other = a_token(), a_token()
    assert refusal(entry=other.batch.entry, token=token_text(token)) == RefusalReason.TOKEN_MISPLACED


def test_missing_forged_revoked_and_expired_tokens_are_refused():
    token = a_token(uses=9)
    entry = token.batch.entry
    assert refusal(entry=entry, token=None) == RefusalReason.TOKEN_MISSING
    assert refusal(entry=entry, token="' OR 1=1 --") == RefusalReason.TOKEN_FORGED
    revoke_token(token, by=the_asker(), reason="test", at=NOON)
    assert refusal(token=token) == RefusalReason.TOKEN_REVOKED
    other = a_token(entry=entry, uses=9)
    revoke_batch(other.batch, by=the_asker(), reason="test", at=NOON)
    assert refusal(token=other) == RefusalReason.TOKEN_REVOKED


def test_a_refused_claim_gives_the_token_use_back():
    token = a_token(uses=5)
    who = a_claimant()
    a_claim(token=token, claimant=who)
    assert refusal(token=token, claimant=who) == RefusalReason.LIMIT_REACHED
    token.refresh_from_db()
    assert token.used == 1


def test_the_cap_the_quantity_and_the_budget_each_end_the_giving():
    assert [a_claim(entry=e).reason for e in [an_entry(cap=2)] * 3] == ["", "", RefusalReason.ENTRY_FULL]
    few = an_entry(coupon_type=a_coupon_type(quantity=2))
    assert [a_claim(entry=few).reason for _ in range(3)] == ["", "", RefusalReason.ALL_GIVEN]
    poor = an_entry(coupon_type=a_coupon_type(campaign=a_campaign(budget=Decimal("25.00"))))
    assert [a_claim(entry=poor).reason for _ in range(3)] == ["", "", RefusalReason.BUDGET_SPENT]


def test_every_slice_is_emptied_before_a_claim_is_refused():
    campaign = a_campaign(budget=Decimal("70.00"), slices=4)  # 17.50 each: alone, each slice gives one coupon of ten
    coupon_type = a_coupon_type(campaign=campaign, quantity=50, slices=3)
    entry = an_entry(coupon_type=coupon_type, cap=50, slices=5)
    outcomes = [a_claim(entry=entry).reason for _ in range(9)]
    assert outcomes == [""] * 7 + [RefusalReason.BUDGET_SPENT] * 2
    assert sum(part.reserved for part in campaign.budget.slices.all()) == Decimal("70.00")


@pytest.mark.parametrize("fields", [{"device": "a\x00b"}, {"channel": "fax"}, {"claimant": a_claimant(ref="")}])
def test_nonsense_is_an_error_and_leaves_nothing(fields):
    with pytest.raises(InvalidInput):
        a_claim(**fields)
    assert not Claim.objects.exists()


def test_no_full_phone_number_is_stored():
    entry = an_entry()
    claim = a_claim(entry=entry, claimant=a_claimant(phone="+86 138 1234 5678"))
    assert claim.phone_segment == "1381"
    assert claim.customer.phone_last_four == "5678"
    assert "13812345678" not in repr(vars(claim)) + repr(vars(claim.customer))


def go_live(coupon_type):
    from backoffice.lib.approvals import approve
    from promotions.services.coupon_types import request_coupon_type
    from tests.promotions.factories import the_approver

    asked = request_coupon_type(coupon_type, by=the_asker(), reason="test", at=NOON)
    approve(asked, by=the_approver(), reason="test", at=NOON)
    coupon_type.refresh_from_db()
    return coupon_type


def test_a_restricted_type_is_suspended_by_the_claim_that_crosses_its_line():
    entry = an_entry(coupon_type=a_restricted_type())
    token = a_token(entry=entry, uses=50)
    outcomes = [
        a_claim(token=token, claimant=a_claimant(registered_at=NOON - DAY), at=NOON + timedelta(seconds=n)).reason
        for n in range(12)
    ]
    assert outcomes == [""] * 10 + [RefusalReason.COUPON_TYPE_NOT_LIVE] * 2
