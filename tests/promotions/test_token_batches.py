"""Tokens are made in batches for one entry, found by their text, and revoked one by one or together."""

import string
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from backoffice.lib.errors import DomainError, InvalidInput
from promotions.models import Claim, ClaimToken, Coupon, TokenBatch
from promotions.services.entries import close_entry
from promotions.services.refusals import Refused
from promotions.services.tokens import find_token, make_token_batch, revoke_batch, revoke_token, token_text
from promotions.states import ClaimOutcome, RefusalReason
from promotions.tokens import TokenContent, fingerprint, write_token
from tests.promotions.factories import (
    DAY,
    NOON,
    a_claim,
    a_claimant,
    a_restricted_type,
    a_token,
    an_entry,
    number,
    the_asker,
)

pytestmark = pytest.mark.django_db

KEYS = {"2026a": b"the first key of these tests, 32", "2025z": b"an older key of these tests, 32."}


BASE64_URL = string.ascii_letters + string.digits + "-_"


def reason_of_refusal(text: str | None) -> str:
    with pytest.raises(Refused) as refused:
        find_token(text)
    return refused.value.reason


def content_of(token: ClaimToken) -> TokenContent:
    batch = token.batch
    return TokenContent(batch.entry_id, batch.pk, token.number, batch.expires_at, bytes(token.nonce))


def signed(content: TokenContent, settings) -> str:
    key_id, key = next(iter(settings.HOLDFAST_TOKEN_KEYS.items()))
    return write_token(content, key_id=key_id, key=key)


def test_every_token_of_a_batch_is_found_by_its_text():
    entry = an_entry(coupon_type=a_restricted_type())
    batch = make_token_batch(entry=entry, code="B", count=100, uses=1, expires_at=None, by=the_asker(), at=NOON)
    tokens = list(batch.tokens.order_by("number"))
    assert [token.number for token in tokens] == list(range(100))
    assert [find_token(token_text(token)) for token in tokens] == tokens
    assert len({bytes(token.nonce) for token in tokens}) == 100
    assert {len(bytes(token.nonce)) for token in tokens} == {12}


@pytest.mark.parametrize(
    "change",
    [
        lambda content, other: replace(content, nonce=bytes(other.nonce)),
        lambda content, other: replace(content, nonce=b"\x00" * 12),
        lambda content, other: replace(content, number=content.number + 1),
        lambda content, other: replace(content, number=other.number, batch_id=other.batch_id),
        lambda content, other: replace(content, batch_id=content.batch_id + 10**6),
        lambda content, other: replace(content, entry_id=other.batch.entry_id),
        lambda content, other: replace(content, expires_at=content.expires_at + DAY),
        lambda content, other: replace(content, batch_id=2**64 - 1, entry_id=2**64 - 1),
    ],
)
def test_even_signed_by_our_own_key_a_token_that_we_did_not_make_is_forged(change, settings):
    token, other = a_token(), a_token()
    forged = signed(change(content_of(token), other), settings)
    assert reason_of_refusal(forged) == RefusalReason.TOKEN_FORGED
    assert find_token(token_text(token)) == token


def test_the_newest_key_signs_and_the_older_ones_still_verify(settings):
    settings.HOLDFAST_TOKEN_KEYS = {"old": KEYS["2025z"]}
    old_token = a_token()
    settings.HOLDFAST_TOKEN_KEYS = {"new": KEYS["2026a"], "old": KEYS["2025z"]}
    new_token = a_token()
    assert token_text(old_token).split(".")[1] == "old"
    assert token_text(new_token).split(".")[1] == "new"
    assert find_token(token_text(old_token)) == old_token
    assert a_claim(token=old_token).outcome == ClaimOutcome.ISSUED


def test_a_token_signed_anew_with_another_of_our_keys_is_forged(settings):
    settings.HOLDFAST_TOKEN_KEYS = {"new": KEYS["2026a"], "old": KEYS["2025z"]}
    token = a_token()
    respelled = write_token(content_of(token), key_id="old", key=KEYS["2025z"])
    assert reason_of_refusal(respelled) == RefusalReason.TOKEN_FORGED


def test_tokens_of_a_key_that_was_taken_away_claim_nothing_and_cannot_be_printed(settings):
    settings.HOLDFAST_TOKEN_KEYS = {"leaked": KEYS["2025z"]}
    token = a_token()
    text = token_text(token)
    settings.HOLDFAST_TOKEN_KEYS = {"new": KEYS["2026a"]}
    assert reason_of_refusal(text) == RefusalReason.TOKEN_FORGED
    with pytest.raises(DomainError, match="leaked"):
        token_text(token)


@pytest.mark.parametrize("text", [None, ""])
def test_no_token_is_missing_not_forged(text):
    assert reason_of_refusal(text) == RefusalReason.TOKEN_MISSING


