"""Coupon types: what they are worth, who may take them, what they can cost at most, and everything that knocked on their door."""

from typing import Any

from django.contrib import admin
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib import clock
from backoffice.lib.admin.columns import money_column, state_column, text_column, time_column
from backoffice.lib.admin.filters import ChoicesFilter, MomentFilter, lookup_filter
from backoffice.lib.admin.history import Source, source_of, tracker_of
from backoffice.lib.admin.page import Fact, Headline, Panel
from backoffice.lib.admin.steps import Step
from backoffice.lib.admin.stopping import StopsSeveralMixin
from backoffice.lib.display import NOTHING, amount_text, count_text, duration_text, state_badge, time_html
from promotions.admin.changing import change_steps
from promotions.admin.charts import coupon_type_charts
from promotions.admin.conditions import HoursInline, ScopeInline, is_of_conditions, save_conditions
from promotions.admin.coupon_type_forms import ADD_SECTIONS, SECTIONS, CouponTypeForm, NewCouponTypeForm
from promotions.admin.drafts import DraftAdmin, approvals_panel, why_not_ask
from promotions.admin.links import batches_panel, entries_panel, list_of, page_of, thresholds_panel
from promotions.admin.radius import radius_panel
from promotions.admin.rules import ClaimRuleInline, rule_steps, rules_panel, save_rules
from promotions.models import (
    Campaign,
    Claim,
    ClaimRule,
    CouponType,
    CouponTypeSlice,
    Entry,
    EntrySlice,
    OpeningHours,
    ScopeLine,
    Threshold,
    TokenBatch,
)
from promotions.models.coupon_types import TERMS
from promotions.services.blast import BlastRadius, blast_radius, radius_text
from promotions.services.budgets import coupon_type_figures
from promotions.services.coupon_types import (
    Terms,
    create_coupon_type,
    end_coupon_type,
    request_coupon_type,
    request_resume,
    suspend_coupon_type,
)
from promotions.states import CouponTypeStatus
from promotions.wording import hours_words, terms_sentence, validity_words, value_words

BELONGING = (ClaimRule, ScopeLine, OpeningHours, Threshold)


def cost(coupon_type: CouponType) -> str:
    return radius_text(blast_radius(coupon_type, clock.now()))


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
    Step(
        name="end",
        label=gettext_lazy("End for good"),
        icon="block",
        is_stop=True,
        permission="promotions.suspend_coupontype",
        run=end_coupon_type,
        is_shown=lambda kind: kind.status in (CouponTypeStatus.LIVE, CouponTypeStatus.SUSPENDED),
        tells=lambda kind: (
            _("Nobody gets a coupon of %(type)s any more, and nobody can start it again. Coupons already given stay valid.")
            % {"type": kind}
        ),
        done=gettext_lazy("Ended for good."),
    ),
    *change_steps(
        CouponType, ask="promotions.request_coupontype", stop="promotions.suspend_coupontype", drop="promotions.change_coupontype"
    ),
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
    text_column(value_words, "takes_off", gettext_lazy("takes off")),
    money_column("minimum_spend", gettext_lazy("minimum spend"), currency="campaign.currency"),
    text_column(lambda kind: f"{count_text(kind.issued)} / {count_text(kind.quantity)}", "issued", gettext_lazy("issued")),
    time_column("claim_until", gettext_lazy("claim until")),
)


