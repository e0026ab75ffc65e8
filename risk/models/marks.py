import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked


@tracked()
class PublicMark(models.Model):
    """When the code of a restricted coupon type went public, as staff say: whoever claimed later may have come by it innocently.

    Of the whole type, of one entry, or of one token. Taken back by a person, with a reason.
    """

    coupon_type = models.ForeignKey("promotions.CouponType", models.PROTECT, related_name="+", verbose_name=_("coupon type"))
    entry = models.ForeignKey(
        "promotions.Entry",
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("entry"),
        help_text=_("Empty: all."),
    )
    token = models.ForeignKey(
        "promotions.ClaimToken", models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("claim token")
    )
    went_public_at = models.DateTimeField(_("went public at"))
    reason = models.TextField(_("how we know"))
    marked_by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("marked by"))
    marked_at = models.DateTimeField(_("marked at"))
    lifted_at = models.DateTimeField(_("taken back at"), null=True, editable=False)
    lifted_by = models.ForeignKey(
        "auth.User", models.PROTECT, related_name="+", null=True, editable=False, verbose_name=_("taken back by")
    )
    lift_reason = models.TextField(_("why it was taken back"), blank=True, default="", editable=False)

    class Meta:
        verbose_name = _("code that went public")
        verbose_name_plural = _("codes that went public")
        ordering = ["-id"]
        permissions = [("lift_publicmark", _("Can take back that a code went public"))]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="public_mark_has_a_reason"),
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by=None, lift_reason="")
                | (Q(lifted_at__isnull=False, lifted_by__isnull=False) & ~Q(lift_reason="")),
                name="public_mark_taken_back_by_whom_when_and_why",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="public_mark_is_only_taken_back", exclude=["lifted_at", "lifted_by", "lift_reason"]),
            pgtrigger.Protect(
                name="public_mark_taken_back_once", operation=pgtrigger.Update, condition=pgtrigger.Q(old__lifted_at__isnull=False)
            ),
            pgtrigger.Protect(name="public_mark_is_never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.coupon_type}, {self.went_public_at:%Y-%m-%d %H:%M}"
