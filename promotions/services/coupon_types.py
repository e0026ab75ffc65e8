"""Coupon types: drafted, approved, suspended. Restricted ones carry stricter rules that cannot be configured away."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from backoffice.lib.aloud import in_english
from backoffice.lib.approvals import approvable
from backoffice.lib.errors import InvalidInput
from backoffice.lib.models import Approval
from backoffice.lib.sentences import Sentence
from backoffice.lib.states import move
from promotions.models import Campaign, ClaimRule, CouponType
from promotions.services.blast import blast_radius, radius_text
from promotions.services.built_in_lines import arm_built_in
from promotions.services.campaigns import save_valid
from promotions.services.lifecycle import approved_object, ask, back_to_draft, stop
from promotions.services.rules import check_bounds
from promotions.services.slices import cut_coupon_type
from promotions.states import COUPON_TYPE_MOVES, Audience, CampaignStatus, CouponTypeStatus, Identity, Stacks

GO_LIVE = "promotions.coupon_type.go_live"
RESUME = "promotions.coupon_type.resume"
GOES_LIVE = Sentence(gettext_noop("Coupon type %(type)s goes live: it can cost at most %(money)s."))
GIVES_AGAIN = Sentence(
    gettext_noop("Coupon type %(type)s gives again, its built-in thresholds armed anew: it can cost at most %(money)s more.")
)


class Conditions(TypedDict, total=False):
    """What the type asks of who claims it: see ClaimConditions."""

    requires_verified: bool
    requires_verified_phone: bool
    minimum_account_age: timedelta | None
    new_customers_only: bool
    regions: list[str]


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
    percentage: Decimal | None = None,
    budget_amount: Decimal | None = None,
    terms: Terms | None = None,
    slices: int | None = None,
    **conditions: Unpack[Conditions],
) -> CouponType:
    """A draft with its rule per customer and its counter.

    `budget_amount`, in the campaign's currency, bounds this type alone; None: the campaign's budget bounds it. Raises InvalidInput.
    """
    if campaign.status == CampaignStatus.ENDED:
        raise InvalidInput(_("%s has ended.") % campaign)
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
        budget_amount=budget_amount,
        **conditions,
        **(terms or Terms()).columns(audience, quantity),
    )
    save_valid(coupon_type)
    if per_customer is not None:
        save_valid(ClaimRule(coupon_type=coupon_type, identity=Identity.CUSTOMER, limit=per_customer))
    cut_coupon_type(coupon_type, slices=slices)
    return coupon_type


def request_coupon_type(coupon_type: CouponType, *, by: Any, reason: str, at: datetime) -> Approval:
    """Ask that the type goes live. The summary says what it can cost."""
    return _ask(coupon_type, GO_LIVE, GOES_LIVE, by, reason, at)


def request_resume(coupon_type: CouponType, *, by: Any, reason: str, at: datetime) -> Approval:
    """Ask that a suspended type gives again; its built-in thresholds are armed again with it."""
    return _ask(
        coupon_type,
        RESUME,
        GIVES_AGAIN,
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


def _ask(coupon_type: CouponType, action: str, sentence: Sentence, by: Any, reason: str, at: datetime) -> Approval:
    check_bounds(coupon_type)
    with in_english():
        summary = sentence % {"type": coupon_type, "money": radius_text(blast_radius(coupon_type, at))}
    return ask(
        coupon_type,
        action=action,
        summary=summary,
        moves=COUPON_TYPE_MOVES,
        review=CouponTypeStatus.SUSPENDED if action == RESUME else CouponTypeStatus.IN_REVIEW,
        by=by,
        reason=reason,
        at=at,
    )


def _rejected(approval: Approval, at: datetime) -> None:
    back_to_draft(approval, CouponType, moves=COUPON_TYPE_MOVES)


@approvable(GO_LIVE, permission="promotions.approve_coupontype", on_reject=_rejected)
def _go_live(approval: Approval, at: datetime) -> None:
    _start(approved_object(approval, CouponType))


@approvable(RESUME, permission="promotions.approve_coupontype")
def _resume(approval: Approval, at: datetime) -> None:
    _start(approved_object(approval, CouponType))


def _start(coupon_type: CouponType) -> None:
    arm_built_in(coupon_type)
    move(coupon_type, CouponTypeStatus.LIVE, COUPON_TYPE_MOVES)
