"""200 claimers at once, released together: each limit gives exactly what it says. Each has a control whose guard is off."""

from contextlib import nullcontext

import pytest

from promotions.models import ClaimFlag, ClaimToken, Coupon, CouponTypeSlice, EntrySlice, RuleUse
from promotions.services import claiming
from promotions.services.claiming import claim_coupon
from promotions.services.tokens import token_text
from promotions.states import ClaimOutcome, Identity, RefusalReason, RuleAction
from tests.promotions.factories import NOON, a_coupon_type, a_token, an_entry
from tests.promotions.racing import at_once, errors_in, without_constraint, without_guard
from tests.promotions.ruling import an_entry_with_rule, entries_of_a_campaign_with_rule, sharing, somebody_at
from tests.race.waiting import meeting

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
CLAIMERS = 200
IN_A_CONTROL = 24  # enough to overshoot
LIMIT = 3
ROOM = {"cap": 1_000}
PLENTY = {"quantity": 1_000, "per_customer": None}


def requests_counted_by(kind):
    """As many claims as there are claimers, by people who share nothing but what a rule of this kind counts by."""
    needs_token = kind == Identity.TOKEN
    entry = an_entry_with_rule(
        identity=kind, limit=LIMIT, entry={**ROOM, "needs_token": needs_token}, type_fields={"quantity": 1_000}
    )
    token = token_text(a_token(entry=entry, uses=CLAIMERS)) if needs_token else None
    first = somebody_at(entry, token=token)
    return [sharing(kind, somebody_at(entry, token=token), first) for _ in range(CLAIMERS)]


def requests_over_a_campaign():
    entries = entries_of_a_campaign_with_rule(types=4, identity=Identity.DEVICE, limit=LIMIT)
    return [somebody_at(entries[n % 4], device="d1") for n in range(CLAIMERS)]


def requests_at(entry, **fields):
    return [somebody_at(entry, **fields) for _ in range(CLAIMERS)]


def requests_by_one_token():
    entry = an_entry(coupon_type=a_coupon_type(**PLENTY), needs_token=True, **ROOM)
    return requests_at(entry, token=token_text(a_token(entry=entry, uses=LIMIT)))


def requests_by_one_new_customer():
    entry = an_entry(coupon_type=a_coupon_type(new_customers_only=True, **PLENTY), **ROOM)
    first = somebody_at(entry)
    return [sharing(Identity.CUSTOMER, somebody_at(entry), first) for _ in range(CLAIMERS)]


RULE = '< max(r."limit")'
# By the limit: who claims, how many get one, why the others do not, and for the control the guard, what weakens it, and the
# constraint below it.
LIMITS = {
    **{
        kind.value: (lambda kind=kind: requests_counted_by(kind), LIMIT, RefusalReason.LIMIT_REACHED, RULE, ">= 0", None)
        for kind in Identity
    },
    "campaign": (requests_over_a_campaign, LIMIT, RefusalReason.LIMIT_REACHED, RULE, ">= 0", None),
    "new customers": (
        requests_by_one_new_customer,
        1,
        RefusalReason.NOT_A_NEW_CUSTOMER,
        "AND u.welcomed_at IS NULL",
        "",
        None,
    ),
    "uses of a token": (
        requests_by_one_token,
        LIMIT,
        RefusalReason.TOKEN_USED_UP,
        "AND k.used < k.uses",
        "",
        (ClaimToken, "claim_token_never_overused"),
    ),
    "cap of an entry": (
        lambda: requests_at(an_entry(coupon_type=a_coupon_type(**PLENTY), cap=LIMIT)),
        LIMIT,
        RefusalReason.ENTRY_FULL,
        "AND s.issued < s.cap",
        "",
        (EntrySlice, "entry_slice_never_overshoots"),
    ),
    "quantity": (
        lambda: requests_at(an_entry(coupon_type=a_coupon_type(**{**PLENTY, "quantity": LIMIT}), **ROOM)),
        LIMIT,
        RefusalReason.ALL_GIVEN,
        "(s.quantity IS NULL OR s.issued < s.quantity)",
        "true",
        (CouponTypeSlice, "coupon_type_slice_never_overshoots"),
    ),
}


def besiege(requests):
    claims = at_once([lambda r=request: claim_coupon(r, at=NOON) for request in requests])
    assert errors_in(claims) == []
    return claims


@pytest.mark.parametrize("limit", LIMITS)
def test_a_limit_holds_with_200_claimers(limit):
    make, given, reason, *_ = LIMITS[limit]
    claims = besiege(make())
    assert sum(claim.outcome == ClaimOutcome.ISSUED for claim in claims) == Coupon.objects.count() == given
    assert {claim.reason for claim in claims if claim.outcome == ClaimOutcome.REFUSED} == {reason}
    assert all(len(use.times) <= LIMIT for use in RuleUse.objects.all())


@pytest.mark.parametrize("limit", LIMITS)
def test_control_without_its_guard_a_limit_overshoots(monkeypatch, limit):
    make, given, _reason, guard, instead, constraint = LIMITS[limit]
    take, all_are_through_the_door = claiming._take, meeting(IN_A_CONTROL)

    def think_then_take(*values, **who):
        all_are_through_the_door()  # so that nobody is turned away by what the door could already see
        return take(*values, **who)

    without_guard(monkeypatch, guard, instead)
    monkeypatch.setattr(claiming, "_take", think_then_take)
    requests = make()
    with without_constraint(*constraint) if constraint else nullcontext():
        besiege(requests[:IN_A_CONTROL])
        assert Coupon.objects.count() > given


def test_a_rule_that_flags_issues_to_all_200_and_flags_exactly_those_beyond_its_limit():
    entry = an_entry_with_rule(
        identity=Identity.DEVICE, limit=LIMIT, action=RuleAction.FLAG, entry=ROOM, type_fields={"quantity": 1_000}
    )
    claims = besiege(requests_at(entry, device="d1"))
    assert {claim.outcome for claim in claims} == {ClaimOutcome.ISSUED}
    assert ClaimFlag.objects.count() == CLAIMERS - LIMIT
