"""A rule counts one identity within a window, over one type or a whole campaign; at its limit it refuses, or issues and flags."""

from dataclasses import replace
from datetime import timedelta

import pytest

from backoffice.lib.approvals import reject
from backoffice.lib.errors import DomainError, InvalidInput
from promotions.models import ClaimFlag, ClaimRule, RuleUse
from promotions.services.claiming import claim_coupon
from promotions.services.coupon_types import request_coupon_type
from promotions.services.rules import add_rule, remove_rule, request_rule, request_rule_end, rule_text
from promotions.services.tokens import token_text
from promotions.states import ClaimOutcome, CouponTypeStatus, Identity, RefusalReason, RuleAction
from tests.promotions.factories import (
    NOON,
    a_campaign,
    a_claim,
    a_coupon_type,
    a_restricted_type,
    a_token,
    an_entry,
    approved,
    the_approver,
    the_asker,
)
from tests.promotions.ruling import a_rule, an_entry_with_rule, entries_of_a_campaign_with_rule, make_live, sharing, somebody_at

pytestmark = pytest.mark.django_db
MINUTES = timedelta(minutes=1)
WHO = {"by": None, "reason": "test", "at": NOON}


@pytest.fixture(autouse=True)
def _who():
    WHO["by"] = the_asker()


def outcomes(requests, at=NOON):
    return [claim_coupon(request, at=at).reason for request in requests]


@pytest.mark.parametrize("kind", [kind for kind in Identity if kind != Identity.TOKEN])
def test_a_rule_counts_what_several_claimants_share_and_nothing_else(kind):
    entry = an_entry_with_rule(identity=kind, limit=2)
    first = somebody_at(entry)
    crowd = [sharing(kind, somebody_at(entry), first) for _ in range(3)]
    assert outcomes([*crowd, somebody_at(entry)]) == ["", "", RefusalReason.LIMIT_REACHED, ""]


def test_a_rule_per_token_stops_a_code_that_goes_from_hand_to_hand_before_it_is_used_up():
    coupon_type = a_restricted_type(is_live=False)
    a_rule(coupon_type, identity=Identity.TOKEN, limit=2, window=10 * MINUTES)
    token = a_token(entry=an_entry(coupon_type=make_live(coupon_type)), uses=50)
    entry, text = token.batch.entry, token_text(token)
    assert outcomes([somebody_at(entry, token=text) for _ in range(3)]) == ["", "", RefusalReason.LIMIT_REACHED]
    assert outcomes([somebody_at(entry, token=text)], at=NOON + 10 * MINUTES) == [""]


def test_a_rule_per_token_refuses_where_the_entry_takes_none():
    assert a_claim(entry=an_entry_with_rule(identity=Identity.TOKEN)).reason == RefusalReason.IDENTITY_MISSING


def test_two_accounts_of_one_verified_person_meet_and_an_unverified_one_is_refused():
    entry = an_entry_with_rule(identity=Identity.PERSON)
    first, second, third = (somebody_at(entry) for _ in range(3))
    second = sharing(Identity.PERSON, second, first)
    unverified = replace(third, claimant=replace(third.claimant, is_verified=False))
    assert outcomes([first, second, unverified]) == ["", RefusalReason.LIMIT_REACHED, RefusalReason.IDENTITY_MISSING]


def test_a_rule_of_a_campaign_counts_over_all_its_types():
    one, other = entries_of_a_campaign_with_rule(identity=Identity.DEVICE, limit=2)
    device = {"device": "d1"}
    assert outcomes([somebody_at(entry, **device) for entry in (one, other, one, other)]) == [
        "",
        "",
        RefusalReason.LIMIT_REACHED,
        RefusalReason.LIMIT_REACHED,
    ]
    assert a_claim(device="d1").outcome == ClaimOutcome.ISSUED


def test_a_day_slides_instead_of_starting_at_midnight():
    entry = an_entry_with_rule(identity=Identity.DEVICE, window=timedelta(days=1))
    hours = {0: "", 13: RefusalReason.LIMIT_REACHED, 24: "", 25: RefusalReason.LIMIT_REACHED}
    found = {h: claim_coupon(somebody_at(entry, device="d1"), at=NOON + timedelta(hours=h)).reason for h in hours}
    assert found == hours


# Rules that flag


def test_a_rule_that_flags_issues_and_keeps_that_it_was_crossed():
    entry = an_entry_with_rule(identity=Identity.DEVICE, limit=2, window=10 * MINUTES, action=RuleAction.FLAG)
    claims = [claim_coupon(somebody_at(entry, device="d1"), at=NOON + minute * MINUTES) for minute in (0, 1, 2, 3, 12)]
    assert [claim.outcome for claim in claims] == [ClaimOutcome.ISSUED] * 5
    assert [claim.flags.count() for claim in claims] == [0, 0, 1, 1, 0]
    assert claims[2].flags.get().rule.identity == Identity.DEVICE


def test_however_many_a_flagging_rule_lets_through_it_keeps_one_time_more_than_its_limit():
    entry = an_entry_with_rule(identity=Identity.DEVICE, limit=2, action=RuleAction.FLAG)
    outcomes([somebody_at(entry, device="d1") for _ in range(9)])
    assert len(RuleUse.objects.get().times) == 3
    assert ClaimFlag.objects.count() == 7


