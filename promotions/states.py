"""The states of promotions and the moves between them. Triggers made from these tables refuse everything else."""

from django.db import models
from django.utils.translation import gettext_lazy as _

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
    OPEN = "open", _("open")
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


class Audience(models.TextChoices):
    ONLINE = "online", _("online")
    RESTRICTED = "restricted", _("restricted")


class Channel(models.TextChoices):
    APP = "app", _("app")
    MINI_PROGRAM = "mini_program", _("mini program")
    WEB = "web", _("web")
    VENUE_QR = "venue_qr", _("QR code at the venue")


class SlotReturn(models.TextChoices):
    """Whether a cancelled order gives coupon and budget back."""

    NEVER = "never", _("never")
    UNLESS_RISK = "unless_risk", _("unless risk cancelled it")
    ALWAYS = "always", _("always")


class OverrunPolicy(models.TextChoices):
    """Whether a promise is kept where the budget has no room for it any more. New claims are refused either way."""

    REFUSE = "refuse", _("refuse")
    HONOUR = "honour", _("honour and alarm")


class ClaimOutcome(models.TextChoices):
    ISSUED = "issued", _("issued")
    REFUSED = "refused", _("refused")


class RefusalReason(models.TextChoices):
    """Why a claim was refused: for staff. The outside gets one uniform text."""

    UNKNOWN_COUPON_TYPE = "unknown_coupon_type", _("no such coupon type")
    ENTRY_MISSING = "entry_missing", _("no entry named")
    UNKNOWN_ENTRY = "unknown_entry", _("no such entry")
    WRONG_ENTRY = "wrong_entry", _("the entry is not one of this coupon type")
    WRONG_CHANNEL = "wrong_channel", _("the entry has another channel")
    ENTRY_NOT_OPEN = "entry_not_open", _("the entry is not open")
    OUTSIDE_PERIOD = "outside_period", _("outside the period")
    CAMPAIGN_NOT_LIVE = "campaign_not_live", _("the campaign is not live")
    COUPON_TYPE_NOT_LIVE = "coupon_type_not_live", _("the coupon type is not live")
    TOKEN_MISSING = "token_missing", _("no token")
    TOKEN_FORGED = "token_forged", _("the token was not made by us")
    TOKEN_EXPIRED = "token_expired", _("the token has expired")
    TOKEN_MISPLACED = "token_misplaced", _("the token is for another entry")
    TOKEN_REVOKED = "token_revoked", _("the token was revoked")
    TOKEN_USED_UP = "token_used_up", _("the token is used up")
    TOKEN_NOT_READY = "token_not_ready", _("the token's batch is not complete")
    NOT_VERIFIED = "not_verified", _("the customer is not verified")
    PHONE_NOT_VERIFIED = "phone_not_verified", _("the phone is missing or not verified")
    ACCOUNT_TOO_YOUNG = "account_too_young", _("the account is too young, or its age is unknown")
    NOT_A_NEW_CUSTOMER = "not_a_new_customer", _("the customer is not new")
    REGION_MISSING = "region_missing", _("no region named, and the coupon type is for some only")
    OUTSIDE_REGIONS = "outside_regions", _("the region is not one of the coupon type's")
    IDENTITY_MISSING = "identity_missing", _("an identity that a rule needs is missing")
    IDENTITY_BLOCKED = "identity_blocked", _("an identity is blocked")
    LIMIT_REACHED = "limit_reached", _("a claim rule's limit is reached")
    ENTRY_FULL = "entry_full", _("the entry's cap is reached")
    ALL_GIVEN = "all_given", _("the quantity is given away")
    TYPE_BUDGET_SPENT = "type_budget_spent", _("the coupon type's budget is spent")
    BUDGET_SPENT = "budget_spent", _("the budget is spent")


# What only a forger, or a holder of somebody else's code, runs into: an alarm by itself on a restricted type.
TOKEN_REFUSALS = (
    RefusalReason.TOKEN_FORGED,
    RefusalReason.TOKEN_EXPIRED,
    RefusalReason.TOKEN_MISPLACED,
    RefusalReason.TOKEN_REVOKED,
    RefusalReason.TOKEN_USED_UP,
    RefusalReason.TOKEN_NOT_READY,
)


class Identity(models.TextChoices):
    """What a claim rule counts by. A person is who the storefront has verified, under however many accounts."""

    CUSTOMER = "customer", _("customer")
    PERSON = "person", _("verified identity")
    PHONE = "phone", _("phone")
    DEVICE = "device", _("device")
    ADDRESS = "address", _("network address")
    SEGMENT = "segment", _("phone segment")
    TOKEN = "token", _("claim token")


# What a block may name: one somebody. A segment is millions of people; a token is revoked instead.
BLOCKABLE = (Identity.CUSTOMER, Identity.PERSON, Identity.PHONE, Identity.DEVICE, Identity.ADDRESS)


class RuleAction(models.TextChoices):
    """What a claim rule does at its limit."""

    REFUSE = "refuse", _("refuse")
    FLAG = "flag", _("issue and flag")


