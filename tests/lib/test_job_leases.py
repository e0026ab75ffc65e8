"""A job has one worker at a time: who holds the lease."""

from datetime import timedelta

import pytest

from backoffice.lib.jobs import LEASE, run_job
from backoffice.lib.models import Job, JobStatus
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