def test_mutations_of_a_good_token_claim_nothing_and_spoil_nothing():
    token = a_token(uses=5)
    good, random = token_text(token), Random(10)
    entry, who = token.batch.entry, a_claimant()
    for _ in range(60):
        place = random.randrange(len(good))
        forged = good[:place] + random.choice([c for c in BASE64_URL if c != good[place]]) + good[place + 1 :]
        assert a_claim(entry=entry, token=forged, claimant=who).reason == RefusalReason.TOKEN_FORGED
    assert not Coupon.objects.exists()
    assert a_claim(entry=entry, token=good, claimant=who).outcome == ClaimOutcome.ISSUED


def test_a_token_of_another_batch_of_the_same_entry_is_as_good():
    first = a_token()
    second = a_token(entry=first.batch.entry)
    assert a_claim(token=second).outcome == ClaimOutcome.ISSUED


def test_a_token_expires_at_its_second_and_is_told_from_a_forged_one():
    entry = an_entry(coupon_type=a_restricted_type())
    expires_at = NOON + timedelta(hours=1)
    make_token_batch(entry=entry, code="B", count=1, uses=9, expires_at=expires_at, by=the_asker(), at=NOON)
    token = ClaimToken.objects.get()
    assert a_claim(token=token, at=expires_at - timedelta(seconds=1)).outcome == ClaimOutcome.ISSUED
    assert a_claim(token=token, at=expires_at).reason == RefusalReason.TOKEN_EXPIRED


def test_a_claim_keeps_the_tokens_fingerprint_and_not_its_text():
    token = a_token()
    claim = a_claim(token=token)
    assert claim.token == token
    assert claim.token_fingerprint == fingerprint(token_text(token))
    assert token_text(token) not in repr(list(Claim.objects.values()))


@pytest.mark.parametrize(
    "fields",
    [
        {"count": 0},
        {"count": -1},
        {"count": 100_001},
        {"uses": 0},
        {"uses": 101},
        {"expires_at": NOON},
        {"expires_at": NOON + 11 * DAY},
        {"code": "x" * 41},
        {"code": ""},
    ],
)
def test_a_batch_out_of_range_is_refused_and_nothing_is_made(fields):
    values = {"entry": an_entry(coupon_type=a_restricted_type()), "code": "B", "count": 1, "uses": 1, "expires_at": None}
    with pytest.raises(InvalidInput):
        make_token_batch(**{**values, **fields}, by=the_asker(), at=NOON)
    assert not TokenBatch.objects.exists()


def test_a_second_batch_of_the_same_code_is_refused_in_words():
    entry = a_token().batch.entry
    values = {"entry": entry, "code": f"B{number()}", "count": 1, "uses": 1, "expires_at": None, "by": the_asker(), "at": NOON}
    make_token_batch(**values)
    with pytest.raises(InvalidInput):
        make_token_batch(**values)
    assert TokenBatch.objects.filter(entry=entry, code=values["code"]).count() == 1


def test_no_tokens_are_made_for_an_entry_that_takes_none_or_is_closed():
    closed = an_entry(coupon_type=a_restricted_type())
    close_entry(closed, by=the_asker(), reason="over", at=NOON)
    for entry in (an_entry(), closed):
        with pytest.raises(DomainError):
            make_token_batch(entry=entry, code="B", count=1, uses=1, expires_at=None, by=the_asker(), at=NOON)


def test_revoking_one_token_leaves_its_neighbours_good():
    entry = an_entry(coupon_type=a_restricted_type())
    make_token_batch(entry=entry, code="B", count=2, uses=1, expires_at=None, by=the_asker(), at=NOON)
    revoked, good = ClaimToken.objects.order_by("number")
    revoke_token(revoked, by=the_asker(), reason="photographed", at=NOON)
    assert a_claim(token=revoked).reason == RefusalReason.TOKEN_REVOKED
    assert a_claim(token=good).outcome == ClaimOutcome.ISSUED


def test_revoking_twice_keeps_the_first_time():
    token = a_token()
    for at in (NOON, NOON + DAY):
        revoke_token(token, by=the_asker(), reason="photographed", at=at)
        revoke_batch(token.batch, by=the_asker(), reason="photographed", at=at)
    token.refresh_from_db()
    assert token.revoked_at == TokenBatch.objects.get().revoked_at == NOON


def test_revoking_a_batch_writes_one_row_and_refuses_every_token():
    entry = an_entry(coupon_type=a_restricted_type())
    batch = make_token_batch(entry=entry, code="B", count=3, uses=1, expires_at=None, by=the_asker(), at=NOON)
    revoke_batch(batch, by=the_asker(), reason="box was stolen", at=NOON)
    assert [a_claim(token=token).reason for token in batch.tokens.all()] == [RefusalReason.TOKEN_REVOKED] * 3
    assert not batch.tokens.exclude(revoked_at=None).exists()


@pytest.mark.parametrize("revoke", [revoke_token, lambda token, **why: revoke_batch(token.batch, **why)])
def test_nothing_is_revoked_without_a_reason(revoke):
    token = a_token()
    with pytest.raises(DomainError, match="reason"):
        revoke(token, by=the_asker(), reason=" ", at=NOON)
    token.refresh_from_db()
    assert token.revoked_at is None
