"""A large batch is made by a job: each number once, whoever dies on the way, and good for nothing before it is whole."""

from datetime import timedelta

import pytest
from django.db import IntegrityError

from backoffice.lib.errors import DomainError, InvalidInput, StaleState
from backoffice.lib.jobs import LEASE, pause_job, queue_job, run_job
from backoffice.lib.models import Job, JobStatus
from promotions.models import ClaimToken, Coupon, TokenBatch
from promotions.services import tokens
from promotions.services.tokens import cancel_batch, order_token_batch, revoke_batch, token_text
from promotions.states import ClaimOutcome, RefusalReason
from tests.promotions.factories import NOON, a_claim, a_restricted_type, a_token, an_entry, the_asker
from tests.promotions.rawsql import refused, set_in, sql
from tests.promotions.rows import a_batch

pytestmark = pytest.mark.django_db

COUNT, CHUNK = 10, 3
LATER = NOON + LEASE + timedelta(seconds=1)


class Killed(BaseException):
    """Nothing catches it, as nothing catches kill -9."""


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(tokens, "CHUNK", CHUNK)
    monkeypatch.setattr(tokens, "MADE_AT_ONCE", 5)


def an_ordered_batch(count=COUNT, **fields):
    entry = an_entry(coupon_type=a_restricted_type())
    values = {"entry": entry, "code": "BIG", "count": count, "uses": 1, "expires_at": None, "reason": "two thousand seats"}
    return order_token_batch(**{**values, **fields}, by=the_asker(), at=NOON)


def run(batch, at=NOON):
    return run_job(batch.job_id, now=lambda: at)


def fresh(batch):
    return TokenBatch.objects.select_related("job", "entry").get(pk=batch.pk)


def numbers(batch):
    return list(batch.tokens.order_by("number").values_list("number", flat=True))


def dies_in_chunk(monkeypatch, number, *, before_the_work):
    insert, seen = tokens._insert, []

    def dying(*arguments):
        seen.append(1)
        if len(seen) == number and before_the_work:
            raise Killed
        insert(*arguments)
        if len(seen) == number:
            raise Killed

    monkeypatch.setattr(tokens, "_insert", dying)


def test_a_small_batch_is_ready_at_once_and_needs_no_job():
    batch = an_ordered_batch(count=5)
    assert (batch.is_complete, batch.job, numbers(batch)) == (True, None, [0, 1, 2, 3, 4])
    assert a_claim(token=batch.tokens.first()).outcome == ClaimOutcome.ISSUED


def test_a_large_batch_waits_for_its_job_which_makes_each_number_once():
    batch = an_ordered_batch()
    assert (batch.is_complete, batch.job.status, numbers(batch)) == (False, JobStatus.QUEUED, [])
    assert run(batch)
    batch = fresh(batch)
    assert (batch.is_complete, batch.job.status, batch.job.done) == (True, JobStatus.DONE, COUNT)
    assert numbers(batch) == list(range(COUNT))
    assert len({bytes(nonce) for nonce in batch.tokens.values_list("nonce", flat=True)}) == COUNT
    assert batch.job.reason == "two thousand seats"


@pytest.mark.parametrize("before_the_work", [True, False], ids=["before the work", "before the commit"])
@pytest.mark.parametrize("chunk", [1, 2, 3, 4])
def test_a_worker_that_dies_anywhere_is_followed_by_another(monkeypatch, chunk, before_the_work):
    batch = an_ordered_batch()
    with monkeypatch.context() as patch:
        dies_in_chunk(patch, chunk, before_the_work=before_the_work)
        with pytest.raises(Killed):
            run(batch)
    assert numbers(batch) == list(range((chunk - 1) * CHUNK))
    assert not fresh(batch).is_complete
    assert run(batch, at=LATER)
    assert numbers(batch) == list(range(COUNT))
    assert fresh(batch).is_complete


def test_the_tokens_of_a_batch_that_is_not_complete_claim_nothing(monkeypatch):
    batch = an_ordered_batch()
    dies_in_chunk(monkeypatch, 3, before_the_work=True)
    with pytest.raises(Killed):
        run(batch)
    token = batch.tokens.first()
    assert a_claim(token=token).reason == RefusalReason.TOKEN_NOT_READY
    assert not Coupon.objects.exists()
    sql(f"DELETE FROM promotions_claimtoken WHERE number > 0 AND batch_id = {batch.pk}")
    sql(set_in(batch, '"count" = 1, is_complete = true'))
    assert a_claim(token=token).outcome == ClaimOutcome.ISSUED


