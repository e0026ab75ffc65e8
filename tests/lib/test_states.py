"""States are a table, and `move` is the only hand that writes them."""

import pytest

from backoffice.lib.errors import StaleState
from backoffice.lib.models import Job, JobStatus
from backoffice.lib.models.job import JOB_MOVES
from backoffice.lib.states import move, moves
from tests.promotions.factories import NOON, the_asker
from tests.promotions.racing import at_once

pytestmark = pytest.mark.django_db


def a_job():
    return Job.objects.create(kind="tests", reason="test", requested_by=the_asker(), requested_at=NOON)


def fresh(job):
    return Job.objects.get(pk=job.pk)


def test_a_move_of_the_table_is_made_in_the_database_and_in_the_hand():
    job = a_job()
    assert move(job, JobStatus.QUEUED, JOB_MOVES) is job
    assert job.status == fresh(job).status == JobStatus.QUEUED


@pytest.mark.parametrize("to", [JobStatus.REQUESTED, JobStatus.RUNNING, JobStatus.DONE, "nonsense", ""])
def test_a_move_that_is_not_in_the_table_is_refused_in_words(to):
    job, word = a_job(), dict(JobStatus.choices).get(to, to)
    with pytest.raises(StaleState, match=rf"is waiting for approval and cannot become {word}"):
        move(job, to, JOB_MOVES)
    assert job.status == fresh(job).status == JobStatus.REQUESTED


def test_a_move_from_a_state_that_is_no_longer_true_is_refused():
    job, stale = (job := a_job()), fresh(job)
    move(job, JobStatus.CANCELLED, JOB_MOVES)
    with pytest.raises(StaleState, match="no longer waiting for approval"):
        move(stale, JobStatus.QUEUED, JOB_MOVES)
    assert stale.status == JobStatus.REQUESTED
    assert fresh(job).status == JobStatus.CANCELLED


def test_what_goes_with_the_move_is_written_and_nothing_else():
    job = a_job()
    Job.objects.filter(pk=job.pk).update(total=7)
    job.reason = "a change in memory only"
    move(job, JobStatus.QUEUED, JOB_MOVES, error="a note")
    assert (fresh(job).error, fresh(job).reason, fresh(job).total) == ("a note", "test", 7)
    assert job.error == "a note"


def test_a_row_that_is_gone_cannot_be_moved():
    job = a_job()
    pk = job.pk
    job.delete()
    job.pk = pk
    with pytest.raises(StaleState):
        move(job, JobStatus.QUEUED, JOB_MOVES)


def test_a_table_has_plain_strings_and_sets_that_cannot_be_changed():
    table = moves({JobStatus.REQUESTED: {JobStatus.QUEUED}, JobStatus.QUEUED: set()})
    assert table == {"requested": frozenset({"queued"}), "queued": frozenset()}
    assert all(type(state) is str for state in table)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_twelve_who_move_at_once_one_succeeds():
    job = a_job()
    targets = [JobStatus.QUEUED, JobStatus.CANCELLED] * 6
    read_before = [(fresh(job), to) for to in targets]
    results = at_once([lambda job=job, to=to: move(job, to, JOB_MOVES) for job, to in read_before])
    assert sorted(type(result).__name__ for result in results) == ["Job"] + ["StaleState"] * 11
    (winner,) = (result for result in results if isinstance(result, Job))
    assert fresh(job).status == winner.status
