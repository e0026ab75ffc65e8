"""Campaigns: drafted, approved, paused, ended."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from backoffice.lib.actors import system_user
from backoffice.lib.approvals import approvable
from backoffice.lib.audit import because
from backoffice.lib.errors import InvalidInput
from backoffice.lib.models import Approval
from backoffice.lib.sentences import Sentence
from backoffice.lib.states import Moves, move
from promotions.models import Budget, Campaign, CouponType, Entry
from promotions.services.lifecycle import approved_object, ask, back_to_draft, stop
from promotions.services.slices import cut_budget
from promotions.states import (
    CAMPAIGN_MOVES,
    COUPON_TYPE_MOVES,
    ENTRY_MOVES,
    CampaignStatus,
    CouponTypeStatus,
    EntryStatus,
    OverrunPolicy,
    SlotReturn,
)

GO_LIVE = "promotions.campaign.go_live"
RESUME = "promotions.campaign.resume"
GOES_LIVE = Sentence(gettext_noop("Campaign %(campaign)s goes live with a budget of %(budget)s."))
GIVES_AGAIN = Sentence(gettext_noop("Campaign %(campaign)s gives coupons again."))
TIME_HAS_COME = Sentence(gettext_noop("the time has come"))
DEFAULT_ZONE = "Asia/Shanghai"


@transaction.atomic
def create_campaign(
    *,
    code: str,
    name: str,
    owner: Any,
    starts_at: datetime,
    ends_at: datetime,
    budget: Decimal,
    currency: str = "CNY",
    partner: str = "",
    time_zone: str = DEFAULT_ZONE,
    slot_return: str = SlotReturn.UNLESS_RISK,
    overrun_policy: str = OverrunPolicy.REFUSE,
    slices: int | None = None,
) -> Campaign:
    """A draft with its budget, cut into slices (one where the budget is small). Raises InvalidInput for what is not valid."""
    campaign = Campaign(
        code=code,
        name=name,
        owner=owner,
        starts_at=starts_at,
        ends_at=ends_at,
        currency=currency,
        partner=partner,
        time_zone=checked_zone(time_zone),
        slot_return=slot_return,
        overrun_policy=overrun_policy,
    )
    save_valid(campaign)
    fund = Budget(campaign=campaign, amount=budget)
    save_valid(fund)
    cut_budget(fund, slices=slices)
    return campaign


def checked_zone(name: str) -> str:
    """The same name. Raises InvalidInput where it is no time zone of the IANA database."""
    if name not in available_timezones():
        raise InvalidInput(_("%(name)s is no time zone. Write it like Asia/Shanghai.") % {"name": name})
    return name


def save_valid(obj: Any) -> None:
    """Save a new row, or raise InvalidInput with what is wrong with it in words."""
    try:
        obj.full_clean()
        with transaction.atomic():
            obj.save(force_insert=True)
    except ValidationError as error:
        raise InvalidInput(in_words(error)) from error
    except DataError as error:
        raise InvalidInput(_("There is a value that cannot be stored, for example a NUL character.")) from error
    except IntegrityError as error:
        raise InvalidInput(_("Somebody else has just saved one that excludes this one. Look again.")) from error


def request_campaign(campaign: Campaign, *, by: Any, reason: str, at: datetime) -> Approval:
    """Ask that the campaign goes live (at its start)."""
    budget = f"{campaign.budget.amount:,.2f} {campaign.currency}"
    return ask(
        campaign,
        action=GO_LIVE,
        summary=GOES_LIVE % {"campaign": campaign, "budget": budget},
        moves=CAMPAIGN_MOVES,
        review=CampaignStatus.IN_REVIEW,
        by=by,
        reason=reason,
        at=at,
    )


def request_resume(campaign: Campaign, *, by: Any, reason: str, at: datetime) -> Approval:
    """Ask that a paused campaign gives again."""
    return ask(
        campaign,
        action=RESUME,
        summary=GIVES_AGAIN % {"campaign": campaign},
        moves=CAMPAIGN_MOVES,
        review=CampaignStatus.PAUSED,
        by=by,
        reason=reason,
        at=at,
    )


def pause_campaign(campaign: Campaign, *, by: Any, reason: str, at: datetime) -> Campaign:
    """Stop giving at once. Coupons already given stay valid."""
    return stop(campaign, to=CampaignStatus.PAUSED, moves=CAMPAIGN_MOVES, by=by, reason=reason)


def end_campaign(campaign: Campaign, *, by: Any, reason: str, at: datetime) -> Campaign:
    """End it for good, ahead of its time. Coupons already given stay valid; its types and entries end with the next check."""
    return stop(campaign, to=CampaignStatus.ENDED, moves=CAMPAIGN_MOVES, by=by, reason=reason)


def _rejected(approval: Approval, at: datetime) -> None:
    back_to_draft(approval, Campaign, moves=CAMPAIGN_MOVES)


@approvable(GO_LIVE, permission="promotions.approve_campaign", on_reject=_rejected)
def _go_live(approval: Approval, at: datetime) -> None:
    campaign = move(approved_object(approval, Campaign), CampaignStatus.APPROVED, CAMPAIGN_MOVES)
    if campaign.starts_at <= at:
        move(campaign, CampaignStatus.LIVE, CAMPAIGN_MOVES)


@approvable(RESUME, permission="promotions.approve_campaign")
def _resume(approval: Approval, at: datetime) -> None:
    move(approved_object(approval, Campaign), CampaignStatus.LIVE, CAMPAIGN_MOVES)


def start_and_end_campaigns(at: datetime) -> int:
    """Call live what has started, and end campaigns, types and entries whose time is over. Answers how many were moved.

    The claim does not wait for this: it reads the periods itself.
    """
    moved = 0
    for rows, status, table in _whose_time_has_come(at):
        for row in rows:
            with because(str(TIME_HAS_COME), user=system_user().pk):
                move(row, status, table)
            moved += 1
    return moved


def _whose_time_has_come(at: datetime) -> Iterator[tuple[QuerySet[Any], str, Moves]]:
    """What is due, from campaigns downwards, each looked up after the one before was moved: an ended campaign ends its types."""
    started = Campaign.objects.filter(status=CampaignStatus.APPROVED, starts_at__lte=at, ends_at__gt=at)
    yield started, CampaignStatus.LIVE, CAMPAIGN_MOVES
    open_campaigns = (CampaignStatus.APPROVED, CampaignStatus.LIVE, CampaignStatus.PAUSED)
    yield Campaign.objects.filter(status__in=open_campaigns, ends_at__lte=at), CampaignStatus.ENDED, CAMPAIGN_MOVES
    over = Q(claim_until__lte=at) | Q(campaign__status=CampaignStatus.ENDED)
    running = (CouponTypeStatus.LIVE, CouponTypeStatus.SUSPENDED)
    yield CouponType.objects.filter(over, status__in=running), CouponTypeStatus.ENDED, COUPON_TYPE_MOVES
    over = Q(closes_at__lte=at) | Q(coupon_type__status=CouponTypeStatus.ENDED)
    yield Entry.objects.filter(over, status__in=(EntryStatus.OPEN, EntryStatus.SUSPENDED)), EntryStatus.CLOSED, ENTRY_MOVES


def in_words(error: ValidationError) -> str:
    """What is wrong with a row, field by field, in sentences."""
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    return " ".join(
        message if field == "__all__" else f"{field}: {message}"
        for field, messages in error.message_dict.items()
        for message in messages
    )
