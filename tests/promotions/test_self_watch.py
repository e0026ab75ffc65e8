"""The site raises an alarm about itself: checks that stand still, guards that are off, a watchman where beat is dead."""

from datetime import timedelta

import pytest
from django.db import connection
from django.http import HttpResponse
from django_celery_beat.models import PeriodicTask

from backoffice import watchman
from backoffice.lib.models import CheckRun
from backoffice.lib.schedules import all_checks, checks_standing_still, seed_schedules
from backoffice.watchman import WatchmanMiddleware
from promotions.models import Alarm
from promotions.services import self_watch
from promotions.services.alarms import acknowledge_alarm
from promotions.services.self_watch import watch_checks, watch_guards
from promotions.states import AlarmCause, Severity
from tests.promotions.factories import DAY, NOON, the_asker

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
NAMES = [check.name for check in all_checks()]


@pytest.fixture(autouse=True)
def _beat_has_its_entries():
    seed_schedules()
    PeriodicTask.objects.update(date_changed=NOON - 100 * DAY)


def all_ran(at, *, but=(), **fields):
    """Each check ran well then, but for some."""
    values = {"started_at": at, "finished_at": at, **fields}
    CheckRun.objects.bulk_create(CheckRun(check_name=name, slot=at, **values) for name in NAMES if name not in but)


def test_checks_that_ran_lately_stand_still_nowhere():
    all_ran(NOON)
    assert checks_standing_still(NOON + 3 * MINUTE) == []


def test_a_check_stands_still_after_four_of_its_periods_and_at_least_three_minutes():
    all_ran(NOON)
    assert "check_thresholds" in checks_standing_still(NOON + 3 * MINUTE + timedelta(seconds=1))
    assert "expire_coupons" not in checks_standing_still(NOON + 20 * MINUTE)
    assert "expire_coupons" in checks_standing_still(NOON + 20 * MINUTE + timedelta(seconds=1))


@pytest.mark.parametrize("fields", [{"failed": True}, {"finished_at": None}], ids=["failed", "never finished"])
def test_a_run_that_came_to_nothing_does_not_count(fields):
    all_ran(NOON - DAY)
    all_ran(NOON, but=["check_thresholds"])
    CheckRun.objects.create(**{"check_name": "check_thresholds", "slot": NOON, "started_at": NOON, "finished_at": NOON, **fields})
    assert checks_standing_still(NOON) == ["check_thresholds"]


def test_what_staff_switched_off_does_not_stand_still():
    all_ran(NOON, but=["check_thresholds"])
    PeriodicTask.objects.filter(name="check_thresholds").update(enabled=False)
    assert checks_standing_still(NOON) == []


def test_staffs_own_period_counts():
    all_ran(NOON)
    entry = PeriodicTask.objects.get(name="check_thresholds")
    entry.interval = PeriodicTask.objects.get(name="expire_coupons").interval
    entry.save()
    assert "check_thresholds" not in checks_standing_still(NOON + 20 * MINUTE)


def test_a_new_check_has_its_time_to_run_for_the_first_time():
    PeriodicTask.objects.update(date_changed=NOON)
    assert checks_standing_still(NOON + 3 * MINUTE) == []
    assert "check_thresholds" in checks_standing_still(NOON + 4 * MINUTE)


def test_checks_that_stand_still_are_one_urgent_alarm_until_somebody_has_seen_it():
    all_ran(NOON, but=["check_thresholds", "expire_coupons"])
    alarm = watch_checks(NOON)
    assert (alarm.cause, alarm.severity) == (AlarmCause.CHECKS_STAND_STILL, Severity.URGENT)
    assert "check_thresholds, expire_coupons" in alarm.detail
    assert watch_checks(NOON + MINUTE) is None
    acknowledge_alarm(alarm, by=the_asker(), note="restarted beat", at=NOON + MINUTE)
    assert watch_checks(NOON + 2 * MINUTE).pk != alarm.pk


def test_guards_that_are_off_are_one_urgent_alarm(monkeypatch):
    monkeypatch.setattr(self_watch, "guards_off", list)
    assert watch_guards(NOON) is None
    monkeypatch.setattr(self_watch, "guards_off", lambda: ["orders_hold: hold_is_never_deleted"])
    alarm = watch_guards(NOON)
    assert (alarm.cause, alarm.severity) == (AlarmCause.GUARDS_OFF, Severity.URGENT)
    assert "hold_is_never_deleted" in alarm.detail
    assert watch_guards(NOON) is None


# The watchman


class Time:
    """What the middleware reads of the module `time`."""

    now = 0.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    time = Time()
    monkeypatch.setattr(watchman, "time", time)
    monkeypatch.setattr(watchman.clock, "now", lambda: NOON)
    return time


def test_where_beat_is_dead_the_site_itself_raises_the_alarm(clock):
    answer = WatchmanMiddleware(lambda _request: HttpResponse("well"))
    clock.now = 59.9
    answer(None)
    assert not Alarm.objects.exists()
    clock.now = 60.0
    answer(None)
    assert Alarm.objects.get().cause == AlarmCause.CHECKS_STAND_STILL


def test_it_looks_once_a_minute(clock, django_assert_num_queries):
    answer = WatchmanMiddleware(lambda _request: HttpResponse("well"))
    clock.now = 60.0
    answer(None)
    clock.now = 119.9
    with django_assert_num_queries(0):
        answer(None)


def test_an_answer_is_given_whatever_goes_wrong_in_it(clock, monkeypatch):
    def fails(at):
        raise RuntimeError("no database")

    monkeypatch.setattr(watchman, "watch_checks", fails)
    answer = WatchmanMiddleware(lambda _request: HttpResponse("well"))
    clock.now = 60.0
    assert answer(None).content == b"well"
    assert connection.needs_rollback is False
