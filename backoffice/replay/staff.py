"""What staff do in a file: drafted by one user, approved by another, through the services that the admin uses."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import Group, User

from backoffice.lib.approvals import approve
from backoffice.lib.errors import InvalidInput, NotFound
from backoffice.lib.models import Approval
from backoffice.replay import events
from backoffice.roles import seed_roles
from promotions.models import Campaign, CouponType, Entry, TokenBatch
from promotions.services import campaigns, coupon_types, entries, tokens
from promotions.services.thresholds import arm_threshold
from promotions.states import CouponTypeStatus

REASON = "as the replayed file says"
ASKER, APPROVER = ("replay-operator", "promotions operator"), ("replay-approver", "promotions approver")


class Staff:
    """Two users who cannot log in, each in the group that its part of the two-person rule asks for.

    Every verb raises a DomainError where the service refuses, or where what it names does not exist; the caller's transaction
    takes back what was done by then.
    """

    def __init__(self) -> None:
        self._asker, self._approver = (_member(name, group) for name, group in (ASKER, APPROVER))

    def start_campaign(self, event: events.CampaignEvent) -> None:
        campaign = campaigns.create_campaign(
            code=event.code,
            name=event.name,
            owner=self._asker,
            starts_at=event.starts_at,
            ends_at=event.ends_at,
            budget=event.budget,
            currency=event.currency,
        )
        self._with_approval(campaigns.request_campaign, campaign, event)

    def start_coupon_type(self, event: events.CouponTypeEvent) -> None:
        coupon_type = coupon_types.create_coupon_type(
            campaign=_named(Campaign, "campaign", event.campaign),
            code=event.code,
            name=event.name,
            audience=event.audience,
            face_value=event.face_value,
            percentage=event.percentage,
            minimum_spend=event.minimum_spend,
            claim_from=event.claim_from,
            claim_until=event.claim_until,
            valid_until=event.valid_until,
            quantity=event.quantity,
            per_customer=event.per_customer,
            requires_verified=event.requires_verified,
        )
        self._with_approval(coupon_types.request_coupon_type, coupon_type, event)

    def open_entry(self, event: events.EntryEvent) -> None:
        entry = entries.create_entry(
            coupon_type=_named(CouponType, "coupon type", event.coupon_type),
            code=event.code,
            channel=event.channel,
            opens_at=event.opens_at,
            closes_at=event.closes_at,
            cap=event.cap,
            needs_token=event.needs_token,
        )
        self._with_approval(entries.request_entry, entry, event)

    def make_tokens(self, event: events.TokensEvent) -> None:
        """A batch's code is unique in a file: claims name their token by batch and number alone."""
        if TokenBatch.objects.filter(code=event.batch).exists():
            raise InvalidInput(f"There is a batch {event.batch} already.")
        tokens.make_token_batch(
            entry=_named(Entry, "entry", event.entry),
            code=event.batch,
            count=event.count,
            uses=event.uses,
            expires_at=None,
            by=self._asker,
            at=event.at,
        )

    def arm_threshold(self, event: events.ThresholdEvent) -> None:
        scope: Any = "platform"
        if event.campaign:
            scope = _named(Campaign, "campaign", event.campaign)
        elif event.coupon_type:
            scope = _named(CouponType, "coupon type", event.coupon_type)
        arm_threshold(scope=scope, metric=event.metric, window=event.window, limit=event.limit, action=event.action)

    def suspend(self, event: events.SuspendEvent) -> None:
        """Pressing the switch of what is stopped already, by a threshold or because it has ended, changes nothing."""
        coupon_type = _named(CouponType, "coupon type", event.coupon_type)
        if coupon_type.status == CouponTypeStatus.LIVE:
            coupon_types.suspend_coupon_type(coupon_type, by=self._asker, reason=REASON, at=event.at)

    def resume(self, event: events.ResumeEvent) -> None:
        """Lifting a switch that is not pressed changes nothing."""
        coupon_type = _named(CouponType, "coupon type", event.coupon_type)
        if coupon_type.status == CouponTypeStatus.SUSPENDED:
            self._with_approval(coupon_types.request_resume, coupon_type, event)

    def _with_approval(self, request: Callable[..., Approval], obj: Any, event: events.Event) -> None:
        approval = request(obj, by=self._asker, reason=REASON, at=event.at)
        approve(approval, by=self._approver, reason=REASON, at=event.at)


def _member(name: str, group_name: str) -> User:
    user, is_new = User.objects.get_or_create(username=name, defaults={"is_staff": False})
    if is_new:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    if not Group.objects.filter(name=group_name).exists():
        seed_roles()
    user.groups.add(Group.objects.get(name=group_name))
    return user


def _named(model: Any, word: str, code: str) -> Any:
    found = model.objects.filter(code=code).first()
    if found is None:
        raise NotFound(f"There is no {word} {code}.")
    return found
