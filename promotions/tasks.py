"""Celery envelopes and scheduled checks of promotions. Importing this registers what the services can be asked by name."""

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from backoffice.lib.schedules import scheduled_check
from promotions.services import campaigns, coupon_types, entries, rules, tokens  # noqa: F401  register what can be asked for
from promotions.services.expiring import expire_coupons
from promotions.services.thresholds import check_thresholds


@scheduled_check("check_thresholds", every=timedelta(seconds=10), title=_("Check thresholds"), only_after_activity=True)
def check_thresholds_check(at: datetime) -> int:
    return len(check_thresholds(at))


@scheduled_check("expire_coupons", every=timedelta(minutes=5), title=_("Expire coupons"))
def expire_coupons_check(at: datetime) -> int:
    return expire_coupons(at)


@scheduled_check("start_and_end_campaigns", every=timedelta(minutes=1), title=_("Start and end campaigns, types and entries"))
def start_and_end_campaigns_check(at: datetime) -> int:
    return campaigns.start_and_end_campaigns(at)
