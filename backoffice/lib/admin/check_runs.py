"""Runs of scheduled checks."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from backoffice.lib.admin.base import ReadOnlyAdmin
from backoffice.lib.admin.columns import text_column, time_column
from backoffice.lib.admin.filters import MomentFilter, lookup_filter
from backoffice.lib.display import NOTHING, duration_text
from backoffice.lib.models import CheckRun
from backoffice.lib.schedules import all_checks

CheckFilter = lookup_filter(
    _("check"),
    "check_name",
    lambda: [(check.name, check.title) for check in all_checks()],
    lambda rows, name: rows.filter(check_name=name),
)


def duration_of(run: CheckRun) -> str:
    return duration_text(run.finished_at - run.started_at) if run.finished_at else NOTHING


@admin.register(CheckRun)
class CheckRunAdmin(ReadOnlyAdmin):
    list_display = (
        "check_name",
        time_column("slot", _("slot")),
        time_column("started_at", _("started at")),
        text_column(duration_of, "duration", _("took")),
        "result",
        "failed",
    )
    list_filter = (CheckFilter, "failed", ("started_at", MomentFilter))
    fields = ("check_name", "slot", "started_at", "finished_at", "result", "failed")
