"""A worker and jobs of its own, for tests of jobs."""

from datetime import timedelta

from django.contrib.auth.models import Group

from backoffice.lib.jobs import ChunkResult, run_job
from backoffice.lib.models import Job, JobStatus
from tests.promotions.factories import NOON, the_asker

KIND, ITEMS, CHUNK = "tests.items", 10, 3
SECOND = timedelta(seconds=1)


class Killed(BaseException):
    """What `kill -9` looks like from inside: nothing catches it, nothing is tidied up."""


class Worker:
    """Makes one group an item, so that an item done twice would be seen. Can be told to go wrong at an item."""

    def __init__(self):
        self.goes_wrong_at, self.error, self.chunks = None, None, 0

    def run_chunk(self, job, at):
        self.chunks += 1
        last = min(job.cursor + CHUNK, job.total)
        for number in range(job.cursor + 1, last + 1):
            Group.objects.create(name=f"item {number}")
            if number == self.goes_wrong_at:
                raise self.error
        return ChunkResult(done=last - job.cursor, failed=0, cursor=last, is_last=last == job.total)


def a_job(status=JobStatus.QUEUED, *, kind=KIND, total=ITEMS, **fields):
    job = Job.objects.create(kind=kind, total=total, reason="test", requested_by=the_asker(), requested_at=NOON, **fields)
    path = {
        JobStatus.REQUESTED: [],
        JobStatus.QUEUED: [JobStatus.QUEUED],
        JobStatus.RUNNING: [JobStatus.QUEUED, JobStatus.RUNNING],
        JobStatus.DONE: [JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.DONE],
        JobStatus.FAILED: [JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.FAILED],
        JobStatus.PAUSED: [JobStatus.QUEUED, JobStatus.PAUSED],
        JobStatus.CANCELLED: [JobStatus.CANCELLED],
    }[status]
    for step in path:
        Job.objects.filter(pk=job.pk).update(status=step, **({"done": total} if step == JobStatus.DONE else {}))
    job.refresh_from_db()
    return job


def run(job, at=NOON):
    return run_job(job.pk, now=lambda: at)


def items():
    names = Group.objects.filter(name__startswith="item ").values_list("name", flat=True)
    return sorted(int(name.removeprefix("item ")) for name in names)


def fresh(job):
    return Job.objects.get(pk=job.pk)
