"""What is kept of a claim: the values that its statements write, and the objects that stand for what they wrote."""

import secrets
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Model

from promotions.models import Claim, ClaimToken, Coupon
from promotions.services.claim_door import Attempt, Door
from promotions.states import ClaimOutcome, RefusalReason
from promotions.tokens import fingerprint

CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # without the look-alikes 0 O, 1 I L
CODE_LENGTH = 14  # 31 ** 14 is more than 69 bits

Values = dict[str, Any]
ModelT = TypeVar("ModelT", bound=Model)


def claim_values(attempt: Attempt, door: Door | None, token: ClaimToken | None, at: datetime) -> Values:
    """What is kept of a claim whatever becomes of it."""
    request, claimant = attempt.request, attempt.request.claimant
    return {
        "at": at,
        "ref": claimant.ref,
        "phone_hash": attempt.phone.hash if attempt.phone else "",
        "phone_segment": attempt.phone.segment if attempt.phone else "",
        "is_verified": claimant.is_verified,
        "registered_at": claimant.registered_at,
        "identity_hash": attempt.person,
        "is_phone_verified": claimant.is_phone_verified,
        "has_ordered": claimant.has_ordered,
        "region": attempt.region,
        "coupon_type": door.coupon_type_id if door else None,
        "entry": door.entry_id if door else None,
        "token": token.pk if token else None,
        "channel": request.channel,
        "asked_coupon_type": request.coupon_type,
        "asked_entry": request.entry or "",
        "token_fingerprint": fingerprint(request.token) if request.token else "",
        "device": attempt.device,
        "address": attempt.address,
    }


def coupon_values(door: Door) -> Values:
    """A coupon that nobody has yet, with a code of its own."""
    return {"code": new_code(), "face_value": door.face_value, "valid_until": door.valid_until}


def new_code() -> str:
    """Any of 31 ** 14 codes, each as likely as the others: one draw, written with the letters of the alphabet for digits."""
    number, letters = secrets.randbelow(len(CODE_ALPHABET) ** CODE_LENGTH), []
    for _ in range(CODE_LENGTH):
        number, digit = divmod(number, len(CODE_ALPHABET))
        letters.append(CODE_ALPHABET[digit])
    return "".join(letters)


def refused_claim(values: Values, *, pk: int, customer: int, reason: RefusalReason) -> Claim:
    return _stored(_claim(values, pk, customer, ClaimOutcome.REFUSED, reason))


def issued_claim(values: Values, *, pk: int, customer: int, coupon: int, slices: Values) -> Claim:
    """The claim, with its coupon; `slices` are the coupon's fields for what it was taken from."""
    claim = _stored(_claim(values, pk, customer, ClaimOutcome.ISSUED, ""))
    claim.coupon = _stored(
        Coupon(
            pk=coupon,
            code=values["code"],
            claim=claim,
            coupon_type_id=values["coupon_type"],
            customer_id=customer,
            **slices,
            face_value=values["face_value"],
            issued_at=values["at"],
            valid_until=values["valid_until"],
        )
    )
    return claim


def _claim(values: Values, pk: int, customer: int, outcome: ClaimOutcome, reason: str) -> Claim:
    return Claim(
        pk=pk,
        at=values["at"],
        outcome=outcome,
        reason=reason,
        customer_id=customer,
        coupon_type_id=values["coupon_type"],
        entry_id=values["entry"],
        token_id=values["token"],
        channel=values["channel"],
        asked_coupon_type=values["asked_coupon_type"],
        asked_entry=values["asked_entry"],
        token_fingerprint=values["token_fingerprint"],
        device=values["device"],
        address=values["address"],
        phone_hash=values["phone_hash"],
        phone_segment=values["phone_segment"],
        is_verified=values["is_verified"],
        registered_at=values["registered_at"],
        identity_hash=values["identity_hash"],
        is_phone_verified=values["is_phone_verified"],
        has_ordered=values["has_ordered"],
        region=values["region"],
    )


def _stored(row: ModelT) -> ModelT:
    """An object for a row that is in the database, though Django did not put it there."""
    row._state.adding, row._state.db = False, "default"
    return row
