"""Celery's application: `celery -A backoffice.celery worker`."""

import os
from typing import Any

import structlog
from celery import Celery, Task
from celery.signals import setup_logging, worker_process_init
from django.dispatch import receiver
from django_structlog.celery.signals import bind_extra_task_metadata
from django_structlog.celery.steps import DjangoStructLogInitStep

from backoffice.embedded.processes import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")

app = Celery("holdfast")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.set_default()  # for every thread, gunicorn's included
app.steps["worker"].add(DjangoStructLogInitStep)


@setup_logging.connect
def keep_our_logging(**_kwargs: Any) -> None:
    """Celery leaves logging alone once this signal has a receiver; the settings have configured it."""


@worker_process_init.connect
def end_with_the_worker(**_kwargs: Any) -> None:
    """A pool process must not outlive a killed worker: it would go on with work that others take over."""
    die_with_parent()


@receiver(bind_extra_task_metadata)
def name_the_task(task: Task, **_kwargs: Any) -> None:
    """Lines of log inside a task say which; a task that no request sent is a request of its own."""
    known = structlog.contextvars.get_contextvars()
    structlog.contextvars.bind_contextvars(task=task.name, request_id=known.get("request_id") or task.request.id)
