import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

# Staff are told by services/coupon_types.py; this holds however the row becomes live.
SOMETHING_BOUNDS_IT = pgtrigger.Trigger(
    name="coupon_type_is_bound_by_something",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    condition=pgtrigger.Condition("NEW.status = 'live' AND NEW.minimum_spend = 0 AND NEW.quantity IS NULL"),
    func="""
        IF NOT EXISTS (
            SELECT 1 FROM promotions_claimrule r
             WHERE (r.coupon_type_id = NEW.id OR r.campaign_id = NEW.campaign_id) AND r.action = 'refuse' AND r.ended_at IS NULL
        ) THEN
            RAISE EXCEPTION 'a coupon type without minimum spend needs a quantity, or a claim rule that refuses'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'coupon_type_is_bound_by_something';
        END IF;
        RETURN NEW;
    """,
)


class ClaimConditions(models.Model):
    """What a coupon type asks of who claims it. What a condition needs and the claim does not say refuses the claim."""

    requires_verified = models.BooleanField(_("verified customers only"), default=False)
    requires_verified_phone = models.BooleanField(_("verified phones only"), default=False)
    minimum_account_age = models.DurationField(
        _("minimum age of the account"),
        null=True,
        blank=True,
        help_text=_("For example 7 00:00:00 for a week. Empty for any. An account whose age is unknown is refused."),
    )
    new_customers_only = models.BooleanField(
        _("new customers only"),
        default=False,
        help_text=_(
            "Nobody who ever had a coupon or placed an order, under this account or another of the same verified identity."
        ),
    )
    regions = ArrayField(
        models.CharField(max_length=16),
        verbose_name=_("regions"),
        default=list,
        blank=True,
        help_text=_("Codes as the storefront sends them, with commas between. Empty for everywhere."),
    )

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(minimum_account_age=None) | Q(minimum_account_age__gt="0"),
                name="coupon_type_minimum_age_is_positive",
            ),
        ]
