"""Scheduled checks: what beat runs, and what a replay runs at the file's times.

A check is a function of the time. Its period is only the first setting: staff retime it in the admin. A unique (check, slot) row is
written before it runs, so that a second beat, a doubled message or a late one does nothing.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from backoffice.lib import clock
from backoffice.lib.errors import NotFound
from backoffice.lib.models import CheckRun

log = structlog.get_logger(__name__)

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
RUN_CHECK_TASK = "backoffice.lib.tasks.run_check_task"
KEEP_RUNS = timedelta(days=7)
MISSED = 4  # runs
PATIENCE = timedelta(minutes=3)  # as long as a restart of everything may take


@dataclass(frozen=True)
class ScheduledCheck:
    """`run` answers a short sentence or a number that is kept as the run's result.

    `only_after_activity` says that the result cannot change while nothing is claimed, ordered or decided; a replay may then
    leave out the slots in which nothing happened. `is_of_the_site` says that it watches the site itself, not what happens in it: a
    replay leaves it out.
    """

    name: str
    title: str
    every: timedelta
    run: Callable[[datetime], Any]
    only_after_activity: bool = False
    is_of_the_site: bool = False


_checks: dict[str, ScheduledCheck] = {}


def scheduled_check(
    name: str, *, every: timedelta, title: Any, only_after_activity: bool = False, is_of_the_site: bool = False
) -> Callable[[Callable[[datetime], Any]], Callable[[datetime], Any]]:
    """Register a function of the time as a scheduled check."""

    def register(run: Callable[[datetime], Any]) -> Callable[[datetime], Any]:
        _checks[name] = ScheduledCheck(name, title, every, run, only_after_activity, is_of_the_site)
        return run

    return register


def all_checks() -> list[ScheduledCheck]:
    """Every registered check, by name."""
    return [_checks[name] for name in sorted(_checks)]


def check_named(name: str) -> ScheduledCheck:
    try:
        return _checks[name]
    except KeyError:
        raise NotFound(_("There is no scheduled check called %s.") % name) from None


def slot_of(at: datetime, every: timedelta) -> datetime:
    """The start of the period that `at` lies in, counted from the year 2000 in UTC."""
    return EPOCH + (at - EPOCH) // every * every


def period_of(name: str) -> timedelta:
    """How often a check runs: as staff have set it in the admin, else as the code first said. A crontab counts as a minute."""
    check = check_named(name)
    entry = PeriodicTask.objects.select_related("interval").filter(name=name).first()
    return check.every if entry is None else _period(entry)


def _period(entry: PeriodicTask) -> timedelta:
    if entry.interval is None:
        return timedelta(minutes=1)
    return timedelta(**{entry.interval.period: entry.interval.every})


def seed_schedules() -> int:
    """Give beat an entry for each check that has none; what staff changed stays as it is. Answers how many were new."""
    made = 0
    for check in all_checks():
        interval, _ = IntervalSchedule.objects.get_or_create(
            every=int(check.every.total_seconds()), period=IntervalSchedule.SECONDS
        )
        entry = {
            "task": RUN_CHECK_TASK,
            "interval": interval,
            "kwargs": json.dumps({"name": check.name}),
            "description": check.title,
        }
        made += PeriodicTask.objects.get_or_create(name=check.name, defaults=entry)[1]
    return made


def checks_standing_still(at: datetime) -> list[str]:
    """The names, in order, of the checks that beat should run and whose last good run is longer ago than `MISSED` of its periods
    and `PATIENCE`. One that never ran well counts from when staff, or the first start, last changed its entry.
    """
    well = CheckRun.objects.filter(check_name=OuterRef("name"), finished_at__isnull=False, failed=False).order_by("-slot")
    entries = PeriodicTask.objects.filter(enabled=True, name__in=_checks).select_related("interval").order_by("name")
    return [
        entry.name
        for entry in entries.annotate(ran=Subquery(well.values("started_at")[:1]))
        if at - (entry.ran or entry.date_changed) > max(MISSED * _period(entry), PATIENCE)
    ]


def forget_old_runs(at: datetime) -> int:
    """Drop the runs of more than a week ago. Answers how many."""
    return CheckRun.objects.filter(started_at__lt=at - KEEP_RUNS).delete()[0]


def run_check(name: str, *, at: datetime, every: timedelta | None = None) -> CheckRun | None:
    """Run a check for its slot. Answers None, having done nothing, where that slot was already run."""
    check = check_named(name)
    slot = slot_of(at, every or check.every)
    try:
        with transaction.atomic():
            run = CheckRun.objects.create(check_name=name, slot=slot, started_at=at)
    except IntegrityError:
        log.info("check_already_run", check=name, slot=slot.isoformat())
        return None
    try:
        result = check.run(at)
    except Exception as error:
        _finish(run, result=f"{type(error).__name__}: {error}", failed=True)
        raise
    _finish(run, result="" if result is None else str(result), failed=False)
    return run


def _finish(run: CheckRun, *, result: str, failed: bool) -> None:
    run.finished_at, run.result, run.failed = max(clock.now(), run.started_at), result[:200], failed
    run.save(update_fields=["finished_at", "result", "failed"])
