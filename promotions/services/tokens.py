"""Token batches: made at once or by a job; tokens found by their text, and revoked.

Every claim by a token shares a lock on its batch from before it takes until it commits, and a revocation waits for all who share
it: a trigger sees to that (ADR 0009). Only the locks on identities come before it (ADR 0006), and whoever revokes a batch holds no
other.
"""

import secrets
from datetime import datetime
from hmac import compare_digest
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from backoffice.lib.audit import because
from backoffice.lib.errors import DomainError, InvalidInput
from backoffice.lib.jobs import ChunkResult, cancel_job, job_runner, queue_job
from backoffice.lib.models import Job
from promotions.models import ClaimToken, Entry, TokenBatch
from promotions.models.tokens import BATCH_LOCK
from promotions.services.campaigns import save_valid
from promotions.services.refusals import Refused
from promotions.states import EntryStatus, RefusalReason
from promotions.tokens import NONCE_BYTES, TokenContent, TokenForged, read_token, write_token

MOST_TOKENS = 10_000_000
MOST_AT_ONCE = 100_000
MADE_AT_ONCE = 1_000
CHUNK = 20_000
TOKENS_JOB = "tokens"

# All random bits of a chunk arrive as one value, cut into tokens here: a row costs Python nothing.
INSERT_TOKENS = """
INSERT INTO promotions_claimtoken (batch_id, number, nonce, uses, used)
SELECT %(batch)s, %(first)s + n, substring(%(nonces)s::bytea FROM n * %(size)s + 1 FOR %(size)s), %(uses)s, 0
  FROM generate_series(0, %(count)s - 1) AS n
"""
SHARE_BATCH = f"pg_advisory_xact_lock_shared({BATCH_LOCK.format(batch='promotions_claimtoken.batch_id')})"


@transaction.atomic
def order_token_batch(
    *, entry: Entry, code: str, count: int, uses: int, expires_at: datetime | None, reason: str, by: Any, at: datetime
) -> TokenBatch:
    """A small batch is made at once; a larger one is queued as a job, and claims nothing until the job is done.

    `reason` is the job's. Raises as `make_token_batch` does.
    """
    batch = _checked_batch(entry=entry, code=code, count=count, uses=uses, expires_at=expires_at, by=by, at=at)
    if count <= MADE_AT_ONCE:
        return _make_all(batch)
    batch.job = queue_job(Job.objects.create(kind=TOKENS_JOB, reason=reason, requested_by=by, requested_at=at, total=count))
    batch.save(update_fields=["job"])
    return batch


@transaction.atomic
def make_token_batch(
    *, entry: Entry, code: str, count: int, uses: int, expires_at: datetime | None, by: Any, at: datetime
) -> TokenBatch:
    """Make `count` signed tokens for an entry, each good for `uses` claims until `expires_at` (by default the entry's closing).

    Raises InvalidInput for counts out of range, a code that the entry has already, or an expiry that is over or after the entry
    closes; DomainError for an entry that is closed or needs no tokens.
    """
    if count > MOST_AT_ONCE:
        raise InvalidInput(_("At most %(most)s tokens are made at once; more are made by a job.") % {"most": f"{MOST_AT_ONCE:,}"})
    return _make_all(_checked_batch(entry=entry, code=code, count=count, uses=uses, expires_at=expires_at, by=by, at=at))


@job_runner(TOKENS_JOB)
def make_tokens_of_job(job: Job, at: datetime) -> ChunkResult:
    """The next tokens of the job's batch; the last of them make it complete. `job.cursor` is how many there are."""
    batch = TokenBatch.objects.get(job=job)
    numbers = range(job.cursor, min(job.cursor + CHUNK, batch.count))
    _insert(batch, numbers)
    is_last = numbers.stop == batch.count
    if is_last:
        _complete(batch)
    return ChunkResult(done=len(numbers), failed=0, cursor=numbers.stop, is_last=is_last)


def cancel_batch(batch: TokenBatch, *, by: Any, reason: str, at: datetime) -> None:
    """Give up a batch whose job has not ended. The tokens it made so far never become valid.

    Raises DomainError without a reason, for a batch without a job, or for a job that has ended.
    """
    _ask_for(reason)
    if batch.job is None:
        raise DomainError(_("It was made at once: there is nothing to cancel. Revoke it instead."))
    cancel_job(batch.job, by=by, reason=reason, at=at)


def token_text(token: ClaimToken) -> str:
    """What stands on the token's QR code. Raises DomainError where the key that signed it was taken out of use."""
    batch = token.batch
    content = TokenContent(batch.entry_id, batch.pk, token.number, batch.expires_at, bytes(token.nonce))
    return write_token(content, key_id=batch.key_id, key=key_of(batch))


