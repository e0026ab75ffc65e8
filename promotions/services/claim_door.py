"""What stands at the door of a claim: who knocks, where, with what. Finds the exact reason of a refusal; takes nothing."""

import json
import re
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from django.utils.translation import gettext as _

from backoffice.lib import exchanges
from backoffice.lib.errors import InvalidInput
from promotions.identities import Phone, region_of
from promotions.models import ClaimToken
from promotions.services import claim_statements as statements
from promotions.services.customers import Claimant
from promotions.services.nobody import known_device, known_network, known_person, known_phone
from promotions.services.refusals import Refused
from promotions.services.tokens import find_token
from promotions.states import (
    BLOCKABLE,
    CAMPAIGN_GIVING,
    Channel,
    CouponTypeStatus,
    EntryStatus,
    Identity,
    RefusalReason,
    RuleAction,
)

LONGEST_CODE = 64
CHANNELS = frozenset(Channel.values)
NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class ClaimRequest:
    """What the storefront asks: codes, the text of the QR code, device and address as the storefront saw them."""

    claimant: Claimant
    coupon_type: str
    channel: str
    entry: str | None
    token: str | None
    device: str
    address: str
    region: str = ""


@dataclass(frozen=True)
class Attempt:
    """A request, normalised: what is compared and kept. `person` is the keyed hash of a verified identity."""

    request: ClaimRequest
    phone: Phone | None
    device: str
    address: str
    person: str
    region: str

    def identity(self, kind: str, token: ClaimToken | None = None) -> str:
        """The value that rules and blocks of this kind compare; empty where it is missing or identifies nobody."""
        if kind == Identity.TOKEN:
            return str(token.pk) if token else ""
        return self._identities[kind]

    @cached_property
    def _identities(self) -> dict[str, str]:
        return {
            Identity.CUSTOMER: self.request.claimant.ref,
            Identity.PERSON: self.person,
            Identity.PHONE: self.phone.hash if self.phone else "",
            Identity.DEVICE: self.device,
            Identity.ADDRESS: self.address,
            Identity.SEGMENT: self.phone.segment if self.phone else "",
        }

    @cached_property
    def blockable(self) -> dict[str, str]:
        """By kind, what a block may name."""
        return {kind.value: self._identities[kind] for kind in BLOCKABLE if self._identities[kind]}


class DoorRule(NamedTuple):
    """A claim rule in force, as far as it must be known before it is taken from."""

    id: int
    identity: str
    action: str


class Door(NamedTuple):
    """What `statements.DOOR` answers; the entry's fields are None where there is no such entry."""

    coupon_type_id: int
    is_restricted: bool
    requires_verified: bool
    face_value: Decimal
    valid_until: datetime
    coupon_type_status: str
    campaign_status: str
    budget_id: int
    entry_id: int | None
    entry_coupon_type_id: int | None
    channel: str | None
    needs_token: bool | None
    entry_status: str | None
    is_within_periods: bool
    is_within_hours: bool
    entry_slices: int | None
    coupon_type_slices: int | None
    budget_slices: int | None
    requires_verified_phone: bool
    minimum_account_age: timedelta | None
    new_customers_only: bool
    regions: list[str]
    rules: list[DoorRule]
    is_blocked: bool
    is_known: bool
    locks: int


def read_attempt(request: ClaimRequest) -> Attempt:
    """Raises InvalidInput for what no storefront can mean."""
    claimant = request.claimant
    texts = [claimant.ref, claimant.identity, request.coupon_type, request.entry or "", request.token or "", request.device]
    if any(NOT_STORABLE.search(text) for text in texts):
        raise InvalidInput(_("A text with NUL characters or half surrogate pairs cannot be stored."))
    if not request.claimant.ref or len(request.claimant.ref) > LONGEST_CODE:
        raise InvalidInput(_("A customer's reference has 1 to %(most)s characters.") % {"most": LONGEST_CODE})
    if len(request.coupon_type) > LONGEST_CODE or len(request.entry or "") > LONGEST_CODE:
        raise InvalidInput(_("Codes have at most %(most)s characters.") % {"most": LONGEST_CODE})
    if request.channel not in CHANNELS:
        raise InvalidInput(_("“%(channel)s” is not a channel.") % {"channel": request.channel})
    return Attempt(
        request,
        phone=known_phone(claimant.phone),
        device=known_device(request.device),
        address=known_network(request.address),
        person=known_person(claimant.identity) if claimant.is_verified else "",
        region=region_of(request.region),
    )