@admin.register(CouponType)
class CouponTypeAdmin(StopsSeveralMixin, DraftAdmin):
    add_form = NewCouponTypeForm
    form = CouponTypeForm
    steps = (*STEPS, *rule_steps("promotions.request_coupontype"))
    stops = tuple(step for step in STEPS if step.is_stop and step.name in ("suspend", "end"))
    inlines = (ClaimRuleInline, ScopeInline, HoursInline)
    list_display = COLUMNS
    list_filter = (("status", ChoicesFilter), ("audience", ChoicesFilter), CampaignFilter, ("claim_until", MomentFilter))
    list_select_related = ("campaign",)
    search_fields = ("code", "name")
    ordering = ("-pk",)
    autocomplete_fields = ("campaign",)
    add_fieldsets = ADD_SECTIONS
    fieldsets = SECTIONS

    def get_inlines(self, request: HttpRequest, obj: Any) -> tuple:
        return self.inlines if obj else ()

    def create(self, request: HttpRequest, data: dict[str, Any]) -> CouponType:
        terms = Terms(**{name: data.pop(name) for name in TERMS})
        return create_coupon_type(terms=terms, **data)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """On to the draft's own page: scope, hours and rules are added there."""
        super().response_add(request, obj, post_url_continue)
        return HttpResponseRedirect(reverse("admin:promotions_coupontype_change", args=[obj.pk]))

    def load_rows(self, rows: list[Any]) -> None:
        sums = CouponTypeSlice.objects.filter(coupon_type__in=rows).values_list("coupon_type")
        issued = dict(sums.annotate(n=Sum("issued")))
        for kind in rows:
            kind.issued = issued.get(kind.pk, 0)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        if is_of_conditions(formset):
            save_conditions(form.instance, formset)
        else:
            save_rules(form.instance, formset)

    def headline(self, request: HttpRequest, obj: CouponType) -> Headline:
        return Headline(str(obj), state_badge(obj), terms_sentence(obj), facts=facts_of(obj))

    def panels(self, request: HttpRequest, obj: CouponType) -> list[Panel]:
        caps = EntrySlice.objects.filter(entry__coupon_type=obj).values_list("entry")
        return [
            radius_panel(obj, radius_of(obj)),
            *coupon_type_charts(request, obj),
            rules_panel(obj),
            entries_panel(obj.entries.order_by("pk"), dict(caps.annotate(n=Sum("issued"))), list_of(Entry, q=obj.code)),
            thresholds_panel(obj.thresholds.all(), list_of(Threshold, coupon_type__id__exact=obj.pk)),
            batches_panel(TokenBatch.objects.filter(entry__coupon_type=obj), list_of(TokenBatch, q=obj.code)),
            approvals_panel(obj),
        ]

    def history_sources(self, obj: CouponType) -> list[Source]:
        return [*source_of(obj), *(Source(tracker_of(model), {"coupon_type_id": obj.pk}) for model in BELONGING)]


def radius_of(kind: CouponType) -> BlastRadius:
    """What it can cost as of now, asked for once a page."""
    if "radius" not in kind.__dict__:
        kind.__dict__["radius"] = blast_radius(kind, clock.now())
    radius: BlastRadius = kind.__dict__["radius"]
    return radius


def facts_of(kind: CouponType) -> list[Fact]:
    currency = kind.campaign.currency
    issued = kind.slices.aggregate(n=Sum("issued"))["n"] or 0
    figures = coupon_type_figures(kind)
    everything = list_of(Claim, coupon_type=kind.pk)
    radius = radius_of(kind)
    worth = _("%(percent)s %% off, at most") % {"percent": f"{kind.percentage.normalize():f}"} if kind.percentage else ""
    return [
        Fact(
            _("Can still cost at most"),
            amount_text(radius.money, currency),
            _("%(money)s within one minute") % {"money": amount_text(radius.money_per_minute, currency)},
        ),
        Fact(_("Issued"), f"{count_text(issued)} / {count_text(kind.quantity)}", amount_text(figures["issued"], currency)),
        Fact(_("Owed"), amount_text(figures["reserved"], currency), _("reserved for coupons that can still be used")),
        Fact(_("Spent"), amount_text(figures["spent"], currency)),
        Fact(_("Budget of its own"), amount_text(kind.budget_amount, currency) if kind.budget_amount else _("the campaign's")),
        Fact(_("Face value"), amount_text(kind.face_value, currency), worth),
        Fact(_("Minimum spend"), amount_text(kind.minimum_spend, currency) if kind.minimum_spend else _("none")),
        Fact(_("Audience"), state_badge(kind, "audience"), _("verified customers only") if kind.requires_verified else ""),
        Fact(_("Claimed"), time_html(kind.claim_from), format_html("{} {}", _("until"), time_html(kind.claim_until))),
        Fact(_("Valid until"), time_html(kind.valid_until), validity_words(kind)),
        Fact(_("Open"), hours_words(kind.hours.all(), kind.campaign.time_zone)),
        Fact(_("Combined"), kind.get_stacks_display(), ", ".join(kind.stacks_with) or kind.stacking_group),
        Fact(_("Uses of a token"), count_text(kind.uses_per_token), _("at most") if kind.uses_per_token else ""),
        Fact(_("Cooling time"), duration_text(kind.cooling) if kind.is_restricted else NOTHING),
        Fact(_("Campaign"), page_of(kind.campaign), state_badge(kind.campaign)),
        Fact(_("Everything that knocked"), _("claims, issued and refused"), url=everything),
    ]
