"""What is scarce is given out exactly, whoever asks at the same time. Each rule has a control that goes wrong without its guard."""

from decimal import Decimal
from random import Random
from threading import Event

import pytest
from django.db import IntegrityError

from promotions.models import (
    BudgetSlice,
    Claim,
    ClaimToken,
    Coupon,
    CouponTypeSlice,
    Customer,
    EntrySlice,
    RuleUse,
)
from promotions.services import claiming
from promotions.services.campaigns import pause_campaign
from promotions.services.claiming import claim_coupon
from promotions.services.coupon_types import suspend_coupon_type
from promotions.services.entries import suspend_entry
from promotions.services.slices import gather_budget_room
from promotions.services.tokens import revoke_token, token_text
from promotions.states import ClaimOutcome, RefusalReason
from tests.promotions.factories import (
    NOON,
    a_campaign,
    a_claimant,
    a_coupon_type,
    a_request,
    a_restricted_type,
    a_token,
    an_entry,
    the_asker,
)
from tests.promotions.racing import at_once, check_before_taking, errors_in, in_turn, without_constraint, without_guard
from tests.race.waiting import wait_until

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
THREADS = 32


def claim_all(requests, threads=THREADS):
    """Every request claimed, dealt out to the threads; errors raise."""
    acts = [lambda r=request: claim_coupon(r, at=NOON) for request in requests]
    answers = at_once([in_turn(acts[n::threads]) for n in range(threads)])
    for error in errors_in(answers):
        raise error
    return [claim for claims in answers for claim in claims]


def outcomes(claims):
    issued = [claim for claim in claims if claim.outcome == ClaimOutcome.ISSUED]
    return len(issued), {claim.reason for claim in claims if claim.outcome == ClaimOutcome.REFUSED}


def requests_at(entry, count, **fields):
    return [a_request(entry=entry, **fields) for _ in range(count)]


@pytest.mark.parametrize("slices", [1, 4])
def test_exactly_the_quantity_is_given_out(slices):
    entry = an_entry(coupon_type=a_coupon_type(quantity=40, slices=slices), cap=500, slices=slices)
    assert outcomes(claim_all(requests_at(entry, 96))) == (40, {RefusalReason.ALL_GIVEN})
    assert sum(part.issued for part in CouponTypeSlice.objects.all()) == Coupon.objects.count() == 40
    assert sum(part.issued for part in EntrySlice.objects.all()) == 40
    assert sum(part.reserved for part in BudgetSlice.objects.all()) == Decimal("400.00")


def test_exactly_the_cap_of_an_entry_is_given_out():
    entry = an_entry(coupon_type=a_coupon_type(quantity=500), cap=40, slices=3)
    assert outcomes(claim_all(requests_at(entry, 96))) == (40, {RefusalReason.ENTRY_FULL})


def test_exactly_the_uses_of_a_token_are_given_out():
    token = a_token(uses=20)
    entry = token.batch.entry
    claims = claim_all(requests_at(entry, 64, token=token_text(token)))
    assert outcomes(claims) == (20, {RefusalReason.TOKEN_USED_UP})
    assert ClaimToken.objects.get().used == 20


def test_control_checking_before_taking_gives_out_too_much(monkeypatch):
    entry = an_entry(coupon_type=a_coupon_type(quantity=500), cap=40)
    check_before_taking(monkeypatch)
    without_guard(monkeypatch, "AND s.issued < s.cap")
    with without_constraint(EntrySlice, "entry_slice_never_overshoots"):
        issued, _ = outcomes(claim_all(requests_at(entry, 96)))
    assert 40 < issued <= 40 + THREADS - 1


def test_control_without_its_guard_the_constraint_still_holds(monkeypatch):
    entry = an_entry(coupon_type=a_coupon_type(quantity=500), cap=10)
    without_guard(monkeypatch, "AND s.issued < s.cap")
    answers = at_once([lambda r=request: claim_coupon(r, at=NOON) for request in requests_at(entry, THREADS)])
    assert len(errors_in(answers)) == THREADS - 10
    assert all(isinstance(error, IntegrityError) for error in errors_in(answers))
    assert EntrySlice.objects.get().issued == Coupon.objects.count() == 10


