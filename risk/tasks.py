"""Celery envelopes and scheduled checks."""

from datetime import datetime, timedelta

from celery import shared_task
from django.utils.translation import gettext_lazy as _

from backoffice.lib import clock
from backoffice.lib.schedules import scheduled_check
from risk.services import bulk_reviewing  # noqa: F401  registers the jobs of bulk decisions
from risk.services.assessing import assess_cooling_orders, assess_missed_orders, assess_order
from risk.services.queue_numbers import watch_queue


@shared_task
def assess_order_task(order_id: int) -> None:
    assess_order(order_id, at=clock.now())


@scheduled_check("assess_missed_orders", every=timedelta(seconds=60), title=_("Assess orders that were missed"))
def assess_missed_orders_check(at: datetime) -> int:
    return assess_missed_orders(at, look_back=timedelta(hours=2))


@scheduled_check("assess_long_missed_orders", every=timedelta(hours=1), title=_("Assess orders that were missed for long"))
def assess_long_missed_orders_check(at: datetime) -> int:
    return assess_missed_orders(at)


@scheduled_check("assess_cooling_orders", every=timedelta(seconds=30), title=_("Assess orders before their cooling-off ends"))
def assess_cooling_orders_check(at: datetime) -> int:
    return assess_cooling_orders(at)


@scheduled_check("watch_review_queue", every=timedelta(minutes=1), title=_("Raise an alarm when orders to review are overdue"))
def watch_review_queue_check(at: datetime) -> int:
    return len(watch_queue(at))
