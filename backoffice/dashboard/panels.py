"""What happened in the last hours, what runs, and what waits for the reader."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Count
from django.db.models.functions import TruncMinute
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django_celery_beat.models import PeriodicTask

from backoffice.dashboard.freezes import freezes_that_need_somebody
from backoffice.dashboard.tiles import list_url
from backoffice.dashboard.work import my_work
from backoffice.lib.admin.charts import AMBER, BLUE, RED, Chart, Line
from backoffice.lib.admin.jobs import bar
from backoffice.lib.admin.page import Panel
from backoffice.lib.admin.schedules import check_name_of, duration_of, last_runs, next_run_of, period_of, run_state, title_of
from backoffice.lib.display import NOTHING, count_text, duration_text, link, on_one_line, stacked, state_badge, time_html
from backoffice.lib.models import CheckRun, Job, JobStatus
from promotions.admin.watching import OF_ITS_LINE, value_of
from promotions.models import Alarm, Claim

CHART = timedelta(hours=3)
MINUTE = timedelta(minutes=1)
ROWS_SHOWN = 6
KEPT_SECONDS = 5
Counted = tuple[list[datetime], dict[tuple[datetime, str], int], Counter[datetime]]


def panels_for(request: HttpRequest, at: datetime) -> dict[str, Any]:
    """The panels of this reader, by the names the template knows them by."""
    found: dict[str, tuple[str, Callable[[], Any]]] = {
        "claims_chart": ("promotions.view_claim", lambda: claims_chart(at)),
        "alarms": ("promotions.view_alarm", alarms),
        "freezes": ("orders.view_freeze", lambda: freezes_that_need_somebody(at)),
        "my_work": ("lib.view_approval", lambda: my_work(request.user)),
        "schedules": ("django_celery_beat.view_periodictask", schedules),
        "jobs": ("lib.view_job", jobs),
    }
    return {name: draw() for name, (right, draw) in found.items() if request.user.has_perm(right)}


def claims_chart(at: datetime) -> Chart:
    """Claims a minute by outcome, with a mark where an alarm was raised. At most a few seconds old."""
    key = f"claims-chart:{at.timestamp() // KEPT_SECONDS}"
    counted = cache.get(key)
    if counted is None:
        counted = count_claims((at - CHART).replace(second=0, microsecond=0), at)
        cache.set(key, counted, KEPT_SECONDS)
    minutes, counts, raised = counted
    issued, refused = ([counts.get((minute, outcome), 0) for minute in minutes] for outcome in ("issued", "refused"))
    highest = max([1, *counts.values()])
    said = {"issued": count_text(sum(issued)), "refused": count_text(sum(refused)), "alarms": count_text(raised.total())}
    return Chart(
        _("Claims a minute, last three hours"),
        minutes,
        [
            Line(_("issued"), issued, BLUE),
            Line(_("refused"), refused, AMBER),
            Line(_("alarm"), [highest if raised[minute] else None for minute in minutes], RED, is_mark=True),
        ],
        _("claims a minute"),
        sentence=_("Issued: %(issued)s. Refused: %(refused)s. Alarms: %(alarms)s.") % said,
        empty="" if counts or raised else _("Nobody tried to claim in these three hours."),
        table=minutes_table(minutes, issued, refused, raised),
    )


def minutes_table(minutes: list[datetime], issued: list[int], refused: list[int], raised: Counter[datetime]) -> Panel:
    """The chart in numbers, newest first, without the minutes in which nothing happened."""
    rows = [
        [time_html(minute), count_text(given), count_text(turned_away), count_text(raised[minute])]
        for minute, given, turned_away in reversed(list(zip(minutes, issued, refused, strict=True)))
        if given or turned_away or raised[minute]
    ]
    return Panel("", [_("minute"), _("issued"), _("refused"), _("alarms")], rows)


def count_claims(start: datetime, at: datetime) -> Counted:
    """The minutes, the claims of each by outcome, and the alarms of each."""
    minutes = [start + MINUTE * number for number in range(int((at - start) / MINUTE) + 1)]
    rows = Claim.objects.filter(at__gte=start, at__lte=at).annotate(minute=TruncMinute("at")).values_list("minute", "outcome")
    counts = {(minute, outcome): n for minute, outcome, n in rows.annotate(n=Count("pk"))}
    alarms = Alarm.objects.filter(at__gte=start, at__lte=at).values_list("at", flat=True)
    return minutes, counts, Counter(moment.replace(second=0, microsecond=0) for moment in alarms)


def alarms() -> Panel:
    rows = [
        [
            stacked(link(reverse("admin:promotions_alarm_change", args=[alarm.pk]), alarm), time_html(alarm.at)),
            value_of(alarm),
            state_badge(alarm, "action"),
        ]
        for alarm in Alarm.objects.unacknowledged().select_related(*OF_ITS_LINE)[:ROWS_SHOWN]
    ]
    columns = [_("alarm"), _("value of limit"), _("done by itself")]
    return Panel(_("Open alarms"), columns, rows, _("No line is crossed."), list_url("promotions_alarm", "state=open"))


def schedules() -> Panel:
    """Each check and its last run; what failed or is switched off first."""
    tasks = list(PeriodicTask.objects.select_related("interval").exclude(name__startswith="celery.").order_by("name"))
    runs = last_runs(map(check_name_of, tasks))
    rows = []
    for task in sorted(tasks, key=lambda task: is_well(task, runs.get(check_name_of(task)))):
        run = runs.get(check_name_of(task))
        rows.append(
            [
                link(reverse("admin:django_celery_beat_periodictask_change", args=[task.pk]), title_of(task)),
                duration_text(period_of(task)),
                time_html(run.started_at if run else None),
                run_state(run),
                on_one_line(duration_of(run)) if run else NOTHING,
                (run.result if run else "") or NOTHING,
                next_run_of(task, run),
            ]
        )
    columns = [_("check"), _("every"), _("last run"), _("state"), _("took"), _("result"), _("next")]
    return Panel(_("Scheduled checks"), columns, rows, _("Nothing is scheduled."), list_url("django_celery_beat_periodictask"))


def is_well(task: PeriodicTask, run: CheckRun | None) -> bool:
    return task.enabled and not (run and run.failed)


def jobs() -> Panel:
    moving = (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.FAILED)
    found = Job.objects.filter(status__in=moving).select_related("requested_by").order_by("-pk")[:ROWS_SHOWN]
    rows = [
        [
            link(reverse("admin:lib_job_change", args=[job.pk]), job),
            state_badge(job),
            bar(job),
            job.requested_by,
            time_html(job.started_at),
        ]
        for job in found
    ]
    return Panel(
        _("Jobs"), [_("job"), _("state"), _("progress"), _("by"), _("started")], rows, _("No job runs."), list_url("lib_job")
    )
