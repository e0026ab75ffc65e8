"""The states of promotions and the moves between them. Triggers made from these tables refuse everything else."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from backoffice.lib.states import moves


class CampaignStatus(models.TextChoices):
    DRAFT = "draft", _("draft")
    IN_REVIEW = "in_review", _("in review")
    APPROVED = "approved", _("approved")
    LIVE = "live", _("live")
    PAUSED = "paused", _("paused")
    ENDED = "ended", _("ended")


CAMPAIGN_MOVES = moves(
    {
        CampaignStatus.DRAFT: {CampaignStatus.IN_REVIEW},
        CampaignStatus.IN_REVIEW: {CampaignStatus.DRAFT, CampaignStatus.APPROVED},
        CampaignStatus.APPROVED: {CampaignStatus.LIVE, CampaignStatus.PAUSED, CampaignStatus.ENDED},
        CampaignStatus.LIVE: {CampaignStatus.PAUSED, CampaignStatus.ENDED},
        CampaignStatus.PAUSED: {CampaignStatus.LIVE, CampaignStatus.ENDED},
        CampaignStatus.ENDED: set(),
    }
)
# An approved campaign gives coupons from the very second of its start, whether or not the check that calls it live has run.
CAMPAIGN_GIVING = (CampaignStatus.APPROVED, CampaignStatus.LIVE)


class CouponTypeStatus(models.TextChoices):
    DRAFT = "draft", _("draft")
    IN_REVIEW = "in_review", _("in review")
    LIVE = "live", _("live")
    SUSPENDED = "suspended", _("suspended")
    ENDED = "ended", _("ended")


COUPON_TYPE_MOVES = moves(
    {
        CouponTypeStatus.DRAFT: {CouponTypeStatus.IN_REVIEW},
        CouponTypeStatus.IN_REVIEW: {CouponTypeStatus.DRAFT, CouponTypeStatus.LIVE},
        CouponTypeStatus.LIVE: {CouponTypeStatus.SUSPENDED, CouponTypeStatus.ENDED},
        CouponTypeStatus.SUSPENDED: {CouponTypeStatus.LIVE, CouponTypeStatus.ENDED},
        CouponTypeStatus.ENDED: set(),
    }
)


class EntryStatus(models.TextChoices):
    DRAFT = "draft", _("draft")
    IN_REVIEW = "in_review", _("in review")
    OPEN = "open", pgettext_lazy("an entry", "open")
    SUSPENDED = "suspended", _("suspended")
    CLOSED = "closed", _("closed")


ENTRY_MOVES = moves(
    {
        EntryStatus.DRAFT: {EntryStatus.IN_REVIEW},
        EntryStatus.IN_REVIEW: {EntryStatus.DRAFT, EntryStatus.OPEN},
        EntryStatus.OPEN: {EntryStatus.SUSPENDED, EntryStatus.CLOSED},
        EntryStatus.SUSPENDED: {EntryStatus.OPEN, EntryStatus.CLOSED},
        EntryStatus.CLOSED: set(),
    }
)


class CouponStatus(models.TextChoices):
    ISSUED = "issued", _("issued")
    REDEEMED = "redeemed", _("redeemed")
    EXPIRED = "expired", _("expired")
    VOIDED = "voided", _("voided")
    FROZEN = "frozen", _("frozen")


COUPON_MOVES = moves(
    {
        CouponStatus.ISSUED: {CouponStatus.REDEEMED, CouponStatus.EXPIRED, CouponStatus.VOIDED, CouponStatus.FROZEN},
        CouponStatus.REDEEMED: {CouponStatus.ISSUED, CouponStatus.VOIDED},
        CouponStatus.FROZEN: {CouponStatus.ISSUED, CouponStatus.VOIDED},
        CouponStatus.EXPIRED: set(),
        CouponStatus.VOIDED: set(),
    }
)


class GrantSource(models.TextChoices):
    """Where the customers of a grant were named."""

    LIST = "list", _("list")
    API = "api", _("API")
    FILTER = "filter", _("filter")


class GrantStatus(models.TextChoices):
    DRAFT = "draft", _("draft")
    IN_REVIEW = "in_review", _("in review")
    GIVING = "giving", _("being given")
    DONE = "done", _("given")
    STOPPED = "stopped", _("stopped")
    DISCARDED = "discarded", _("discarded")


# Stopped is for good: what has no result yet is skipped. What is to be given after all is a new grant.
GRANT_MOVES = moves(
    {
        GrantStatus.DRAFT: {GrantStatus.IN_REVIEW, GrantStatus.DISCARDED},
        GrantStatus.IN_REVIEW: {GrantStatus.DRAFT, GrantStatus.GIVING},
        GrantStatus.GIVING: {GrantStatus.DONE, GrantStatus.STOPPED},
        GrantStatus.DONE: set(),
        GrantStatus.STOPPED: set(),
        GrantStatus.DISCARDED: set(),
    }
)


class GrantResult(models.TextChoices):
    PENDING = "pending", _("pending")
    GRANTED = "granted", _("granted")
    SKIPPED = "skipped", _("skipped")
    FAILED = "failed", _("failed")


class VoidResult(models.TextChoices):
    PENDING = "pending", _("pending")
    VOIDED = "voided", _("voided")
    LOST = "lost", _("lost")
    SKIPPED = "skipped", _("skipped")
    FAILED = "failed", _("failed")
