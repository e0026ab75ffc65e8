"""A batch that is revoked gives nothing more, however a claim was caught at that moment. One row is written, not a million."""

from threading import Event

import pytest
from django.db import transaction

from promotions.models import Coupon
from promotions.services import claiming, tokens
from promotions.services.claiming import claim_coupon
from promotions.services.tokens import revoke_batch
from promotions.states import ClaimOutcome, RefusalReason
from tests.promotions.factories import NOON, a_request, a_token, the_asker
from tests.promotions.racing import at_once, errors_in, without_guard
from tests.race.waiting import somebody_waits, wait_until

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

PATIENCE = 30.0  # seconds


def claim_that_takes_while_the_batch_is_revoked(monkeypatch):
    """The claim has taken and not yet committed when somebody revokes. Answers the claim, and how many coupons there were when
    the revocation was done."""
    token = a_token(uses=5)
    take, has_taken, is_revoked = claiming._take, Event(), Event()

    def take_then_wait(*values):
        taken = take(*values)
        has_taken.set()
        wait_until(lambda: is_revoked.is_set() or somebody_waits())
        return taken

    def revoke():
        assert has_taken.wait(PATIENCE)
        revoke_batch(token.batch, by=the_asker(), reason="box was stolen", at=NOON)
        counted = Coupon.objects.count()
        is_revoked.set()
        return counted

    monkeypatch.setattr(claiming, "_take", take_then_wait)
    request = a_request(token=token)
    answers = at_once([lambda: claim_coupon(request, at=NOON), revoke])
    assert errors_in(answers) == []
    return answers


def claim_that_comes_while_the_batch_is_revoked():
    """The revocation is written and not yet committed when somebody claims."""
    token = a_token(uses=5)
    is_written, is_answered = Event(), Event()

    def revoke():
        with transaction.atomic():
            revoke_batch(token.batch, by=the_asker(), reason="box was stolen", at=NOON)
            is_written.set()
            wait_until(lambda: is_answered.is_set() or somebody_waits())

    def claim():
        assert is_written.wait(PATIENCE)
        answer = claim_coupon(request, at=NOON)
        is_answered.set()
        return answer

    request = a_request(token=token)
    answers = at_once([claim, revoke])
    assert errors_in(answers) == []
    return answers[0]


def test_a_revocation_waits_for_a_claim_that_has_taken(monkeypatch):
    claim, coupons_at_the_stop = claim_that_takes_while_the_batch_is_revoked(monkeypatch)
    assert claim.outcome == ClaimOutcome.ISSUED
    assert coupons_at_the_stop == Coupon.objects.count() == 1


def test_control_without_the_shared_lock_a_claim_slips_past_a_revocation(monkeypatch):
    monkeypatch.setattr(tokens, "SHARE_BATCH", "NULL")
    claim, coupons_at_the_stop = claim_that_takes_while_the_batch_is_revoked(monkeypatch)
    assert claim.outcome == ClaimOutcome.ISSUED
    assert coupons_at_the_stop == 0


def test_a_claim_waits_for_a_revocation_under_way_and_is_refused():
    claim = claim_that_comes_while_the_batch_is_revoked()
    assert claim.reason == RefusalReason.TOKEN_REVOKED
    assert not Coupon.objects.exists()


def test_control_without_the_guard_in_the_take_it_is_issued(monkeypatch):
    without_guard(monkeypatch, "AND b.revoked_at IS NULL")
    assert claim_that_comes_while_the_batch_is_revoked().outcome == ClaimOutcome.ISSUED
