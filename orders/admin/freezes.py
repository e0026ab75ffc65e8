"""Freezes and releases: the legal act, its progress, and a result for every order."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib.admin.base import ReadOnlyAdmin
from backoffice.lib.admin.columns import state_column, text_column, time_column
from backoffice.lib.admin.filters import ChoicesFilter, MomentFilter, question_filter
from backoffice.lib.admin.history import Source, source_of
from backoffice.lib.admin.jobs import bar, cancel_facts, job_page, job_warnings, progress_url
from backoffice.lib.admin.page import Fact, Headline, Panel
from backoffice.lib.admin.search import ExactSearchMixin
from backoffice.lib.display import NOTHING, count_text, link, state_badge, time_html
from backoffice.lib.models import Job
from orders.admin.ask_urls import AskingMixin
from orders.admin.emergencies import emergency_warnings
from orders.admin.links import page_of
from orders.admin.records import RecordPagesMixin
from orders.admin.scope_panels import document_cell, scope_panels, terms_facts
from orders.admin.stopping import FREEZE_STEPS, RELEASE_STEPS
from orders.admin.terms import EXTEND, TermFilter, term_state, term_warnings
from orders.models import Freeze, FreezeItem, Hold, Release, ReleaseItem
from orders.scopes.reading import scope_aloud
from orders.states import ItemResult

TROUBLE_SHOWN = 20

job_page("freeze", lambda job: reverse("admin:orders_freeze_change", args=[Freeze.objects.get(job=job).pk]))
job_page("release", lambda job: reverse("admin:orders_release_change", args=[Release.objects.get(job=job).pk]))


def open_holds(freeze: Freeze) -> Any:
    return Hold.objects.open().filter(freeze=freeze)


def job_facts(job: Job) -> list[Fact]:
    approval = (
        link(reverse("admin:lib_approval_change", args=[job.approval_id]), f"#{job.approval_id}") if job.approval_id else NOTHING
    )
    decided = job.approval.decided_by if job.approval else None
    return [
        Fact(_("Asked by"), job.requested_by, time_html(job.requested_at)),
        Fact(_("Approval"), approval, decided or _("waiting for a second person")),
        Fact(_("Reason"), job.reason),
        Fact(_("Hash of the scope"), f"{job.scope_hash[:16]}…"),
        Fact(_("Job"), page_of(job), state_badge(job)),
        *cancel_facts(job),
    ]


def why_of(item: FreezeItem | ReleaseItem) -> str:
    """Why it was left out or failed, as it is kept; what we ourselves wrote in the reader's language."""
    return _(item.detail) if item.detail else NOTHING


def tally_panel(tally: dict[str, int], list_url: str) -> Panel:
    """So many items with each result. Held, released, skipped and failed add up to the scope at the end."""
    words = dict(ItemResult.choices)
    rows = [
        [words[result], link(f"{list_url}&result__exact={result}", count_text(number))]
        for result, number in tally.items()
        if number
    ]
    return Panel(_("Results"), [_("result"), _("items")], rows, _("No items."), list_url)


@admin.register(Freeze)
class FreezeAdmin(AskingMixin, RecordPagesMixin, ReadOnlyAdmin):
    steps = (EXTEND, *FREEZE_STEPS)
    list_display = (
        "__str__",
        state_column("kind", gettext_lazy("kind")),
        "authority",
        state_column("job.status", gettext_lazy("state")),
        text_column(lambda freeze: bar(freeze.job), "progress", gettext_lazy("progress")),
        text_column(lambda freeze: count_text(freeze.job.total), "orders", gettext_lazy("orders")),
        text_column(term_state, "term", gettext_lazy("term"), order="valid_until"),
        text_column(lambda freeze: freeze.job.requested_by, "requested_by", gettext_lazy("asked by")),
        time_column("job.requested_at", gettext_lazy("asked at"), order="pk"),
    )
    list_filter = (("kind", ChoicesFilter), ("job__status", ChoicesFilter), TermFilter)
    list_select_related = ("job__requested_by", "job__approval__decided_by", "document")
    search_fields = ("legal_reference", "authority", "scope_text")
    ordering = ("-pk",)

    def headline(self, request: HttpRequest, obj: Freeze) -> Headline:
        facts = [
            Fact(_("Holds open"), count_text(open_holds(obj).count())),
            *terms_facts(obj),
            *job_facts(obj.job),
        ]
        kind = state_badge(obj, "kind")
        warnings = [*job_warnings(obj.job), *emergency_warnings(obj), *term_warnings(obj)]
        return Headline(str(obj), kind, scope_aloud(obj.scope_text), facts, warnings, progress_url(obj.job))

    def panels(self, request: HttpRequest, obj: Freeze) -> list[Panel]:
        items = f"{reverse('admin:orders_freezeitem_changelist')}?freeze={obj.pk}"
        trouble = obj.items.filter(result__in=("skipped", "failed")).select_related("order").order_by("-result", "pk")
        rows = [[page_of(item.order), state_badge(item, "result"), why_of(item)] for item in trouble[:TROUBLE_SHOWN]]
        return [
            tally_panel(obj.items.tally(), items),
            *scope_panels(obj.scope),
            Panel(_("Not held, and why"), [_("order"), _("result"), _("why")], rows, _("None was left out."), items),
            releases_panel(obj),
        ]

    def history_sources(self, obj: Freeze) -> list[Source]:
        return [*source_of(obj), *source_of(obj.job), *(source_of(obj.job.approval) if obj.job.approval else [])]


