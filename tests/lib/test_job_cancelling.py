"""The rest of a job is cancelled: its runner is told, and the job ends as cancelled with a result for every item."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from backoffice.lib.errors import StaleState
from backoffice.lib.jobs import ChunkResult, cancel_rest, job_failed, job_runner, pause_job, queue_job, run_job
from backoffice.lib.models import ApiKey, Job, JobStatus
from tests.bypass import drop_constraints
from tests.lib.working import CHUNK, ITEMS, KIND, SECOND, a_job, fresh, items, run
from tests.promotions.factories import NOON, the_approver

pytestmark = pytest.mark.django_db

WHY = {"reason": "not needed", "at": NOON + SECOND}


@pytest.fixture
def skipping(worker):
    """A worker that makes nothing of what is left of a cancelled job."""
    skipped = []

    def work(job, at):
        if not job.cancelled_at:
            return worker.run_chunk(job, at)
        last = min(job.cursor + CHUNK, job.total)
        skipped.extend(range(job.cursor + 1, last + 1))
        return ChunkResult(done=last - job.cursor, failed=0, cursor=last, is_last=last == job.total)

    job_runner(KIND)(work)
    return skipped


def cancelled(job):
    return cancel_rest(job, by=the_approver(), **WHY)


def test_what_is_left_is_skipped_and_the_job_ends_cancelled(worker, skipping):
    job, calls = a_job(), []

    def now():
        calls.append(1)
        if len(calls) == 3:  # after the first chunk
            cancelled(job)
        return NOON

    run_job(job.pk, now=now)
    now_there = fresh(job)
    assert (items(), skipping) == ([1, 2, 3], list(range(4, ITEMS + 1)))
    assert (now_there.status, now_there.done, now_there.finished_at) == (JobStatus.CANCELLED, ITEMS, NOON)


@pytest.mark.parametrize("status", [JobStatus.PAUSED, JobStatus.FAILED])
def test_what_stands_still_is_queued_to_skip_the_rest(worker, skipping, woken, status, django_capture_on_commit_callbacks):
    job = a_job(status)
    with django_capture_on_commit_callbacks(execute=True):
        assert cancelled(job).status == JobStatus.QUEUED
    assert woken == [job.pk]
    run(job)
    assert (fresh(job).status, items(), len(skipping)) == (JobStatus.CANCELLED, [], ITEMS)


@pytest.mark.parametrize("status", [JobStatus.REQUESTED, JobStatus.DONE, JobStatus.CANCELLED])
def test_what_has_not_begun_or_has_ended_is_refused(worker, status):
    job = a_job(status)
    with pytest.raises(StaleState, match="nothing to cancel"):
        cancelled(job)
    assert (fresh(job).status, fresh(job).cancelled_at) == (status, None)


def test_what_is_cancelled_is_neither_cancelled_again_nor_paused(worker, skipping):
    job = a_job()
    cancelled(job)
    with pytest.raises(StaleState, match="cancelled already"):
        cancelled(job)
    with pytest.raises(StaleState, match="cancelled already"):
        pause_job(job, by=the_approver(), **WHY)
    assert fresh(job).status == JobStatus.QUEUED


def test_what_it_writes_while_it_skips_is_written_for_the_reason_of_the_cancellation(worker):
    def change_a_key(job, at):
        ApiKey.objects.update(name="renamed")
        return ChunkResult(done=ITEMS, failed=0, cursor=ITEMS, is_last=True)

    job_runner(KIND)(change_a_key)
    key = ApiKey.objects.create(name="key", prefix="hf_test", secret_hash="0" * 64)
    job = a_job()
    cancelled(job)
    run(job)
    metadata = key.events.get(pgh_label="update").pgh_context.metadata
    assert metadata == {"reason": "not needed", "user": the_approver().pk, "job": job.pk}


def test_queued_again_its_scope_is_looked_at_again():
    job = a_job(JobStatus.PAUSED, scope_checked_at=NOON)
    queue_job(job)
    assert fresh(job).scope_checked_at is None


def test_the_database_makes_no_cancelled_job_done(worker, skipping):
    job = cancelled(a_job(JobStatus.RUNNING))
    with pytest.raises(IntegrityError, match="job_cancelled_is_never_done"), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(status=JobStatus.DONE, done=ITEMS)
    drop_constraints(Job, "cancelled_is_never_done")
    assert Job.objects.filter(pk=job.pk).update(status=JobStatus.DONE, done=ITEMS) == 1


def test_a_chunk_writes_its_job_in_one_statement_and_so_does_who_cancels(worker, skipping):
    """At the second one of a transaction PostgreSQL locks what the row links to: the approval, which whoever decides has locked."""
    job = a_job()
    with CaptureQueriesContext(connection) as captured:
        run(job)
    assert written(captured) == 1 + 4  # the lease, and four chunks
    job = a_job(JobStatus.PAUSED)
    with CaptureQueriesContext(connection) as captured:
        cancelled(job)
    assert written(captured) == 1


def written(captured):
    return sum('UPDATE "lib_job" SET' in query["sql"] for query in captured)


# Failures are told


@pytest.fixture
def told():
    heard = []

    def hear(job, error, at, **_):
        heard.append((job.pk, job.status, str(error), at))

    job_failed.connect(hear)
    yield heard
    job_failed.disconnect(hear)


def test_a_failure_is_told_with_the_job_as_it_stands(worker, told):
    worker.goes_wrong_at, worker.error = 5, ValueError("no such order")
    job = a_job()
    with pytest.raises(ValueError, match="no such order"):
        run(job)
    assert told == [(job.pk, JobStatus.FAILED, "no such order", NOON)]


def test_who_does_not_listen_well_does_not_change_how_the_job_failed(worker):
    def stumble(**_):
        raise RuntimeError("the telephone is broken")

    job_failed.connect(stumble)
    worker.goes_wrong_at, worker.error = 5, ValueError("no such order")
    job = a_job()
    try:
        with pytest.raises(ValueError, match="no such order"):
            run(job)
    finally:
        job_failed.disconnect(stumble)
    assert (fresh(job).status, fresh(job).error) == (JobStatus.FAILED, "ValueError: no such order")