class NobodyKind(models.TextChoices):
    """Which values an entry of the list of nobody's values is compared with."""

    TEXT = "text", _("devices, verified identities, top-up accounts")
    DEVICE = "device", _("devices")
    PHONE = "phone", _("phones")
    ADDRESS = "address", _("network addresses")


class Category(models.TextChoices):
    """What a line of a basket is: of an order, or of one that is only quoted."""

    GOODS = "goods", _("goods")
    PHONE_CREDIT = "phone_credit", _("phone credit")
    GAME_CREDIT = "game_credit", _("game credit")


# Gone within minutes, and cannot come back.
VIRTUAL_CATEGORIES = (Category.PHONE_CREDIT, Category.GAME_CREDIT)


class Metric(models.TextChoices):
    ISSUED_AMOUNT = "issued_amount", _("face value issued")
    REDEEMED_AMOUNT = "redeemed_amount", _("amount redeemed")
    LIABILITY = "liability", _("face value outstanding")
    ISSUED_COUNT = "issued_count", _("coupons issued")
    ATTEMPTS = "attempts", _("claims, issued or refused")
    REFUSALS = "refusals", _("claims refused")
    TOKEN_REFUSALS = "token_refusals", _("refused tokens")
    YOUNG_ACCOUNTS_ON_SHARED_TOKENS = "young_accounts_on_shared_tokens", _("new accounts claiming by a shared token")
    QUICK_CASH_OUTS = "quick_cash_outs", _("coupons turned into virtual goods within minutes")
    CUSTOMERS_ON_ONE_TOKEN = "customers_on_one_token", _("customers on one token")


# In the currency of the campaign.
MONEY_METRICS = (Metric.ISSUED_AMOUNT, Metric.REDEEMED_AMOUNT, Metric.LIABILITY)


class LimitKind(models.TextChoices):
    """What a threshold's limit is: a figure, a share, a time, or nothing at all."""

    FIXED = "fixed", _("a fixed limit")
    PERCENT = "percent", _("percent of the budget")
    HOURS_LEFT = "hours_left", _("hours until it is empty, at the present rate")
    BASELINE = "baseline", _("departure from its own baseline, with a fixed limit on top")
    SILENT = "silent", _("should be silent")


# What each kind of limit can be drawn on.
METRICS_OF_KIND = {
    LimitKind.FIXED: tuple(Metric),
    LimitKind.PERCENT: MONEY_METRICS,
    LimitKind.HOURS_LEFT: (Metric.ISSUED_AMOUNT,),
    LimitKind.BASELINE: (Metric.ISSUED_COUNT,),
    LimitKind.SILENT: (Metric.ATTEMPTS,),
}

# What a claim runs into where nothing should be claimed any more, or not yet: ended, closed, expired, suspended, outside its hours.
SILENT_REASONS = (
    RefusalReason.ENTRY_NOT_OPEN,
    RefusalReason.OUTSIDE_PERIOD,
    RefusalReason.COUPON_TYPE_NOT_LIVE,
    RefusalReason.CAMPAIGN_NOT_LIVE,
    RefusalReason.TOKEN_EXPIRED,
    RefusalReason.TOKEN_REVOKED,
)


class AlarmCause(models.TextChoices):
    """Why an alarm is raised where no line was crossed. Whoever watches something else adds a cause: no migration follows."""

    BUDGET_DRIFT = "budget_drift", _("counters and ledger disagree")
    BUDGET_OVERRUN = "budget_overrun", _("more was promised than the budget holds")
    CHECKS_STAND_STILL = "checks_stand_still", _("scheduled checks stand still")
    WEBHOOK_GIVEN_UP = "webhook_given_up", _("a webhook was switched off: it kept failing")


def cause_label(cause: str) -> str:
    """A cause in words, be it a metric whose line was crossed or something else that is wrong."""
    labels = {**dict(Metric.choices), **dict(AlarmCause.choices)}
    return str(labels.get(cause, cause))


class Severity(models.TextChoices):
    """How soon somebody must look: at the next round, or now."""

    WATCH = "watch", _("watch")
    URGENT = "urgent", _("urgent")


# What each act can move: only the lines drawn on that need to be looked at after it.
MOVED_BY_ISSUING = (
    Metric.ISSUED_AMOUNT,
    Metric.LIABILITY,
    Metric.ISSUED_COUNT,
    Metric.ATTEMPTS,
    Metric.YOUNG_ACCOUNTS_ON_SHARED_TOKENS,
    Metric.CUSTOMERS_ON_ONE_TOKEN,
)
MOVED_BY_REFUSING = (Metric.ATTEMPTS, Metric.REFUSALS)
MOVED_BY_REFUSING_A_TOKEN = (*MOVED_BY_REFUSING, Metric.TOKEN_REFUSALS)
MOVED_BY_REDEEMING = (Metric.REDEEMED_AMOUNT, Metric.QUICK_CASH_OUTS)


class ThresholdAction(models.TextChoices):
    ALARM = "alarm", _("alarm")
    SUSPEND = "suspend", _("alarm and suspend")
    HOLD = "hold", _("alarm and hold the orders that redeem")


class ExportKind(models.TextChoices):
    """How the texts of tokens left the house."""

    CSV = "csv", _("CSV file")
    PDF = "pdf", _("sheets to print (PDF)")
