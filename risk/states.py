"""What risk can find and decide."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from backoffice.lib.states import moves


class EvidenceKind(models.TextChoices):
    """Independent kinds of evidence: `organised` needs two of them, one of them strong."""

    PROVENANCE = "provenance", _("provenance")
    CONCENTRATION = "concentration", _("concentration")
    CASH_OUT = "cash_out", _("cash-out")
    ACCOUNT = "account", _("account")
    TIMING = "timing", _("timing")


class Strength(models.TextChoices):
    STRONG = "strong", _("strong")
    WEAK = "weak", _("weak")


class Disposition(models.TextChoices):
    ORGANISED = "organised", _("organised")
    SWEPT_ALONG = "swept_along", _("swept along")
    UNDETERMINED = "undetermined", _("undetermined")


class Decision(models.TextChoices):
    """What a reviewer decided about a flagged order."""

    CLEARED = "cleared", _("cleared")
    CONFIRMED = "confirmed", _("confirmed")


class AllowedBy(models.TextChoices):
    """By what somebody on the allow list is recognised."""

    CUSTOMER = "customer", _("customer")
    DEVICE = "device", _("device")
    RECIPIENT = "recipient", _("recipient of a top-up")


class VersionStatus(models.TextChoices):
    """Of a version of a rule. In shadow and in review it judges every order and acts on none."""

    DRAFT = "draft", _("draft")
    SHADOW = "shadow", _("in shadow")
    IN_REVIEW = "in_review", _("in review")
    PUBLISHED = "published", _("published")
    RETIRED = "retired", _("retired")


VERSION_MOVES = moves(
    {
        VersionStatus.DRAFT: {VersionStatus.SHADOW, VersionStatus.RETIRED},
        VersionStatus.SHADOW: {VersionStatus.IN_REVIEW, VersionStatus.RETIRED},
        VersionStatus.IN_REVIEW: {VersionStatus.PUBLISHED, VersionStatus.SHADOW},
        VersionStatus.PUBLISHED: {VersionStatus.RETIRED},
        VersionStatus.RETIRED: set(),
    }
)


class RuleSubject(models.TextChoices):
    """What a rule judges. A claim is judged once its coupon pays for an order, as of the time it was made."""

    ORDER = "order", _("orders with a coupon")
    CLAIM = "claim", _("the claims of an order's coupons")


class RuleResult(models.TextChoices):
    """The same values as `risk.rulebook.Result`, with words for staff."""

    HIT = "hit", _("hit")
    MISS = "miss", _("no hit")
    SNOOZED = "snoozed", _("snoozed")
    UNKNOWN = "unknown", _("unknown: a fact was missing")
    ERROR = "error", _("error")


class ListName(models.TextChoices):
    GREY = "grey", _("grey list")
    BLOCK = "block", _("block list")


class ValueSort(models.TextChoices):
    """Which sort of value a value list holds: the same words as in `risk.rulefacts.listed`, by which facts fit it."""

    DEVICE = "device", _("devices")
    NETWORK = "network", _("network addresses")
    SEGMENT = "segment", _("phone segments")
    CUSTOMER = "customer", _("customers")
    RECIPIENT = "recipient", _("recipients of top-ups")
    PAYMENT_ACCOUNT = "payment_account", _("payment accounts")
    DELIVERY_PHONE = "delivery_phone", _("delivery phones")
    COUPON_TYPE = "coupon_type", _("coupon types")
    ENTRY = "entry", _("entries")
    REGION = "region", _("regions")
    AMOUNT = "amount", _("amounts of money")


class ListsAsOf(models.TextChoices):
    """Which state of the value lists a backtest asks for."""

    THEN = "then", _("as they stood at each event")
    NOW = "now", _("as they stand when it is asked for")


class BacktestError(models.TextChoices):
    CLEARED_HIT = "cleared_hit", _("cleared by a reviewer, and hit")
    CONFIRMED_MISS = "missed", _("confirmed by a reviewer, and missed")


class IncidentStatus(models.TextChoices):
    """How far an incident has come. Contained: nothing more gets out; handed over: the authorities have it."""

    OPEN = "open", pgettext_lazy("an incident", "open")
    CONTAINED = "contained", _("contained")
    HANDED_OVER = "handed_over", _("handed over")
    CLOSED = "closed", _("closed")


INCIDENT_MOVES = moves(
    {
        IncidentStatus.OPEN: {IncidentStatus.CONTAINED, IncidentStatus.HANDED_OVER, IncidentStatus.CLOSED},
        IncidentStatus.CONTAINED: {IncidentStatus.OPEN, IncidentStatus.HANDED_OVER, IncidentStatus.CLOSED},
        IncidentStatus.HANDED_OVER: {IncidentStatus.OPEN, IncidentStatus.CONTAINED, IncidentStatus.CLOSED},
        IncidentStatus.CLOSED: {IncidentStatus.OPEN},
    }
)
UNCLOSED_STATUSES = (IncidentStatus.OPEN, IncidentStatus.CONTAINED, IncidentStatus.HANDED_OVER)


class IncidentSeverity(models.TextChoices):
    MINOR = "minor", _("minor")
    MAJOR = "major", _("major")
    CRITICAL = "critical", _("critical")


class AnchorKind(models.TextChoices):
    """By what coupons and orders belong to an incident."""

    COUPON_TYPE = "coupon_type", _("coupon type")
    TOKEN = "token", _("token")
    DEVICE = "device", _("device")
    RECIPIENT = "recipient", _("recipient of a top-up")


class AddedBecause(models.TextChoices):
    """Why something came into an incident: by what it hangs on, by a person's hand, or by what was in it already."""

    CHOSEN = "chosen", _("chosen by hand")
    COUPON_TYPE = "coupon_type", _("of its coupon type")
    TOKEN = "token", _("by its token")
    DEVICE = "device", _("from its device")
    RECIPIENT = "recipient", _("for its recipient")
    COUPON = "coupon", _("paid with a coupon of the incident")
    ORDER = "order", _("paid for an order of the incident")


class LinkKind(models.TextChoices):
    """By what accounts are joined. Two weak ones together join as a strong one does."""

    DEVICE = "device", _("device")
    RECIPIENT = "recipient", _("recipient of a top-up")
    PAYMENT = "payment", _("payment account")
    TOKEN = "token", _("claim token")
    FORGED = "forged", _("forged code")
    TOGETHER = "together", _("address and time together")


class BurstKind(models.TextChoices):
    """Where coupons are claimed in a burst."""

    ENTRY = "entry", _("entry")
    NETWORK = "network", _("network address")
    SEGMENT = "segment", _("phone segment")


class ReviewActKind(models.TextChoices):
    """What somebody did in the review queue."""

    SKIPPED = "skipped", _("skipped")
    ESCALATED = "escalated", _("escalated")
    ASSIGNED = "assigned", _("assigned")
    DECIDED = "decided", _("decided")
    UNDONE = "undone", _("taken back")
    APPEAL = "appeal", _("decided an appeal")


class AppealOutcome(models.TextChoices):
    """How an appeal ended. Open ones have none."""

    UPHELD = "upheld", _("upheld: it stays held")
    GRANTED = "granted", _("granted: it is released")


class BulkResult(models.TextChoices):
    """What became of one order of a bulk decision, or of taking one back."""

    PENDING = "pending", _("not yet")
    DONE = "done", _("done")
    SKIPPED = "skipped", _("skipped")
    FAILED = "failed", _("failed")
