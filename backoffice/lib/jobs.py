"""Long work, owned by the database.

A job is worked in chunks. A worker takes a lease by a guarded update, works one chunk in one transaction together with the
counters, and commits; whoever loses the lease writes nothing. Celery only wakes the work up: what it forgets,
`requeue_stale_jobs` finds.

Each chunk locks the job's row until it commits, so nobody takes over in the middle of one, however long it takes. The lease only
has to outlive the moment between two chunks, and is short: that is how long a job stands still when its worker is killed.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from billiard.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q, QuerySet
from django.dispatch import Signal
from django.utils.translation import gettext as _

from backoffice.lib.audit import because
from backoffice.lib.errors import NotFound, StaleState
from backoffice.lib.models import Job
from backoffice.lib.models.job import JOB_MOVES, JobStatus
from backoffice.lib.states import move

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=3)
# A deadlock, a broken connection, a server that restarts, a message whose time is over: none of them is a fault of the work. The
# chunk was rolled back, and whoever comes when the lease has run out takes the job up again.
INTERRUPTIONS = (OperationalError, InterfaceError, SoftTimeLimitExceeded)
OPEN_STATUSES = (JobStatus.QUEUED, JobStatus.RUNNING)
# What somebody let begin and what has not ended.
UNFINISHED_STATUSES = (*OPEN_STATUSES, JobStatus.PAUSED, JobStatus.FAILED)

job_queued = Signal()
"""Sent with `job_id` after the commit that queued a job: receivers wake a worker up."""
job_failed = Signal()
"""Sent with `job`, `error` and `at` after a fault of the work has stopped a job: receivers tell people."""


@dataclass(frozen=True)
class ChunkResult:
    """What one chunk did: items that have a result now, how many of them failed, and the last item's place.

    `has_checked_scope` where it looked whether the scope is what was approved, and found that it is.
    """

    done: int
    failed: int
    cursor: int
    is_last: bool
    has_checked_scope: bool = False


ChunkRunner = Callable[[Job, datetime], ChunkResult]
_runners: dict[str, ChunkRunner] = {}


def job_runner(kind: str) -> Callable[[ChunkRunner], ChunkRunner]:
    """Register what works one chunk of the jobs of this kind. It runs inside the chunk's transaction."""

    def register(runner: ChunkRunner) -> ChunkRunner:
        _runners[kind] = runner
        return runner

    return register


def queue_job(job: Job, **also: Any) -> Job:
    """Let the job run, writing the fields `also`: tell the workers once this is committed."""
    move(job, JobStatus.QUEUED, JOB_MOVES, lease_until=None, lease_token=None, error="", scope_checked_at=None, **also)
    transaction.on_commit(lambda: job_queued.send(sender=Job, job_id=job.pk))
    return job


@transaction.atomic
def pause_job(job: Job, *, by: Any, reason: str, at: datetime) -> Job:
    """Stop after the chunk that is being worked, until `queue_job` lets it go on. What has a result keeps it.

    Raises StaleState for a job that neither waits nor runs, and for one that was cancelled: what it does then is soon over.
    """
    job = Job.objects.select_for_update().get(pk=job.pk)
    if job.cancelled_at:
        raise StaleState(_("%s is cancelled already.") % job)
    with because(reason, user=by.pk, job=job.pk):
        return move(job, JobStatus.PAUSED, JOB_MOVES, lease_until=None, lease_token=None)


@transaction.atomic
def cancel_job(job: Job, *, by: Any, reason: str, at: datetime) -> Job:
    """Stop for good after the chunk that is being worked. Raises StaleState for a job that has ended.

    Only for kinds of work that may stay undone: their services call it.
    """
    job = Job.objects.select_for_update().get(pk=job.pk)
    with because(reason, user=by.pk, job=job.pk):
        return move(job, JobStatus.CANCELLED, JOB_MOVES, lease_until=None, lease_token=None, finished_at=at)


@transaction.atomic
def cancel_rest(job: Job, *, by: Any, reason: str, at: datetime) -> Job:
    """Do nothing more of it. What has a result keeps it; its runner, which sees `cancelled_at`, gives the rest a result that says
    so, and then the job is cancelled: every item has its result.

    Waits for the chunk that is being worked. Raises StaleState for a job that has not begun, has ended, was cancelled before, or
    has a result for every item already.
    """
    job = Job.objects.select_for_update().get(pk=job.pk)
    if why_not := why_not_cancel(job):
        raise StaleState(why_not)
    said = {"cancelled_at": at, "cancelled_by": by, "cancel_reason": reason}
    with because(reason, user=by.pk, job=job.pk):
        if job.status not in OPEN_STATUSES:
            return queue_job(job, **said)
        Job.objects.filter(pk=job.pk).update(**said)
    job.refresh_from_db()
    return job


def why_not_cancel(job: Job) -> str:
    """Why the rest of it cannot be cancelled; empty where it can."""
    if job.cancelled_at:
        return _("%s is cancelled already.") % job
    if job.status not in UNFINISHED_STATUSES:
        told = {"job": job, "state": job.get_status_display()}
        return _("%(job)s is %(state)s: there is nothing to cancel.") % told
    return "" if job.done < job.total else _("Every item has its result already: there is nothing left to cancel.")


