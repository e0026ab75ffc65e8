"""Celery envelopes of the shared mechanisms."""

from datetime import datetime, timedelta
from typing import Any

import structlog
from celery import Task, shared_task
from celery.signals import worker_ready
from django.db import connection
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from backoffice.lib import clock
from backoffice.lib.idempotency import forget_old_answers
from backoffice.lib.jobs import INTERRUPTIONS, LEASE, job_queued, lease_left, open_jobs, requeue_stale_jobs, run_job
from backoffice.lib.outbox import TEST_EVENT, deliveries_wait, forget_old_messages, outbox_event
from backoffice.lib.schedules import forget_old_runs, period_of, run_check, scheduled_check
from backoffice.lib.sending import deliver, send_due

log = structlog.get_logger(__name__)

TURN = timedelta(seconds=60)  # well below the time limit of a task: a long job takes many
A_MOMENT = timedelta(milliseconds=200)

outbox_event(TEST_EVENT, title=_("Test messages"))


@shared_task
def run_check_task(name: str) -> None:
    """Run a scheduled check for the slot it is in now."""
    run_check(name, at=clock.now(), every=period_of(name))


@shared_task(bind=True, max_retries=None)
def run_job_task(self: Task, job_id: int) -> None:
    """Work a job for a turn. Where another worker has it, look again when its lease would have run out: it may have been killed."""
    try:
        left = None if run_job(job_id, now=clock.now, turn=TURN) else lease_left(job_id, clock.now())
    except INTERRUPTIONS as error:
        raise self.retry(exc=error, countdown=LEASE.total_seconds()) from error
    if left is not None:
        raise self.retry(countdown=(left + A_MOMENT).total_seconds())


@receiver(job_queued)
def wake_a_worker(job_id: int, **_: Any) -> None:
    """A broker that is away delays the job; the sweep sends it again."""
    try:
        run_job_task.delay(job_id)
    except Exception:
        log.exception("job_not_sent", job_id=job_id)


@worker_ready.connect
def look_for_jobs(**_: Any) -> None:
    """A worker that comes back after a kill does not wait for the sweep: it looks at every job that is not over."""
    try:
        for job_id in open_jobs():
            run_job_task.delay(job_id)
    except Exception:
        log.exception("open_jobs_not_looked_for")
    finally:
        connection.close()  # this process forks, and a child must not inherit it


@shared_task
def deliver_task(delivery_id: int) -> None:
    deliver(delivery_id, at=clock.now())


@receiver(deliveries_wait)
def wake_a_sender(delivery_ids: list[int], **_: Any) -> None:
    """A broker that is away delays the messages; the sweep sends them."""
    try:
        for delivery_id in delivery_ids:
            deliver_task.delay(delivery_id)
    except Exception:
        log.exception("deliveries_not_sent", delivery_ids=delivery_ids)


@scheduled_check("send_outbox", every=timedelta(seconds=10), title=_("Send messages that wait"))
def send_outbox_check(at: datetime) -> int:
    return send_due(at)


@scheduled_check("forget_old_messages", every=timedelta(hours=6), title=_("Forget old messages"))
def forget_old_messages_check(at: datetime) -> int:
    return forget_old_messages(at)


@scheduled_check("requeue_stale_jobs", every=timedelta(seconds=30), title=_("Wake up jobs that stand still"))
def requeue_stale_jobs_check(at: datetime) -> int:
    return requeue_stale_jobs(at)


@scheduled_check("forget_old_answers", every=timedelta(hours=1), title=_("Forget old answers to idempotency keys"))
def forget_old_answers_check(at: datetime) -> int:
    return forget_old_answers(at)


@scheduled_check("forget_old_runs", every=timedelta(hours=6), title=_("Forget old runs of checks"))
def forget_old_runs_check(at: datetime) -> int:
    return forget_old_runs(at)