def test_the_take_itself_refuses_an_incomplete_batch(monkeypatch):
    """Whatever the door read a moment ago."""
    batch = an_ordered_batch()
    dies_in_chunk(monkeypatch, 3, before_the_work=True)
    with pytest.raises(Killed):
        run(batch)
    token = batch.tokens.select_related("batch").first()
    checked = []

    def let_in_once(text):
        token.batch.is_complete = not checked
        checked.append(text)
        return token

    monkeypatch.setattr("promotions.services.claim_door.find_token", let_in_once)
    assert a_claim(entry=batch.entry, token="any").reason == RefusalReason.TOKEN_NOT_READY
    assert len(checked) == 2


def test_token_batch_is_complete_with_every_token():
    batch = an_ordered_batch()
    refused("complete when every one", set_in(batch, "is_complete = true"))
    whole = a_batch()
    refused("complete when every one", set_in(whole, '"count" = 2'))


def test_token_batch_revocation_waits_for_claims():  # and so it does with claims: tests/promotions/test_token_races.py
    batch = a_token().batch
    sql(set_in(batch, "revoked_at = now()"))
    locks = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND pid = pg_backend_pid()"
    assert sql(locks) == 1


def test_a_paused_job_makes_no_more_and_goes_on_where_it_stopped(monkeypatch):
    batch = an_ordered_batch()
    insert, why = tokens._insert, {"by": the_asker(), "reason": "the disk fills up", "at": NOON}

    def insert_then_pause(*arguments):
        insert(*arguments)
        pause_job(batch.job, **why)

    with monkeypatch.context() as patch:
        patch.setattr(tokens, "_insert", insert_then_pause)
        run(batch)
    assert (fresh(batch).job.status, numbers(batch)) == (JobStatus.PAUSED, [0, 1, 2])
    assert run(batch, at=LATER) is False
    queue_job(fresh(batch).job)
    run(batch, at=LATER)
    assert numbers(batch) == list(range(COUNT))


def test_a_cancelled_batch_never_becomes_valid():
    batch = an_ordered_batch()
    cancel_batch(batch, by=the_asker(), reason="wrong entry", at=NOON)
    assert run(batch) is False
    assert (fresh(batch).is_complete, fresh(batch).job.status, numbers(batch)) == (False, JobStatus.CANCELLED, [])


def test_what_is_made_already_is_revoked_and_not_cancelled():
    small, done = an_ordered_batch(count=2), an_ordered_batch()
    run(done)
    with pytest.raises(DomainError, match="Revoke it"):
        cancel_batch(small, by=the_asker(), reason="wrong", at=NOON)
    with pytest.raises(StaleState):
        cancel_batch(fresh(done), by=the_asker(), reason="wrong", at=NOON)
    assert fresh(done).is_complete


def test_a_batch_that_was_revoked_while_it_was_made_is_made_and_stays_revoked():
    batch = an_ordered_batch()
    revoke_batch(batch, by=the_asker(), reason="wrong entry", at=NOON)
    run(batch)
    assert a_claim(token=batch.tokens.first()).reason == RefusalReason.TOKEN_REVOKED


def test_a_batch_out_of_range_is_neither_made_nor_queued():
    with pytest.raises(InvalidInput):
        an_ordered_batch(count=10_000_001)
    assert not TokenBatch.objects.exists()
    assert not Job.objects.exists()


def test_a_token_cannot_be_made_twice_round_the_job():
    batch = an_ordered_batch()
    run(batch)
    with pytest.raises(IntegrityError, match="claim_token_number_once_per_batch"):
        tokens._insert(batch, range(2, 4))


def test_texts_of_a_job_s_tokens_are_found_as_others_are():
    batch = an_ordered_batch()
    run(batch)
    for token in ClaimToken.objects.filter(batch=batch).select_related("batch"):
        assert tokens.find_token(token_text(token)) == token
