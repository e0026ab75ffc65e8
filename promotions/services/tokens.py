"""Token batches: made, found, revoked."""

from datetime import datetime
from hmac import compare_digest
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from backoffice.lib.audit import because
from backoffice.lib.errors import DomainError, InvalidInput
from promotions.models import ClaimToken, Entry, TokenBatch
from promotions.services.campaigns import save_valid
from promotions.services.refusals import Refused
from promotions.states import EntryStatus, RefusalReason
from promotions.tokens import TokenContent, TokenForged, new_nonce, read_token, write_token

MOST_TOKENS = 100_000
CHUNK = 5_000


@transaction.atomic
def make_token_batch(
    *, entry: Entry, code: str, count: int, uses: int, expires_at: datetime | None, by: Any, at: datetime
) -> TokenBatch:
    """Make `count` signed tokens for an entry, each good for `uses` claims until `expires_at` (by default the entry's closing).

    Raises InvalidInput for counts out of range, a code that the entry has already, or an expiry that is over or after the entry
    closes; DomainError for an entry that is closed or needs no tokens.
    """
    expires_at = expires_at or entry.closes_at
    if not 1 <= count <= MOST_TOKENS:
        raise InvalidInput(f"A batch has 1 to {MOST_TOKENS:,} tokens.")
    if not 1 <= uses <= entry.cap:
        raise InvalidInput(f"A token of this entry can be used 1 to {entry.cap:,} times: that is the entry's cap.")
    most = entry.coupon_type.uses_per_token
    if most is not None and uses > most:
        raise InvalidInput(_("A token of this coupon type can be used %(most)s times at most.") % {"most": f"{most:,}"})
    if not at < expires_at <= entry.closes_at:
        raise InvalidInput("Tokens expire in the future, and no later than their entry closes.")
    if entry.status == EntryStatus.CLOSED or not entry.needs_token:
        raise DomainError(f"{entry} is closed, or takes no tokens.")
    batch = TokenBatch(
        entry=entry,
        code=code,
        count=count,
        uses=uses,
        key_id=_signing_key_id(),
        expires_at=expires_at,
        made_at=at,
        made_by=by,
    )
    save_valid(batch)
    for start in range(0, count, CHUNK):
        numbers = range(start, min(start + CHUNK, count))
        ClaimToken.objects.bulk_create(ClaimToken(batch=batch, number=number, nonce=new_nonce(), uses=uses) for number in numbers)
    return batch


def token_text(token: ClaimToken) -> str:
    """What stands on the token's QR code. Raises DomainError where the key that signed it was taken out of use."""
    batch = token.batch
    if batch.key_id not in settings.HOLDFAST_TOKEN_KEYS:
        raise DomainError(f"The key {batch.key_id!r} that signed {batch} is no longer in use. Make a new batch.")
    content = TokenContent(batch.entry_id, batch.pk, token.number, batch.expires_at, bytes(token.nonce))
    return write_token(content, key_id=batch.key_id, key=settings.HOLDFAST_TOKEN_KEYS[batch.key_id])


def find_token(text: str | None) -> ClaimToken:
    """The token that this text is. Raises Refused where there is none, or it was not made by us."""
    if not text:
        raise Refused(RefusalReason.TOKEN_MISSING)
    try:
        content = read_token(text, keys=settings.HOLDFAST_TOKEN_KEYS)
    except TokenForged as error:
        raise Refused(RefusalReason.TOKEN_FORGED) from error
    token = ClaimToken.objects.select_related("batch").filter(batch=content.batch_id, number=content.number).first()
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
    """From now on no token of this batch claims anything. Each token is marked too: the take reads its own row."""
    _ask_for(reason)
    with because(reason, user=by.pk):
        TokenBatch.objects.filter(pk=batch.pk, revoked_at=None).update(revoked_at=at)
        ClaimToken.objects.filter(batch=batch, revoked_at=None).update(revoked_at=at)


def _ask_for(reason: str) -> None:
    if not reason.strip():
        raise DomainError("Give a reason: whoever is asked at the door will want to know.")


def _signing_key_id() -> str:
    return next(iter(settings.HOLDFAST_TOKEN_KEYS))
