"""What risk can find and decide."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.lib.states import moves


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


class IncidentStatus(models.TextChoices):
    """How far an incident has come. Contained: nothing more gets out; handed over: the authorities have it."""

    OPEN = "open", _("open")
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
