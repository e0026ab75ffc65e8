"""A job has one worker at a time: who holds the lease."""

from datetime import timedelta

import pytest
from billiard.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError

from backoffice.lib import clock
from backoffice.lib.jobs import LEASE, requeue_stale_jobs, run_job
from backoffice.lib.models import Job, JobStatus
from backoffice.lib.tasks import run_job_task
from tests.lib.working import SECOND, Killed, a_job, fresh, items, run
from tests.promotions.factories import DAY, NOON
from tests.promotions.racing import at_once

pytestmark = pytest.mark.django_db


# The lease


@pytest.mark.parametrize("status", [JobStatus.REQUESTED, JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED])
def test_only_what_is_queued_or_runs_is_worked(worker, status):
    job = a_job(status)
    assert run(job) is False
    assert (items(), fresh(job).status) == ([], status)


def test_a_job_that_somebody_works_is_left_alone(worker):
    job = a_job(JobStatus.RUNNING, lease_until=NOON + SECOND)
    assert run(job) is False
    assert items() == []


def test_an_unknown_job_is_left_alone(worker):
    assert run_job(10**9, now=lambda: NOON) is False


def test_each_chunk_renews_the_lease(worker):
    job, moments, seen = a_job(), iter(NOON + minutes * timedelta(minutes=1) for minutes in range(20)), []

    def now():
        seen.append(fresh(job).lease_until)
        return next(moments)

    run_job(job.pk, now=now)
    assert seen[1:] == [NOON + minutes * timedelta(minutes=1) + LEASE for minutes in range(len(seen) - 1)]


def test_who_lost_the_lease_writes_nothing_more(worker):
    job, calls = a_job(), []

    def now():
        calls.append(1)
        if len(calls) == 3:  # after the first chunk was committed: somebody else takes over
            Job.objects.filter(pk=job.pk).update(lease_token="00000000-0000-0000-0000-000000000001")
        return NOON

    run_job(job.pk, now=now)
    assert items() == [1, 2, 3]
    assert (fresh(job).done, fresh(job).status) == (3, JobStatus.RUNNING)


def test_who_lost_the_lease_does_not_fail_the_job_of_the_next(worker):
    job, calls = a_job(), []

    def now():
        calls.append(1)
        if len(calls) == 3:
            Job.objects.filter(pk=job.pk).update(lease_token="00000000-0000-0000-0000-000000000001")
            raise RuntimeError("the clock broke")
        return NOON

    with pytest.raises(RuntimeError):
        run_job(job.pk, now=now)
    assert (fresh(job).status, fresh(job).error) == (JobStatus.RUNNING, "")


def test_a_job_that_is_cancelled_stops_after_its_chunk(worker):
    job, calls = a_job(), []

    def now():
        calls.append(1)
        if len(calls) == 3:
            Job.objects.filter(pk=job.pk).update(status=JobStatus.CANCELLED)
        return NOON

    run_job(job.pk, now=now)
    assert (items(), fresh(job).status) == ([1, 2, 3], JobStatus.CANCELLED)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_eight_workers_at_once_work_a_job_once(worker):
    job = a_job(total=60)
    answers = at_once([lambda: run(job)] * 8)
    assert sorted(answers) == [False] * 7 + [True]
    assert items() == list(range(1, 61))
    assert fresh(job).status == JobStatus.DONE


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_eight_workers_after_a_kill_work_the_rest_once(worker):
    job = a_job(total=60)
    worker.goes_wrong_at, worker.error = 20, Killed()
    with pytest.raises(Killed):
        run(job)
    worker.goes_wrong_at = None
    assert sorted(at_once([lambda: run(job, at=NOON + DAY)] * 8)) == [False] * 7 + [True]
    assert items() == list(range(1, 61))


# Turns: a message has a time limit, a job has none


def ticking(*, step):
    """A clock that moves on by `step` each time somebody looks."""
    moments = (NOON + n * step for n in range(1_000))
    return lambda: next(moments)


def test_a_turn_ends_between_two_chunks_and_wakes_the_next_worker(worker, woken):
    job = a_job()
    assert run_job(job.pk, now=ticking(step=SECOND), turn=4 * SECOND) is True
    assert (items(), fresh(job).done, fresh(job).status) == ([1, 2, 3, 4, 5, 6, 7, 8, 9], 9, JobStatus.RUNNING)
    assert (fresh(job).lease_until, woken) == (None, [job.pk])
    assert run(job) is True
    assert (items(), fresh(job).status) == (list(range(1, 11)), JobStatus.DONE)


def test_a_job_that_ends_within_its_turn_wakes_nobody(worker, woken):
    job = a_job()
    run_job(job.pk, now=lambda: NOON, turn=SECOND)
    assert (fresh(job).status, woken) == (JobStatus.DONE, [])


def test_what_was_handed_on_and_then_forgotten_is_found_by_the_sweep(worker, woken):
    job = a_job()
    run_job(job.pk, now=ticking(step=SECOND), turn=SECOND)
    woken.clear()
    assert requeue_stale_jobs(NOON) == 1
    assert woken == [job.pk]


def test_who_was_overtaken_hands_nothing_on(worker, woken):
    """Its lease ran out and another took it: giving that one's lease back would let a third in."""
    job, calls = a_job(), []

    def now():
        calls.append(1)
        if len(calls) == 3:
            Job.objects.filter(pk=job.pk).update(lease_token="00000000-0000-0000-0000-000000000001")
        return NOON + len(calls) * SECOND

    run_job(job.pk, now=now, turn=SECOND)
    assert fresh(job).lease_until is not None
    assert woken == []


@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("closed"), SoftTimeLimitExceeded()], ids=repr)
def test_an_interruption_is_no_fault_of_the_work_and_does_not_fail_the_job(worker, error):
    job = a_job()
    worker.goes_wrong_at, worker.error = 5, error
    with pytest.raises(type(error)):
        run(job)
    assert (items(), fresh(job).status, fresh(job).error) == ([1, 2, 3], JobStatus.RUNNING, "")
    worker.goes_wrong_at = None
    assert run(job, at=NOON + LEASE + SECOND) is True
    assert items() == list(range(1, 11))


# The message


class SentAgain(Exception):
    pass


@pytest.fixture
def sent_again(monkeypatch):
    """After how many seconds messages come again."""
    seconds = []

    def retry(*, countdown, exc=None):
        seconds.append(countdown)
        return SentAgain()

    monkeypatch.setattr(run_job_task, "retry", retry)
    monkeypatch.setattr(clock, "now", lambda: NOON)
    return seconds


def test_a_message_that_finds_the_lease_taken_comes_again_when_it_would_run_out(worker, sent_again):
    """The worker that holds it may have been killed; nobody can tell before."""
    job = a_job(JobStatus.RUNNING, lease_until=NOON + SECOND)
    with pytest.raises(SentAgain):
        run_job_task(job.pk)
    assert sent_again == [pytest.approx(1.2)]


def test_a_message_whose_database_went_away_comes_again(worker, sent_again):
    job = a_job()
    worker.goes_wrong_at, worker.error = 5, OperationalError("gone")
    with pytest.raises(SentAgain):
        run_job_task(job.pk)
    assert sent_again == [LEASE.total_seconds()]


@pytest.mark.parametrize("status", [JobStatus.DONE, JobStatus.PAUSED, JobStatus.CANCELLED, JobStatus.FAILED])
def test_a_message_for_a_job_that_nobody_may_work_is_over(worker, sent_again, status):
    run_job_task(a_job(status).pk)
    assert sent_again == []
