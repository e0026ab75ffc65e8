"""A job is worked to its end whoever dies on the way, and each item once."""

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction

from backoffice.lib.errors import NotFound, StaleState
from backoffice.lib.jobs import LEASE, ChunkResult, job_runner, queue_job, requeue_stale_jobs
from backoffice.lib.models import ApiKey, Job, JobStatus
from backoffice.lib.models.job import JOB_MOVES
from tests.lib.working import ITEMS, KIND, SECOND, Killed, a_job, fresh, items, run
from tests.promotions.factories import DAY, NOON, the_asker

pytestmark = pytest.mark.django_db


def test_a_job_is_worked_to_its_end_in_chunks(worker):
    job = a_job()
    assert run(job) is True
    now = fresh(job)
    assert (now.status, now.done, now.failed_items, now.cursor) == (JobStatus.DONE, ITEMS, 0, ITEMS)
    assert (now.started_at, now.finished_at, now.lease_until, now.lease_token) == (NOON, NOON, None, None)
    assert items() == list(range(1, ITEMS + 1))
    assert worker.chunks == 4


def test_counters_and_effects_of_a_chunk_are_one_commit(worker):
    worker.goes_wrong_at, worker.error = 5, Killed()
    job = a_job()
    with pytest.raises(Killed):
        run(job)
    now = fresh(job)
    assert (items(), now.done, now.cursor) == ([1, 2, 3], 3, 3)


def test_after_a_kill_the_job_waits_for_its_lease_and_then_goes_on_where_it_was(worker):
    worker.goes_wrong_at, worker.error = 5, Killed()
    job = a_job()
    with pytest.raises(Killed):
        run(job)
    worker.goes_wrong_at = None
    assert fresh(job).status == JobStatus.RUNNING
    assert run(job, at=NOON + LEASE) is False
    assert run(job, at=NOON + LEASE + SECOND) is True
    now = fresh(job)
    assert items() == list(range(1, ITEMS + 1))
    assert (now.status, now.done, now.started_at) == (JobStatus.DONE, ITEMS, NOON)


@pytest.mark.parametrize("killed_at", range(1, ITEMS + 1))
def test_wherever_it_is_killed_each_item_is_done_once(worker, killed_at):
    worker.goes_wrong_at, worker.error = killed_at, Killed()
    job = a_job()
    with pytest.raises(Killed):
        run(job)
    worker.goes_wrong_at = None
    run(job, at=NOON + DAY)
    assert items() == list(range(1, ITEMS + 1))
    assert fresh(job).done == ITEMS


def test_progress_never_goes_back(worker):
    job, seen = a_job(), []
    worker.goes_wrong_at, worker.error = 8, Killed()
    for day in range(3):
        try:
            run(job, at=NOON + day * DAY)
        except Killed:
            worker.goes_wrong_at = None if day else 8
        seen.append(fresh(job).percent_done)
    assert seen == sorted(seen)
    assert seen[-1] == 100


def test_a_failure_is_written_down_and_keeps_what_was_done(worker):
    worker.goes_wrong_at, worker.error = 5, ValueError("no such order")
    job = a_job()
    with pytest.raises(ValueError, match="no such order"):
        run(job)
    now = fresh(job)
    assert (now.status, now.error, now.finished_at) == (JobStatus.FAILED, "ValueError: no such order", NOON)
    assert (now.done, now.lease_token, items()) == (3, None, [1, 2, 3])


def test_a_failed_job_runs_on_when_it_is_queued_again(worker, woken):
    worker.goes_wrong_at, worker.error = 5, ValueError("no such order")
    job = a_job()
    with pytest.raises(ValueError, match="no such order"):
        run(job)
    worker.goes_wrong_at = None
    queue_job(fresh(job))
    assert run(job, at=NOON + SECOND) is True
    now = fresh(job)
    assert (now.status, now.error, now.done, now.finished_at) == (JobStatus.DONE, "", ITEMS, NOON + SECOND)
    assert items() == list(range(1, ITEMS + 1))


def test_a_very_long_error_is_kept_in_part(worker):
    worker.goes_wrong_at, worker.error = 1, ValueError("x" * 10_000)
    job = a_job()
    with pytest.raises(ValueError, match="xxx"):
        run(job)
    assert len(fresh(job).error) == 2000


def test_a_kind_that_nobody_registered_fails_in_words():
    job = a_job(kind="tests.unheard_of")
    with pytest.raises(NotFound):
        run(job)
    assert "tests.unheard_of" in fresh(job).error


