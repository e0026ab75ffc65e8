from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked
from promotions.models.approved import BUDGET_NARROWS, stays_as_approved
from promotions.models.slices import SliceSum, derive_is_live, overruns_only_where_honoured, sums_to_owner
from promotions.states import CAMPAIGN_GIVING

BUDGET_SUM = SliceSum("promotions_budget", "promotions_budgetslice", "budget_id", ("amount", "amount"))


@tracked()
class Budget(models.Model):
    """The money a campaign may give: reserved at claim, spent at redemption, returned by policy.

    The figures are in the slices. A change of `amount` is spread over them by `services.budgets`.
    """

    campaign = models.OneToOneField("promotions.Campaign", models.CASCADE, related_name="budget", verbose_name=_("campaign"))
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))])

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="budget_is_positive")]
        triggers = [
            stays_as_approved(
                "budget_stays_as_approved",
                "promotions.campaign",
                BUDGET_NARROWS,
                owner="campaign_id",
                status="(SELECT c.status FROM promotions_campaign c WHERE c.id = OLD.campaign_id)",
            ),
            sums_to_owner("budget_is_the_sum_of_its_slices", BUDGET_SUM, of_owner=True),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.campaign.currency}"


class BudgetSlice(models.Model):
    """A part of a budget, so that claims of one hot campaign do not all wait for one row.

    `returned` is what was reserved or spent once and came back: issued = reserved + spent + returned, over all time. `overrun` is
    how far what was promised goes beyond the amount now: always zero, unless the campaign honours its promises.
    """

    budget = models.ForeignKey("promotions.Budget", models.CASCADE, related_name="slices", db_index=False)
    number = models.PositiveSmallIntegerField()
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    reserved = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    spent = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    returned = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    overrun = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    is_live = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("slice of a budget")
        verbose_name_plural = _("slices of budgets")
        constraints = [
            models.UniqueConstraint(fields=["budget", "number"], name="budget_slice_number_once"),
            models.CheckConstraint(
                condition=Q(amount__gte=0, reserved__gte=0, spent__gte=0, returned__gte=0, overrun__gte=0),
                name="budget_slice_never_negative",
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=F("reserved") + F("spent") - F("overrun")), name="budget_slice_never_overshoots"
            ),
            models.CheckConstraint(
                condition=Q(overrun=0) | Q(overrun=F("reserved") + F("spent") - F("amount")),
                name="budget_slice_overrun_is_what_lies_above",
            ),
        ]
        triggers = [
            overruns_only_where_honoured(
                "budget_slice_overruns_only_where_honoured",
                "SELECT c.overrun_policy FROM promotions_budget b JOIN promotions_campaign c ON c.id = b.campaign_id"
                " WHERE b.id = NEW.budget_id",
            ),
            sums_to_owner("budget_slices_sum_to_the_budget", BUDGET_SUM),
            derive_is_live(
                name="budget_slice_is_live",
                status_query=(
                    "SELECT c.status FROM promotions_budget b JOIN promotions_campaign c ON c.id = b.campaign_id"
                    " WHERE b.id = NEW.budget_id"
                ),
                giving=CAMPAIGN_GIVING,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.budget_id}/{self.number}"
