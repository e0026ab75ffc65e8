import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked
from promotions.querysets import IdentityBlockQuerySet
from promotions.states import BLOCKABLE, Identity, NobodyKind


@tracked()
class IdentityBlock(models.Model):
    """An identity that may not claim: everywhere, in one campaign, or one coupon type only; until a date, or until it is lifted.

    `value` is compared with what a claim shows, in the spelling in which claims are stored; of a phone or a verified identity it is
    the keyed hash, and `shown` is what staff may see of it.
    """

    identity = models.CharField(
        _("blocks a"), max_length=10, choices=[(kind.value, kind.label) for kind in Identity if kind in BLOCKABLE]
    )
    value = models.CharField(_("value"), max_length=200, help_text=_("As it is compared; of a phone the keyed hash."))
    shown = models.CharField(_("whom"), max_length=200, blank=True, default="")
    campaign = models.ForeignKey(
        "promotions.Campaign", models.CASCADE, related_name="+", null=True, blank=True, verbose_name=_("campaign")
    )
    coupon_type = models.ForeignKey(
        "promotions.CouponType", models.CASCADE, related_name="+", null=True, blank=True, verbose_name=_("coupon type")
    )
    reason = models.TextField(_("reason"))
    created_by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("blocked by"))
    created_at = models.DateTimeField(_("blocked at"))
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True, help_text=_("Empty: until somebody lifts it."))
    lifted_at = models.DateTimeField(_("lifted at"), null=True, editable=False)
    lifted_by = models.ForeignKey(
        "auth.User", models.PROTECT, related_name="+", null=True, editable=False, verbose_name=_("lifted by")
    )
    lift_reason = models.TextField(_("why it was lifted"), blank=True, default="", editable=False)

    objects = IdentityBlockQuerySet.as_manager()

    class Meta:
        verbose_name = _("block")
        verbose_name_plural = _("blocks")
        permissions = [("lift_identityblock", _("Can lift a block"))]
        indexes = [models.Index(fields=["identity", "value"], name="identity_block_by_value")]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="identity_block_has_a_reason"),
            models.CheckConstraint(condition=~Q(value=""), name="identity_block_of_somebody"),
            models.CheckConstraint(
                condition=Q(identity__in=[str(kind) for kind in BLOCKABLE]), name="identity_block_of_a_kind_that_names_one"
            ),
            models.CheckConstraint(condition=Q(campaign=None) | Q(coupon_type=None), name="identity_block_has_one_scope"),
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(expires_at__gt=F("created_at")), name="identity_block_expires_after_it_begins"
            ),
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by=None, lift_reason="")
                | (Q(lifted_at__isnull=False, lifted_by__isnull=False) & ~Q(lift_reason="")),
                name="identity_block_lifted_by_whom_when_and_why",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="identity_block_only_lifts", exclude=["lifted_at", "lifted_by", "lift_reason"]),
            pgtrigger.Protect(
                name="identity_block_lifts_once", operation=pgtrigger.Update, condition=pgtrigger.Q(old__lifted_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_identity_display()} {self.shown or self.value[:12]}"


@tracked()
class NobodyValue(models.Model):
    """A value that identifies nobody, because strangers have it: default MAC addresses, ids of emulators, placeholders.

    `value` is in lower case and without separators, as values are compared with it; `*` stands for any text. For addresses it is a
    network, for a phone the keyed hash. All zeros, and one character over and over, need no row.
    """

    kind = models.CharField(_("compared with"), max_length=8, choices=NobodyKind)
    value = models.CharField(_("value"), max_length=200)
    shown = models.CharField(_("shown as"), max_length=200, blank=True, default="", editable=False)
    note = models.CharField(_("what it is"), max_length=200)
    created_by = models.ForeignKey(
        "auth.User", models.PROTECT, related_name="+", null=True, editable=False, verbose_name=_("listed by")
    )
    created_at = models.DateTimeField(_("listed at"))
    is_listed = models.BooleanField(_("listed"), default=True)

    class Meta:
        verbose_name = _("value that identifies nobody")
        verbose_name_plural = _("values that identify nobody")
        permissions = [("unlist_nobodyvalue", _("Can take a value off the list and put it back"))]
        constraints = [
            models.UniqueConstraint(fields=["kind", "value"], name="nobody_value_once_per_kind"),
            models.CheckConstraint(condition=~Q(value="") & ~Q(value="*"), name="nobody_value_is_not_everybody"),
        ]

    def __str__(self) -> str:
        return self.shown or self.value