def find_door(attempt: Attempt, at: datetime) -> Door:
    """Raises Refused where there is no such coupon type."""
    shown = attempt.blockable
    values = {
        "at": at,
        "entry": attempt.request.entry,
        "coupon_type": attempt.request.coupon_type,
        "customer": attempt.request.claimant.ref,
        "person": attempt.person,
        "kinds": list(shown),
        "identities": list(shown.values()),
    }
    row = exchanges.ask(statements.DOOR, values)
    if row is None:
        raise Refused(RefusalReason.UNKNOWN_COUPON_TYPE)
    door = Door(*row)
    return door._replace(rules=[DoorRule(*rule) for rule in json.loads(door.rules)])  # type: ignore[arg-type]


def check_door(door: Door, attempt: Attempt, at: datetime) -> ClaimToken | None:
    """Raises Refused for the first thing that is wrong with entry, token, type or campaign. Answers the token that may be taken."""
    if not attempt.request.entry:
        raise Refused(RefusalReason.ENTRY_MISSING)
    if door.entry_id is None:
        raise Refused(RefusalReason.UNKNOWN_ENTRY)
    if door.entry_coupon_type_id != door.coupon_type_id:
        raise Refused(RefusalReason.WRONG_ENTRY)
    if door.channel != attempt.request.channel:
        raise Refused(RefusalReason.WRONG_CHANNEL)
    token = _check_token(door, attempt, at) if door.needs_token else None
    _check_live(door, token)
    return token


def check_person(door: Door, attempt: Attempt, token: ClaimToken | None, at: datetime) -> None:
    """Raises Refused where the customer does not meet the type's conditions, lacks an identity that a rule needs, or is blocked."""
    reason = _unmet_condition(door, attempt, at)
    if reason is None and not all(
        attempt.identity(rule.identity, token) for rule in door.rules if rule.action == RuleAction.REFUSE
    ):
        reason = RefusalReason.IDENTITY_MISSING
    if reason is None and door.is_blocked:
        reason = RefusalReason.IDENTITY_BLOCKED
    if reason is not None:
        raise Refused(reason, token)


def _unmet_condition(door: Door, attempt: Attempt, at: datetime) -> RefusalReason | None:
    """The first condition of the type that this customer does not meet; what a condition needs and nobody says is not met."""
    who = attempt.request.claimant
    if door.requires_verified and not who.is_verified:
        return RefusalReason.NOT_VERIFIED
    if door.requires_verified_phone and not (attempt.phone and who.is_phone_verified):
        return RefusalReason.PHONE_NOT_VERIFIED
    age = at - who.registered_at if who.registered_at else timedelta.min
    if door.minimum_account_age is not None and age < door.minimum_account_age:
        return RefusalReason.ACCOUNT_TOO_YOUNG
    if door.new_customers_only and (door.is_known or who.has_ordered):
        return RefusalReason.NOT_A_NEW_CUSTOMER
    if door.regions and not attempt.region:
        return RefusalReason.REGION_MISSING
    if door.regions and attempt.region not in map(region_of, door.regions):
        return RefusalReason.OUTSIDE_REGIONS
    return None


def slice_seed(attempt: Attempt) -> int:
    """Spreads customers over slices, the same customer always to the same one."""
    return zlib.crc32(attempt.request.claimant.ref.encode())


def _check_token(door: Door, attempt: Attempt, at: datetime) -> ClaimToken:
    token = find_token(attempt.request.token)
    batch = token.batch
    if batch.entry_id != door.entry_id:
        raise Refused(RefusalReason.TOKEN_MISPLACED, token)
    if not batch.is_complete:
        raise Refused(RefusalReason.TOKEN_NOT_READY, token)
    if batch.expires_at <= at:
        raise Refused(RefusalReason.TOKEN_EXPIRED, token)
    if token.revoked_at or batch.revoked_at:
        raise Refused(RefusalReason.TOKEN_REVOKED, token)
    if token.used >= token.uses:
        raise Refused(RefusalReason.TOKEN_USED_UP, token)
    return token


def _check_live(door: Door, token: ClaimToken | None) -> None:
    if door.entry_status != EntryStatus.OPEN:
        raise Refused(RefusalReason.ENTRY_NOT_OPEN, token)
    if door.coupon_type_status != CouponTypeStatus.LIVE:
        raise Refused(RefusalReason.COUPON_TYPE_NOT_LIVE, token)
    if door.campaign_status not in CAMPAIGN_GIVING:
        raise Refused(RefusalReason.CAMPAIGN_NOT_LIVE, token)
    if not door.is_within_periods:
        raise Refused(RefusalReason.OUTSIDE_PERIOD, token)
    if not door.is_within_hours:
        raise Refused(RefusalReason.OUTSIDE_HOURS, token)
