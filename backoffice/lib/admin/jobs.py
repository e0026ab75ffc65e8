"""Long work: a bar with done, rate and time left, which can be left and found again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib import clock
from backoffice.lib.admin.base import ReadOnlyAdmin
from backoffice.lib.admin.columns import state_column, text_column, time_column
from backoffice.lib.admin.filters import ChoicesFilter, MomentFilter
from backoffice.lib.admin.page import Fact, Headline
from backoffice.lib.admin.steps import Step
from backoffice.lib.aloud import aloud, error_aloud
from backoffice.lib.display import NOTHING, count_text, duration_text, link, state_badge, time_html
from backoffice.lib.jobs import OPEN_STATUSES, UNFINISHED_STATUSES, pause_job, queue_job
from backoffice.lib.models import Job, JobStatus

SLOW = 1
"""Items a second below which a whole number would say that nothing moves."""
MOVING = (JobStatus.REQUESTED, JobStatus.QUEUED, JobStatus.RUNNING)
_pages: dict[str, Callable[[Job], str]] = {}


def job_page(kind: str, url_of: Callable[[Job], str]) -> None:
    """Say where the results of jobs of this kind are shown, item by item."""
    _pages[kind] = url_of


@dataclass(frozen=True)
class JobCancel:
    """How jobs of a kind are cancelled from their page: by whom, what the reader is told first, and the service."""

    permission: str
    tells: Callable[[Job], str]
    run: Callable[..., Any]


_cancels: dict[str, JobCancel] = {}


def job_cancel(kind: str, cancel: JobCancel) -> None:
    """Say how jobs of this kind are cancelled. Those of which nobody says it are not: their results are needed whole."""
    _cancels[kind] = cancel


def may_be_cancelled(job: Job) -> bool:
    return job.kind in _cancels and job.status in UNFINISHED_STATUSES and job.cancelled_at is None


@dataclass(frozen=True)
class Progress:
    """A job as its bar shows it. `rate` is items a second, `left` what remains at that rate; None while unknown."""

    job: Job
    rate: float | None
    left: timedelta | None

    @property
    def is_moving(self) -> bool:
        return self.job.status in MOVING

    @property
    def words(self) -> str:
        parts = [_("%(done)s of %(total)s") % {"done": count_text(self.job.done), "total": count_text(self.job.total)}]
        if self.job.failed_items:
            parts.append(_("%s failed") % count_text(self.job.failed_items))
        if self.rate is not None and self.is_moving:
            parts.append(_("%s a second") % (f"{self.rate:,.0f}" if self.rate >= SLOW else f"{self.rate:.1g}"))
        if self.left and self.is_moving:
            parts.append(_("%s left") % duration_text(self.left))
        return " · ".join(parts)


def progress_of(job: Job, at: datetime) -> Progress:
    seconds = ((job.finished_at or at) - job.started_at).total_seconds() if job.started_at else 0
    rate = job.done / seconds if seconds > 0 and job.done else None
    return Progress(job, rate, timedelta(seconds=(job.total - job.done) / rate) if rate else None)


def progress_url(job: Job) -> str:
    return reverse("admin:lib_job_progress", args=[job.pk])


def bar(job: Job) -> SafeString:
    """A small bar for lists."""
    return format_html(
        '<span class="hf-short"><span class="hf-bar" title="{}/{}"><span class="hf-progress-{}" style="width: {}%"></span></span>'
        " {}%</span>",
        job.done,
        job.total,
        job.status,
        job.percent_done,
        job.percent_done,
    )


def cancel_facts(job: Job) -> list[Fact]:
    """Who cancelled it, when and why; nothing where nobody did."""
    if job.cancelled_at is None:
        return []
    return [Fact(_("Cancelled by"), job.cancelled_by, time_html(job.cancelled_at)), Fact(_("Why"), aloud(job.cancel_reason))]


def job_warnings(job: Job) -> list[str]:
    """What stands in red on the pages of a job and of what it works."""
    warnings = [error_aloud(job.error)] if job.error else []
    if job.is_being_cancelled:
        warnings.append(_("It was cancelled: nothing more is done. The job still writes a result for each of the rest."))
    return warnings


def stop_steps(
    permission: str, *, pause: Any, resume: Any, cancel: Any, job_of: Any, tells: Any, may_cancel: Any = None
) -> tuple[Step, ...]:
    """Pause, go on and cancel the rest, as buttons on the page of a job or of what it works. `job_of` answers its job, None where
    it has none; `tells` says what becomes of what was done and of the rest. `may_cancel` where who may cancel is not who may pause.
    """

    def is_in(obj: Any, *statuses: str) -> bool:
        job = job_of(obj)
        return job is not None and job.status in statuses

    def with_a_result(obj: Any) -> str:
        job = job_of(obj)
        return count_text(job.done if job is not None else 0)

    return (
        Step(
            name="pause",
            label=gettext_lazy("Pause"),
            icon="pause",
            is_plain=True,
            permission=permission,
            run=pause,
            is_shown=lambda obj: is_in(obj, *OPEN_STATUSES) and job_of(obj).cancelled_at is None,
            tells=lambda obj: (
                _("It stops after the items it works at now, until somebody lets it go on: %s have a result and keep it.")
                % with_a_result(obj)
            ),
            done=gettext_lazy("Paused."),
        ),
        Step(
            name="go-on",
            label=gettext_lazy("Go on"),
            icon="play_arrow",
            permission=permission,
            run=resume,
            is_shown=lambda obj: is_in(obj, JobStatus.PAUSED, JobStatus.FAILED),
            tells=lambda obj: _("It goes on where it stopped: %s items have a result and are left alone.") % with_a_result(obj),
            done=gettext_lazy("The job is queued again."),
        ),
        Step(
            name="cancel",
            label=gettext_lazy("Cancel the rest"),
            icon="cancel",
            is_stop=True,
            permission=permission,
            may=may_cancel,
            run=cancel,
            is_shown=lambda obj: job_of(obj) is not None and may_be_cancelled(job_of(obj)),
            tells=tells,
            done=gettext_lazy("Cancelled: nothing more of it is done."),
        ),
    )


STEPS = stop_steps(
    "lib.change_job",
    pause=pause_job,
    resume=lambda job, **_why: queue_job(job),
    cancel=lambda job, **why: _cancels[job.kind].run(job, **why),
    job_of=lambda job: job,
    tells=lambda job: _cancels[job.kind].tells(job),
    may_cancel=lambda job, user: job.kind in _cancels and user.has_perm(_cancels[job.kind].permission),
)


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    steps = STEPS
    list_display = (
        "__str__",
        state_column("status", gettext_lazy("state")),
        text_column(bar, "progress", gettext_lazy("progress")),
        "total",
        "failed_items",
        "requested_by",
        time_column("requested_at", gettext_lazy("asked at")),
        time_column("finished_at", gettext_lazy("finished at")),
    )
    list_filter = (("status", ChoicesFilter), ("requested_at", MomentFilter))
    list_select_related = ("requested_by",)

    def headline(self, request: HttpRequest, obj: Job) -> Headline:
        results = _pages[obj.kind](obj) if obj.kind in _pages else ""
        approval = reverse("admin:lib_approval_change", args=[obj.approval_id]) if obj.approval_id else ""
        facts = [
            Fact(_("Results"), link(results, _("item by item")) if results else NOTHING),
            Fact(_("Asked by"), obj.requested_by, time_html(obj.requested_at)),
            Fact(_("Approval"), link(approval, f"#{obj.approval_id}") if approval else NOTHING),
            Fact(_("Reason"), aloud(obj.reason)),
            Fact(_("Started"), time_html(obj.started_at)),
            Fact(_("Finished"), time_html(obj.finished_at)),
            *cancel_facts(obj),
        ]
        return Headline(str(obj), state_badge(obj), facts=facts, warnings=job_warnings(obj), progress_url=progress_url(obj))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.progress_view)
        return [path("<path:object_id>/progress/", view, name="lib_job_progress"), *super().get_urls()]

    def progress_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The bar alone, for the page that shows it to fetch anew while the job moves."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        job = self.get_object(request, unquote(object_id))
        if job is None:
            return HttpResponse(status=404)
        return TemplateResponse(request, "admin/holdfast/progress.html", {"progress": progress_of(job, clock.now())})
