"""What the rows of promotions are asked, in the words of the trade."""

from datetime import datetime
from typing import Any

from django.db.models import DecimalField, Exists, OuterRef, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from promotions.states import CAMPAIGN_GIVING, Audience, ClaimOutcome, CouponStatus, CouponTypeStatus, EntryStatus, RuleAction

MONEY = DecimalField(max_digits=14, decimal_places=2)


def summed(path: str) -> Coalesce:
    """The sum over a related column, zero where there is nothing."""
    return Coalesce(Sum(path), Value(0), output_field=MONEY)


class CouponTypeQuerySet(QuerySet):
    def shown_online(self, at: datetime) -> "CouponTypeQuerySet":
        """What the storefront may show: never a restricted type."""
        return self.filter(
            audience=Audience.ONLINE,
            status=CouponTypeStatus.LIVE,
            claim_from__lte=at,
            claim_until__gt=at,
            campaign__status__in=CAMPAIGN_GIVING,
            campaign__starts_at__lte=at,
            campaign__ends_at__gt=at,
        )


class EntryQuerySet(QuerySet):
    def open_at(self, at: datetime) -> "EntryQuerySet":
        return self.filter(status=EntryStatus.OPEN, opens_at__lte=at, closes_at__gt=at)


class ClaimQuerySet(QuerySet):
    def issued(self) -> "ClaimQuerySet":
        return self.filter(outcome=ClaimOutcome.ISSUED)

    def refused(self) -> "ClaimQuerySet":
        return self.filter(outcome=ClaimOutcome.REFUSED)

    def for_admin_list(self) -> "ClaimQuerySet":
        """All that the list page shows, in one query."""
        return self.select_related("customer", "coupon_type", "entry", "token__batch")

    def flagged(self) -> "ClaimQuerySet":
        """Issued although a rule that flags was crossed."""
        flags: Any = self.model._meta.get_field("flags").related_model
        return self.filter(Exists(flags.objects.filter(claim=OuterRef("pk"))))


class ClaimRuleQuerySet(QuerySet):
    def in_force(self) -> "ClaimRuleQuerySet":
        return self.filter(ended_at=None)

    def that_refuse(self) -> "ClaimRuleQuerySet":
        return self.in_force().filter(action=RuleAction.REFUSE)


class IdentityBlockQuerySet(QuerySet):
    def in_force(self, at: datetime) -> "IdentityBlockQuerySet":
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=at), lifted_at=None)

    def over(self, at: datetime) -> "IdentityBlockQuerySet":
        """Lifted or expired."""
        return self.exclude(Q(expires_at=None) | Q(expires_at__gt=at), lifted_at=None)


class CouponQuerySet(QuerySet):
    def redeemable(self, at: datetime) -> "CouponQuerySet":
        return self.filter(status=CouponStatus.ISSUED, valid_until__gt=at)

    def to_expire(self, at: datetime) -> "CouponQuerySet":
        return self.filter(status=CouponStatus.ISSUED, valid_until__lte=at)

    def for_admin_list(self) -> "CouponQuerySet":
        """All that the list page shows, in one query."""
        return self.select_related("customer", "coupon_type")


class ThresholdQuerySet(QuerySet):
    def armed(self) -> "ThresholdQuerySet":
        return self.filter(fired_at=None)


class AlarmQuerySet(QuerySet):
    def unacknowledged(self) -> "AlarmQuerySet":
        return self.filter(acknowledged_at=None)


class RedemptionHoldQuerySet(QuerySet):
    def open(self) -> "RedemptionHoldQuerySet":
        return self.filter(lifted_at=None)

    def covering(self, coupon: Any) -> "RedemptionHoldQuerySet":
        """Those that a coupon falls under. `coupon` answers, for a path from a coupon, what stands there: an OuterRef, a value."""
        entry, batch = coupon("claim__entry"), coupon("claim__token__batch")
        coupon_type, campaign = coupon("coupon_type"), coupon("coupon_type__campaign")
        return self.filter(Q(campaign=campaign) | Q(coupon_type=coupon_type) | Q(entry=entry) | Q(batch=batch))
