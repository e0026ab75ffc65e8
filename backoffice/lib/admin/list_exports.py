"""Who took which rows out of the house."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib.admin.base import ReadOnlyAdmin
from backoffice.lib.admin.columns import text_column, time_column
from backoffice.lib.admin.filters import MomentFilter
from backoffice.lib.admin.page import Fact, Headline
from backoffice.lib.display import badge, count_text, time_html
from backoffice.lib.models import ListExport


def rows_taken(export: ListExport) -> Any:
    return badge(_("broken off"), "warning") if export.rows is None else count_text(export.rows)


@admin.register(ListExport)
class ListExportAdmin(ReadOnlyAdmin):
    list_display = (
        "model",
        "by",
        text_column(lambda export: export.words or _("everything"), "words", gettext_lazy("narrowed down to")),
        text_column(rows_taken, "rows", gettext_lazy("rows")),
        time_column("asked_at", gettext_lazy("asked at")),
    )
    list_filter = (("asked_at", MomentFilter), "by")
    list_select_related = ("by",)
    search_fields = ("model", "words", "by__username")
    empty_text = gettext_lazy("Nobody has exported a list. Whoever does is written down here.")

    def headline(self, request: HttpRequest, obj: ListExport) -> Headline:
        facts = [
            Fact(_("List"), obj.model),
            Fact(_("Narrowed down to"), obj.words or _("everything"), obj.query),
            Fact(_("Rows"), rows_taken(obj)),
            Fact(_("By"), obj.by),
            Fact(_("Asked"), time_html(obj.asked_at)),
            Fact(_("Finished"), time_html(obj.finished_at)),
        ]
        return Headline(str(obj), facts=facts)