def run_job(job_id: int, *, now: Callable[[], datetime], turn: timedelta | None = None) -> bool:
    """Work a job to its end, or for about a turn and hand the rest on. Answers False, having done nothing, where it is not to be
    worked or another worker holds its lease.
    """
    token, begun = uuid.uuid4(), now()
    if not _take_lease(job_id, token, begun):
        return False
    try:
        at = now()
        while _work_chunk(job_id, token, at):
            at = now()
            if turn is not None and at - begun >= turn:
                _hand_on(job_id, token)
                break
    except INTERRUPTIONS:
        log.exception("job_interrupted", job_id=job_id)
        raise
    except Exception as error:
        log.exception("job_failed", job_id=job_id)
        _fail(job_id, token, error, now())
        raise
    return True


def _fail(job_id: int, token: uuid.UUID, error: Exception, at: datetime) -> None:
    """Write down why the job stopped, unless another worker has it by now."""
    mine = Job.objects.filter(pk=job_id, lease_token=token, status=JobStatus.RUNNING)
    text = f"{type(error).__name__}: {error}"
    if mine.update(status=JobStatus.FAILED, error=text[:2000], lease_until=None, lease_token=None, finished_at=at):
        told = job_failed.send_robust(sender=Job, job=Job.objects.get(pk=job_id), error=error, at=at)
        for receiver, answer in told:
            if isinstance(answer, Exception):
                log.error("failure_not_told", job_id=job_id, receiver=repr(receiver), error=repr(answer))


def lease_left(job_id: int, at: datetime) -> timedelta | None:
    """How long another worker's lease on an open job lasts unless it is renewed; None where nobody works the job."""
    until = Job.objects.filter(pk=job_id, status=JobStatus.RUNNING).values_list("lease_until", flat=True).first()
    return None if until is None else max(until - at, timedelta(0))


def open_jobs() -> list[int]:
    """The ids of what is queued or runs, whoever works it."""
    return list(Job.objects.filter(status__in=OPEN_STATUSES).values_list("pk", flat=True))


def requeue_stale_jobs(at: datetime) -> int:
    """Wake up again what is queued, what was handed on, and what runs on a lease that ran out. Answers how many."""
    free = Q(lease_until=None) | Q(lease_until__lt=at)
    stale = Job.objects.filter(Q(status=JobStatus.QUEUED) | Q(free, status=JobStatus.RUNNING))
    ids = list(stale.values_list("pk", flat=True))
    for job_id in ids:
        job_queued.send(sender=Job, job_id=job_id)
    return len(ids)


def _take_lease(job_id: int, token: uuid.UUID, at: datetime) -> bool:
    free = Q(lease_until=None) | Q(lease_until__lt=at)
    with transaction.atomic():
        job = Job.objects.select_for_update(skip_locked=True).filter(free, pk=job_id, status__in=OPEN_STATUSES).first()
        if job is None:
            return False
        job.status, job.lease_token, job.lease_until = JobStatus.RUNNING, token, at + LEASE
        job.started_at = job.started_at or at
        job.save(update_fields=["status", "lease_token", "lease_until", "started_at"])
    return True


def _hand_on(job_id: int, token: uuid.UUID) -> None:
    """Give the lease back between two chunks and wake a worker up, which may be this one."""
    mine = Job.objects.filter(pk=job_id, lease_token=token, status=JobStatus.RUNNING)
    if mine.update(lease_until=None, lease_token=None):
        job_queued.send(sender=Job, job_id=job_id)


def _locked(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """Whoever pauses, cancels or takes over waits until the chunk is committed."""
    return jobs.select_for_update()


def _work_chunk(job_id: int, token: uuid.UUID, at: datetime) -> bool:
    """One chunk and its counters in one transaction. Answers whether there is more to do."""
    with transaction.atomic():
        job = _locked(Job.objects.filter(pk=job_id, lease_token=token, status=JobStatus.RUNNING)).first()
        if job is None:
            return False
        runner = _runners.get(job.kind)
        if runner is None:
            raise NotFound(_("Nothing is registered to run jobs of the kind %s.") % job.kind)
        with because(job.cancel_reason or job.reason, user=job.cancelled_by_id or job.requested_by_id, job=job.pk):
            result = runner(job, at)
        _note(job, result, at)
    return not result.is_last


def _note(job: Job, result: ChunkResult, at: datetime) -> None:
    """Write what the chunk did, in one statement.

    Of a row that a transaction wrote before, PostgreSQL checks all links anew at the second time, which locks the approval: and
    whoever decides on that has locked it before the job.
    """
    fields: dict[str, Any] = {
        "done": F("done") + result.done,
        "failed_items": F("failed_items") + result.failed,
        "cursor": result.cursor,
    }
    if result.has_checked_scope:
        fields["scope_checked_at"] = at
    if result.is_last:
        end = JobStatus.CANCELLED if job.cancelled_at else JobStatus.DONE
        move(job, end, JOB_MOVES, **fields, lease_until=None, lease_token=None, finished_at=at)
    else:
        Job.objects.filter(pk=job.pk).update(**fields, lease_until=at + LEASE)
