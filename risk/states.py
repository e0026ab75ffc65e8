"""What risk can find and decide."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class EvidenceKind(models.TextChoices):
    """Independent kinds of evidence: `organised` needs two of them, one of them strong."""

    PROVENANCE = "provenance", _("provenance")
    CONCENTRATION = "concentration", _("concentration")
    CASH_OUT = "cash_out", _("cash-out")
    ACCOUNT = "account", _("account")


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
