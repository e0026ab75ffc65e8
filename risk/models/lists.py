import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked
from risk.querysets import EndingQuerySet
from risk.states import AllowedBy, ListName

NAMES_ONE = Q(kind="customer", customer__isnull=False, value="") | (
    Q(kind__in=["device", "recipient"], customer=None) & ~Q(value="")
)
ENDED = Q(ended_at=None, ended_by=None, end_reason="") | (Q(ended_at__isnull=False, ended_by__isnull=False) & ~Q(end_reason=""))


class Named(models.Model):
    """Somebody, named as a customer, a device, or the recipient of top-ups; until a date, or until somebody ends it.

    `value` is compared with what orders have, of a recipient the keyed hash; `shown` is what staff may see of it.
    """

    kind = models.CharField(_("names a"), max_length=9, choices=AllowedBy)
    customer = models.ForeignKey(
        "promotions.Customer", models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("customer")
    )
    value = models.CharField(_("value"), max_length=200, blank=True, default="")
    shown = models.CharField(_("whom"), max_length=200)
    reason = models.TextField(_("reason"))

    objects = EndingQuerySet.as_manager()

    class Meta:
        abstract = True


class Ending(models.Model):
    """What is made once by somebody and ended once by somebody, with the reason."""

    created_by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("by"))
    created_at = models.DateTimeField(_("since"))
    ended_at = models.DateTimeField(_("ended at"), null=True, editable=False)
    ended_by = models.ForeignKey(
        "auth.User", models.PROTECT, related_name="+", null=True, editable=False, verbose_name=_("ended by")
    )
    end_reason = models.TextField(_("why it was ended"), blank=True, default="", editable=False)

    class Meta:
        abstract = True


def only_ends(name: str) -> list[pgtrigger.Trigger]:
    """Triggers of a row that is written once and ended once."""
    return [
        pgtrigger.ReadOnly(name=f"{name}_only_ends", exclude=["ended_at", "ended_by", "end_reason"]),
        pgtrigger.Protect(name=f"{name}_ends_once", operation=pgtrigger.Update, condition=pgtrigger.Q(old__ended_at__isnull=False)),
        pgtrigger.Protect(name=f"{name}_is_never_deleted", operation=pgtrigger.Delete),
    ]


@tracked()
class ListEntry(Named, Ending):
    """Somebody on the grey or on the block list: everywhere, in one campaign, or for one coupon type.

    Grey: his orders wait for a reviewer and nothing is cleared by itself. Block: they are held, too.
    """

    list = models.CharField(_("list"), max_length=5, choices=ListName)
    campaign = models.ForeignKey(
        "promotions.Campaign", models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("only in the campaign")
    )
    coupon_type = models.ForeignKey(
        "promotions.CouponType", models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("only for the coupon type")
    )
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True, help_text=_("Empty: until somebody ends it."))

    class Meta:
        verbose_name = _("entry of a list")
        verbose_name_plural = _("grey and block list")
        permissions = [("end_listentry", _("Can take somebody off the grey or block list"))]
        indexes = [
            models.Index(fields=["kind", "value"], name="list_entry_by_value", condition=~Q(value="")),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="list_entry_has_a_reason"),
            models.CheckConstraint(condition=NAMES_ONE, name="list_entry_names_one_in_one_way"),
            models.CheckConstraint(condition=Q(campaign=None) | Q(coupon_type=None), name="list_entry_has_one_scope"),
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(expires_at__gt=F("created_at")), name="list_entry_expires_after_it_begins"
            ),
            models.CheckConstraint(condition=ENDED, name="list_entry_ended_by_whom_when_and_why"),
        ]
        triggers = only_ends("list_entry")

    def __str__(self) -> str:
        return f"{self.get_list_display()}: {self.get_kind_display()} {self.shown}"


@tracked()
class Snooze(Named, Ending):
    """One rule says nothing of one customer, device or recipient until a date."""

    rule = models.ForeignKey("risk.Rule", models.PROTECT, related_name="+", verbose_name=_("rule"))
    expires_at = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("snooze")
        verbose_name_plural = _("snoozes")
        permissions = [("end_snooze", _("Can end a snooze"))]
        indexes = [models.Index(fields=["kind", "value"], name="snooze_by_value", condition=~Q(value=""))]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="snooze_has_a_reason"),
            models.CheckConstraint(condition=NAMES_ONE, name="snooze_names_one_in_one_way"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="snooze_ends_after_it_begins"),
            models.CheckConstraint(condition=ENDED, name="snooze_ended_by_whom_when_and_why"),
        ]
        triggers = only_ends("snooze")

    def __str__(self) -> str:
        return f"{self.rule}: {self.get_kind_display()} {self.shown}"