def releases_panel(freeze: Freeze) -> Panel:
    rows = [
        [
            page_of(release),
            state_badge(release.job),
            bar(release.job),
            scope_aloud(release.scope_text),
            release.legal_reference or NOTHING,
        ]
        for release in freeze.releases.select_related("job").order_by("-pk")
    ]
    return Panel(
        _("Releases"), [_("release"), _("state"), _("progress"), _("scope"), _("legal reference")], rows, _("Nothing was released.")
    )


@admin.register(Release)
class ReleaseAdmin(RecordPagesMixin, ReadOnlyAdmin):
    steps = RELEASE_STEPS
    list_display = (
        "__str__",
        text_column(lambda release: page_of(release.freeze), "freeze", gettext_lazy("freeze")),
        state_column("job.status", gettext_lazy("state")),
        text_column(lambda release: bar(release.job), "progress", gettext_lazy("progress")),
        text_column(lambda release: count_text(release.job.total), "holds", gettext_lazy("holds")),
        text_column(lambda release: release.job.requested_by, "requested_by", gettext_lazy("asked by")),
        time_column("job.requested_at", gettext_lazy("asked at"), order="pk"),
    )
    list_filter = (("job__status", ChoicesFilter), ("job__requested_at", MomentFilter))
    list_select_related = ("freeze", "job__requested_by", "job__approval__decided_by", "document")
    search_fields = ("legal_reference", "scope_text", "freeze__legal_reference")
    ordering = ("-pk",)

    def headline(self, request: HttpRequest, obj: Release) -> Headline:
        facts = [
            Fact(_("Freeze"), page_of(obj.freeze)),
            Fact(_("Legal reference"), obj.legal_reference or NOTHING),
            Fact(_("Document"), document_cell(obj.document)),
            *job_facts(obj.job),
        ]
        warnings = job_warnings(obj.job)
        return Headline(
            str(obj), sentence=scope_aloud(obj.scope_text), facts=facts, warnings=warnings, progress_url=progress_url(obj.job)
        )

    def panels(self, request: HttpRequest, obj: Release) -> list[Panel]:
        items = f"{reverse('admin:orders_releaseitem_changelist')}?release={obj.pk}"
        return [tally_panel(obj.items.tally(), items), *scope_panels(obj.scope)]

    def history_sources(self, obj: Release) -> list[Source]:
        return [*source_of(obj), *source_of(obj.job), *(source_of(obj.job.approval) if obj.job.approval else [])]


def with_result(result: str) -> Callable[[QuerySet], QuerySet]:
    return lambda items: items.filter(result=result)


ResultFilter = question_filter(
    gettext_lazy("result"), "result__exact", {value: (label, with_result(value)) for value, label in ItemResult.choices}
)


@admin.register(FreezeItem)
class FreezeItemAdmin(ExactSearchMixin, ReadOnlyAdmin):
    list_display = (
        text_column(lambda item: page_of(item.order), "order", gettext_lazy("order")),
        state_column("result", gettext_lazy("result")),
        text_column(why_of, "detail", gettext_lazy("why"), order="detail"),
        text_column(lambda item: page_of(item.freeze), "freeze", gettext_lazy("freeze")),
    )
    list_display_links = None
    list_filter = (ResultFilter,)
    list_select_related = ("order", "freeze")
    search_fields = ("order__ref",)
    ordering = ("pk",)
    fields = ("freeze", "order", "result", "detail")


@admin.register(ReleaseItem)
class ReleaseItemAdmin(ExactSearchMixin, ReadOnlyAdmin):
    list_display = (
        text_column(lambda item: page_of(item.hold.order), "order", gettext_lazy("order")),
        state_column("result", gettext_lazy("result")),
        text_column(why_of, "detail", gettext_lazy("why"), order="detail"),
        text_column(lambda item: page_of(item.release), "release", gettext_lazy("release")),
    )
    list_display_links = None
    list_filter = (ResultFilter,)
    list_select_related = ("hold__order", "release")
    search_fields = ("hold__order__ref",)
    ordering = ("pk",)
    fields = ("release", "hold", "result", "detail")