def key_of(batch: TokenBatch) -> bytes:
    """Raises DomainError where the key was taken out of use."""
    if batch.key_id not in settings.HOLDFAST_TOKEN_KEYS:
        told = {"key": repr(batch.key_id), "batch": batch}
        raise DomainError(_("The key %(key)s that signed %(batch)s is no longer in use. Make a new batch.") % told)
    return bytes(settings.HOLDFAST_TOKEN_KEYS[batch.key_id])


def batches_without_key(at: datetime) -> QuerySet[TokenBatch]:
    """Batches that should work now, and do not: the key that signed them is not among those in use."""
    batches = TokenBatch.objects.filter(revoked_at=None, expires_at__gt=at).exclude(entry__status=EntryStatus.CLOSED)
    return batches.exclude(key_id__in=list(settings.HOLDFAST_TOKEN_KEYS)).select_related("entry").order_by("pk")


def find_token(text: str | None) -> ClaimToken:
    """The token that this text is, its batch locked against revocation until the end of the transaction.

    Raises Refused where there is none, or it was not made by us.
    """
    if not text:
        raise Refused(RefusalReason.TOKEN_MISSING)
    try:
        content = read_token(text, keys=settings.HOLDFAST_TOKEN_KEYS)
    except TokenForged as error:
        raise Refused(RefusalReason.TOKEN_FORGED) from error
    rows = ClaimToken.objects.select_related("batch").annotate(locked=RawSQL(SHARE_BATCH, ()))  # noqa: S611  a constant
    token = rows.filter(batch=content.batch_id, number=content.number).first()
    if token is None or not _is_ours(token, text):
        raise Refused(RefusalReason.TOKEN_FORGED)
    return token


def _is_ours(token: ClaimToken, text: str) -> bool:
    """The text is what we printed for this token, all of it: a key that leaked signs no other entry, expiry or random bits."""
    try:
        return compare_digest(token_text(token), text)
    except DomainError:
        return False


@transaction.atomic
def revoke_token(token: ClaimToken, *, by: Any, reason: str, at: datetime) -> None:
    """From now on this token claims nothing. Revoking twice changes nothing."""
    _ask_for(reason)
    with because(reason, user=by.pk):
        ClaimToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=at)


@transaction.atomic
def revoke_batch(batch: TokenBatch, *, by: Any, reason: str, at: datetime) -> None:
    """From now on no token of this batch claims anything: one row is written, however many they are.

    Claims that already hold a token of it end first. Revoking twice changes nothing.
    """
    _ask_for(reason)
    with because(reason, user=by.pk):
        TokenBatch.objects.filter(pk=batch.pk, revoked_at=None).update(revoked_at=at)


def _checked_batch(
    *, entry: Entry, code: str, count: int, uses: int, expires_at: datetime | None, by: Any, at: datetime
) -> TokenBatch:
    """The row of a batch that has no tokens yet."""
    expires_at = expires_at or entry.closes_at
    if not 1 <= count <= MOST_TOKENS:
        raise InvalidInput(_("A batch has 1 to %(most)s tokens.") % {"most": f"{MOST_TOKENS:,}"})
    if not 1 <= uses <= entry.cap:
        told = {"most": f"{entry.cap:,}"}
        raise InvalidInput(_("A token of this entry can be used 1 to %(most)s times: that is the entry's cap.") % told)
    if not at < expires_at <= entry.closes_at:
        raise InvalidInput(_("Tokens expire in the future, and no later than their entry closes."))
    if entry.status == EntryStatus.CLOSED or not entry.needs_token:
        raise DomainError(_("%(entry)s is closed, or takes no tokens.") % {"entry": entry})
    key_id = next(iter(settings.HOLDFAST_TOKEN_KEYS))
    terms: dict[str, Any] = {"entry": entry, "code": code, "count": count, "uses": uses, "expires_at": expires_at}
    batch = TokenBatch(**terms, key_id=key_id, made_at=at, made_by=by)
    save_valid(batch)
    return batch


def _make_all(batch: TokenBatch) -> TokenBatch:
    for start in range(0, batch.count, CHUNK):
        _insert(batch, range(start, min(start + CHUNK, batch.count)))
    return _complete(batch)


def _insert(batch: TokenBatch, numbers: range) -> None:
    values: dict[str, Any] = {
        "batch": batch.pk,
        "first": numbers.start,
        "count": len(numbers),
        "uses": batch.uses,
        "size": NONCE_BYTES,
        "nonces": secrets.token_bytes(NONCE_BYTES * len(numbers)),
    }
    with connection.cursor() as cursor:
        cursor.execute(INSERT_TOKENS, values)


def _complete(batch: TokenBatch) -> TokenBatch:
    batch.is_complete = True
    batch.save(update_fields=["is_complete"])
    return batch


def _ask_for(reason: str) -> None:
    if not reason.strip():
        raise DomainError(_("Give a reason: whoever is asked at the door will want to know."))
