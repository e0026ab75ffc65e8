"""The page where the texts of a batch's tokens are taken out, as CSV or as sheets to print. Each time is kept with its reason."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from backoffice.lib import clock
from backoffice.lib.admin.page import Panel
from backoffice.lib.admin.steps import ReasonForm
from backoffice.lib.display import count_text, time_html, time_text, zone_text
from backoffice.lib.errors import DomainError
from promotions.models import TokenBatch, TokenExport
from promotions.services.token_exports import MOST_PRINTED, csv_of, take_out, token_texts, why_not_take_out
from promotions.sheets import GRIDS, Card, Layout, pdf_of
from promotions.states import ExportKind

EXPORTS_SHOWN = 20
PAPERS = {"a4": gettext_lazy("A4"), "letter": gettext_lazy("US Letter")}


class ExportForm(ReasonForm):
    kind = forms.ChoiceField(label=gettext_lazy("As"), choices=ExportKind.choices, widget=UnfoldAdminSelectWidget)
    first = forms.IntegerField(label=gettext_lazy("First number"), min_value=1, widget=UnfoldAdminIntegerFieldWidget)
    last = forms.IntegerField(label=gettext_lazy("Last number"), min_value=1, widget=UnfoldAdminIntegerFieldWidget)
    cards = forms.ChoiceField(
        label=gettext_lazy("Codes on a page"),
        choices=[(cards, f"{cards} ({columns} × {rows})") for cards, (columns, rows) in GRIDS.items()],
        initial="24",
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("For sheets to print."),
    )
    paper = forms.ChoiceField(label=gettext_lazy("Paper"), choices=list(PAPERS.items()), widget=UnfoldAdminSelectWidget)

    field_order = ("kind", "first", "last", "cards", "paper", "reason")

    def for_object(self, obj: TokenBatch) -> None:
        """Offers the codes after those that were printed last."""
        printed = obj.exports.filter(kind=ExportKind.PDF).order_by("-last").values_list("last", flat=True).first()
        begin = printed + 2 if printed is not None and printed + 1 < obj.count else 1
        self.initial.update(kind=ExportKind.PDF, first=begin, last=min(begin + MOST_PRINTED - 1, obj.count))
        self.fields["last"].help_text = _("The batch has %(count)s; at most %(most)s are printed at once, a CSV may hold all.") % {
            "count": count_text(obj.count),
            "most": count_text(MOST_PRINTED),
        }


class ExportPageMixin:
    """Adds the page to the batch's admin."""

    def export_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        admin: Any = self
        if not request.user.has_perm("promotions.print_tokenbatch") or not admin.has_view_permission(request):
            raise PermissionDenied
        batch = admin.get_object(request, unquote(object_id))
        if batch is None:
            return admin._get_obj_does_not_exist_redirect(request, admin.opts, object_id)  # type: ignore[no-any-return]
        form = ExportForm(request.POST if request.method == "POST" else None)
        form.for_object(batch)
        if form.is_valid():
            try:
                return answer(batch, form.cleaned_data, request.user)
            except DomainError as error:
                form.add_error(None, str(error))
        context = {
            **admin.admin_site.each_context(request),
            "title": _("Export and print %s") % batch,
            "opts": admin.opts,
            "original": batch,
            "form": form,
            "why_not": why_not_take_out(batch, clock.now()),
            "panels": [exports_panel(batch)],
        }
        return TemplateResponse(request, "admin/holdfast/token_export.html", context)


def answer(batch: TokenBatch, asked: dict[str, Any], by: Any) -> HttpResponseBase:
    """The file. That it was taken out is committed before its first byte."""
    first, last = asked["first"] - 1, asked["last"] - 1
    export = take_out(batch, kind=asked["kind"], first=first, last=last, reason=asked["reason"], by=by, at=clock.now())
    response: HttpResponseBase
    if export.kind == ExportKind.CSV:
        response = StreamingHttpResponse(csv_of(export), content_type="text/csv; charset=utf-8")
    else:
        response = HttpResponse(pdf_of(cards_of(export), layout_of(export, asked)), content_type="application/pdf")
    name = slugify(f"{batch.entry.code}-{batch.code}-{asked['first']}-{asked['last']}")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{export.kind}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def cards_of(export: TokenExport) -> Iterator[Card]:
    batch = export.batch
    above = (batch.entry.coupon_type.campaign.name, batch.entry.code)
    until = _("valid until %s") % time_text(batch.expires_at)
    for number, text in token_texts(export):
        yield Card(text, above, (f"{batch.code} · {number + 1}", until))


def layout_of(export: TokenExport, asked: dict[str, Any]) -> Layout:
    foot = f"{export.batch.entry.code} · {export} · {zone_text()}"
    return Layout(title=str(export), foot=foot, paper=asked["paper"], cards=asked["cards"])


def exports_panel(batch: TokenBatch) -> Panel:
    rows = [
        [
            time_html(export.at),
            export.by,
            export.get_kind_display(),
            f"{count_text(export.first + 1)}–{count_text(export.last + 1)}",
            export.reason,
        ]
        for export in batch.exports.select_related("by")[:EXPORTS_SHOWN]
    ]
    columns = [_("when"), _("by"), _("as"), _("numbers"), _("reason")]
    return Panel(_("Taken out"), columns, rows, _("Nobody has exported or printed any of it."), name="exports")
