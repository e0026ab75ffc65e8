"""Celery envelopes and scheduled checks."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from celery import shared_task
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from backoffice.lib import clock
from backoffice.lib.schedules import scheduled_check
from risk.links.running import link_all, link_new
from risk.services import bulk_reviewing  # noqa: F401  registers the jobs of bulk decisions
from risk.services.assessing import assess_cooling_orders, assess_missed_orders, assess_order
from risk.services.bursts import watch_bursts
from risk.services.forgetting import forget_runs
from risk.services.growing import grow_incidents
from risk.services.queue_numbers import watch_queue

NIGHT = 3  # the hour of staff's day in which links are found anew


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


@scheduled_check("forget_rule_runs", every=timedelta(hours=1), title=_("Forget old runs of rules"))
def forget_rule_runs_check(at: datetime) -> int:
    return forget_runs(at)


@scheduled_check("grow_incidents", every=timedelta(seconds=60), title=_("Let incidents grow"))
def grow_incidents_check(at: datetime) -> int:
    return grow_incidents(at)


@scheduled_check("link_new_accounts", every=timedelta(seconds=60), title=_("Link new accounts"), only_after_activity=True)
def link_new_accounts_check(at: datetime) -> int:
    return link_new(at).accounts


@scheduled_check(
    "link_all_accounts", every=timedelta(hours=1), title=_("Link all accounts anew, by night"), only_after_activity=True
)
def link_all_accounts_check(at: datetime) -> str:
    """Once a night, in the hour that begins at NIGHT by staff's clock."""
    if at.astimezone(ZoneInfo(settings.HOLDFAST_STAFF_TIME_ZONE)).hour != NIGHT:
        return ""
    return str(link_all(at).accounts)


@scheduled_check("watch_bursts", every=timedelta(minutes=1), title=_("Watch bursts of entries, networks and phone segments"))
def watch_bursts_check(at: datetime) -> int:
    return watch_bursts(at)


@scheduled_check("watch_review_queue", every=timedelta(minutes=1), title=_("Raise an alarm when orders to review are overdue"))
def watch_review_queue_check(at: datetime) -> int:
    return len(watch_queue(at))
