"""A chunk of a grant: each of its customers gets a coupon and a result in one transaction, or nothing happens at all."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from backoffice.lib.errors import DomainError
from backoffice.lib.lookups import looking_up
from promotions.codes import new_codes
from promotions.models import CouponType, Grant
from promotions.services import grant_statements as statements
from promotions.services.bulk_takes import OutOfRoom, Room, Source, room_of, take_many
from promotions.services.grant_rules import WHY, rule_values
from promotions.services.thresholds import check_restricted_type, lock_restricted_type
from promotions.states import CAMPAIGN_GIVING, MOVED_BY_ISSUING, CouponTypeStatus

MOST_ROUNDS = 1_000  # each lost round is somebody else's claim, so a real race ends long before


class GivesNothing(DomainError):
    """The coupon type or its campaign gives nothing at this time. What has no result yet can go on later."""

    code = "gives_nothing"


@dataclass(frozen=True)
class Chunk:
    """The items of a grant with a number above `after`, up to `last`."""

    grant: Grant
    after: int
    last: int

    @property
    def values(self) -> dict[str, Any]:
        return {"grant": self.grant.pk, "after": self.after, "last": self.last}


def check_giving(grant: Grant, at: datetime) -> None:
    """Raises GivesNothing where a claim of this type would be refused whoever makes it."""
    coupon_type = grant.coupon_type
    campaign = coupon_type.campaign
    if coupon_type.status != CouponTypeStatus.LIVE:
        raise GivesNothing(_("%s is not live.") % coupon_type)
    if campaign.status not in CAMPAIGN_GIVING or not campaign.starts_at <= at < campaign.ends_at:
        raise GivesNothing(_("The campaign %s is not live.") % campaign)
    if not coupon_type.claim_from <= at < coupon_type.claim_until or valid_until(coupon_type, at) <= at:
        raise GivesNothing(_("%s is outside its period.") % coupon_type)


def valid_until(coupon_type: CouponType, at: datetime) -> datetime:
    """When a coupon given now expires: the type's last day or so many days from now, whichever comes first."""
    ends = [coupon_type.valid_until] if coupon_type.valid_until else []
    days = [at + timedelta(days=coupon_type.valid_days)] if coupon_type.valid_days else []
    return min(ends + days)


def give_chunk(chunk: Chunk, source: Source, at: datetime) -> int:
    """Give every pending item its result, inside the caller's transaction. Answers how many failed for lack of room.

    Raises GivesNothing where the type or its campaign was stopped: then nothing of the chunk was given.
    """
    check_giving(chunk.grant, at)
    is_restricted = chunk.grant.coupon_type.is_restricted
    if is_restricted:
        lock_restricted_type(source.coupon_type_id)
    with looking_up():
        with connection.cursor() as cursor:
            cursor.execute(statements.MIRROR_MISSING, chunk.values | {"at": at})
        failed = _settle_and_issue(chunk, source, at)
    if is_restricted:
        check_restricted_type(source.coupon_type_id, at, moved=MOVED_BY_ISSUING)
    return failed


def skip_chunk(chunk: Chunk) -> None:
    """The grant was stopped: who has no result yet gets nothing."""
    with connection.cursor() as cursor:
        cursor.execute(statements.SKIP, chunk.values | {"stopped": WHY["stopped"]})


def _settle_and_issue(chunk: Chunk, source: Source, at: datetime) -> int:
    """Rounds, each in a savepoint of its own: another is needed where somebody else took in the meantime."""
    room = room_of(source)
    for _round in range(MOST_ROUNDS):
        try:
            with transaction.atomic():
                granted, failed = _settle(chunk, room, at)
                if granted.items:
                    _issue(chunk, source, granted, at)
                return failed
        except OvertakenByAClaim:
            continue
        except OutOfRoom as error:
            check_giving(_again(chunk.grant), at)
            room = error.room
    raise RuntimeError("A chunk of a grant was overtaken again and again: a rule and its uses disagree")


class OvertakenByAClaim(Exception):
    """Between looking and taking, one of these customers claimed."""


@dataclass(frozen=True)
class Granted:
    """Items that get a coupon, and the customer of each."""

    items: list[int]
    customers: list[int]


def _settle(chunk: Chunk, room: Room, at: datetime) -> tuple[Granted, int]:
    """Results for all of the chunk, at most as many coupons as there is room for. Answers who is given one and how many failed."""
    values = rule_values(chunk.grant)
    words = {name: WHY[name] for name in ("blocked", "not_verified", "has_one")}
    values |= chunk.values | words | {"at": at, "most": room.coupons, "no_room": WHY[str(room.limit)]}
    with connection.cursor() as cursor:
        cursor.execute(statements.SETTLE, values)
        items, customers, failed, used = cursor.fetchone()
    if used != len(items) * len(values["rules"]):
        raise OvertakenByAClaim
    return Granted(items, customers), failed


def _issue(chunk: Chunk, source: Source, granted: Granted, at: datetime) -> None:
    """Raises OutOfRoom where there is room for fewer by now."""
    count = len(granted.items)
    slices = take_many(source, count, seed=chunk.last)
    values: dict[str, Any] = {
        "coupon_type": source.coupon_type_id,
        "face_value": source.face_value,
        "valid_until": valid_until(chunk.grant.coupon_type, at),
        "at": at,
        "items": granted.items,
        "customers": granted.customers,
        "codes": new_codes(count),
        "type_slices": [of_type for of_type, _ in slices],
        "slices": [of_budget for _, of_budget in slices],
    }
    with connection.cursor() as cursor:
        cursor.execute(statements.ISSUE, values)


def _again(grant: Grant) -> Grant:
    return Grant.objects.select_related("coupon_type__campaign").get(pk=grant.pk)
