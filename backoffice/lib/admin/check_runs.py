"""Runs of scheduled checks."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backoffice.lib.admin.base import ReadOnlyAdmin
from backoffice.lib.admin.columns import text_column, time_column
from backoffice.lib.admin.filters import MomentFilter, lookup_filter
from backoffice.lib.admin.page import Fact, Headline
from backoffice.lib.display import NOTHING, badge, duration_text, time_html
from backoffice.lib.errors import NotFound
from backoffice.lib.models import CheckRun
from backoffice.lib.schedules import all_checks, check_named

CheckFilter = lookup_filter(
    _("check"),
    "check_name",
    lambda: [(check.name, check.title) for check in all_checks()],
    lambda rows, name: rows.filter(check_name=name),
)


def duration_of(run: CheckRun) -> str:
    return duration_text(run.finished_at - run.started_at) if run.finished_at else NOTHING


def run_state(run: CheckRun | None) -> Any:
    if run is None:
        return badge(_("never ran"))
    if run.finished_at is None:
        return badge(_("running"), "info")
    return badge(_("failed"), "danger") if run.failed else badge(_("done"), "success")


def title_of_run(run: CheckRun) -> Any:
    """What was run; a check that there is no more by its name."""
    try:
        return check_named(run.check_name).title
    except NotFound:
        return run.check_name


@admin.register(CheckRun)
class CheckRunAdmin(ReadOnlyAdmin):
    list_display = (
        text_column(title_of_run, "title", _("check"), "check_name"),
        time_column("slot", _("slot")),
        time_column("started_at", _("started at")),
        text_column(duration_of, "duration", _("took")),
        "result",
        "failed",
    )
    list_filter = (CheckFilter, "failed", ("started_at", MomentFilter))

    def headline(self, request: HttpRequest, obj: CheckRun) -> Headline:
        facts = [
            Fact(_("Slot"), time_html(obj.slot), _("The start of the period this run stands for.")),
            Fact(_("Started"), time_html(obj.started_at)),
            Fact(_("Took"), duration_of(obj)),
            Fact(_("Result"), obj.result or NOTHING),
        ]
        return Headline(title_of_run(obj), run_state(obj), facts=facts)
