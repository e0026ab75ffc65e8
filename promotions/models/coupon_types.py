from datetime import timedelta
from decimal import Decimal

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked
from backoffice.lib.states import guard_moves
from promotions.models.approved import COUPON_TYPE_NARROWS, stays_as_approved
from promotions.models.conditions import ClaimConditions
from promotions.models.slices import SliceSum, derive_is_live, overruns_only_where_honoured, pass_status_on, sums_to_owner
from promotions.querysets import CouponTypeQuerySet
from promotions.states import COUPON_TYPE_MOVES, Audience, CouponTypeStatus, Stacks

DEFAULT_COOLING = timedelta(minutes=30)
COUPON_TYPE_SUM = SliceSum(
    "promotions_coupontype",
    "promotions_coupontypeslice",
    "coupon_type_id",
    ("quantity", "quantity"),
    ("budget_amount", "amount"),
)
LONGEST_VALIDITY = 3_660  # days
TERMS = ("valid_days", "first_order_only", "stacks", "stacking_group", "stacks_with", "uses_per_token")

# Staff are told by services/coupon_types.py; this holds however the row gets there.
UNBOUNDED_TYPE_STAYS_A_DRAFT = pgtrigger.Trigger(
    name="unbounded_type_stays_a_draft",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.UpdateOf("status", "audience", "minimum_spend", "quantity"),
    condition=pgtrigger.Condition("NEW.status IN ('in_review', 'live')"),
    func="""
        IF (NEW.audience = 'restricted' OR (NEW.minimum_spend = 0 AND NEW.quantity IS NULL))
           AND NOT EXISTS (
               SELECT 1 FROM promotions_claimrule r
                WHERE (r.coupon_type_id = NEW.id OR r.campaign_id = NEW.campaign_id) AND r.action = 'refuse' AND r.ended_at IS NULL)
        THEN
            RAISE EXCEPTION 'a type without minimum spend needs a claim rule or a quantity, a restricted type a claim rule'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'unbounded_type_stays_a_draft';
        END IF;
        RETURN NEW;
    """,
)


