"""The pages of an import that are more than its object: upload, mapping, results."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.lib import clock
from backoffice.lib.admin.steps import StepButton
from backoffice.lib.cells import csv_lines
from backoffice.lib.errors import DomainError
from orders.admin.import_forms import MappingForm, UploadForm
from orders.models import OrderImport
from orders.services.importing import check_import, read_file, save_mapping
from orders.states import ImportResult, ImportStatus, InvoiceKind

MAPPABLE = (ImportStatus.READ, ImportStatus.CHECKING, ImportStatus.CHECKED)
FORM = "admin/holdfast/new_grant.html"
AT_ONCE = 5_000


def upload_page(model_admin: Any, request: HttpRequest) -> HttpResponse:
    """The file comes in; then on to its mapping."""
    if not model_admin.has_add_permission(request):
        raise PermissionDenied
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            file = form.cleaned_data["file"]
            terms = {"name": file.name, "encoding": form.cleaned_data["encoding"], "by": request.user, "at": clock.now()}
            found = read_file(file.file, **terms)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Read. Say what its columns are; nothing is loaded yet."))
            return HttpResponseRedirect(reverse("admin:orders_orderimport_mapping", args=[found.pk]))
    return draw(model_admin, request, _("New import of orders"), form, _("Read the file"))


def mapping_page(model_admin: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """How the file is read; then the check runs, and its page shows what would come of it."""
    if not may_map(request):
        raise PermissionDenied
    found = model_admin.get_object(request, unquote(object_id))
    if found is None:
        return model_admin._get_obj_does_not_exist_redirect(request, model_admin.opts, object_id)  # type: ignore[no-any-return]
    page = reverse("admin:orders_orderimport_change", args=[found.pk])
    if found.status not in MAPPABLE:
        messages.error(request, _("It is %s: how it was read stays as it is.") % found.get_status_display())
        return HttpResponseRedirect(page)
    form = MappingForm(request.POST or None, order_import=found)
    if request.method == "POST" and form.is_valid() and checked(form, found, request):
        messages.success(request, _("The rows are being checked. Nothing is loaded yet."))
        return HttpResponseRedirect(page)
    return draw(model_admin, request, _("How %s is read") % found.name, form, _("Check the rows"))


def may_map(request: HttpRequest) -> bool:
    return bool(request.user.has_perms(["orders.view_orderimport", "orders.load_orderimport"]))


def checked(form: MappingForm, found: OrderImport, request: HttpRequest) -> bool:
    """Call the services; a refusal becomes sentences on the form."""
    at, name = clock.now(), form.cleaned_data["save_as"]
    try:
        check_import(found, settings=form.settings, by=request.user, at=at)
        if name:
            save_mapping(name, form.settings, by=request.user, at=at)
    except DomainError as error:
        form.add_error(None, forms.ValidationError(str(error).splitlines()))
        return False
    return True


def mapping_button(request: HttpRequest, found: OrderImport) -> list[StepButton]:
    if found.status not in MAPPABLE or not may_map(request):
        return []
    url = reverse("admin:orders_orderimport_mapping", args=[found.pk])
    return [StepButton(_("Map columns"), url, "", "table_chart", False, "", opens_page=True)]


def draw(model_admin: Any, request: HttpRequest, title: str, form: forms.Form, button: str) -> HttpResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "heading": title,
        "opts": model_admin.opts,
        "form": form,
        "button": button,
        "list_url": reverse("admin:orders_orderimport_changelist"),
    }
    return TemplateResponse(request, FORM, context)


def results_file(model_admin: Any, request: HttpRequest, object_id: str) -> HttpResponse | StreamingHttpResponse:
    """Every invoice with its result, as CSV."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    found = model_admin.get_object(request, unquote(object_id))
    if found is None:
        return model_admin._get_obj_does_not_exist_redirect(request, model_admin.opts, object_id)  # type: ignore[no-any-return]
    header = [
        _("line of the file"),
        _("invoice"),
        _("kind"),
        _("customer"),
        _("currency"),
        _("amount"),
        _("lines"),
        _("result"),
        _("why"),
    ]
    headers = {"Content-Disposition": f'attachment; filename="import-{found.pk}.csv"', "Cache-Control": "no-store"}
    lines = csv_lines(chain([header], result_rows(found)))
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


def result_rows(found: OrderImport) -> Iterator[list[Any]]:
    """In the order of the file, some thousand at a time, so that neither side holds a million."""
    kinds, results, after = dict(InvoiceKind.choices), dict(ImportResult.choices), 0
    while rows := list(found.invoices.filter(number__gt=after).order_by("number")[:AT_ONCE]):
        for each in rows:
            why = _(each.detail) if each.detail else ""
            of_file = [each.number, each.ref, kinds[each.kind], each.customer_ref, each.currency, each.amount, each.lines_count]
            yield [*of_file, results[each.result], why]
        after = rows[-1].number
