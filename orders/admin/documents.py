"""Documents and lists of orders: what a freeze stands on, and what it was asked for with. Looked at, and never changed."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib.admin.base import ReadOnlyAdmin
from backoffice.lib.admin.columns import text_column, time_column
from backoffice.lib.admin.filters import ChoicesFilter, MomentFilter
from backoffice.lib.admin.page import Fact, Headline, Panel
from backoffice.lib.admin.search import ExactSearchMixin
from backoffice.lib.aloud import aloud
from backoffice.lib.display import count_text, link, time_html
from orders.admin.links import orders_panel, page_of
from orders.admin.scope_panels import hash_cell
from orders.models import Document, Freeze, Order, OrderList, OrderListItem, Release
from orders.scopes.reading import scope_aloud
from orders.services.documents import bytes_of


@admin.register(Document)
class DocumentAdmin(ExactSearchMixin, ReadOnlyAdmin):
    list_display = (
        "name",
        "media_type",
        text_column(lambda document: count_text(document.size), "size", gettext_lazy("bytes")),
        text_column(lambda document: hash_cell(document.sha256), "sha256", gettext_lazy("hash")),
        "uploaded_by",
        time_column("uploaded_at", gettext_lazy("uploaded at"), order="pk"),
    )
    list_filter = (("media_type", ChoicesFilter), ("uploaded_at", MomentFilter))
    list_select_related = ("uploaded_by",)
    search_fields = ("name", "sha256")
    ordering = ("-pk",)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.download_view)
        return [path("<int:document_id>/download/", view, name="orders_document_download"), *super().get_urls()]

    def download_view(self, request: HttpRequest, document_id: int) -> HttpResponse:
        """The bytes as they came. Always saved, never shown by the browser: whatever is in them does not run here."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        document = Document.objects.filter(pk=document_id).first()
        if document is None:
            raise Http404
        response = HttpResponse(bytes_of(document), content_type=document.media_type)
        response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=document.name) or "attachment"
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return response

    def headline(self, request: HttpRequest, obj: Document) -> Headline:
        url = reverse("admin:orders_document_download", args=[obj.pk])
        facts = [
            Fact(_("File"), link(url, _("Download"))),
            Fact(_("Type"), obj.media_type, _("%s bytes") % count_text(obj.size)),
            Fact(_("SHA-256"), obj.sha256),
            Fact(_("Uploaded"), time_html(obj.uploaded_at), obj.uploaded_by),
        ]
        return Headline(obj.name, facts=facts)

    def panels(self, request: HttpRequest, obj: Document) -> list[Panel]:
        acts: list[Any] = [*Freeze.objects.filter(document=obj), *Release.objects.filter(document=obj)]
        rows = [[page_of(act), act.legal_reference, scope_aloud(act.scope_text)] for act in acts]
        return [Panel(_("What stands on it"), [_("act"), _("legal reference"), _("scope")], rows, _("Nothing stands on it."))]


@admin.register(OrderList)
class OrderListAdmin(ReadOnlyAdmin):
    list_display = (
        "__str__",
        "source",
        text_column(lambda row: aloud(row.name), "name", gettext_lazy("name"), "name"),
        text_column(lambda row: count_text(row.count), "orders", gettext_lazy("orders")),
        text_column(lambda row: count_text(row.unknown), "unknown", gettext_lazy("unknown, left out")),
        text_column(lambda row: hash_cell(row.sha256), "sha256", gettext_lazy("hash")),
        "made_by",
        time_column("made_at", gettext_lazy("made at"), order="pk"),
    )
    list_filter = (("source", ChoicesFilter), ("made_at", MomentFilter))
    list_select_related = ("made_by",)
    ordering = ("-pk",)

    def headline(self, request: HttpRequest, obj: OrderList) -> Headline:
        facts = [
            Fact(_("Came"), obj.get_source_display(), aloud(obj.name)),
            Fact(_("Orders"), count_text(obj.count)),
            Fact(_("Numbers of no order, left out"), count_text(obj.unknown)),
            Fact(_("Named more than once"), count_text(obj.repeated)),
            Fact(_("SHA-256"), obj.sha256),
            Fact(_("Made"), time_html(obj.made_at), obj.made_by),
        ]
        return Headline(str(obj), facts=facts)

    def panels(self, request: HttpRequest, obj: OrderList) -> list[Panel]:
        first = OrderListItem.objects.filter(order_list=obj).order_by("order_id").values_list("order", flat=True)
        return [orders_panel(_("Some of them"), Order.objects.filter(pk__in=list(first[:20])))]
