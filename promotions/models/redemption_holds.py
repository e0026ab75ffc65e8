from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked
from promotions.querysets import RedemptionHoldQuerySet


def _scope_field(model: str, words: Any) -> models.ForeignKey:
    return models.ForeignKey(model, models.PROTECT, related_name="redemption_holds", null=True, blank=True, verbose_name=words)


@tracked()
class RedemptionHold(models.Model):
    """Whatever redeems coupons of this campaign, type, entry or batch from `since` on is to be held, until it is lifted.

    Promotions know no orders: whoever places one asks, in the transaction that redeems, and holds it there.
    """

    campaign = _scope_field("promotions.Campaign", _("campaign"))
    coupon_type = _scope_field("promotions.CouponType", _("coupon type"))
    entry = _scope_field("promotions.Entry", _("entry"))
    batch = _scope_field("promotions.TokenBatch", _("token batch"))
    since = models.DateTimeField(_("redeemed since"))
    reason = models.TextField(_("reason"))
    placed_at = models.DateTimeField(_("placed at"))
    placed_by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("placed by"))
    lifted_at = models.DateTimeField(_("lifted at"), null=True, blank=True)
    lifted_by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("lifted by"))

    objects = RedemptionHoldQuerySet.as_manager()

    class Meta:
        verbose_name = _("held redemptions")
        verbose_name_plural = _("held redemptions")
        permissions = [
            ("request_lift", _("Can ask that redemptions are no longer held")),
            ("approve_lift", _("Can approve that redemptions are no longer held")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(campaign__isnull=False, coupon_type=None, entry=None, batch=None)
                | Q(campaign=None, coupon_type__isnull=False, entry=None, batch=None)
                | Q(campaign=None, coupon_type=None, entry__isnull=False, batch=None)
                | Q(campaign=None, coupon_type=None, entry=None, batch__isnull=False),
                name="redemption_hold_has_one_scope",
            ),
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by=None) | Q(lifted_at__isnull=False, lifted_by__isnull=False),
                name="redemption_hold_lifted_by_whom_and_when",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="redemption_hold_has_a_reason"),
            *(
                models.UniqueConstraint(
                    fields=[name],
                    condition=Q(lifted_at=None) & Q(**{f"{name}__isnull": False}),
                    name=f"redemption_hold_once_per_{name}",
                )
                for name in ("campaign", "coupon_type", "entry", "batch")
            ),
        ]

    def __str__(self) -> str:
        return str(self.batch or self.entry or self.coupon_type or self.campaign)
