"""Pausing, going on with and cancelling freezes, releases and imports: buttons on their own pages and on those of their jobs."""

from typing import Any

from django.utils.translation import gettext as _

from backoffice.lib.admin.jobs import JobCancel, job_cancel, stop_steps
from backoffice.lib.display import count_text
from backoffice.lib.models import Job
from orders.models import Freeze, OrderImport, Release
from orders.services.stopping import (
    STOP_FREEZE,
    STOP_IMPORT,
    Work,
    cancel_work,
    job_of,
    pause_work,
    resume_work,
)


def tells_freeze(job: Job) -> str:
    text = _(
        "What is held stays held, until it is released. %(left)s of %(total)s orders have no result yet: they are not held. A"
        " cancellation cannot be undone."
    )
    return text % _numbers(job)


def tells_release(job: Job) -> str:
    text = _(
        "What is released stays released. %(left)s of %(total)s holds have no result yet: they stay as they are. A"
        " cancellation cannot be undone."
    )
    return text % _numbers(job)


def tells_import(job: Job) -> str:
    text = _(
        "What is loaded stays loaded. %(left)s of %(total)s invoices have no result yet: they are not loaded. The same"
        " file, uploaded again, loads what is missing."
    )
    return text % _numbers(job)


def _numbers(job: Job) -> dict[str, str]:
    return {"left": count_text(job.total - job.done), "total": count_text(job.total)}


def _steps(permission: str, tells: Any) -> Any:
    def tells_of(work: Work) -> str:
        job = job_of(work)
        return tells(job) if job is not None else ""

    return stop_steps(permission, pause=pause_work, resume=resume_work, cancel=cancel_work, job_of=job_of, tells=tells_of)


def _cancel(model: Any) -> Any:
    return lambda job, **why: cancel_work(model._default_manager.get(job=job), **why)


FREEZE_STEPS = _steps(STOP_FREEZE, tells_freeze)
RELEASE_STEPS = _steps(STOP_FREEZE, tells_release)
IMPORT_STEPS = _steps(STOP_IMPORT, tells_import)
job_cancel("freeze", JobCancel(STOP_FREEZE, tells_freeze, _cancel(Freeze)))
job_cancel("release", JobCancel(STOP_FREEZE, tells_release, _cancel(Release)))
job_cancel("load import", JobCancel(STOP_IMPORT, tells_import, _cancel(OrderImport)))
