"""Imports of orders: a file is uploaded, mapped, checked, looked at, and loaded; a result for every invoice."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib.admin.base import ReadOnlyAdmin
from backoffice.lib.admin.columns import money_column, state_column, text_column, time_column
from backoffice.lib.admin.filters import ChoicesFilter, MomentFilter, lookup_filter, question_filter
from backoffice.lib.admin.history import Source, source_of
from backoffice.lib.admin.jobs import bar, job_page, job_warnings, progress_url
from backoffice.lib.admin.page import Headline, Panel
from backoffice.lib.admin.search import ExactSearchMixin
from backoffice.lib.admin.steps import Step
from backoffice.lib.display import NOTHING, count_text, state_badge
from orders.admin.import_pages import MAPPABLE, mapping_button, mapping_page, results_file, upload_page
from orders.admin.import_panels import import_facts, import_panels
from orders.admin.links import page_of
from orders.admin.stopping import IMPORT_STEPS
from orders.models import ImportedInvoice, ImportMapping, ImportRow, OrderImport
from orders.services.import_jobs import PROBLEMS
from orders.services.importing import discard_import, load_import, why_not_load
from orders.states import ImportStatus

job_page("check import", lambda job: reverse("admin:orders_orderimport_change", args=[OrderImport.objects.get(check_job=job).pk]))
job_page("load import", lambda job: reverse("admin:orders_orderimport_change", args=[OrderImport.objects.get(job=job).pk]))


def tells_load(found: OrderImport) -> str:
    kinds = found.preview.get("kinds", {})
    sales = kinds.get("sale", {}).get("invoices", 0)
    others = sum(kind["invoices"] for kind in kinds.values()) - sales
    text = _("%(sales)s orders are made, completed as the file says, and %(others)s other invoices kept beside them.")
    text += " " + _("It cannot be undone. Loaded twice it adds nothing.")
    return text % {"sales": count_text(sales), "others": count_text(others)}


STEPS = (
    Step(
        name="load",
        label=gettext_lazy("Load"),
        icon="download_done",
        permission="orders.load_orderimport",
        run=load_import,
        is_shown=lambda found: found.status == ImportStatus.CHECKED,
        why_not=lambda found, _user: why_not_load(found),
        tells=tells_load,
        done=gettext_lazy("Being loaded."),
    ),
    Step(
        name="discard",
        label=gettext_lazy("Discard"),
        icon="delete",
        is_stop=True,
        permission="orders.load_orderimport",
        run=discard_import,
        is_shown=lambda found: found.status in MAPPABLE,
        tells=lambda found: _("The %s rows of the file are deleted. Nothing of it was loaded.") % count_text(found.rows_count),
        done=gettext_lazy("Put away."),
    ),
    *IMPORT_STEPS,
)


@admin.register(OrderImport)
class OrderImportAdmin(ReadOnlyAdmin):
    steps = STEPS
    list_display = (
        "__str__",
        "name",
        "source",
        state_column("status", gettext_lazy("state")),
        text_column(
            lambda found: bar(found.job or found.check_job) if found.check_job else NOTHING, "bar", gettext_lazy("progress")
        ),
        text_column(lambda found: count_text(found.rows_count), "rows", gettext_lazy("rows")),
        "made_by",
        time_column("made_at", gettext_lazy("made at"), order="pk"),
    )
    list_filter = (("status", ChoicesFilter), ("made_at", MomentFilter))
    list_select_related = ("made_by", "check_job", "job")
    search_fields = ("name", "source")
    ordering = ("-pk",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("orders.add_orderimport")

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return upload_page(self, request)

    def headline(self, request: HttpRequest, obj: OrderImport) -> Headline:
        job = obj.job or obj.check_job
        warnings = [*(job_warnings(obj.job) if obj.job else ()), why_not_load(obj) if obj.status == ImportStatus.CHECKED else ""]
        url = progress_url(job) if job and obj.status != ImportStatus.DISCARDED else ""
        return Headline(f"{obj} · {obj.name}", state_badge(obj), facts=import_facts(obj), warnings=warnings, progress_url=url)

    def step_buttons(self, request: HttpRequest, obj: Any) -> list[Any]:
        return [*mapping_button(request, obj), *super().step_buttons(request, obj)]

    def panels(self, request: HttpRequest, obj: OrderImport) -> list[Panel]:
        return import_panels(obj)

    def history_sources(self, obj: OrderImport) -> list[Source]:
        return [*source_of(obj), *(source_of(obj.job) if obj.job else [])]

    def get_urls(self) -> list[URLPattern]:
        own = {"mapping": self.mapping_view, "results": self.results_view}
        pages = [
            path(f"<path:object_id>/{name}/", self.admin_site.admin_view(view), name=f"orders_orderimport_{name}")
            for name, view in own.items()
        ]
        return [*pages, *super().get_urls()]

    def mapping_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return mapping_page(self, request, object_id)

    def results_view(self, request: HttpRequest, object_id: str) -> HttpResponse | StreamingHttpResponse:
        return results_file(self, request, object_id)


IMPORTS_OFFERED, CELLS_SHOWN = 100, 120
ImportFilter = lookup_filter(
    gettext_lazy("import"),
    "order_import",
    lambda: [(found.pk, f"{found} · {found.name}") for found in OrderImport.objects.order_by("-pk")[:IMPORTS_OFFERED]],
    lambda rows, key: rows.filter(order_import=key),
)
WrongFilter = question_filter(
    gettext_lazy("row"),
    "wrong",
    {
        "yes": (gettext_lazy("wrong"), lambda rows: rows.exclude(problem="")),
        "no": (gettext_lazy("right"), lambda rows: rows.filter(problem="")),
    },
)


def price_text(price: Decimal | None) -> str:
    """Without the zeros that the column adds; cents stay."""
    if price is None:
        return NOTHING
    text = f"{price:,.6f}".rstrip("0")
    whole, _point, places = text.partition(".")
    return f"{whole}.{places:0<2}"


@admin.register(ImportRow)
class ImportRowAdmin(ReadOnlyAdmin):
    list_display = (
        text_column(lambda row: str(row.number), "line", gettext_lazy("line of the file"), order="number"),
        text_column(lambda row: row.ref or NOTHING, "order", gettext_lazy("order")),
        text_column(lambda row: _(PROBLEMS[row.problem]) if row.problem else NOTHING, "wrong", gettext_lazy("what is wrong")),
        time_column("placed_at", gettext_lazy("placed"), order=None),
        "customer_ref",
        "sku",
        "description",
        "quantity",
        text_column(lambda row: price_text(row.unit_price), "price", gettext_lazy("price of one")),
        "amount",
        text_column(lambda row: " · ".join(row.cells)[:CELLS_SHOWN], "said", gettext_lazy("cells")),
    )
    list_display_links = None
    list_filter = (WrongFilter, ImportFilter)
    ordering = ("order_import", "number")
    fields = ("order_import", "number", "cells", "problem")


@admin.register(ImportedInvoice)
class ImportedInvoiceAdmin(ExactSearchMixin, ReadOnlyAdmin):
    list_display = (
        text_column(lambda each: page_of(each.order, each.ref) if each.order else each.ref, "invoice", gettext_lazy("invoice")),
        state_column("kind", gettext_lazy("kind")),
        "customer_ref",
        time_column("placed_at", gettext_lazy("placed"), order=None),
        money_column("amount", gettext_lazy("amount"), order=None),
        "lines_count",
        state_column("result", gettext_lazy("result")),
        text_column(lambda each: _(each.detail) if each.detail else NOTHING, "why", gettext_lazy("why")),
        text_column(lambda each: page_of(each.order_import), "of", gettext_lazy("import")),
    )
    list_display_links = None
    list_filter = (("result", ChoicesFilter), ("kind", ChoicesFilter), ImportFilter)
    list_select_related = ("order", "order_import")
    search_fields = ("ref", "customer_ref")
    search_help_text = gettext_lazy("Whole values: invoice, customer")
    ordering = ("-order_import", "number")
    fields = ("order_import", "number", "ref", "kind", "amount", "result", "detail")


@admin.register(ImportMapping)
class ImportMappingAdmin(ReadOnlyAdmin):
    list_display = ("name", text_column(lambda mapping: mapping.settings.get("source", ""), "of", gettext_lazy("source")))
    search_fields = ("name",)
    fields = ("name", "settings")
