"""Who claims, by what, and why a claim is refused."""

from django.db import models
from django.utils.translation import gettext_lazy as _


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
    UNLESS_RISK = "unless_risk", _("unless risk or a dispute cancelled it")
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
    OUTSIDE_HOURS = "outside_hours", _("outside its hours")
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
