"""What is kept of a claim: the values that its statements write, and the objects that stand for what they wrote."""

import secrets
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model

from promotions.models import Claim, ClaimToken, Coupon
from promotions.services.claim_door import Attempt, Door
from promotions.states import ClaimOutcome, CouponStatus, RefusalReason
from promotions.tokens import fingerprint

CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # without the look-alikes 0 O, 1 I L
CODE_LENGTH = 14  # 31 ** 14 is more than 69 bits

# What stands in a claim under the name it has among the values of its statements.
AS_KEPT = (
    "at",
    "channel",
    "asked_coupon_type",
    "asked_entry",
    "token_fingerprint",
    "device",
    "address",
    "phone_hash",
    "phone_segment",
    "is_verified",
    "registered_at",
    "identity_hash",
    "is_phone_verified",
    "has_ordered",
    "region",
)

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
    return _claim(values, pk, customer, ClaimOutcome.REFUSED, reason)


def issued_claim(values: Values, *, pk: int, customer: int, coupon: int, slices: Values) -> Claim:
    """The claim, with its coupon; `slices` are the coupon's fields for what it was taken from."""
    claim = _claim(values, pk, customer, ClaimOutcome.ISSUED, "")
    claim.coupon = _stored(
        Coupon,
        {
            "id": coupon,
            "code": values["code"],
            "claim_id": pk,
            "grant_item_id": None,
            "coupon_type_id": values["coupon_type"],
            "customer_id": customer,
            **slices,
            "face_value": values["face_value"],
            "issued_at": values["at"],
            "valid_until": values["valid_until"],
            "status": CouponStatus.ISSUED,
        },
    )
    claim.coupon.claim = claim
    return claim


def _claim(values: Values, pk: int, customer: int, outcome: ClaimOutcome, reason: str) -> Claim:
    return _stored(
        Claim,
        {
            **{name: values[name] for name in AS_KEPT},
            "id": pk,
            "outcome": outcome,
            "reason": reason,
            "customer_id": customer,
            "coupon_type_id": values["coupon_type"],
            "entry_id": values["entry"],
            "token_id": values["token"],
        },
    )


def _stored(model: type[ModelT], values: Values) -> ModelT:
    """An object for a row that is in the database, though Django did not put it there. `values` by column, all of them."""
    names = _columns(model)
    return model.from_db(DEFAULT_DB_ALIAS, names, [values[name] for name in names])


@cache
def _columns(model: type[Model]) -> tuple[str, ...]:
    return tuple(field.attname for field in model._meta.concrete_fields)