@pytest.mark.parametrize(
    ("claimed", "rule"),
    [
        (ChunkResult(done=ITEMS + 1, failed=0, cursor=99, is_last=True), "job_done_within_total"),
        (ChunkResult(done=1, failed=2, cursor=1, is_last=False), "job_failed_within_done"),
        (ChunkResult(done=ITEMS - 1, failed=0, cursor=9, is_last=True), "job_is_done_when_every_item_is"),
    ],
)
def test_a_runner_that_counts_wrongly_is_caught(worker, claimed, rule):
    def miscount(job, at):
        Group.objects.create(name="item 1")
        return claimed

    job_runner(KIND)(miscount)
    job = a_job()
    with pytest.raises(IntegrityError, match=rule):
        run(job)
    assert (fresh(job).status, fresh(job).done, items()) == (JobStatus.FAILED, 0, [])


def test_items_that_failed_are_counted_and_the_job_still_ends(worker):
    job_runner(KIND)(lambda job, at: ChunkResult(done=ITEMS, failed=4, cursor=ITEMS, is_last=True))
    job = a_job()
    run(job)
    assert (fresh(job).status, fresh(job).failed_items) == (JobStatus.DONE, 4)


# Waking up


def test_workers_are_woken_after_the_commit_and_not_before(woken, django_capture_on_commit_callbacks):
    job = a_job(JobStatus.REQUESTED)
    with django_capture_on_commit_callbacks(execute=True):
        queue_job(job)
        assert woken == []
    assert woken == [job.pk]


def test_what_is_rolled_back_wakes_nobody(woken, django_capture_on_commit_callbacks):
    job = a_job(JobStatus.REQUESTED)
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        queue_job(job)
        transaction.set_rollback(True)
    assert (woken, fresh(job).status) == ([], JobStatus.REQUESTED)


@pytest.mark.parametrize("status", [JobStatus.DONE, JobStatus.CANCELLED, JobStatus.RUNNING])
def test_what_has_ended_or_runs_is_not_queued_afresh_by_mistake(woken, status):
    job = a_job(status)
    if status == JobStatus.RUNNING:
        queue_job(job)
        assert fresh(job).status == JobStatus.QUEUED
    else:
        with pytest.raises(StaleState):
            queue_job(job)


def test_the_sweep_wakes_what_is_queued_and_what_lost_its_worker(woken):
    queued = a_job()
    stale = a_job(JobStatus.RUNNING, lease_until=NOON - SECOND)
    a_job(JobStatus.RUNNING, lease_until=NOON)
    for status in (JobStatus.REQUESTED, JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED):
        a_job(status, lease_until=None)
    assert requeue_stale_jobs(NOON) == 2
    assert set(woken) == {queued.pk, stale.pk}


def test_the_sweep_itself_changes_no_job(woken):
    a_job(JobStatus.RUNNING, lease_until=NOON - SECOND)
    before = list(Job.objects.values())
    requeue_stale_jobs(NOON)
    assert list(Job.objects.values()) == before


# The table of moves, progress, history


@pytest.mark.parametrize(
    ("before", "after"),
    [(before, after) for before in JOB_MOVES for after in JOB_MOVES if after not in JOB_MOVES[before] and after != before],
)
def test_a_move_that_is_not_in_the_table_is_refused_by_the_database(before, after):
    job = a_job(JobStatus(before))
    with pytest.raises(DatabaseError, match="transition"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE lib_job SET status = %s, done = total WHERE id = %s", [after, job.pk])


@pytest.mark.parametrize(
    ("done", "total", "percent"), [(0, 3, 0), (1, 3, 33), (2, 3, 66), (3, 3, 100), (999, 1000, 99), (0, 0, 100)]
)
def test_progress_is_a_whole_percentage_and_full_only_at_the_end(done, total, percent):
    assert Job(done=done, total=total).percent_done == percent


def test_what_a_job_changes_carries_its_number_its_reason_and_who_asked(worker):
    def change_a_key(job, at):
        ApiKey.objects.update(name="renamed")
        return ChunkResult(done=ITEMS, failed=0, cursor=ITEMS, is_last=True)

    job_runner(KIND)(change_a_key)
    key = ApiKey.objects.create(name="key", prefix="hf_test", secret_hash="0" * 64)
    job = a_job()
    run(job)
    metadata = key.events.get(pgh_label="update").pgh_context.metadata
    assert metadata == {"reason": "test", "user": the_asker().pk, "job": job.pk}


def test_a_job_that_the_database_interrupts_is_not_failed_but_taken_up_again_after_its_lease(worker):
    worker.goes_wrong_at, worker.error = 5, OperationalError("deadlock detected")
    job = a_job()
    with pytest.raises(OperationalError):
        run(job)
    worker.goes_wrong_at = None
    assert fresh(job).status == JobStatus.RUNNING
    assert run(job, at=NOON + LEASE + SECOND) is True
    assert (items(), fresh(job).status) == (list(range(1, ITEMS + 1)), JobStatus.DONE)
