"""Cooling-off holds end by themselves."""

from datetime import timedelta
from itertools import chain

import pytest
from django.db import transaction

from backoffice.lib.schedules import check_named, run_check
from orders.models import Hold
from orders.services import holding
from orders.services.holding import release_cooled_off
from orders.signals import hold_released
from tests.orders.factories import HOUR, a_cooling_order, a_hold, an_order
from tests.orders.rounds import in_threads
from tests.promotions.factories import NOON

HALF_AN_HOUR = timedelta(minutes=30)

pytestmark = pytest.mark.django_db


def cooling_orders(count, *, until=NOON + HOUR):
    found = [an_order() for _ in range(count)]
    for order in found:
        a_hold(order, kind="cooling", until=until)
    return found


def test_a_cooling_hold_ends_when_its_time_is_over_and_not_before():
    order = a_cooling_order()
    assert release_cooled_off(NOON + HALF_AN_HOUR - timedelta(seconds=1)) == 0
    assert order.holds.open().exists()
    assert release_cooled_off(NOON + HALF_AN_HOUR) == 1
    hold = order.holds.get()
    assert (hold.released_at, hold.released_by.username) == (NOON + HALF_AN_HOUR, "system")
    assert hold.release_reason


def test_other_holds_do_not_end_by_themselves():
    a_hold(an_order(), kind="risk", until=NOON + HOUR)
    a_hold(an_order(), kind="manual", until=NOON + HOUR)
    assert release_cooled_off(NOON + 24 * HOUR) == 0
    assert Hold.objects.open().count() == 2


def test_a_second_sweep_finds_nothing():
    cooling_orders(2)
    assert [release_cooled_off(NOON + HOUR), release_cooled_off(NOON + HOUR)] == [2, 0]


def test_many_are_released_in_chunks_and_all_are_announced(monkeypatch, django_capture_on_commit_callbacks):
    monkeypatch.setattr(holding, "CHUNK", 2)
    found = cooling_orders(5)
    heard = []
    hold_released.connect(receiver := lambda order_ids, **_: heard.append(order_ids))
    with django_capture_on_commit_callbacks(execute=True):
        assert release_cooled_off(NOON + HOUR) == 5
    hold_released.disconnect(receiver)
    assert [len(order_ids) for order_ids in heard] == [2, 2, 1]
    assert sorted(chain.from_iterable(heard)) == [order.pk for order in found]


def test_it_is_a_scheduled_check_that_runs_every_half_minute():
    cooling_orders(3)
    assert check_named("release_cooled_off").every == timedelta(seconds=30)
    assert run_check("release_cooled_off", at=NOON + HOUR).result == "3"
    assert run_check("release_cooled_off", at=NOON + HOUR) is None


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_the_same_moment_release_each_hold_once():
    cooling_orders(6)
    counts = in_threads(*[lambda: release_cooled_off(NOON + HOUR)] * 3)
    assert sum(counts) == 6
    assert Hold.objects.get_queryset().filter(released_at=NOON + HOUR).count() == 6


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_sweep_does_not_wait_for_a_hold_that_somebody_else_is_releasing():
    cooling_orders(2)
    with transaction.atomic():
        Hold.objects.select_for_update().order_by("pk").first()
        assert in_threads(lambda: release_cooled_off(NOON + HOUR)) == [1]
