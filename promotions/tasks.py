"""Celery envelopes and scheduled checks of promotions. Importing this registers what the services can be asked by name."""

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from backoffice.lib.schedules import scheduled_check

# Registers what can be approved, and jobs.
from promotions.services import campaigns, changes, coupon_types, entries, grant_voids, granting, rules, tokens  # noqa: F401
from promotions.services.alarm_messages import escalate_alarms
from promotions.services.baselines import watch_baselines
from promotions.services.expiring import expire_coupons
from promotions.services.reconciling import reconcile
from promotions.services.self_watch import watch_checks, watch_guards, watch_webhooks
from promotions.services.thresholds import check_thresholds


@scheduled_check("check_thresholds", every=timedelta(seconds=10), title=_("Check thresholds"), only_after_activity=True)
def check_thresholds_check(at: datetime) -> int:
    return len(check_thresholds(at))


@scheduled_check("watch_baselines", every=timedelta(seconds=30), title=_("Watch departures of coupon types from their baseline"))
def watch_baselines_check(at: datetime) -> int:
    return len(watch_baselines(at))


@scheduled_check("escalate_alarms", every=timedelta(seconds=30), title=_("Escalate alarms that nobody has acknowledged"))
def escalate_alarms_check(at: datetime) -> int:
    return escalate_alarms(at)


@scheduled_check("watch_webhooks", every=timedelta(minutes=1), title=_("Raise an alarm for webhooks that were switched off"))
def watch_webhooks_check(at: datetime) -> int:
    return len(watch_webhooks(at))


@scheduled_check(
    "watch_checks", every=timedelta(minutes=1), title=_("Raise an alarm when other checks stand still"), is_of_the_site=True
)
def watch_checks_check(at: datetime) -> int:
    return int(watch_checks(at) is not None)


@scheduled_check(
    "watch_guards", every=timedelta(minutes=5), title=_("Raise an alarm when guards of the database are off"), is_of_the_site=True
)
def watch_guards_check(at: datetime) -> int:
    return int(watch_guards(at) is not None)


@scheduled_check("expire_coupons", every=timedelta(minutes=5), title=_("Expire coupons"))
def expire_coupons_check(at: datetime) -> int:
    return expire_coupons(at)


@scheduled_check(
    "reconcile_budgets", every=timedelta(minutes=5), title=_("Compare counters with the ledger"), only_after_activity=True
)
def reconcile_budgets_check(at: datetime) -> int:
    return len(reconcile(at))


@scheduled_check("start_and_end_campaigns", every=timedelta(minutes=1), title=_("Start and end campaigns, types and entries"))
def start_and_end_campaigns_check(at: datetime) -> int:
    return campaigns.start_and_end_campaigns(at)