def test_one_customer_thirty_times_at_once_gets_one():
    entry, who = an_entry(), a_claimant()
    claims = claim_all(requests_at(entry, 30, claimant=who), threads=30)
    assert outcomes(claims) == (1, {RefusalReason.LIMIT_REACHED})
    assert Customer.objects.count() == 1
    assert Claim.objects.count() == 30
    assert len(RuleUse.objects.get().times) == 1


def test_many_customers_many_times_at_once_get_one_each():
    entry = an_entry()
    people = [a_claimant() for _ in range(12)]
    claims = claim_all([a_request(entry=entry, claimant=who) for _ in range(6) for who in people], threads=24)
    assert outcomes(claims) == (12, {RefusalReason.LIMIT_REACHED})
    assert set(Coupon.objects.values_list("customer__ref", flat=True)) == {who.ref for who in people}


def test_control_a_rule_without_its_guard_gives_one_customer_many(monkeypatch):
    entry, who = an_entry(), a_claimant()
    without_guard(monkeypatch, '< max(r."limit")', instead=">= 0")
    claims = claim_all(requests_at(entry, 30, claimant=who), threads=30)
    assert outcomes(claims)[0] == 30


def test_a_budget_of_odd_cents_is_never_overspent_and_never_left_over():
    random = Random(20190120)
    campaign = a_campaign(budget=Decimal("60.00"), slices=4)
    faces = [Decimal(random.randrange(1, 300)) / 100 for _ in range(10)]
    entries = [an_entry(coupon_type=a_coupon_type(campaign=campaign, face_value=face, quantity=500), cap=500) for face in faces]
    claims = claim_all([a_request(entry=random.choice(entries)) for _ in range(160)])
    given = sum(Coupon.objects.values_list("face_value", flat=True))
    refused = [faces[entries.index(claim.entry)] for claim in claims if claim.reason == RefusalReason.BUDGET_SPENT]
    assert outcomes(claims)[1] == {RefusalReason.BUDGET_SPENT}
    assert campaign.budget.amount - given < min(refused)
    slices = list(BudgetSlice.objects.all())
    assert sum(part.reserved for part in slices) == given <= campaign.budget.amount
    assert sum(part.amount for part in slices) == campaign.budget.amount
    assert all(part.reserved <= part.amount for part in slices)


def test_control_checking_the_budget_before_taking_overspends_it(monkeypatch):
    campaign = a_campaign(budget=Decimal("100.00"))
    entry = an_entry(coupon_type=a_coupon_type(campaign=campaign, quantity=500), cap=500)
    check_before_taking(monkeypatch)
    without_guard(monkeypatch, "AND s.reserved + s.spent + %(face_value)s <= s.amount")
    with without_constraint(BudgetSlice, "budget_slice_never_overshoots"):
        issued, _ = outcomes(claim_all(requests_at(entry, 96)))
    assert 10 < issued <= 10 + THREADS - 1


def test_gathering_room_while_claims_run_loses_no_cent():
    campaign = a_campaign(budget=Decimal("100.00"), slices=5)
    entry = an_entry(coupon_type=a_coupon_type(campaign=campaign, face_value=Decimal("3.00"), quantity=500), cap=500)
    claims = [lambda r=request: claim_coupon(r, at=NOON) for request in requests_at(entry, 40)]
    gatherings = [lambda: gather_budget_room(campaign.budget.pk, Decimal(3))] * 20
    assert errors_in(at_once([*claims, *gatherings])) == []
    slices = list(BudgetSlice.objects.all())
    assert sum(part.amount for part in slices) == Decimal("100.00")
    assert sum(part.reserved for part in slices) == Decimal("99.00")


