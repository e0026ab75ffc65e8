"""Blocks: an identity that may not claim, until a date or until somebody lifts it.

A block and the claims of that identity exclude each other (docs/adr/0006): each claim holds a shared lock on every identity that it
shows, a block the exclusive one. So a block waits for the claims that are under way, those that come wait for it, and once it has
committed no claim of that identity is issued any more, however long it waited.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from backoffice.lib.audit import because
from backoffice.lib.errors import DomainError, InvalidInput, StaleState
from promotions.identities import network_of, person_of, phone_of, plain_identity
from promotions.models import Campaign, CouponType, IdentityBlock
from promotions.services.campaigns import save_valid
from promotions.services.claim_statements import IDENTITY_LOCKS
from promotions.services.nobody import masked
from promotions.states import BLOCKABLE, Identity

LONGEST_CUSTOMER = 64
DIGITS_OF_A_HASH = 12
LOCK = "SELECT pg_advisory_xact_lock(%s, hashtext(%s || ':' || %s))"


@transaction.atomic
def block_identity(
    *,
    identity: str,
    value: str,
    scope: Campaign | CouponType | None,
    reason: str,
    expires_at: datetime | None,
    by: Any,
    at: datetime,
) -> IdentityBlock:
    """Block whoever `value` names, as staff type it: everywhere, or in one campaign or coupon type.

    Raises InvalidInput for what names nobody, an expiry that is over, or no reason; StaleState where the same block holds already.
    One identity a transaction: claims lock theirs in an order that a second block would have to keep.
    """
    compared, shown = compared_value(identity, value)
    if not reason.strip():
        raise InvalidInput(_("Give a reason: whoever lifts it will read it."))
    if expires_at is not None and expires_at <= at:
        raise InvalidInput(_("A block expires in the future."))
    block = IdentityBlock(
        identity=identity,
        value=compared,
        shown=shown,
        campaign=scope if isinstance(scope, Campaign) else None,
        coupon_type=scope if isinstance(scope, CouponType) else None,
        reason=reason,
        created_by=by,
        created_at=at,
        expires_at=expires_at,
    )
    _lock(identity, compared)
    same = {"identity": identity, "value": compared, "campaign": block.campaign, "coupon_type": block.coupon_type}
    if IdentityBlock.objects.in_force(at).filter(**same).exists():
        raise StaleState(_("%s is blocked already.") % block)
    with because(reason, user=by.pk):
        save_valid(block)
    return block


@transaction.atomic
def lift_block(block: IdentityBlock, *, by: Any, reason: str, at: datetime) -> IdentityBlock:
    """The identity may claim again. Raises DomainError without a reason, StaleState where the block is lifted already."""
    if not reason.strip():
        raise DomainError(_("Give a reason: the block had one."))
    with because(reason, user=by.pk):
        rows = IdentityBlock.objects.filter(pk=block.pk, lifted_at=None)
        if not rows.update(lifted_at=at, lifted_by=by, lift_reason=reason):
            raise StaleState(_("Somebody else has lifted this block already."))
    block.refresh_from_db()
    return block


def compared_value(identity: str, value: str) -> tuple[str, str]:
    """What a claim's identity is compared with, and what staff may see of it. Raises InvalidInput for what names nobody."""
    if identity not in BLOCKABLE:
        raise InvalidInput(_("This cannot be blocked. A phone segment is millions of people; a token is revoked."))
    if identity == Identity.PHONE:
        phone = phone_of(value, key=settings.HOLDFAST_IDENTITY_KEY)
        if phone is None:
            raise InvalidInput(_("This is no phone number."))
        return phone.hash, masked(phone)
    if identity == Identity.PERSON:
        person = person_of(value, key=settings.HOLDFAST_IDENTITY_KEY)
        compared, shown = person, person[:DIGITS_OF_A_HASH]
    elif identity == Identity.CUSTOMER:
        compared = shown = value.strip()[:LONGEST_CUSTOMER]
    else:
        compared = shown = plain_identity(value) if identity == Identity.DEVICE else network_of(value.strip().removesuffix("/64"))
    if not compared:
        raise InvalidInput(_("This names nobody: nobody could be told from others by it."))
    return compared, shown


def _lock(identity: str, value: str) -> None:
    """Wait until no claim of this identity is under way; those that come wait for this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [IDENTITY_LOCKS, identity, value])