def test_a_claim_that_lacks_what_a_flagging_rule_counts_by_is_issued_and_flagged():
    claim = a_claim(entry=an_entry_with_rule(identity=Identity.DEVICE, action=RuleAction.FLAG), device="")
    assert claim.outcome == ClaimOutcome.ISSUED
    assert claim.flags.get().is_identity_missing
    assert not RuleUse.objects.exists()


def test_one_identity_may_be_flagged_early_and_refused_late():
    coupon_type = a_coupon_type(is_live=False, per_customer=None)
    a_rule(coupon_type, limit=1, action=RuleAction.FLAG)
    a_rule(coupon_type, limit=2)
    entry = an_entry(coupon_type=make_live(coupon_type))
    claims = [a_claim(entry=entry, device="d1") for _ in range(3)]
    assert [(claim.reason, claim.flags.count()) for claim in claims] == [("", 0), ("", 1), (RefusalReason.LIMIT_REACHED, 0)]


def test_a_refused_claim_counts_for_no_rule_and_is_never_flagged():
    entry = an_entry_with_rule(identity=Identity.DEVICE, action=RuleAction.FLAG, entry={"cap": 1})
    a_claim(entry=entry, device="d1")
    assert a_claim(entry=entry, device="d1").reason == RefusalReason.ENTRY_FULL
    assert not ClaimFlag.objects.exists()
    assert len(RuleUse.objects.get().times) == 1


# Rules of drafts, and of what is live


def test_a_type_that_nothing_bounds_is_not_even_asked_for():
    coupon_type = a_coupon_type(is_live=False, per_customer=None, quantity=None)
    a_rule(coupon_type, action=RuleAction.FLAG)
    with pytest.raises(InvalidInput, match="claim rule that refuses, or a quantity"):
        request_coupon_type(coupon_type, **WHO)
    a_rule(coupon_type)
    assert make_live(coupon_type).status == CouponTypeStatus.LIVE


def test_a_rule_of_the_campaign_bounds_its_types_too():
    campaign = a_campaign(is_live=False)
    a_rule(campaign)
    coupon_type = a_coupon_type(campaign=campaign, is_live=False, per_customer=None, quantity=None)
    assert make_live(coupon_type).status == CouponTypeStatus.LIVE


def test_a_rule_is_taken_out_of_a_draft_and_not_of_what_is_live():
    draft, live = a_coupon_type(is_live=False), a_coupon_type()
    remove_rule(draft.rules.get())
    assert not draft.rules.exists()
    with pytest.raises(InvalidInput, match="new approval"):
        remove_rule(live.rules.get())


@pytest.mark.parametrize("make", [a_campaign, a_coupon_type])
def test_a_rule_for_what_is_live_waits_for_a_second_person(make):
    owner = make()
    terms = {"identity": Identity.DEVICE, "window": 10 * MINUTES, "limit": 3, "action": RuleAction.REFUSE}
    with pytest.raises(InvalidInput, match="draft"):
        add_rule(owner, **terms)
    asked = request_rule(owner, **terms, **WHO)
    assert "at most 3 coupons per device within 10 min" in asked.summary
    assert not ClaimRule.objects.filter(identity=Identity.DEVICE).exists()
    approved(asked)
    rule = owner.rules.get(identity=Identity.DEVICE)
    assert (rule.limit, rule.window, rule.added_by) == (3, 10 * MINUTES, asked)


def test_a_rule_added_to_a_live_type_holds_from_the_next_claim_on():
    entry = an_entry()
    a_claim(entry=entry, device="d1")
    approved(request_rule(entry.coupon_type, identity=Identity.DEVICE, window=None, limit=1, action=RuleAction.REFUSE, **WHO))
    assert [a_claim(entry=entry, device="d1").reason for _ in range(2)] == ["", RefusalReason.LIMIT_REACHED]


def test_a_rejected_rule_is_not_added():
    coupon_type = a_coupon_type()
    asked = request_rule(coupon_type, identity=Identity.DEVICE, window=None, limit=1, action=RuleAction.FLAG, **WHO)
    reject(asked, by=the_approver(), reason="too strict", at=NOON)
    assert coupon_type.rules.count() == 1


def test_a_rule_of_a_live_type_ends_by_a_second_person_and_stays_in_the_books():
    entry = an_entry()
    who = somebody_at(entry)
    claim_coupon(who, at=NOON)
    asked = request_rule_end(entry.coupon_type.rules.get(), **WHO)
    assert outcomes([who]) == [RefusalReason.LIMIT_REACHED]
    approved(asked)
    assert outcomes([who]) == [""]
    assert entry.coupon_type.rules.get().ended_by == asked


def test_the_last_rule_of_a_live_type_without_another_bound_does_not_end():
    coupon_type = a_coupon_type(quantity=None)
    with pytest.raises(DomainError, match="all that bounds it"):
        request_rule_end(coupon_type.rules.get(), **WHO)


def test_a_rule_is_said_in_words():
    campaign, coupon_type = a_campaign(is_live=False), a_coupon_type(is_live=False, per_customer=None)
    ten = a_rule(coupon_type, limit=2, window=10 * MINUTES, action=RuleAction.FLAG)
    ever = a_rule(campaign, identity=Identity.PERSON)
    assert rule_text(ten) == "at most 2 coupons per device within 10 min; beyond: issue and flag"
    assert rule_text(ever) == "at most 1 coupon per verified identity, all types of the campaign together; beyond: refuse"
