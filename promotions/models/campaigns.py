from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked
from backoffice.lib.states import guard_moves
from promotions.models.approved import CAMPAIGN_NARROWS, stays_as_approved
from promotions.models.slices import pass_status_on
from promotions.states import CAMPAIGN_MOVES, CampaignStatus, OverrunPolicy, SlotReturn


@tracked()
class Campaign(models.Model):
    """A promotion with a period, a budget and an owner."""

    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=200)
    owner = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("owner"))
    partner = models.CharField(_("partner"), max_length=200, blank=True, help_text=_("For example the TV show."))
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"))
    currency = models.CharField(_("currency"), max_length=3, default="CNY", help_text=_("ISO 4217"))
    time_zone = models.CharField(
        _("time zone"),
        max_length=40,
        default="Asia/Shanghai",
        help_text=_("In which opening hours are meant, for example Asia/Shanghai."),
    )
    slot_return = models.CharField(
        _("cancelled orders give back"), max_length=12, choices=SlotReturn, default=SlotReturn.UNLESS_RISK
    )
    overrun_policy = models.CharField(
        _("where promises exceed the budget"),
        max_length=8,
        choices=OverrunPolicy,
        default=OverrunPolicy.REFUSE,
        help_text=_(
            "Claims are refused either way. Honour: a coupon that comes back stays valid even without room, and an alarm tells."
        ),
    )
    status = models.CharField(_("status"), max_length=10, choices=CampaignStatus, default=CampaignStatus.DRAFT)

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        permissions = [
            ("request_campaign", _("Can ask for a campaign to go live or to resume")),
            ("approve_campaign", _("Can approve that a campaign goes live or resumes")),
            ("stop_campaign", _("Can stop a campaign")),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="campaign_starts_before_it_ends"),
            models.CheckConstraint(condition=Q(currency__regex="^[A-Z]{3}$"), name="campaign_currency_is_iso"),
        ]
        triggers = [
            guard_moves("campaign_moves", CAMPAIGN_MOVES),
            stays_as_approved("campaign_stays_as_approved", "promotions.campaign", CAMPAIGN_NARROWS),
            pass_status_on(
                name="campaign_status_to_slices",
                slice_table="promotions_budgetslice",
                owner_column="budget_id",
                owners="SELECT id FROM promotions_budget WHERE campaign_id = NEW.id",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} · {self.name}"

    @property
    def honours_promises(self) -> bool:
        """Whether what was promised is given where the budget, in the meantime, has no room for it."""
        return self.overrun_policy == OverrunPolicy.HONOUR
