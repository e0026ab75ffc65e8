"""Coupon types: drafted, approved, suspended. Restricted ones carry stricter rules that cannot be configured away."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from backoffice.lib.approvals import approvable
from backoffice.lib.errors import InvalidInput
from backoffice.lib.models import Approval
from backoffice.lib.states import move
from promotions.models import Campaign, ClaimRule, CouponType, CouponTypeSlice
from promotions.services.blast import blast_radius, radius_text
from promotions.services.budgets import DEFAULT_SLICES, cut_count
from promotions.services.campaigns import save_valid
from promotions.services.lifecycle import approved_object, ask, back_to_draft, stop
from promotions.services.thresholds import arm_built_in
from promotions.states import COUPON_TYPE_MOVES, Audience, CampaignStatus, CouponTypeStatus, Identity, Stacks

GO_LIVE = "promotions.coupon_type.go_live"
RESUME = "promotions.coupon_type.resume"
SMALL_QUANTITY = 1_000


@dataclass(frozen=True)
class Terms:
    """What else a coupon type may say of its coupons. `stacks_with` names coupon types, by code, and groups.

    `uses_per_token` caps how often one token claims. Where a restricted type does not say, it is the quantity: no token could give
    more.
    """

    valid_days: int | None = None
    first_order_only: bool = False
    stacks: str = Stacks.ANY
    stacking_group: str = ""
    stacks_with: Sequence[str] = ()
    uses_per_token: int | None = None

    def columns(self, audience: str, quantity: int | None) -> dict[str, Any]:
        found = asdict(self) | {"stacks_with": list(self.stacks_with)}
        if audience == Audience.RESTRICTED and self.uses_per_token is None:
            found["uses_per_token"] = quantity
        return found


@transaction.atomic
def create_coupon_type(
    *,
    campaign: Campaign,
    code: str,
    name: str,
    audience: str,
    face_value: Decimal,
    minimum_spend: Decimal,
    claim_from: datetime,
    claim_until: datetime,
    valid_until: datetime | None,
    quantity: int | None,
    per_customer: int | None,
    requires_verified: bool,
    percentage: Decimal | None = None,
    terms: Terms | None = None,
    slices: int | None = None,
) -> CouponType:
    """A draft with its rule per customer and its counter.

    A restricted type takes one slice: it is small, and what it crosses must be seen by the claim that crosses. Raises InvalidInput;
    among other things for a type without minimum spend that has neither a limit per customer nor a quantity.
    """
    if minimum_spend == 0 and not (per_customer or quantity):
        raise InvalidInput("A coupon without minimum spend needs a limit per customer or a quantity.")
    if campaign.status == CampaignStatus.ENDED:
        raise InvalidInput(f"{campaign} has ended.")
    coupon_type = CouponType(
        campaign=campaign,
        code=code,
        name=name,
        audience=audience,
        face_value=face_value,
        percentage=percentage,
        minimum_spend=minimum_spend,
        claim_from=claim_from,
        claim_until=claim_until,
        valid_until=valid_until,
        quantity=quantity,
        requires_verified=requires_verified,
        **(terms or Terms()).columns(audience, quantity),
    )
    save_valid(coupon_type)
    if per_customer is not None:
        save_valid(ClaimRule(coupon_type=coupon_type, identity=Identity.CUSTOMER, limit=per_customer))
    cut_quantity(coupon_type, slices or default_slices(audience, quantity))
    return coupon_type


def cut_quantity(coupon_type: CouponType, parts: int) -> None:
    """Make the counter of a new type, in so many slices."""
    quantity = coupon_type.quantity
    quantities = [None] * parts if quantity is None else cut_count(quantity, parts)
    CouponTypeSlice.objects.bulk_create(
        CouponTypeSlice(coupon_type=coupon_type, number=number, quantity=part) for number, part in enumerate(quantities)
    )


def add_rule(coupon_type: CouponType, *, identity: str, window: Any, limit: int) -> ClaimRule:
    """One more claim rule for a draft. Raises InvalidInput."""
    if coupon_type.status != CouponTypeStatus.DRAFT:
        raise InvalidInput("Rules can be added to a draft. What is live is changed by a new approval.")
    rule = ClaimRule(coupon_type=coupon_type, identity=identity, window=window, limit=limit)
    save_valid(rule)
    return rule


def request_coupon_type(coupon_type: CouponType, *, by: Any, reason: str, at: datetime) -> Approval:
    """Ask that the type goes live. The summary says what it can cost."""
    return _ask(coupon_type, GO_LIVE, _("Coupon type %(type)s goes live: it can cost at most %(money)s."), by, reason, at)


def request_resume(coupon_type: CouponType, *, by: Any, reason: str, at: datetime) -> Approval:
    """Ask that a suspended type gives again; its built-in thresholds are armed again with it."""
    return _ask(
        coupon_type,
        RESUME,
        _("Coupon type %(type)s gives again, its built-in thresholds armed anew: it can cost at most %(money)s more."),
        by,
        reason,
        at,
    )


def end_coupon_type(coupon_type: CouponType, *, by: Any, reason: str, at: datetime) -> CouponType:
    """Stop giving for good. Coupons already given stay valid; its entries close with the next check."""
    return stop(coupon_type, to=CouponTypeStatus.ENDED, moves=COUPON_TYPE_MOVES, by=by, reason=reason)


def suspend_coupon_type(coupon_type: CouponType, *, by: Any, reason: str, at: datetime) -> CouponType:
    """Stop giving at once. Coupons already given stay valid."""
    return stop(coupon_type, to=CouponTypeStatus.SUSPENDED, moves=COUPON_TYPE_MOVES, by=by, reason=reason)


def _ask(coupon_type: CouponType, action: str, sentence: str, by: Any, reason: str, at: datetime) -> Approval:
    _refuse_unbounded(coupon_type)
    return ask(
        coupon_type,
        action=action,
        summary=sentence % {"type": coupon_type, "money": radius_text(blast_radius(coupon_type, at))},
        moves=COUPON_TYPE_MOVES,
        review=CouponTypeStatus.SUSPENDED if action == RESUME else CouponTypeStatus.IN_REVIEW,
        by=by,
        reason=reason,
        at=at,
    )


def _refuse_unbounded(coupon_type: CouponType) -> None:
    """What the trigger `unbounded_type_stays_a_draft` says, in words, before it is asked for."""
    if coupon_type.rules.exists():
        return
    if coupon_type.is_restricted:
        raise InvalidInput(_("A restricted coupon type needs a claim rule: how many for one customer, phone or device."))
    if coupon_type.minimum_spend == 0 and coupon_type.quantity is None:
        raise InvalidInput(_("A coupon without minimum spend needs a limit per customer or a quantity."))


def _rejected(approval: Approval, at: datetime) -> None:
    back_to_draft(approval, CouponType, moves=COUPON_TYPE_MOVES)


@approvable(GO_LIVE, permission="promotions.approve_coupontype", on_reject=_rejected)
def _go_live(approval: Approval, at: datetime) -> None:
    _start(approved_object(approval, CouponType))


@approvable(RESUME, permission="promotions.approve_coupontype")
def _resume(approval: Approval, at: datetime) -> None:
    _start(approved_object(approval, CouponType))


def _start(coupon_type: CouponType) -> None:
    if coupon_type.audience == Audience.RESTRICTED:
        arm_built_in(coupon_type)
    move(coupon_type, CouponTypeStatus.LIVE, COUPON_TYPE_MOVES)


def default_slices(audience: str, quantity: int | None) -> int:
    """Into how many parts a new type's counter is cut."""
    is_small = quantity is not None and quantity < SMALL_QUANTITY
    return 1 if audience == Audience.RESTRICTED or is_small else DEFAULT_SLICES
