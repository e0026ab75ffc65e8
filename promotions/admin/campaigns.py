"""Campaigns: how the budget stands, what they give, and the steps from draft to the end."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.core.validators import MinValueValidator
from django.db.models import F, Sum
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminSplitDateTimeWidget, UnfoldAdminTextInputWidget

from backoffice.lib.admin.base import ReasonedForm
from backoffice.lib.admin.columns import state_column, text_column, time_column
from backoffice.lib.admin.filters import ChoicesFilter, MomentFilter
from backoffice.lib.admin.history import Source, source_of, tracker_of
from backoffice.lib.admin.page import Fact, Headline, Panel
from backoffice.lib.admin.steps import ReasonForm, Step
from backoffice.lib.admin.stopping import StopsSeveralMixin
from backoffice.lib.display import NOTHING, amount_text, count_text, state_badge, time_html, time_text
from backoffice.lib.money import ZERO
from promotions.admin.changing import change_steps
from promotions.admin.charts import campaign_charts
from promotions.admin.drafts import DraftAdmin, approvals_panel, why_not_ask
from promotions.admin.links import entries_panel, list_of, page_of, share, thresholds_panel
from promotions.admin.rules import ClaimRuleInline, rule_steps, save_rules
from promotions.models import Budget, BudgetSlice, Campaign, ClaimRule, CouponType, CouponTypeSlice, Entry, EntrySlice, Threshold
from promotions.services.budgets import budget_figures
from promotions.services.campaigns import create_campaign, end_campaign, pause_campaign, request_campaign, request_resume
from promotions.services.duplicating import duplicate_campaign
from promotions.states import CAMPAIGN_GIVING, CampaignStatus, EntryStatus


def money(campaign: Campaign, amount: Decimal) -> str:
    return amount_text(amount, campaign.currency)


class DuplicateForm(ReasonForm):
    """What a copy cannot take from its original."""

    code = forms.CharField(
        label=gettext_lazy("Code of the copy"),
        max_length=40,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Codes of coupon types and entries are made from it."),
    )
    starts_at = forms.SplitDateTimeField(
        label=gettext_lazy("Starts at"),
        widget=UnfoldAdminSplitDateTimeWidget,
        help_text=gettext_lazy("All other times move by as much."),
    )
    field_order = ("code", "starts_at", "reason")

    def for_object(self, obj: Campaign) -> None:
        self.initial.setdefault("starts_at", obj.ends_at)


STEPS = (
    Step(
        name="ask-to-go-live",
        label=gettext_lazy("Ask to go live"),
        icon="send",
        permission="promotions.request_campaign",
        run=request_campaign,
        is_shown=lambda campaign: campaign.status in (CampaignStatus.DRAFT, CampaignStatus.IN_REVIEW),
        why_not=why_not_ask,
        tells=lambda campaign: (
            _(
                "%(campaign)s goes to Approvals. Once a second person approves, it gives coupons from %(start)s, for at most"
                " %(budget)s."
            )
            % {"campaign": campaign, "start": time_text(campaign.starts_at), "budget": money(campaign, campaign.budget.amount)}
        ),
        done=gettext_lazy("Sent to Approvals. A second person decides."),
    ),
    Step(
        name="pause",
        label=gettext_lazy("Stop"),
        icon="stop_circle",
        is_stop=True,
        permission="promotions.stop_campaign",
        run=pause_campaign,
        is_shown=lambda campaign: campaign.status in CAMPAIGN_GIVING,
        tells=lambda campaign: (
            _(
                "%(campaign)s gives no coupon any more, from this moment and through every entry. Coupons already given stay valid:"
                " %(reserved)s. To start again a second person is needed."
            )
            % {"campaign": campaign, "reserved": money(campaign, budget_figures(campaign.budget)["reserved"])}
        ),
        done=gettext_lazy("Paused. Nothing is given any more."),
    ),
    Step(
        name="ask-to-resume",
        label=gettext_lazy("Ask to resume"),
        icon="play_circle",
        permission="promotions.request_campaign",
        run=request_resume,
        is_shown=lambda campaign: campaign.status == CampaignStatus.PAUSED,
        why_not=why_not_ask,
        tells=lambda campaign: (
            _("This goes to Approvals. Once a second person approves, %(campaign)s can give %(room)s more.")
            % {"campaign": campaign, "room": money(campaign, budget_figures(campaign.budget)["room"])}
        ),
        done=gettext_lazy("Sent to Approvals. A second person decides."),
    ),
    Step(
        name="end",
        label=gettext_lazy("End early"),
        icon="block",
        is_stop=True,
        permission="promotions.stop_campaign",
        run=end_campaign,
        is_shown=lambda campaign: campaign.status in (*CAMPAIGN_GIVING, CampaignStatus.PAUSED),
        tells=lambda campaign: (
            _(
                "%(campaign)s gives no coupon any more, and nobody can start it again. Coupons already given stay valid:"
                " %(reserved)s. Its coupon types and entries end with it."
            )
            % {"campaign": campaign, "reserved": money(campaign, budget_figures(campaign.budget)["reserved"])}
        ),
        done=gettext_lazy("Ended for good."),
    ),
    Step(
        name="duplicate",
        label=gettext_lazy("Duplicate"),
        icon="content_copy",
        is_plain=True,
        permission="promotions.add_campaign",
        run=duplicate_campaign,
        form_class=DuplicateForm,
        leads_to_result=True,
        tells=lambda campaign: (
            _(
                "A draft is made with the budget, coupon types, rules, scopes, hours, entries and thresholds of %(campaign)s, all"
                " as drafts, their times moved to the new start. You own it. Nothing of %(campaign)s changes."
            )
            % {"campaign": campaign}
        ),
        done=gettext_lazy("This is the copy: a draft."),
    ),
    *change_steps(Campaign, ask="promotions.request_campaign", stop="promotions.stop_campaign", drop="promotions.change_campaign"),
)


class CampaignForm(ReasonedForm):
    """A draft's budget is a row of its own, and asked for beside it."""

    budget = forms.DecimalField(
        label=gettext_lazy("Budget"),
        max_digits=14,
        decimal_places=2,
        validators=[MinValueValidator(Decimal("0.01"))],
        widget=UnfoldAdminDecimalFieldWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["budget"] = self.instance.budget.amount


def burnt(campaign: Any) -> Any:
    return share(campaign.used, campaign.budget.amount) if hasattr(campaign, "budget") else NOTHING


COLUMNS = (
    "code",
    "name",
    state_column("status", gettext_lazy("state")),
    time_column("starts_at", gettext_lazy("starts")),
    time_column("ends_at", gettext_lazy("ends")),
    text_column(lambda c: amount_text(c.budget.amount, c.currency), "budget", gettext_lazy("budget")),
    text_column(burnt, "burnt", gettext_lazy("given")),
    "owner",
)


NAMES, PERIOD, POLICY = (("code", "name"), "partner"), ("starts_at", "ends_at"), (("slot_return", "overrun_policy"), "time_zone")


@admin.register(Campaign)
class CampaignAdmin(StopsSeveralMixin, DraftAdmin):
    form = add_form = CampaignForm
    steps = (*STEPS, *rule_steps("promotions.request_campaign"))
    stops = tuple(step for step in STEPS if step.is_stop and step.name in ("pause", "end"))
    inlines = (ClaimRuleInline,)
    list_display = COLUMNS
    list_filter = (("status", ChoicesFilter), ("starts_at", MomentFilter))
    list_select_related = ("owner", "budget")
    search_fields = ("code", "name", "partner")
    ordering = ("-starts_at", "-pk")
    add_fieldsets = ((None, {"fields": (*NAMES, *PERIOD, ("budget", "currency"), *POLICY)}),)
    fieldsets = ((None, {"fields": (*NAMES, *PERIOD, "budget", *POLICY)}),)

    def get_inlines(self, request: HttpRequest, obj: Any) -> tuple:
        return self.inlines if obj else ()

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        save_rules(form.instance, formset)

    def create(self, request: HttpRequest, data: dict[str, Any]) -> Campaign:
        return create_campaign(owner=request.user, **data)

    def load_rows(self, rows: list[Any]) -> None:
        used = BudgetSlice.objects.filter(budget__campaign__in=rows).values_list("budget__campaign")
        sums = dict(used.annotate(used=Sum(F("reserved") + F("spent"))))
        for campaign in rows:
            campaign.used = sums.get(campaign.pk, ZERO)

    def headline(self, request: HttpRequest, obj: Campaign) -> Headline:
        figures = budget_figures(obj.budget)
        given, beyond = figures["reserved"] + figures["spent"], _("where promises exceed the budget")
        facts = [
            Fact(_("Budget"), money(obj, figures["amount"]), share(given, figures["amount"])),
            Fact(_("Owed"), money(obj, figures["reserved"]), _("reserved for coupons that can still be used")),
            Fact(_("Spent"), money(obj, figures["spent"])),
            Fact(_("Returned"), money(obj, figures["returned"])),
            Fact(_("Left to give"), money(obj, max(figures["room"], ZERO)), f"{beyond}: {obj.get_overrun_policy_display()}"),
            *([Fact(_("Promised beyond the budget"), money(obj, figures["overrun"]))] if figures["overrun"] else []),
            Fact(_("Starts"), time_html(obj.starts_at)),
            Fact(_("Ends"), time_html(obj.ends_at)),
            Fact(_("Owner"), obj.owner, obj.partner),
            Fact(_("Cancelled orders give back"), obj.get_slot_return_display()),
            Fact(_("Opening hours are meant in"), obj.time_zone),
        ]
        return Headline(str(obj), state_badge(obj), facts=facts)

    def panels(self, request: HttpRequest, obj: Campaign) -> list[Panel]:
        return [
            *campaign_charts(request, obj),
            coupon_types_panel(obj),
            entries_of(obj),
            thresholds_panel(Threshold.objects.filter(campaign=obj), list_of(Threshold, campaign__id__exact=obj.pk)),
            approvals_panel(obj),
        ]

    def history_sources(self, obj: Campaign) -> list[Source]:
        return [*source_of(obj), *(Source(tracker_of(model), {"campaign_id": obj.pk}) for model in (Budget, ClaimRule))]


def coupon_types_panel(campaign: Campaign) -> Panel:
    sums = CouponTypeSlice.objects.filter(coupon_type__campaign=campaign).values_list("coupon_type")
    issued = {pk: (number, amount) for pk, number, amount in sums.annotate(n=Sum("issued"), m=Sum("issued_amount"))}
    rows = [
        [
            page_of(coupon_type),
            state_badge(coupon_type),
            state_badge(coupon_type, "audience"),
            money(campaign, coupon_type.face_value),
            f"{count_text(issued.get(coupon_type.pk, (0, ZERO))[0])} / {count_text(coupon_type.quantity)}",
            money(campaign, issued.get(coupon_type.pk, (0, ZERO))[1]),
        ]
        for coupon_type in campaign.coupon_types.order_by("code")
    ]
    columns = [_("coupon type"), _("state"), _("audience"), _("face value"), _("issued of quantity"), _("issued")]
    url = list_of(CouponType, campaign__id__exact=campaign.pk)
    return Panel(_("Coupon types"), columns, rows, _("It gives nothing yet."), url)


def entries_of(campaign: Campaign) -> Panel:
    """Every way into the campaign, open ones first."""
    entries = Entry.objects.filter(coupon_type__campaign=campaign).select_related("coupon_type")
    found = sorted(entries.order_by("pk"), key=lambda entry: entry.status != EntryStatus.OPEN)
    issued = EntrySlice.objects.filter(entry__in=found).values_list("entry").annotate(n=Sum("issued"))
    return entries_panel(found, dict(issued), list_of(Entry, campaign=campaign.pk))
