"""The export of a list: every row that the filters leave, in the list's own columns, as CSV that is written while it is read.

A server-side cursor reads, so that a list of millions needs no memory. Who exports needs the right to see the list and a right of
its own, since what is taken out is out; each export is a row that says who took what.
"""

import html
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import chain
from operator import attrgetter
from typing import Any

from django.conf import settings
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import label_for_field, lookup_field
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed, HttpResponseRedirect, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import get_language, gettext_noop, override
from django.utils.translation import gettext as _

from backoffice.lib import clock
from backoffice.lib.admin.columns import chosen
from backoffice.lib.admin.filters import scope_in_words
from backoffice.lib.audit import because
from backoffice.lib.cells import csv_lines
from backoffice.lib.display import NOTHING
from backoffice.lib.models import ListExport
from backoffice.lib.sentences import Sentence

EXPORT_RIGHT = "lib.export_rows"
CHUNK = 1_000
EXPORTED = Sentence(gettext_noop("rows were exported"))
FINISHED = Sentence(gettext_noop("the export is finished"))
Cell = Callable[[Any], Any]
BREAK, TAG = re.compile(r"<br ?/?>"), re.compile(r"<[^>]*>")  # enough for what `format_html` writes: values in it are escaped


def may_export(request: HttpRequest) -> bool:
    return bool(request.user.has_perm(EXPORT_RIGHT))


def export_list(model_admin: Any, request: Any) -> HttpResponseBase:
    """The filtered list as a download. Filters that make no sense lead back to the list, as they do there."""
    if not model_admin.has_view_permission(request) or not may_export(request):
        raise PermissionDenied
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET"])
    try:
        changelist = model_admin.get_changelist_instance(request)
    except IncorrectLookupParameters:
        return HttpResponseRedirect("../")
    opts, at = model_admin.opts, clock.now()
    with because(str(EXPORTED)):
        export = ListExport.objects.create(
            by=request.user,
            model=opts.label_lower,
            query=request.GET.urlencode(),
            words=scope_in_words(changelist, request),
            asked_at=at,
        )
    columns = columns_of(model_admin, request)
    rows = as_the_reader_sees_it(rows_of(model_admin, changelist.queryset, columns, export))
    lines = csv_lines(chain([[label for label, _cell in columns]], rows))
    name = f"{opts.model_name}-{timezone.localtime(at):%Y%m%d-%H%M%S}.csv"
    return StreamingHttpResponse(
        lines,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def as_the_reader_sees_it(rows: Iterator[list[Any]]) -> Iterator[list[Any]]:
    """Rows are written after the middleware has ended; zone and language are still those of the request."""
    zone, language = timezone.get_current_timezone(), get_language() or settings.LANGUAGE_CODE

    def written() -> Iterator[list[Any]]:
        with timezone.override(zone), override(language):
            yield from rows

    return written()


def rows_of(model_admin: Any, rows: QuerySet, columns: list[tuple[str, Cell]], export: ListExport) -> Iterator[list[Any]]:
    """The cells of each row. One transaction, in which the cursor lives; at its end the export knows how many rows it was."""
    count = 0
    with transaction.atomic():
        for chunk in chunks(rows.iterator(chunk_size=CHUNK)):
            model_admin.load_rows(chunk)
            for row in chunk:
                yield [cell(row) for _label, cell in columns]
            count += len(chunk)
        with because(str(FINISHED), user=export.by_id):
            ListExport.objects.filter(pk=export.pk).update(rows=count, finished_at=clock.now())


def chunks(rows: Iterator[Any]) -> Iterator[list[Any]]:
    chunk: list[Any] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def columns_of(model_admin: Any, request: HttpRequest) -> list[tuple[str, Cell]]:
    """Label and cell of each column that the list shows; behind an amount its currency."""
    found: list[tuple[str, Cell]] = []
    for column in model_admin.get_list_display(request):
        label = str(label_for_field(column, model_admin.model, model_admin))
        found.append((label, _cell(column, model_admin)))
        unit = getattr(column, "unit", None)
        if unit:
            found.append((_("%s: currency") % label, unit))
    return found


def _cell(column: Any, model_admin: Any) -> Cell:
    write = getattr(column, "plain", None) or (column if callable(column) else _field(column, model_admin))
    return lambda row: plain(write(row))


def _field(name: str, model_admin: Any) -> Cell:
    """A field of the model by its name; else whatever the admin or the model makes of that name."""
    try:
        field = model_admin.model._meta.get_field(name)
    except FieldDoesNotExist:
        return lambda row: lookup_field(name, row, model_admin)[2]
    return chosen(name) if getattr(field, "flatchoices", None) else attrgetter(name)


def plain(value: Any) -> str:
    """Without HTML: two things in a cell with a dot between them, times in the reader's zone with its distance from UTC."""
    if value is None or value == NOTHING:
        return ""
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(timespec="seconds")
    if not hasattr(value, "__html__"):
        return str(value)
    return html.unescape(TAG.sub("", BREAK.sub(" · ", str(value)))).strip()
