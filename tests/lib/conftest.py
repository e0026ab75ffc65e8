"""What the tests of jobs share."""

import pytest

from backoffice.lib import jobs
from backoffice.lib.jobs import job_queued, job_runner
from tests.lib.working import KIND, Worker


@pytest.fixture
def worker(monkeypatch):
    monkeypatch.setattr(jobs, "_runners", dict(jobs._runners))
    worker = Worker()
    job_runner(KIND)(worker.run_chunk)
    return worker


@pytest.fixture
def woken():
    """The ids of the jobs that workers were woken for."""
    ids = []

    def note(job_id, **_):
        ids.append(job_id)

    receivers, job_queued.receivers = job_queued.receivers, []
    job_queued.sender_receivers_cache.clear()
    job_queued.connect(note)
    yield ids
    job_queued.receivers = receivers
    job_queued.sender_receivers_cache.clear()
