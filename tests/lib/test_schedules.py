"""A scheduled check runs once for its slot, whoever rings twice."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import IntegrityError, transaction
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from hypothesis import given
from hypothesis import strategies as st

from backoffice.lib import clock, schedules
from backoffice.lib.errors import NotFound
from backoffice.lib.models import CheckRun
from backoffice.lib.schedules import (
    all_checks,
    check_named,
    forget_old_runs,
    run_check,
    scheduled_check,
    seed_schedules,
    slot_of,
)
from backoffice.lib.tasks import run_check_task
from tests.promotions.factories import NOON
from tests.promotions.racing import at_once

pytestmark = pytest.mark.django_db

NAME, MINUTE, SECOND = "tests_check", timedelta(minutes=1), timedelta(seconds=1)
moments = st.datetimes(min_value=datetime(1999, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))
periods = st.timedeltas(min_value=SECOND, max_value=timedelta(days=40))


@pytest.fixture
def ran(monkeypatch):
    """The times at which the check of these tests was run. It goes wrong at half past."""
    monkeypatch.setattr(schedules, "_checks", dict(schedules._checks))
    times = []

    @scheduled_check(NAME, every=MINUTE, title="A check")
    def check(at):
        times.append(at)
        if at.minute == 30:
            raise ValueError("the world is on fire")
        return len(times)

    return times


def test_a_check_runs_once_for_its_slot(ran):
    run = run_check(NAME, at=NOON + 3 * SECOND)
    assert (run.slot, run.started_at, run.result, run.failed) == (NOON, NOON + 3 * SECOND, "1", False)
    assert run_check(NAME, at=NOON + 59 * SECOND) is None
    assert ran == [NOON + 3 * SECOND]


def test_the_next_slot_is_run_again(ran):
    for seconds in (0, 30, 60, 90, 120):
        run_check(NAME, at=NOON + seconds * SECOND)
    assert ran == [NOON, NOON + MINUTE, NOON + 2 * MINUTE]
    assert CheckRun.objects.count() == 3


def test_a_message_that_comes_late_still_runs_its_own_slot_once(ran):
    run_check(NAME, at=NOON + MINUTE)
    run_check(NAME, at=NOON)
    run_check(NAME, at=NOON)
    assert ran == [NOON + MINUTE, NOON]


def test_a_period_that_staff_have_set_counts_instead_of_the_first_one(ran):
    for seconds in range(0, 60, 5):
        run_check(NAME, at=NOON + seconds * SECOND, every=20 * SECOND)
    assert ran == [NOON, NOON + 20 * SECOND, NOON + 40 * SECOND]


def test_two_checks_do_not_share_their_slots(ran):
    @scheduled_check("tests_other", every=MINUTE, title="Another")
    def other(at):
        return "other"

    assert run_check(NAME, at=NOON).result == "1"
    assert run_check("tests_other", at=NOON).result == "other"


def test_a_check_that_fails_is_recorded_and_says_so(ran):
    at = NOON + 30 * MINUTE
    with pytest.raises(ValueError, match="on fire"):
        run_check(NAME, at=at)
    run = CheckRun.objects.get()
    assert (run.failed, run.result) == (True, "ValueError: the world is on fire")
    assert run.finished_at is not None


def test_a_check_that_failed_is_tried_again_in_the_next_slot_and_not_in_this_one(ran):
    at = NOON + 30 * MINUTE
    with pytest.raises(ValueError, match="on fire"):
        run_check(NAME, at=at)
    assert run_check(NAME, at=at + SECOND) is None
    assert run_check(NAME, at=at + MINUTE).failed is False


@pytest.mark.parametrize(("answer", "kept"), [(None, ""), (0, "0"), ("fine", "fine"), ("x" * 500, "x" * 200)])
def test_what_a_check_answers_is_kept_in_short(ran, answer, kept):
    scheduled_check(NAME, every=MINUTE, title="A check")(lambda at: answer)
    assert run_check(NAME, at=NOON).result == kept


def test_a_run_never_ends_before_it_began(ran):
    with clock.fixed_at(NOON - timedelta(days=1)):
        run = run_check(NAME, at=NOON)
    assert run.finished_at == NOON


def test_an_unknown_check_is_an_error_and_leaves_no_run():
    with pytest.raises(NotFound, match="tests_unheard_of"):
        run_check("tests_unheard_of", at=NOON)
    assert not CheckRun.objects.exists()


def test_the_task_runs_the_slot_it_is_in_now(ran):
    with clock.fixed_at(NOON + 7 * SECOND):
        run_check_task(NAME)
        run_check_task(NAME)
    assert ran == [NOON + 7 * SECOND]
    assert CheckRun.objects.get().slot == NOON


def test_the_task_runs_as_often_as_staff_have_set(ran):
    seed_schedules()
    every_five_seconds = IntervalSchedule.objects.create(every=5, period=IntervalSchedule.SECONDS)
    PeriodicTask.objects.filter(name=NAME).update(interval=every_five_seconds)
    for second in range(20):
        with clock.fixed_at(NOON + second * SECOND):
            run_check_task(NAME)
    assert ran == [NOON + second * SECOND for second in (0, 5, 10, 15)]


def test_every_check_gets_one_entry_and_what_staff_changed_stays(ran):
    assert seed_schedules() == len(all_checks())
    PeriodicTask.objects.filter(name=NAME).update(enabled=False, description="switched off for the festival")
    assert seed_schedules() == 0
    entry = PeriodicTask.objects.get(name=NAME)
    assert (entry.enabled, entry.description) == (False, "switched off for the festival")
    assert {entry.name for entry in PeriodicTask.objects.all()} >= {check.name for check in all_checks()}


def test_runs_are_forgotten_after_a_week_and_not_before(ran):
    run_check(NAME, at=NOON)
    assert forget_old_runs(NOON + timedelta(days=7)) == 0
    assert forget_old_runs(NOON + timedelta(days=7, seconds=1)) == 1


def test_the_database_keeps_one_run_per_slot(ran):
    run_check(NAME, at=NOON)
    with pytest.raises(IntegrityError, match="check_run_once_per_slot"), transaction.atomic():
        CheckRun.objects.create(check_name=NAME, slot=NOON, started_at=NOON)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_five_beats_at_once_run_a_slot_once(ran):
    for n in range(5):
        answers = at_once([lambda n=n: run_check(NAME, at=NOON + n * MINUTE)] * 5)
        assert sum(isinstance(answer, CheckRun) for answer in answers) == 1
    assert ran == [NOON + n * MINUTE for n in range(5)]


@given(moments, periods)
def test_every_moment_lies_in_its_slot_and_slots_do_not_overlap(at, every):
    slot = slot_of(at, every)
    assert slot <= at < slot + every
    assert slot_of(slot, every) == slot
    assert slot_of(slot + every, every) == slot + every


def test_a_slot_does_not_depend_on_the_zone_in_which_the_time_is_written():
    shanghai = NOON.astimezone(timezone(timedelta(hours=8)))
    assert slot_of(shanghai, timedelta(hours=5)) == slot_of(NOON, timedelta(hours=5))


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.name)
def test_every_check_of_the_product_has_a_title_and_a_period_and_does_nothing_where_nothing_is(check):
    assert str(check.title)
    assert check.every >= SECOND
    assert run_check(check.name, at=NOON).failed is False


def test_the_checks_that_the_product_promises_are_there():
    assert {"check_thresholds", "expire_coupons", "start_and_end_campaigns", "requeue_stale_jobs"} <= {c.name for c in all_checks()}
    assert check_named("check_thresholds").every <= timedelta(seconds=10)