STOPS = {
    "entry": (suspend_entry, RefusalReason.ENTRY_NOT_OPEN),
    "coupon_type": (lambda entry, **why: suspend_coupon_type(entry.coupon_type, **why), RefusalReason.COUPON_TYPE_NOT_LIVE),
    "campaign": (lambda entry, **why: pause_campaign(entry.coupon_type.campaign, **why), RefusalReason.CAMPAIGN_NOT_LIVE),
}


def claims_racing_a_stop(stop, is_counted=None):
    """Claims run in many threads from before the stop until each has been answered after it committed. Answers claims, and how many
    coupons there were when it had.
    """
    is_counted = is_counted or Event()
    coupon_type = a_coupon_type(campaign=a_campaign(slices=3), quantity=100_000, slices=3)
    entry = an_entry(coupon_type=coupon_type, cap=100_000, slices=3)
    counted = []

    def claim_on():
        claims, is_last = [], False
        while not is_last:
            is_last = is_counted.is_set()
            claims.append(claim_coupon(a_request(entry=entry), at=NOON))
        return claims

    def stop_and_count():
        wait_until(lambda: Coupon.objects.count() > THREADS)
        stop(entry, by=the_asker(), reason="test", at=NOON)
        counted.append(Coupon.objects.count())
        is_counted.set()
        return []

    the_asker()
    answers = at_once([claim_on] * 16 + [stop_and_count])
    for error in errors_in(answers):
        raise error
    return [claim for claims in answers for claim in claims], counted[0]


@pytest.mark.parametrize("what", STOPS)
def test_after_a_stop_has_committed_no_further_claim_is_issued(what):
    stop, reason = STOPS[what]
    claims, issued_at_the_stop = claims_racing_a_stop(stop)
    issued, reasons = outcomes(claims)
    assert issued == issued_at_the_stop == Coupon.objects.count() > 0
    assert reasons == {reason}


def test_control_without_the_flag_in_the_row_claims_slip_past_a_stop(monkeypatch):
    take, stop = claiming._take, STOPS["coupon_type"][0]
    is_about_to_stop, is_let_in, is_counted = Event(), Event(), Event()

    def think_then_take(*values, **who):
        if is_about_to_stop.is_set():
            is_let_in.set()
            is_counted.wait(30)
        return take(*values, **who)

    def stop_while_one_thinks(entry, **why):
        is_about_to_stop.set()
        assert is_let_in.wait(30)
        stop(entry, **why)

    monkeypatch.setattr(claiming, "_take", think_then_take)
    without_guard(monkeypatch, "s.is_live AND")
    claims, issued_at_the_stop = claims_racing_a_stop(stop_while_one_thinks, is_counted)
    assert outcomes(claims)[0] > issued_at_the_stop


def test_a_claim_that_was_let_in_before_its_token_was_revoked_is_refused(monkeypatch):
    token = a_token(uses=5)
    take, is_let_in, is_revoked = claiming._take, Event(), Event()

    def wait_then_take(*values, **who):
        is_let_in.set()
        is_revoked.wait(10)
        return take(*values, **who)

    def revoke():
        is_let_in.wait(10)
        revoke_token(token, by=the_asker(), reason="photographed", at=NOON)
        is_revoked.set()

    monkeypatch.setattr(claiming, "_take", wait_then_take)
    request = a_request(token=token)
    claim, _ = at_once([lambda: claim_coupon(request, at=NOON), revoke])
    assert claim.reason == RefusalReason.TOKEN_REVOKED
    assert not Coupon.objects.exists()


def test_a_crowd_with_tokens_at_a_restricted_type_is_answered_to_the_last():
    entry = an_entry(coupon_type=a_restricted_type(quantity=30), cap=30)
    tokens = [token_text(a_token(entry=entry)) for _ in range(40)]
    claims = claim_all([a_request(entry=entry, token=token) for token in tokens for _ in range(2)])
    issued, reasons = outcomes(claims)
    assert issued == 30
    assert reasons <= {RefusalReason.ENTRY_FULL, RefusalReason.ALL_GIVEN, RefusalReason.TOKEN_USED_UP}
