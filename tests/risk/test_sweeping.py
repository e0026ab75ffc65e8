"""What a lost message left unassessed is found; what fails is tried again, and never for ever."""

from datetime import timedelta

import pytest

from backoffice.lib.schedules import check_named, run_check
from orders.models import Hold
from risk.models import Assessment, Flag
from risk.services import assessing
from risk.services.assessing import assess_missed_orders, assess_order
from tests.orders.factories import an_order
from tests.promotions.factories import NOON
from tests.risk.factories import DAY, HOUR, MINUTE, a_leaked_token, a_rule_that, a_top_up_order, fails, gang_orders

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


def attempts_within(order, hours):
    """At which minutes after the order the check, run every minute, looks at it."""
    looked = []
    for minute in range(1, hours * 60 + 1):
        at = order.placed_at + minute * MINUTE
        if assess_missed_orders(at) or Assessment.objects.filter(order=order, assessed_at=at).exists():
            looked.append(minute)
    return looked


def test_missed_orders_are_assessed_flagged_and_held():
    orders = gang_orders(3, a_leaked_token())
    assert assess_missed_orders(NOON + 10 * MINUTE) == 3
    assert Flag.objects.filter(disposition="organised").count() == 3
    assert Hold.objects.open().filter(kind="risk").count() == 3
    assert Assessment.objects.filter(order__in=orders, assessed_at=NOON + 10 * MINUTE).count() == 3


def test_what_was_assessed_is_not_assessed_again():
    order = a_top_up_order()
    assess_order(order.pk, at=NOON)
    assert assess_missed_orders(NOON + HOUR) == 0
    assert Assessment.objects.get().assessed_at == NOON


def test_a_message_gets_a_minute_to_arrive():
    a_top_up_order()
    assert assess_missed_orders(NOON + 59 * SECOND) == 0
    assert assess_missed_orders(NOON + 60 * SECOND) == 1


def test_it_looks_back_one_day():
    an_order(at=NOON - DAY)
    assert assess_missed_orders(NOON) == 0
    assert assess_missed_orders(NOON - SECOND) == 1


def test_the_oldest_come_first_and_a_batch_at_a_time(monkeypatch):
    monkeypatch.setattr(assessing, "BATCH", 2)
    orders = [an_order(at=NOON - step * MINUTE) for step in range(3)]
    assert assess_missed_orders(NOON + MINUTE) == 2
    assert not Assessment.objects.filter(order=orders[0]).exists()
    assert assess_missed_orders(NOON + MINUTE) == 1


def test_one_order_that_cannot_be_assessed_stops_no_other(monkeypatch):
    poison, good = an_order(at=NOON - MINUTE), an_order()
    assess = assessing._assess

    def fails_on_one(order_id, *, at):
        if order_id == poison.pk:
            raise RuntimeError("cannot be read")
        return assess(order_id, at=at)

    monkeypatch.setattr(assessing, "_assess", fails_on_one)
    assert assess_missed_orders(NOON + MINUTE) == 1
    assert Assessment.objects.get(order=poison).error == "RuntimeError: cannot be read"
    assert Assessment.objects.get(order=good).error == ""


def test_what_fails_is_tried_again_after_ever_longer_waits_and_at_last_left():
    order = a_top_up_order()
    with a_rule_that(fails):
        assert attempts_within(order, hours=26) == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]


def test_what_failed_once_is_mended_by_the_next_try():
    order = a_top_up_order()
    with a_rule_that(fails):
        assess_missed_orders(NOON + MINUTE)
    assert assess_missed_orders(NOON + 2 * MINUTE) == 1
    assert Assessment.objects.get(order=order).error == ""
    assert assess_missed_orders(NOON + 3 * MINUTE) == 0


@pytest.mark.parametrize(
    ("name", "every", "found"), [("assess_missed_orders", MINUTE, "1"), ("assess_long_missed_orders", HOUR, "2")]
)
def test_a_check_looks_at_the_last_two_hours_every_minute_and_another_at_the_day_every_hour(name, every, found):
    for age in (MINUTE, 20 * HOUR, 2 * DAY):
        an_order(at=NOON - age)
    check = check_named(name)
    assert (check.every, check.only_after_activity) == (every, False)
    assert run_check(name, at=NOON).result == found
