"""Schedules: what beat runs, how it went, and how often. django-celery-beat's models, made ours.

Checks come with the code, so nobody adds one here: a free choice of task and arguments would let whoever may retime a check run
anything. For the same reason its form, whose page needs an inline script, is not used.
"""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from celery import current_app
from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from backoffice.lib.admin.base import EditableAdmin, ReadOnlyAdmin, ReasonedForm
from backoffice.lib.admin.check_runs import duration_of, run_state
from backoffice.lib.admin.columns import text_column
from backoffice.lib.admin.page import Fact, Headline, Panel
from backoffice.lib.admin.steps import Step
from backoffice.lib.display import NOTHING, badge, duration_text, time_html
from backoffice.lib.errors import NotFound
from backoffice.lib.models import CheckRun
from backoffice.lib.schedules import ScheduledCheck, check_named

for beat_model in (ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule):
    admin.site.unregister(beat_model)

RUNS_SHOWN = 20


def check_name_of(task: PeriodicTask) -> str:
    """The name of the check that this entry runs; empty where it runs something else."""
    try:
        return str(json.loads(task.kwargs or "{}").get("name", ""))
    except (ValueError, AttributeError):
        return ""


def check_of(task: PeriodicTask) -> ScheduledCheck | None:
    try:
        return check_named(check_name_of(task))
    except NotFound:
        return None


def period_of(task: PeriodicTask) -> timedelta | None:
    return timedelta(**{task.interval.period: task.interval.every}) if task.interval else None


def last_runs(names: Iterable[str]) -> dict[str, CheckRun]:
    """The newest run of each check, each read from the end of the index, in one query."""
    each = [CheckRun.objects.filter(check_name=name).order_by("-slot")[:1] for name in sorted(set(names)) if name]
    rows = each[0].union(*each[1:], all=True) if len(each) > 1 else each[0] if each else ()
    return {run.check_name: run for run in rows}


class RetimeForm(ReasonedForm):
    """How often a check runs."""

    every = forms.IntegerField(label=gettext_lazy("every"), min_value=1, max_value=10_000, widget=UnfoldAdminIntegerFieldWidget)
    period = forms.ChoiceField(
        label=gettext_lazy("unit"),
        choices=[
            (IntervalSchedule.SECONDS, gettext_lazy("seconds")),
            (IntervalSchedule.MINUTES, gettext_lazy("minutes")),
            (IntervalSchedule.HOURS, gettext_lazy("hours")),
            (IntervalSchedule.DAYS, gettext_lazy("days")),
        ],
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.interval:
            self.initial["every"], self.initial["period"] = self.instance.interval.every, self.instance.interval.period


def run_now(task: PeriodicTask, *, by: Any, at: Any, reason: str) -> None:
    current_app.send_task(task.task, args=json.loads(task.args or "[]"), kwargs=json.loads(task.kwargs or "{}"))


STEPS = (
    Step(
        name="run-now",
        label=gettext_lazy("Run now"),
        icon="play_arrow",
        permission="django_celery_beat.change_periodictask",
        run=run_now,
        tells=lambda task: (
            _("A worker runs “%s” once, now. Where it already ran in its present period, nothing happens.") % title_of(task)
        ),
        done=gettext_lazy("Sent to a worker. The result appears among the runs."),
    ),
)


def next_run_of(task: PeriodicTask, run: CheckRun | None) -> Any:
    """When beat will send it next, as far as the last run tells; beat writes down only now and then when it sent something."""
    period = period_of(task)
    if not task.enabled:
        return badge(_("off"), "danger")
    known = [at for at in (task.last_run_at, run.started_at if run else None) if at]
    return time_html(max(known) + period) if known and period else NOTHING


def title_of(task: PeriodicTask) -> Any:
    """What the entry does; an entry that is none of ours by its name."""
    check = check_of(task)
    return check.title if check else task.name


COLUMNS = (
    text_column(title_of, "title", gettext_lazy("check"), "name"),
    "enabled",
    text_column(lambda task: duration_text(period_of(task)), "how_often", gettext_lazy("every")),
    text_column(lambda task: time_html(task.run.started_at if task.run else None), "last_run", gettext_lazy("last run")),
    text_column(lambda task: run_state(task.run), "state", gettext_lazy("state")),
    text_column(lambda task: duration_of(task.run) if task.run else NOTHING, "took", gettext_lazy("took")),
    text_column(lambda task: task.run.result if task.run else NOTHING, "result", gettext_lazy("result")),
    text_column(lambda task: next_run_of(task, task.run), "next_run", gettext_lazy("next run")),
)


@admin.register(PeriodicTask)
class ScheduleAdmin(EditableAdmin):
    form = RetimeForm
    steps = STEPS
    shows_admin_log = True
    list_display = COLUMNS
    list_select_related = ("interval",)
    search_fields = ("name",)
    ordering = ("name",)
    fields = ("enabled", ("every", "period"))

    def get_queryset(self, request: HttpRequest) -> Any:
        """Ours. What Celery adds for itself, to clear away results that nobody keeps, is no check."""
        return super().get_queryset(request).exclude(name__startswith="celery.")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def load_rows(self, rows: list[PeriodicTask]) -> None:
        runs = last_runs(map(check_name_of, rows))
        for task in rows:
            task.run = runs.get(check_name_of(task))

    def headline(self, request: HttpRequest, obj: PeriodicTask) -> Headline:
        check, run = check_of(obj), last_runs([check_name_of(obj)]).get(check_name_of(obj))
        facts = [
            Fact(
                _("Every"),
                duration_text(period_of(obj)),
                _("unless staff say otherwise: %s") % duration_text(check.every) if check else "",
            ),
            Fact(_("Last run"), time_html(run.started_at if run else None)),
            Fact(_("Took"), duration_of(run) if run else NOTHING),
            Fact(_("Result"), (run.result if run else "") or NOTHING),
            Fact(_("Next run"), next_run_of(obj, run)),
        ]
        return Headline(title_of(obj), run_state(run), facts=facts)

    def panels(self, request: HttpRequest, obj: PeriodicTask) -> list[Panel]:
        runs = CheckRun.objects.filter(check_name=check_name_of(obj)).order_by("-slot")[:RUNS_SHOWN]
        rows = [[time_html(run.started_at), run_state(run), duration_of(run), run.result] for run in runs]
        url = f"{reverse('admin:lib_checkrun_changelist')}?check_name={check_name_of(obj)}"
        return [Panel(_("Last runs"), [_("started"), _("state"), _("took"), _("result")], rows, _("It never ran."), url)]

    def save_model(self, request: HttpRequest, obj: PeriodicTask, form: Any, change: bool) -> None:
        wanted = {"every": form.cleaned_data["every"], "period": form.cleaned_data["period"]}
        obj.interval, _made = IntervalSchedule.objects.get_or_create(**wanted)
        obj.save(update_fields=["enabled", "interval"])

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> str:
        return str(form.cleaned_data["change_reason"])


@admin.register(IntervalSchedule, CrontabSchedule, SolarSchedule, ClockedSchedule)
class PlainScheduleAdmin(ReadOnlyAdmin):
    """Points in time that entries refer to. An entry is retimed on its own page."""
