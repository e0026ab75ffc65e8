from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked
from promotions.models.approved import CLAIM_RULE_NARROWS, stays_as_approved
from promotions.states import Identity


@tracked()
class ClaimRule(models.Model):
    """At most `limit` coupons of a type for one identity within a sliding window. A claim that lacks the identity is refused."""

    coupon_type = models.ForeignKey("promotions.CouponType", models.CASCADE, related_name="rules", verbose_name=_("coupon type"))
    identity = models.CharField(_("counted by"), max_length=10, choices=Identity)
    window = models.DurationField(_("window"), null=True, blank=True, help_text=_("Empty for ever."))
    limit = models.PositiveSmallIntegerField(_("limit"), default=1, validators=[MinValueValidator(1)])

    class Meta:
        verbose_name = _("claim rule")
        verbose_name_plural = _("claim rules")
        constraints = [
            models.UniqueConstraint(
                fields=["coupon_type", "identity", "window"],
                nulls_distinct=False,
                name="claim_rule_once_per_identity_and_window",
            ),
            models.CheckConstraint(condition=Q(limit__gt=0), name="claim_rule_limit_is_positive"),
        ]
        triggers = [
            stays_as_approved(
                "claim_rule_stays_as_approved",
                "promotions.claimrule",
                CLAIM_RULE_NARROWS,
                status="(SELECT t.status FROM promotions_coupontype t WHERE t.id = OLD.coupon_type_id)",
                also_delete=True,
            )
        ]

    def __str__(self) -> str:
        return f"{self.limit} × {self.get_identity_display()}"


class RuleUse(models.Model):
    """When one identity took under one rule: the guarded counter of that rule. Holds at most `limit` times."""

    rule = models.ForeignKey("promotions.ClaimRule", models.CASCADE, related_name="+")
    identity = models.CharField(max_length=200)
    times = ArrayField(models.DateTimeField())

    class Meta:
        verbose_name = _("use of a rule")
        verbose_name_plural = _("uses of rules")
        constraints = [models.UniqueConstraint(fields=["rule", "identity"], name="rule_use_one_row_per_identity")]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.identity}"


@tracked()
class IdentityBlock(models.Model):
    """An identity that may not claim: everywhere, or one coupon type only, until a date."""

    identity = models.CharField(_("kind"), max_length=10, choices=Identity)
    value = models.CharField(_("value"), max_length=200, help_text=_("As it is compared; of a phone the keyed hash."))
    coupon_type = models.ForeignKey(
        "promotions.CouponType", models.CASCADE, related_name="+", null=True, blank=True, verbose_name=_("coupon type")
    )
    reason = models.TextField(_("reason"))
    created_by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("blocked by"))
    created_at = models.DateTimeField(_("blocked at"))
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)

    class Meta:
        verbose_name = _("block")
        verbose_name_plural = _("blocks")
        indexes = [models.Index(fields=["identity", "value"], name="identity_block_by_value")]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="identity_block_has_a_reason")]

    def __str__(self) -> str:
        return f"{self.get_identity_display()} {self.value[:12]}"
