"""Coupon types: what they are worth, who may take them, what they can cost at most, and everything that knocked on their door."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import F, Sum
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from backoffice.lib.admin.base import ReasonedForm
from backoffice.lib.admin.columns import money_column, state_column, text_column, time_column
from backoffice.lib.admin.filters import ChoicesFilter, MomentFilter, lookup_filter
from backoffice.lib.admin.history import Source, source_of, tracker_of
from backoffice.lib.admin.page import Fact, Headline, Panel
from backoffice.lib.admin.steps import Step
from backoffice.lib.display import NOTHING, amount_text, count_text, duration_text, state_badge, time_html
from promotions.admin.changing import change_steps
from promotions.admin.charts import coupon_type_charts
from promotions.admin.drafts import DraftAdmin, approvals_panel, why_not_ask
from promotions.admin.links import batches_panel, entries_panel, list_of, page_of, thresholds_panel
from promotions.admin.rules import ClaimRuleInline, rule_steps, rules_panel, save_rules
from promotions.models import (
    Campaign,
    Claim,
    ClaimRule,
    ClaimToken,
    CouponType,
    CouponTypeSlice,
    Entry,
    EntrySlice,
    Threshold,
    TokenBatch,
)
from promotions.services.budgets import budget_figures, coupon_type_figures
from promotions.services.coupon_types import (
    blast_radius,
    create_coupon_type,
    request_coupon_type,
    request_resume,
    suspend_coupon_type,
)
from promotions.states import CouponTypeStatus, EntryStatus


def cost(coupon_type: CouponType) -> str:
    return amount_text(blast_radius(coupon_type), coupon_type.campaign.currency)


STEPS = (
    Step(
        name="ask-to-go-live",
        label=gettext_lazy("Ask to go live"),
        icon="send",
        permission="promotions.request_coupontype",
        run=request_coupon_type,
        is_shown=lambda kind: kind.status in (CouponTypeStatus.DRAFT, CouponTypeStatus.IN_REVIEW),
        why_not=why_not_ask,
        tells=lambda kind: (
            _(
                "%(type)s goes to Approvals. Once a second person approves, it can be claimed through its open entries."
                " It can cost at most %(cost)s."
            )
            % {"type": kind, "cost": cost(kind)}
        ),
        done=gettext_lazy("Sent to Approvals. A second person decides."),
    ),
    Step(
        name="suspend",
        label=gettext_lazy("Suspend"),
        icon="pause_circle",
        is_stop=True,
        permission="promotions.suspend_coupontype",
        run=suspend_coupon_type,
        is_shown=lambda kind: kind.status == CouponTypeStatus.LIVE,
        tells=lambda kind: (
            _(
                "Nobody gets a coupon of %(type)s any more, from this moment and through every entry; %(cost)s are not given."
                " Coupons already given stay valid. To start again a second person is needed."
            )
            % {"type": kind, "cost": cost(kind)}
        ),
        done=gettext_lazy("Suspended. Nothing of it is given any more."),
    ),
    Step(
        name="ask-to-resume",
        label=gettext_lazy("Ask to resume"),
        icon="play_circle",
        permission="promotions.request_coupontype",
        run=request_resume,
        is_shown=lambda kind: kind.status == CouponTypeStatus.SUSPENDED,
        why_not=why_not_ask,
        tells=lambda kind: (
            _(
                "This goes to Approvals. Once a second person approves, %(type)s can be claimed again; it can cost at most"
                " %(cost)s more."
            )
            % {"type": kind, "cost": cost(kind)}
        ),
        done=gettext_lazy("Sent to Approvals. A second person decides."),
    ),
    *change_steps(
        CouponType, ask="promotions.request_coupontype", stop="promotions.suspend_coupontype", drop="promotions.change_coupontype"
    ),
)


class NewCouponTypeForm(ReasonedForm):
    """The limit per customer becomes the first claim rule."""

    per_customer = forms.IntegerField(
        label=gettext_lazy("Coupons per customer"),
        min_value=1,
        required=False,
        initial=1,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=gettext_lazy("Empty for no limit."),
    )


CampaignFilter = lookup_filter(
    gettext_lazy("campaign"),
    "campaign__id__exact",
    lambda: [(str(pk), code) for pk, code in Campaign.objects.order_by("-pk").values_list("pk", "code")[:200]],
    lambda rows, key: rows.filter(campaign=key),
)


COLUMNS = (
    "code",
    "name",
    text_column(lambda kind: page_of(kind.campaign, kind.campaign.code), "campaign", gettext_lazy("campaign")),
    state_column("status", gettext_lazy("state")),
    state_column("audience", gettext_lazy("audience")),
    money_column("face_value", gettext_lazy("face value"), currency="campaign.currency"),
    text_column(lambda kind: f"{count_text(kind.issued)} / {count_text(kind.quantity)}", "issued", gettext_lazy("issued")),
    time_column("claim_until", gettext_lazy("claim until")),
)


CONDITIONS = (
    ("requires_verified", "requires_verified_phone", "new_customers_only"),
    ("minimum_account_age", "regions"),
)


@admin.register(CouponType)
class CouponTypeAdmin(DraftAdmin):
    add_form = NewCouponTypeForm
    steps = (*STEPS, *rule_steps("promotions.request_coupontype"))
    inlines = (ClaimRuleInline,)
    list_display = COLUMNS
    list_filter = (("status", ChoicesFilter), ("audience", ChoicesFilter), CampaignFilter, ("claim_until", MomentFilter))
    list_select_related = ("campaign",)
    search_fields = ("code", "name")
    ordering = ("-pk",)
    autocomplete_fields = ("campaign",)
    worth = (("face_value", "percentage"), "minimum_spend", "claim_from", "claim_until", "valid_until")
    add_fieldsets = (
        (None, {"fields": ("campaign", ("code", "name"), "audience", *worth)}),
        (gettext_lazy("Limits"), {"fields": (("quantity", "per_customer"), "budget_amount")}),
        (gettext_lazy("Who may claim"), {"fields": CONDITIONS}),
    )
    fieldsets = (
        (None, {"fields": (("code", "name"), *worth, ("quantity", "budget_amount"), "cooling")}),
        (gettext_lazy("Who may claim"), {"fields": CONDITIONS}),
    )

    def get_inlines(self, request: HttpRequest, obj: Any) -> tuple:
        return self.inlines if obj else ()

    def create(self, request: HttpRequest, data: dict[str, Any]) -> CouponType:
        return create_coupon_type(**data)

    def load_rows(self, rows: list[Any]) -> None:
        sums = CouponTypeSlice.objects.filter(coupon_type__in=rows).values_list("coupon_type")
        issued = dict(sums.annotate(n=Sum("issued")))
        for kind in rows:
            kind.issued = issued.get(kind.pk, 0)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        save_rules(form.instance, formset)

    def headline(self, request: HttpRequest, obj: CouponType) -> Headline:
        return Headline(str(obj), state_badge(obj), facts=facts_of(obj))

    def panels(self, request: HttpRequest, obj: CouponType) -> list[Panel]:
        caps = EntrySlice.objects.filter(entry__coupon_type=obj).values_list("entry")
        return [
            bounds_panel(obj),
            *coupon_type_charts(request, obj),
            rules_panel(obj),
            entries_panel(obj.entries.order_by("pk"), dict(caps.annotate(n=Sum("issued"))), list_of(Entry, q=obj.code)),
            thresholds_panel(obj.thresholds.all(), list_of(Threshold, coupon_type__id__exact=obj.pk)),
            batches_panel(TokenBatch.objects.filter(entry__coupon_type=obj), list_of(TokenBatch, q=obj.code)),
            approvals_panel(obj),
        ]

    def history_sources(self, obj: CouponType) -> list[Source]:
        return [*source_of(obj), *(Source(tracker_of(model), {"coupon_type_id": obj.pk}) for model in (ClaimRule, Threshold))]


def facts_of(kind: CouponType) -> list[Fact]:
    currency = kind.campaign.currency
    issued = kind.slices.aggregate(n=Sum("issued"))["n"] or 0
    figures = coupon_type_figures(kind)
    everything = list_of(Claim, coupon_type=kind.pk)
    worth = _("%(percent)s %% off, at most") % {"percent": kind.percentage.normalize()} if kind.percentage else ""
    return [
        Fact(_("Can still cost at most"), cost(kind), _("if everything open and drafted were claimed")),
        Fact(_("Issued"), f"{count_text(issued)} / {count_text(kind.quantity)}", amount_text(figures["issued"], currency)),
        Fact(_("Owed"), amount_text(figures["reserved"], currency), _("reserved for coupons that can still be used")),
        Fact(_("Spent"), amount_text(figures["spent"], currency)),
        Fact(_("Budget of its own"), amount_text(kind.budget_amount, currency) if kind.budget_amount else _("the campaign's")),
        Fact(_("Face value"), amount_text(kind.face_value, currency), worth),
        Fact(_("Minimum spend"), amount_text(kind.minimum_spend, currency) if kind.minimum_spend else _("none")),
        Fact(_("Audience"), state_badge(kind, "audience"), _("verified customers only") if kind.requires_verified else ""),
        Fact(_("Claimed"), time_html(kind.claim_from), time_html(kind.claim_until)),
        Fact(_("Valid until"), time_html(kind.valid_until)),
        Fact(_("Cooling time"), duration_text(kind.cooling) if kind.is_restricted else NOTHING),
        Fact(_("Campaign"), page_of(kind.campaign), state_badge(kind.campaign)),
        Fact(_("Everything that knocked"), _("claims, issued and refused"), url=everything),
    ]


def bounds_panel(kind: CouponType) -> Panel:
    """What bounds the money it can cost. Tokens are no bound: more can be made without a second person."""
    issued = kind.slices.aggregate(n=Sum("issued"))["n"] or 0
    entries = kind.entries.exclude(status=EntryStatus.CLOSED)
    tokens = ClaimToken.objects.filter(batch__entry__coupon_type=kind, revoked_at=None, batch__revoked_at=None)
    uses = tokens.aggregate(n=Sum(F("uses") - F("used")))["n"] or 0
    own_room = coupon_type_figures(kind)["room"]
    rows = [
        bound(kind, _("quantity left"), None if kind.quantity is None else kind.quantity - issued),
        bound(kind, _("caps of entries left"), (entries.aggregate(n=Sum("cap"))["n"] or 0) - issued),
        bound(kind, _("uses of valid tokens left"), uses),
        *([[_("its own budget left"), NOTHING, amount_text(own_room, kind.campaign.currency)]] if own_room is not None else []),
        [_("budget left"), NOTHING, amount_text(budget_figures(kind.campaign.budget)["room"], kind.campaign.currency)],
    ]
    note = _("The smallest of quantity, caps and budget counts. Tokens do not: more can be made without a second person.")
    return Panel(_("What it can cost at most"), [_("bound by"), _("coupons"), _("money")], rows, note=note)


def bound(kind: CouponType, label: str, coupons: int | None) -> list[Any]:
    if coupons is None:
        return [label, _("no limit"), NOTHING]
    coupons = max(coupons, 0)
    return [label, count_text(coupons), amount_text(coupons * kind.face_value, kind.campaign.currency)]
