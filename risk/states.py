"""What risk can find and decide."""

from django.db import models
from django.utils.translation import gettext_lazy as _


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


class LinkKind(models.TextChoices):
    """By what accounts are joined. Two weak ones together join as a strong one does."""

    DEVICE = "device", _("device")
    RECIPIENT = "recipient", _("recipient of a top-up")
    TOKEN = "token", _("claim token")
    FORGED = "forged", _("forged code")
    TOGETHER = "together", _("address and time together")
