"""Scheduled checks of orders. Importing this also registers the jobs and approvable actions of orders."""

from datetime import datetime, timedelta

from celery import shared_task
from django.utils.translation import gettext_lazy as _

from backoffice.lib import clock
from backoffice.lib.schedules import scheduled_check
from orders.services import freezing, import_jobs, releasing
from orders.services.alarm_holds import hold_redeeming_orders
from orders.services.emergency_ends import end_overdue
from orders.services.holding import release_cooled_off
from orders.services.notices import give_up_notices, settle_notices
from orders.services.terms import warn_of_terms
from orders.services.waiting import settle_missed_waits

__all__ = ["freezing", "give_up_notices_check", "import_jobs", "release_cooled_off_check", "releasing", "settle_notices_check"]


@scheduled_check("release_cooled_off", every=timedelta(seconds=30), title=_("Release cooling-off holds whose time is over"))
def release_cooled_off_check(at: datetime) -> int:
    return release_cooled_off(at)


@shared_task
def hold_redeeming_orders_task() -> None:
    hold_redeeming_orders(clock.now())


@scheduled_check("hold_redeeming_orders", every=timedelta(seconds=30), title=_("Hold orders that redeem what an alarm wants held"))
def hold_redeeming_orders_check(at: datetime) -> int:
    return hold_redeeming_orders(at)


@scheduled_check("end_emergencies", every=timedelta(seconds=30), title=_("Let emergency freezes fall that nobody confirmed"))
def end_emergencies_check(at: datetime) -> int:
    return end_overdue(at)


@scheduled_check("warn_of_terms", every=timedelta(minutes=15), title=_("Warn of legal freezes whose term runs out"))
def warn_of_terms_check(at: datetime) -> int:
    return warn_of_terms(at)


@scheduled_check(
    "settle_waits", every=timedelta(minutes=1), title=_("Tell of orders that can be delivered now"), only_after_activity=True
)
def settle_waits_check(at: datetime) -> int:
    return settle_missed_waits(at)


@scheduled_check(
    "settle_notices", every=timedelta(seconds=10), title=_("Apply what the storefront told too early"), only_after_activity=True
)
def settle_notices_check(at: datetime) -> int:
    return settle_notices(at)


@scheduled_check("give_up_notices", every=timedelta(hours=6), title=_("Settle what was told a month ago of orders that never came"))
def give_up_notices_check(at: datetime) -> int:
    return give_up_notices(at)