@tracked()
class CouponType(ClaimConditions):
    """What a coupon is worth and for whom.

    `face_value` is what a coupon takes off, and for a percentage the most it can take off; the budget reserves it at claim.
    Restricted types are for guests of an event: they need tokens, a quantity, and customers who are verified.
    """

    campaign = models.ForeignKey("promotions.Campaign", models.PROTECT, related_name="coupon_types", verbose_name=_("campaign"))
    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=200)
    audience = models.CharField(_("audience"), max_length=10, choices=Audience)
    face_value = models.DecimalField(
        _("face value"), max_digits=14, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))]
    )
    percentage = models.DecimalField(
        _("percentage off"),
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.01")), MaxValueValidator(Decimal(100))],
        help_text=_("Empty for a fixed amount. With a percentage, the face value is the cap."),
    )
    minimum_spend = models.DecimalField(
        _("minimum spend"), max_digits=14, decimal_places=2, default=0, validators=[MinValueValidator(Decimal(0))]
    )
    claim_from = models.DateTimeField(_("claim from"))
    claim_until = models.DateTimeField(_("claim until"))
    valid_until = models.DateTimeField(
        _("valid until"), null=True, blank=True, help_text=_("Coupons expire at this time at the latest.")
    )
    valid_days = models.PositiveSmallIntegerField(
        _("valid for days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_VALIDITY)],
        help_text=_("So many times 24 hours after it was claimed. With both, whichever comes first."),
    )
    first_order_only = models.BooleanField(
        _("first order only"), default=False, help_text=_("For customers who have no other order. Cancelled ones do not count.")
    )
    stacks = models.CharField(_("can be combined"), max_length=6, choices=Stacks, default=Stacks.ANY)
    stacking_group = models.SlugField(
        _("group"), max_length=40, blank=True, help_text=_("A name by which other types can list this one and its like.")
    )
    stacks_with = ArrayField(
        models.CharField(max_length=40),
        verbose_name=_("listed"),
        default=list,
        blank=True,
        help_text=_("Codes of coupon types, or names of groups, with commas between them."),
    )
    quantity = models.PositiveIntegerField(_("quantity"), null=True, blank=True, help_text=_("Empty for no limit but the budget."))
    budget_amount = models.DecimalField(
        _("budget of its own"),
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.01"))],
        help_text=_("Empty for no limit but the campaign's budget."),
    )
    uses_per_token = models.PositiveIntegerField(
        _("uses of a token"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("At most so many claims by one token. A restricted type needs this cap."),
    )
    cooling = models.DurationField(
        _("cooling time"),
        default=DEFAULT_COOLING,
        help_text=_("How long an order waits that turns a restricted coupon into virtual goods."),
    )
    status = models.CharField(_("status"), max_length=10, choices=CouponTypeStatus, default=CouponTypeStatus.DRAFT)

    objects = CouponTypeQuerySet.as_manager()

    class Meta:
        verbose_name = _("coupon type")
        verbose_name_plural = _("coupon types")
        permissions = [
            ("request_coupontype", _("Can ask for a coupon type to go live or to resume")),
            ("approve_coupontype", _("Can approve that a coupon type goes live or resumes")),
            ("suspend_coupontype", _("Can suspend a coupon type")),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(face_value__gt=0), name="coupon_type_is_worth_something"),
            models.CheckConstraint(
                condition=Q(percentage=None) | Q(percentage__gt=0, percentage__lte=100),
                name="coupon_type_percentage_in_range",
            ),
            models.CheckConstraint(condition=Q(minimum_spend__gte=0), name="coupon_type_minimum_never_negative"),
            models.CheckConstraint(condition=Q(budget_amount=None) | Q(budget_amount__gt=0), name="coupon_type_budget_is_positive"),
            models.CheckConstraint(condition=Q(claim_from__lt=F("claim_until")), name="coupon_type_claim_period_in_order"),
            models.CheckConstraint(condition=Q(claim_from__lt=F("valid_until")), name="coupon_type_valid_after_claim_begins"),
            models.CheckConstraint(
                condition=~Q(audience="restricted") | Q(quantity__isnull=False, requires_verified=True),
                name="coupon_type_restricted_is_capped_and_verified",
            ),
            *ClaimConditions.Meta.constraints,
            models.CheckConstraint(
                condition=Q(valid_until__isnull=False) | Q(valid_days__isnull=False), name="coupon_type_coupons_expire"
            ),
            models.CheckConstraint(
                condition=Q(valid_days=None) | Q(valid_days__gt=0, valid_days__lte=LONGEST_VALIDITY),
                name="coupon_type_valid_days_in_range",
            ),
            models.CheckConstraint(
                condition=~Q(stacks=Stacks.LISTED) | Q(stacks_with__len__gt=0), name="coupon_type_lists_what_it_stacks_with"
            ),
            models.CheckConstraint(
                condition=~Q(audience="restricted") | Q(uses_per_token__isnull=False, uses_per_token__gt=0),
                name="coupon_type_restricted_caps_uses_of_a_token",
            ),
        ]
        triggers = [
            guard_moves("coupon_type_moves", COUPON_TYPE_MOVES),
            UNBOUNDED_TYPE_STAYS_A_DRAFT,
            stays_as_approved("coupon_type_stays_as_approved", "promotions.coupontype", COUPON_TYPE_NARROWS),
            sums_to_owner("coupon_type_is_the_sum_of_its_slices", COUPON_TYPE_SUM, of_owner=True),
            pass_status_on(
                name="coupon_type_status_to_slices",
                slice_table="promotions_coupontypeslice",
                owner_column="coupon_type_id",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} · {self.name}"

    @property
    def is_restricted(self) -> bool:
        return self.audience == Audience.RESTRICTED


class CouponTypeSlice(models.Model):
    """A part of a coupon type's quantity and of its own budget. Unlimited where these are empty; what was given counts either way.

    What came back is the rest of `issued_amount`: returned = issued_amount - reserved - spent, over all time.
    """

    coupon_type = models.ForeignKey("promotions.CouponType", models.CASCADE, related_name="slices", db_index=False)
    number = models.PositiveSmallIntegerField()
    quantity = models.PositiveIntegerField(null=True)
    issued = models.PositiveIntegerField(default=0)
    issued_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    reserved = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    spent = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    overrun = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    is_live = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("slice of a coupon type")
        verbose_name_plural = _("slices of coupon types")
        constraints = [
            models.UniqueConstraint(fields=["coupon_type", "number"], name="coupon_type_slice_number_once"),
            models.CheckConstraint(
                condition=Q(quantity=None) | Q(issued__lte=F("quantity")), name="coupon_type_slice_never_overshoots"
            ),
            models.CheckConstraint(
                condition=Q(reserved__gte=0, spent__gte=0, overrun__gte=0) & (Q(amount=None) | Q(amount__gte=0)),
                name="coupon_type_slice_never_negative",
            ),
            models.CheckConstraint(
                condition=Q(amount=None) | Q(amount__gte=F("reserved") + F("spent") - F("overrun")),
                name="coupon_type_slice_never_overspends",
            ),
            models.CheckConstraint(
                condition=Q(overrun=0) | Q(overrun=F("reserved") + F("spent") - F("amount"), amount__isnull=False),
                name="coupon_type_slice_overrun_is_what_lies_above",
            ),
            models.CheckConstraint(
                condition=Q(issued_amount__gte=F("reserved") + F("spent")), name="coupon_type_slice_holds_only_what_it_issued"
            ),
        ]
        triggers = [
            overruns_only_where_honoured(
                "coupon_type_slice_overruns_only_where_honoured",
                "SELECT c.overrun_policy FROM promotions_coupontype t JOIN promotions_campaign c ON c.id = t.campaign_id"
                " WHERE t.id = NEW.coupon_type_id",
            ),
            sums_to_owner("coupon_type_slices_sum_to_the_type", COUPON_TYPE_SUM),
            derive_is_live(
                name="coupon_type_slice_is_live",
                status_query="SELECT t.status FROM promotions_coupontype t WHERE t.id = NEW.coupon_type_id",
                giving=[CouponTypeStatus.LIVE],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.coupon_type_id}/{self.number}"
