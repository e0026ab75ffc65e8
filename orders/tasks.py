"""Scheduled checks of orders. Importing this also registers the jobs and approvable actions of orders."""

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from backoffice.lib.schedules import scheduled_check
from orders.services import freezing, releasing
from orders.services.holding import release_cooled_off

__all__ = ["freezing", "release_cooled_off_check", "releasing"]


@scheduled_check("release_cooled_off", every=timedelta(seconds=30), title=_("Release cooling-off holds whose time is over"))
def release_cooled_off_check(at: datetime) -> int:
    return release_cooled_off(at)
