"""Records of freezes and releases: sealed, as a page to print or a PDF, and the result of every order as a table."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.lib import clock
from backoffice.lib.admin.exports import EXPORT_RIGHT
from backoffice.lib.admin.extensions import buttons_on, panels_on
from backoffice.lib.admin.page import Fact, Panel
from backoffice.lib.admin.steps import StepButton
from backoffice.lib.audit import because
from backoffice.lib.display import count_text, time_html
from backoffice.lib.models import ListExport
from orders.admin.scope_panels import hash_cell
from orders.models import Freeze, Release
from orders.services.record_results import lines_of
from orders.services.records import issue_record, trusted_keys
from orders.states import RecordKind

CONTENT_TYPES = {RecordKind.HTML: "text/html; charset=utf-8", RecordKind.PDF: "application/pdf"}
RECORDS_SHOWN = 20


class RecordPagesMixin:
    """Adds the page of records and the table of results to the admin of freezes and of releases."""

    def get_urls(self) -> list[URLPattern]:
        admin: Any = self
        view, name = admin.admin_site.admin_view, f"orders_{admin.opts.model_name}"
        own = [
            path("<int:act_id>/record/", view(self.record_view), name=f"{name}_record"),
            path("<int:act_id>/results/", view(self.results_view), name=f"{name}_results"),
        ]
        return own + super().get_urls()  # type: ignore[misc, no-any-return]

    def record_view(self, request: HttpRequest, act_id: int) -> HttpResponse:
        """GET shows what there is and what left; POST with a `kind` takes a record out."""
        act = self._act(request, act_id)
        kind = request.POST.get("kind", "")
        if request.method == "POST" and kind in RecordKind.values:
            return _file(issue_record(act, kind=kind, by=request.user, at=clock.now()), act)
        if request.method == "POST":
            return HttpResponseRedirect(request.path)
        return _draw(self, request, act)

    def results_view(self, request: Any, act_id: int) -> HttpResponseBase:
        """Every order with its result, written while it is read. Who takes it out is kept before the first row leaves."""
        act, at = self._act(request, act_id), clock.now()
        with because(_("rows were exported")):
            export = ListExport.objects.create(
                by=request.user, model=f"orders.{act._meta.model_name}item", query=f"{act._meta.model_name}={act.pk}", asked_at=at
            )
        return StreamingHttpResponse(
            _noted(act, export),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="results-{_name(act)}.csv"', "Cache-Control": "no-store"},
        )

    def _act(self, request: HttpRequest, act_id: int) -> Any:
        admin: Any = self
        if not (admin.has_view_permission(request) and request.user.has_perm(EXPORT_RIGHT)):  # type: ignore[attr-defined]
            raise PermissionDenied
        people = ("job__requested_by", "job__approval__requested_by", "job__approval__decided_by", "document")
        act = admin.model._default_manager.select_related(*people).filter(pk=act_id).first()
        if act is None:
            raise Http404
        return act


@buttons_on(Freeze, Release)
def record_button(request: HttpRequest, act: Freeze | Release) -> list[StepButton]:
    if not request.user.has_perm(EXPORT_RIGHT):
        return []
    url = reverse(f"admin:orders_{act._meta.model_name}_record", args=[act.pk])
    return [StepButton(_("Record"), url, "", "verified", is_stop=False, key="", opens_page=True)]


@panels_on(Freeze)
def records_of_freeze(request: HttpRequest, freeze: Freeze) -> list[Panel]:
    return _panels(freeze)


@panels_on(Release)
def records_of_release(request: HttpRequest, release: Release) -> list[Panel]:
    return _panels(release)


def records_panel(act: Any) -> Panel:
    rows = [
        [row.get_kind_display(), time_html(row.at), row.by, hash_cell(row.file_sha256), hash_cell(row.results_sha256), row.key_id]
        for row in act.records.select_related("by").order_by("-pk")[:RECORDS_SHOWN]
    ]
    columns = [_("as"), _("when"), _("by"), _("hash of the file"), _("hash of the results"), _("key")]
    return Panel(_("Records that left the house"), columns, rows, _("Nobody has taken a record out."), name="records")


def _panels(act: Freeze | Release) -> list[Panel]:
    panel = records_panel(act)
    return [panel] if panel.rows else []


def _draw(model_admin: Any, request: HttpRequest, act: Any) -> HttpResponse:
    facts = [
        Fact(_("Orders in its scope"), count_text(act.job.total), _("with a result: %s") % count_text(act.job.done)),
        Fact(_("Hash of the scope"), act.job.scope_hash),
        *(Fact(_("Public key %s") % key_id, key) for key_id, key in trusted_keys().items()),
    ]
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Record of %s") % act,
        "opts": model_admin.opts,
        "original": act,
        "object_url": reverse(f"admin:orders_{act._meta.model_name}_change", args=[act.pk]),
        "results_url": reverse(f"admin:orders_{act._meta.model_name}_results", args=[act.pk]),
        "facts": facts,
        "kinds": RecordKind.choices,
        "panels": [records_panel(act)],
    }
    return TemplateResponse(request, "admin/holdfast/record.html", context)


def _file(issued: Any, act: Any) -> HttpResponse:
    kind = RecordKind(issued.row.kind)
    response = HttpResponse(issued.content, content_type=CONTENT_TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="record-{_name(act)}-{issued.row.pk}.{kind}"'
    response["Cache-Control"] = "no-store"
    return response


def _noted(act: Any, export: ListExport) -> Iterator[str]:
    """The table; at its end the export knows how many rows it was."""
    count = -1  # the header is no row
    for line in lines_of(act):
        yield line
        count += 1
    with transaction.atomic(), because(_("the export is finished"), user=export.by_id):
        ListExport.objects.filter(pk=export.pk).update(rows=count, finished_at=clock.now())


def _name(act: Any) -> str:
    return f"{act._meta.model_name}-{act.pk}-{timezone.localtime(clock.now()):%Y%m%d-%H%M%S}"
