"""Slots are left out only where running them would have changed nothing."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backoffice.lib import clock
from backoffice.lib.models import CheckRun
from backoffice.lib.schedules import ScheduledCheck
from backoffice.replay.ticks import Ticks
from tests.replay.conftest import FreshDatabase

MIDNIGHT = datetime(2026, 1, 20, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture(autouse=True)
def _database_without_a_transaction(fresh_database: FreshDatabase) -> Iterator[None]:
    """Inside the transaction of a test everything looks as if it had written something."""
    with fresh_database():
        yield


def things_due(name: str, times: list[datetime]) -> None:
    """Rows that a check of this name is to finish when their time has come; the model only happens to have the right fields."""
    CheckRun.objects.bulk_create(CheckRun(check_name=name, slot=time, started_at=time) for time in times)


def finishing(name: str, calls: list[datetime], *, next_after: timedelta | None = None) -> Callable[[datetime], int]:
    """A check that finishes what is due; each thing it finishes makes another one due after a while, if asked to."""

    def run(at: datetime) -> int:
        assert clock.now() == at
        calls.append(at)
        due = list(CheckRun.objects.filter(check_name=name, slot__lte=at, finished_at=None))
        CheckRun.objects.filter(pk__in=[row.pk for row in due]).update(finished_at=at)
        if next_after and due and CheckRun.objects.filter(check_name=f"{name}-next").count() < 5:
            things_due(f"{name}-next", [at + next_after])
        return len(due)

    return run


def a_check(name: str, every: timedelta, run: Callable[[datetime], Any], *, only_after_activity: bool = False) -> ScheduledCheck:
    return ScheduledCheck(name, name, every, run, only_after_activity)


def ticks(*checks: ScheduledCheck, told: list[datetime] | None = None) -> Ticks:
    heard = [] if told is None else told
    return Ticks(MIDNIGHT, before_run=lambda _: None, after_run=heard.append, checks=checks)


def finished(name: str) -> list[datetime | None]:
    return list(CheckRun.objects.filter(check_name=name).order_by("slot", "pk").values_list("finished_at", flat=True))


def test_three_empty_days_are_cheap() -> None:
    calls: list[datetime] = []
    ticks(a_check("a", 10 * SECOND, finishing("a", calls))).run_until(MIDNIGHT + 72 * HOUR)
    assert len(calls) < 100


def test_what_becomes_due_in_an_empty_stretch_is_done_in_its_own_slot() -> None:
    things_due("a", [MIDNIGHT + 10 * HOUR + 33 * SECOND, MIDNIGHT + 50 * HOUR])
    told: list[datetime] = []
    ticks(a_check("a", 10 * SECOND, finishing("a", [])), told=told).run_until(MIDNIGHT + 72 * HOUR)
    assert finished("a") == [MIDNIGHT + 10 * HOUR + 40 * SECOND, MIDNIGHT + 50 * HOUR]
    assert told == finished("a")


def test_trying_a_slot_leaves_nothing_behind() -> None:
    things_due("a", [MIDNIGHT + 2 * HOUR])
    walk = ticks(a_check("a", 10 * SECOND, finishing("a", [])))
    walk.run_until(MIDNIGHT + 2 * HOUR - SECOND)
    assert finished("a") == [None]


def test_a_check_that_waits_for_activity_runs_once_after_each() -> None:
    calls: list[datetime] = []
    walk = ticks(a_check("a", 10 * SECOND, finishing("a", calls), only_after_activity=True))
    for seconds in (1, 2, 3, 25, 3600):
        walk.run_until(MIDNIGHT + seconds * SECOND)
        walk.hear_of_activity()
    walk.run_until(MIDNIGHT + 5 * HOUR)
    assert calls == [MIDNIGHT + seconds * SECOND for seconds in (10, 30, 3610)]


def test_an_event_in_a_slots_very_moment_comes_after_its_checks() -> None:
    calls: list[datetime] = []
    walk = ticks(a_check("a", 10 * SECOND, finishing("a", calls), only_after_activity=True))
    walk.run_until(MIDNIGHT + 10 * SECOND)
    assert calls == [MIDNIGHT + 10 * SECOND]
    walk.hear_of_activity()
    walk.run_until(MIDNIGHT + 10 * SECOND)
    assert calls == [MIDNIGHT + 10 * SECOND]


def test_a_check_that_fails_is_told_and_stops_nothing() -> None:
    def fail(_at: datetime) -> None:
        raise ZeroDivisionError("oh")

    things_due("b", [MIDNIGHT + HOUR])
    walk = ticks(a_check("a", MINUTE, fail), a_check("b", MINUTE, finishing("b", [])))
    walk.run_until(MIDNIGHT + 3 * HOUR)
    assert walk.failures[0] == f"a at {(MIDNIGHT + MINUTE).isoformat()}: ZeroDivisionError: oh"
    assert len(walk.failures) < 10
    assert finished("b") == [MIDNIGHT + HOUR]


def test_the_last_round_runs_everything_at_the_time_of_the_last_event() -> None:
    calls: list[datetime] = []
    walk = ticks(a_check("a", MINUTE, finishing("a", calls)), a_check("b", MINUTE, finishing("b", calls), only_after_activity=True))
    walk.run_all(MIDNIGHT + SECOND)
    assert calls == [MIDNIGHT + SECOND] * 2


@pytest.mark.parametrize("seed", range(8))
def test_leaving_slots_out_gives_what_running_every_slot_gives(seed: int) -> None:
    """Two checks, one of which makes work for the other, and activity that makes work, over six hours."""
    luck = random.Random(seed)
    works = [MIDNIGHT + luck.uniform(0, 6 * 3600) * SECOND for _ in range(6)]
    activity = sorted(MIDNIGHT + luck.uniform(0, 6 * 3600) * SECOND for _ in range(10))

    def play(*, every_slot: bool) -> list[datetime | None]:
        CheckRun.objects.all().delete()
        things_due("a", works)
        checks = [
            a_check("a", 60 * SECOND, finishing("a", [], next_after=17 * MINUTE)),
            a_check("a-next", 90 * SECOND, finishing("a-next", [])),
            a_check("z", 30 * SECOND, finishing("z", []), only_after_activity=True),
        ]
        walk = None if every_slot else ticks(*checks)
        reached = MIDNIGHT
        for moment in [*activity, MIDNIGHT + 6 * HOUR]:
            if walk:
                walk.run_until(moment)
            else:
                _run_every_slot(checks, reached, moment)
            things_due("z", [moment])
            if walk:
                walk.hear_of_activity()
            reached = moment
        return [time for name in ("a", "a-next", "z") for time in finished(name)]

    assert play(every_slot=False) == play(every_slot=True)


def _run_every_slot(checks: list[ScheduledCheck], begin: datetime, end: datetime) -> None:
    slots = []
    for check in checks:
        slot = MIDNIGHT + ((begin - MIDNIGHT) // check.every + 1) * check.every
        while slot <= end:
            slots.append((slot, check.name, check))
            slot += check.every
    for slot, _name, check in sorted(slots, key=lambda item: item[:2]):
        with clock.fixed_at(slot):
            check.run(slot)


def test_between_two_slots_nothing_is_asked_of_the_database(django_assert_num_queries: Any) -> None:
    walk = ticks(a_check("a", 10 * SECOND, finishing("a", [])))
    walk.run_until(MIDNIGHT + 10 * SECOND)
    walk.hear_of_activity()
    with django_assert_num_queries(0):
        walk.run_until(MIDNIGHT + 19 * SECOND)
