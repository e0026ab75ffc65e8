"""Types with claim rules and conditions, and everything a claimant shows, ready to be shown by many at once."""

from dataclasses import replace
from typing import Any

from promotions.models import Campaign, CouponType, Entry
from promotions.services.campaigns import request_campaign
from promotions.services.claiming import ClaimRequest
from promotions.services.coupon_types import request_coupon_type
from promotions.services.rules import add_rule
from promotions.states import Identity, RuleAction
from tests.promotions.factories import (
    NOON,
    a_campaign,
    a_claimant,
    a_coupon_type,
    a_request,
    an_entry,
    approved,
    number,
    the_asker,
)


def a_rule(owner: Campaign | CouponType, *, identity: str = Identity.DEVICE, limit: int = 1, window: Any = None, **how: Any) -> Any:
    return add_rule(owner, identity=identity, window=window, limit=limit, **how)


def an_entry_with_rule(*, entry: dict[str, Any] | None = None, type_fields: dict[str, Any] | None = None, **rule: Any) -> Entry:
    """An open entry of a live type with this rule and no other."""
    coupon_type = a_coupon_type(is_live=False, **{"per_customer": None, **(type_fields or {})})
    a_rule(coupon_type, **{"action": RuleAction.REFUSE, **rule})
    make_live(coupon_type)
    return an_entry(coupon_type=coupon_type, **(entry or {}))


def entries_of_a_campaign_with_rule(*, types: int = 2, **rule: Any) -> list[Entry]:
    """Open entries of as many types of one campaign, which has this rule."""
    campaign = a_campaign(is_live=False)
    a_rule(campaign, **rule)
    approved(request_campaign(campaign, by=the_asker(), reason="test", at=NOON))
    campaign.refresh_from_db()
    return [an_entry(coupon_type=a_coupon_type(campaign=campaign, per_customer=None)) for _ in range(types)]


def make_live(coupon_type: CouponType) -> CouponType:
    approved(request_coupon_type(coupon_type, by=the_asker(), reason="test", at=NOON))
    coupon_type.refresh_from_db()
    return coupon_type


def sharing(kind: str, request: ClaimRequest, example: ClaimRequest) -> ClaimRequest:
    """The request, with what `kind` counts by taken from the example: another person with the same phone, device, address."""
    mine, theirs = request.claimant, example.claimant
    return {
        Identity.CUSTOMER: lambda: replace(request, claimant=replace(mine, ref=theirs.ref)),
        Identity.PERSON: lambda: replace(request, claimant=replace(mine, identity=theirs.identity)),
        Identity.PHONE: lambda: replace(request, claimant=replace(mine, phone=theirs.phone)),
        Identity.DEVICE: lambda: replace(request, device=example.device),
        Identity.ADDRESS: lambda: replace(request, address=example.address),
        Identity.SEGMENT: lambda: replace(request, claimant=replace(mine, phone=f"{theirs.phone[:4]}{mine.phone[4:]}")),
        Identity.TOKEN: lambda: replace(request, token=example.token),
    }[Identity(kind)]()


def somebody_at(entry: Entry, **fields: Any) -> ClaimRequest:
    """A claim by somebody who shares nothing with anybody else that this makes."""
    n = number()
    claimant = a_claimant(identity=f"person-{n}", phone=f"13{n % 10}{n % 7}{n:07d}")
    return a_request(entry=entry, claimant=claimant, **{"address": f"203.{n // 65536 % 256}.{n // 256 % 256}.{n % 256}", **fields})
