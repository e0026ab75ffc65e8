"""Entries: the only ways in."""

from typing import Any

from django.contrib import admin
from django.db.models import Sum
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib.admin.columns import state_column, text_column, time_column
from backoffice.lib.admin.filters import ChoicesFilter, MomentFilter, lookup_filter
from backoffice.lib.admin.page import Fact, Headline, Panel
from backoffice.lib.admin.steps import Step
from backoffice.lib.admin.stopping import StopsSeveralMixin
from backoffice.lib.display import amount_text, count_text, state_badge, time_html, time_text
from promotions.admin.changing import change_steps
from promotions.admin.conditions import HoursInline, save_conditions
from promotions.admin.drafts import DraftAdmin, approvals_panel, why_not_ask
from promotions.admin.links import batches_panel, list_of, page_of, refusals_panel
from promotions.models import Campaign, Claim, Entry, EntrySlice, TokenBatch
from promotions.services.entries import close_entry, create_entry, request_entry, request_resume, suspend_entry
from promotions.states import EntryStatus
from promotions.wording import hours_words

SENT = gettext_lazy("Sent to Approvals. A second person decides.")


def worth(entry: Entry) -> str:
    """What the entry can give at most, in money."""
    return amount_text(entry.cap * entry.coupon_type.face_value, entry.coupon_type.campaign.currency)


def tells_open(entry: Entry) -> str:
    return _(
        "This goes to Approvals. Once a second person approves, %(type)s can be claimed here from %(opens)s to %(closes)s:"
        " at most %(cap)s coupons, %(worth)s."
    ) % {
        "type": entry.coupon_type,
        "opens": time_text(entry.opens_at),
        "closes": time_text(entry.closes_at),
        "cap": count_text(entry.cap),
        "worth": worth(entry),
    }


STEPS = (
    Step(
        name="ask-to-open",
        label=gettext_lazy("Ask to open"),
        icon="send",
        permission="promotions.request_entry",
        run=request_entry,
        is_shown=lambda entry: entry.status in (EntryStatus.DRAFT, EntryStatus.IN_REVIEW),
        why_not=why_not_ask,
        tells=tells_open,
        done=SENT,
    ),
    Step(
        name="suspend",
        label=gettext_lazy("Suspend"),
        icon="pause_circle",
        is_stop=True,
        permission="promotions.suspend_entry",
        run=suspend_entry,
        is_shown=lambda entry: entry.status == EntryStatus.OPEN,
        tells=lambda entry: _("Nobody can claim through %s any more, from this moment. A second person can open it again.") % entry,
        done=gettext_lazy("Suspended. Nobody gets in here."),
    ),
    Step(
        name="ask-to-resume",
        label=gettext_lazy("Ask to open again"),
        icon="play_circle",
        permission="promotions.request_entry",
        run=request_resume,
        is_shown=lambda entry: entry.status == EntryStatus.SUSPENDED,
        why_not=why_not_ask,
        tells=tells_open,
        done=SENT,
    ),
    Step(
        name="close",
        label=gettext_lazy("Close for good"),
        icon="block",
        is_stop=True,
        permission="promotions.suspend_entry",
        run=close_entry,
        is_shown=lambda entry: entry.status in (EntryStatus.OPEN, EntryStatus.SUSPENDED),
        tells=lambda entry: (
            _("Nobody can claim through %s any more, and nobody can open it again. Its tokens are worth nothing.") % entry
        ),
        done=gettext_lazy("Closed for good."),
    ),
    *change_steps(Entry, ask="promotions.request_entry", stop="promotions.suspend_entry", drop="promotions.change_entry"),
)


CampaignFilter = lookup_filter(
    gettext_lazy("campaign"),
    "campaign",
    lambda: [(str(pk), code) for pk, code in Campaign.objects.order_by("-pk").values_list("pk", "code")[:200]],
    lambda rows, key: rows.filter(coupon_type__campaign=key),
)


@admin.register(Entry)
class EntryAdmin(StopsSeveralMixin, DraftAdmin):
    steps = STEPS
    stops = tuple(step for step in STEPS if step.name in ("suspend", "close"))
    inlines = (HoursInline,)
    list_display = (
        "code",
        text_column(lambda entry: page_of(entry.coupon_type, entry.coupon_type.code), "coupon_type", gettext_lazy("coupon type")),
        state_column("status", gettext_lazy("state")),
        "channel",
        time_column("opens_at", gettext_lazy("opens")),
        time_column("closes_at", gettext_lazy("closes")),
        text_column(lambda entry: f"{count_text(entry.issued)} / {count_text(entry.cap)}", "issued", gettext_lazy("issued")),
        "needs_token",
    )
    list_filter = (
        ("status", ChoicesFilter),
        CampaignFilter,
        ("channel", ChoicesFilter),
        "needs_token",
        ("closes_at", MomentFilter),
    )
    list_select_related = ("coupon_type__campaign",)
    search_fields = ("code", "coupon_type__code")
    ordering = ("-pk",)
    autocomplete_fields = ("coupon_type",)
    add_fieldsets = ((None, {"fields": ("coupon_type", ("code", "channel"), "opens_at", "closes_at", ("cap", "needs_token"))}),)
    fieldsets = ((None, {"fields": (("code", "channel"), "opens_at", "closes_at", "cap")}),)

    def create(self, request: HttpRequest, data: dict[str, Any]) -> Entry:
        return create_entry(**data)

    def get_inlines(self, request: HttpRequest, obj: Any) -> tuple:
        return self.inlines if obj else ()

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        save_conditions(form.instance, formset)

    def load_rows(self, rows: list[Any]) -> None:
        sums = EntrySlice.objects.filter(entry__in=rows).values_list("entry")
        issued = dict(sums.annotate(n=Sum("issued")))
        for entry in rows:
            entry.issued = issued.get(entry.pk, 0)

    def headline(self, request: HttpRequest, obj: Entry) -> Headline:
        issued = obj.slices.aggregate(n=Sum("issued"))["n"] or 0
        facts = [
            Fact(_("Coupon type"), page_of(obj.coupon_type), state_badge(obj.coupon_type)),
            Fact(_("Issued"), f"{count_text(issued)} / {count_text(obj.cap)}", url=list_of(Claim, entry=obj.pk)),
            Fact(_("Worth at most"), worth(obj)),
            Fact(_("Opens"), time_html(obj.opens_at)),
            Fact(_("Closes"), time_html(obj.closes_at)),
            Fact(_("Token"), _("needed") if obj.needs_token else _("not needed")),
            Fact(_("Open"), hours_words(obj.hours.all(), obj.coupon_type.campaign.time_zone)),
        ]
        return Headline(str(obj), state_badge(obj), facts=facts)

    def panels(self, request: HttpRequest, obj: Entry) -> list[Panel]:
        batches = batches_panel(TokenBatch.objects.filter(entry=obj), list_of(TokenBatch, q=obj.code))
        return [batches, refusals_panel(obj.claims.all()), approvals_panel(obj)]
