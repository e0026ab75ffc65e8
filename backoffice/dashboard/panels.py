"""What happened in the last hours, what runs, and what waits for the reader."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count
from django.db.models.functions import TruncMinute
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_celery_beat.models import PeriodicTask

from backoffice.dashboard.tiles import list_url
from backoffice.lib.admin.approvals import may_decide
from backoffice.lib.admin.jobs import bar
from backoffice.lib.admin.page import Panel
from backoffice.lib.admin.schedules import check_name_of, check_of, duration_of, last_runs, next_run_of, period_of, run_state
from backoffice.lib.display import NOTHING, duration_text, link, stacked, state_badge, time_html
from backoffice.lib.models import Approval, ApprovalStatus, Job, JobStatus
from promotions.admin.watching import value_of
from promotions.models import Alarm, Claim

CHART = timedelta(hours=3)
MINUTE = timedelta(minutes=1)
ROWS_SHOWN = 6


def panels_for(request: HttpRequest, at: datetime) -> dict[str, Any]:
    """The panels of this reader, by the names the template knows them by."""
    found: dict[str, tuple[str, Callable[[], Any]]] = {
        "claims_chart": ("promotions.view_claim", lambda: claims_chart(at)),
        "alarms": ("promotions.view_alarm", alarms),
        "approvals": ("lib.view_approval", lambda: approvals(request.user)),
        "schedules": ("django_celery_beat.view_periodictask", schedules),
        "jobs": ("lib.view_job", jobs),
    }
    return {name: draw() for name, (right, draw) in found.items() if request.user.has_perm(right)}


def claims_chart(at: datetime) -> str:
    """Claims a minute by outcome, with a mark where an alarm was raised: data for Chart.js, as JSON."""
    start = (at - CHART).replace(second=0, microsecond=0)
    minutes = [start + MINUTE * number for number in range(int(CHART / MINUTE) + 1)]
    rows = Claim.objects.filter(at__gte=start, at__lte=at).annotate(minute=TruncMinute("at")).values_list("minute", "outcome")
    counts = {(minute, outcome): n for minute, outcome, n in rows.annotate(n=Count("pk"))}
    raised = Counter(
        moment.replace(second=0, microsecond=0) for moment in Alarm.objects.filter(at__gte=start).values_list("at", flat=True)
    )
    highest = max(counts.values(), default=1)
    series = [
        _series(_("issued"), [counts.get((minute, "issued"), 0) for minute in minutes], "var(--color-primary-600)"),
        _series(_("refused"), [counts.get((minute, "refused"), 0) for minute in minutes], "#d97706"),
        {
            **_series(_("alarm"), [highest if minute in raised else None for minute in minutes], "#dc2626"),
            "showLine": False,
            "pointStyle": "triangle",
            "pointRadius": 7,
        },
    ]
    labels = [f"{timezone.localtime(minute):%H:%M}" for minute in minutes]
    return json.dumps({"labels": labels, "datasets": series})


def _series(label: str, data: list[int | None], colour: str) -> dict[str, Any]:
    return {
        "label": label,
        "data": data,
        "borderColor": colour,
        "backgroundColor": colour,
        "displayYAxis": True,
        "maxTicksXLimit": 12,
    }


def alarms() -> Panel:
    rows = [
        [
            stacked(link(reverse("admin:promotions_alarm_change", args=[alarm.pk]), alarm), time_html(alarm.at)),
            value_of(alarm),
            state_badge(alarm, "action"),
        ]
        for alarm in Alarm.objects.unacknowledged().select_related("threshold")[:ROWS_SHOWN]
    ]
    columns = [_("alarm"), _("value of limit"), _("done by itself")]
    return Panel(_("Open alarms"), columns, rows, _("No line is crossed."), list_url("promotions_alarm", "state=open"))


def approvals(user: Any) -> Panel:
    """Those that this reader may decide: asked by others, and within his rights."""
    pending = Approval.objects.filter(status=ApprovalStatus.PENDING).exclude(requested_by=user).select_related("requested_by")
    mine = [approval for approval in pending[:100] if may_decide(approval, user)]
    rows = [
        [
            link(reverse("admin:lib_approval_change", args=[approval.pk]), approval.summary),
            stacked(approval.requested_by, time_html(approval.requested_at)),
        ]
        for approval in mine[:ROWS_SHOWN]
    ]
    url = list_url("lib_approval", "status__exact=pending")
    return Panel(_("Waiting for me"), [_("what would be done"), _("asked by")], rows, _("Nothing waits for you."), url)


def schedules() -> Panel:
    tasks = list(PeriodicTask.objects.select_related("interval").exclude(name__startswith="celery.").order_by("name"))
    runs = last_runs(map(check_name_of, tasks))
    rows = []
    for task in tasks:
        check, run = check_of(task), runs.get(check_name_of(task))
        rows.append(
            [
                link(reverse("admin:django_celery_beat_periodictask_change", args=[task.pk]), check.title if check else task.name),
                duration_text(period_of(task)),
                time_html(run.started_at if run else None),
                run_state(run),
                duration_of(run) if run else NOTHING,
                (run.result if run else "") or NOTHING,
                next_run_of(task),
            ]
        )
    columns = [_("check"), _("every"), _("last run"), _("state"), _("took"), _("result"), _("next")]
    return Panel(_("Scheduled checks"), columns, rows, _("Nothing is scheduled."), list_url("django_celery_beat_periodictask"))


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
