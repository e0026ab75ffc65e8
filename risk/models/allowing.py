import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked
from risk.querysets import AllowanceQuerySet
from risk.states import AllowedBy


@tracked()
class Allowance(models.Model):
    """Somebody whom we know to be honest: freezes leave his orders out, unless whoever asks takes that condition away.

    Named as a customer, a device, or the recipient of top-ups; `value` is compared with what orders have, of a recipient the keyed
    hash, and `shown` is what staff may see of it. Ends at a time, or when it is lifted; it gives no other right.
    """

    kind = models.CharField(_("allows a"), max_length=9, choices=AllowedBy)
    customer = models.ForeignKey(
        "promotions.Customer", models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("customer")
    )
    value = models.CharField(_("value"), max_length=200, blank=True, default="")
    shown = models.CharField(_("whom"), max_length=200)
    reason = models.TextField(_("reason"))
    created_by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("allowed by"))
    created_at = models.DateTimeField(_("allowed at"))
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True, help_text=_("Empty: until somebody lifts it."))
    lifted_at = models.DateTimeField(_("lifted at"), null=True, editable=False)
    lifted_by = models.ForeignKey(
        "auth.User", models.PROTECT, related_name="+", null=True, editable=False, verbose_name=_("lifted by")
    )
    lift_reason = models.TextField(_("why it was lifted"), blank=True, default="", editable=False)

    objects = AllowanceQuerySet.as_manager()

    class Meta:
        verbose_name = _("allowance")
        verbose_name_plural = _("allow list")
        permissions = [("lift_allowance", _("Can lift an allowance"))]
        indexes = [models.Index(fields=["kind", "value"], name="allowance_by_value", condition=~Q(value=""))]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="allowance_has_a_reason"),
            models.CheckConstraint(
                condition=Q(kind="customer", customer__isnull=False, value="")
                | (Q(kind__in=["device", "recipient"], customer=None) & ~Q(value="")),
                name="allowance_names_one_in_one_way",
            ),
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(expires_at__gt=F("created_at")), name="allowance_expires_after_it_begins"
            ),
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by=None, lift_reason="")
                | (Q(lifted_at__isnull=False, lifted_by__isnull=False) & ~Q(lift_reason="")),
                name="allowance_lifted_by_whom_when_and_why",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="allowance_only_lifts", exclude=["lifted_at", "lifted_by", "lift_reason"]),
            pgtrigger.Protect(
                name="allowance_lifts_once", operation=pgtrigger.Update, condition=pgtrigger.Q(old__lifted_at__isnull=False)
            ),
            pgtrigger.Protect(name="allowance_is_never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.shown}"
