"""Who asked in vain for a delivery is told once, as soon as nothing holds the order any more."""

from itertools import chain

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from backoffice.lib.automation import tell_nobody
from backoffice.lib.models import Delivery, OutboxMessage
from backoffice.lib.outbox import tell
from orders.models import DeliveryWait, Hold, Order
from orders.services import waiting
from orders.services.alarm_holds import hold_redeeming_orders
from orders.services.cancelling import cancel_order
from orders.services.delivering import OrderHeld, deliver_order
from orders.services.holding import release_cooled_off, release_hold
from orders.services.waiting import DELIVERABLE, settle_missed_waits
from tests.lib.telling import a_webhook
from tests.orders.factories import HOUR, a_cooling_order, a_done_freeze, a_done_release, a_hold, an_order, orders
from tests.orders.rounds import in_threads, sql, trigger_off
from tests.promotions.factories import NOON, the_asker
from tests.race.waiting import meeting

pytestmark = pytest.mark.django_db


@pytest.fixture
def webhook():
    return a_webhook("https://example.com/hook", DELIVERABLE)[0]


def asked(order, at=NOON):
    with pytest.raises(OrderHeld):
        deliver_order(order.ref, at=at)
    return order


def release(hold, at=NOON + HOUR):
    release_hold(hold, by=the_asker(), reason="an ordinary customer", at=at)


def told():
    """The orders that each message named, in the order of the messages."""
    found = OutboxMessage.objects.filter(event=DELIVERABLE).order_by("pk")
    return [[named["order"] for named in message.payload["orders"]] for message in found]


def all_told():
    return list(chain.from_iterable(told()))


def test_a_held_order_that_was_asked_for_waits_and_is_told_once_it_is_free(webhook):
    hold = a_hold(an_order())
    asked(hold.order)
    assert told() == []
    release(hold)
    assert told() == [[hold.order.ref]]
    wait = DeliveryWait.objects.get()
    assert (wait.outcome, wait.settled_at) == ("told", NOON + HOUR)
    assert wait.message_key == OutboxMessage.objects.get().key
    assert Delivery.objects.get().endpoint == webhook


def test_it_is_told_when_it_was_asked_for_and_when_it_became_free(webhook):
    hold = a_hold(an_order())
    asked(hold.order, at=NOON + HOUR / 2)
    release(hold)
    assert OutboxMessage.objects.get().payload == {
        "at": (NOON + HOUR).isoformat(),
        "orders": [{"order": hold.order.ref, "asked_at": (NOON + HOUR / 2).isoformat()}],
    }


def test_asked_for_ten_times_it_waits_once_and_is_told_once(webhook):
    hold = a_hold(an_order())
    for _ in range(10):
        asked(hold.order)
    release(hold)
    settle_missed_waits(NOON + HOUR)
    assert told() == [[hold.order.ref]]


def test_what_nobody_asked_for_is_not_told(webhook):
    release(a_hold(an_order()))
    assert told() == []


def test_it_is_told_only_when_the_last_hold_is_released(webhook):
    first = a_hold(an_order())
    last = a_hold(first.order, kind="risk")
    asked(first.order)
    release(first)
    assert told() == []
    release(last)
    assert told() == [[first.order.ref]]


def test_the_end_of_cooling_off_is_told(webhook):
    order = asked(a_cooling_order())
    release_cooled_off(NOON + HOUR)
    assert told() == [[order.ref]]


def test_a_release_tells_all_that_wait_in_few_messages_and_few_statements(webhook, monkeypatch):
    monkeypatch.setattr(waiting, "BATCH", 4)
    found = orders(10)
    freeze = a_done_freeze()
    for order in found[:9]:
        asked(order)
    with CaptureQueriesContext(connection) as queries:
        a_done_release(freeze)
    assert sorted(all_told()) == sorted(order.ref for order in found[:9])
    assert [len(batch) for batch in told()] == [4, 4, 1]
    assert sum("orders_deliverywait" in query["sql"] for query in queries) <= 3 * 2 + 1


def test_held_and_asked_for_again_it_is_told_again(webhook):
    order = an_order()
    for number in range(2):
        hold = a_hold(order)
        asked(order, at=NOON + number * HOUR)
        release(hold)
    assert told() == [[order.ref], [order.ref]]


def test_an_order_that_is_cancelled_while_it_waits_is_not_told(webhook):
    hold = a_hold(an_order())
    asked(hold.order)
    cancel_order(hold.order.ref, cancelled_by="customer", reason="", at=NOON)
    settle_missed_waits(NOON)
    assert told() == []
    assert DeliveryWait.objects.get().outcome == "moot"


def test_who_asks_again_and_gets_through_needs_no_word(webhook):
    """Both holds are released by two transactions that do not see each other: the sweep has not come yet."""
    order = asked(a_hold(an_order()).order)
    Hold.objects.update(released_at=NOON, released_by=the_asker())
    assert deliver_order(order.ref, at=NOON).status == "delivered"
    settle_missed_waits(NOON)
    assert told() == []


def test_the_sweep_finds_what_no_release_told(webhook):
    order = asked(a_hold(an_order()).order)
    held = asked(a_hold(an_order()).order)
    Hold.objects.filter(order=order).update(released_at=NOON, released_by=the_asker())
    assert settle_missed_waits(NOON) == 1
    assert told() == [[order.ref]]
    assert DeliveryWait.objects.open().get().order == held
    assert settle_missed_waits(NOON) == 0


def test_a_release_that_is_rolled_back_tells_nothing(webhook):
    hold = a_hold(an_order())
    asked(hold.order)
    with transaction.atomic():
        release(hold)
        transaction.set_rollback(True)
    assert told() == []
    assert DeliveryWait.objects.open().exists()


def test_without_a_webhook_the_wait_ends_all_the_same():
    hold = a_hold(an_order())
    asked(hold.order)
    release(hold)
    wait = DeliveryWait.objects.get()
    assert (wait.outcome, wait.message_key) == ("told", "")


def test_a_replay_tells_nobody(webhook):
    hold = a_hold(an_order())
    asked(hold.order)
    with tell_nobody():
        release(hold)
    assert told() == []


def test_lifted_alarm_holds_tell_who_waits(webhook):
    hold = a_hold(an_order(), kind="alarm")
    asked(hold.order)
    assert hold_redeeming_orders(NOON) == 1
    assert told() == [[hold.order.ref]]


# Round the services


def test_an_order_waits_once():
    order = an_order()
    DeliveryWait.objects.create(order=order, asked_at=NOON)
    with pytest.raises(IntegrityError, match="delivery_wait_one_open_per_order"), transaction.atomic():
        DeliveryWait.objects.create(order=order, asked_at=NOON)


def test_a_wait_ends_once():
    DeliveryWait.objects.create(order=an_order(), asked_at=NOON, settled_at=NOON, outcome="told")
    with pytest.raises(IntegrityError, match="told once"), transaction.atomic():
        sql("UPDATE orders_deliverywait SET settled_at = NULL, outcome = ''")


def test_an_end_says_how():
    with pytest.raises(IntegrityError, match="outcome_has_a_time"), transaction.atomic():
        DeliveryWait.objects.create(order=an_order(), asked_at=NOON, settled_at=NOON)


# Many at once


def waiting_and_free(count):
    found = orders(count)
    DeliveryWait.objects.bulk_create(DeliveryWait(order=order, asked_at=NOON) for order in found)
    return found


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_eight_sweeps_at_once_tell_each_order_once(webhook, monkeypatch):
    monkeypatch.setattr(waiting, "BATCH", 3)
    found = waiting_and_free(30)
    in_threads(*[lambda: settle_missed_waits(NOON)] * 8)
    assert sorted(all_told()) == sorted(order.ref for order in found)
    assert not DeliveryWait.objects.open().exists()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_control_without_the_rows_locks_an_order_is_told_twice(webhook, monkeypatch):
    """The waits are read without their locks, and the guards of their ends are off. Nobody writes before all have read."""
    waiting_and_free(30)
    all_have_read = meeting(8)

    def read_and_tell(*args, **kwargs):
        all_have_read()
        return tell(*args, **kwargs)

    monkeypatch.setattr(waiting, "tell", read_and_tell)
    monkeypatch.setattr(waiting.DeliveryWaitQuerySet, "select_for_update", lambda self, **_options: self.all())
    with trigger_off("orders_deliverywait", "delivery_wait_is_settled_once"):
        in_threads(*[lambda: settle_missed_waits(NOON)] * 8)
    named = all_told()
    assert len(named) > len(set(named))


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_an_order_asked_for_while_it_is_released_is_told_or_delivered(webhook):
    found = [a_hold(order) for order in orders(12)]

    def ask(hold):
        return lambda: deliver_order(hold.order.ref, at=NOON)

    def let_go(hold):
        return lambda: release(hold, at=NOON)

    in_threads(*(act(hold) for hold in found for act in (ask, let_go)))
    settle_missed_waits(NOON)
    undelivered = set(Order.objects.exclude(status="delivered").values_list("ref", flat=True))
    assert set(all_told()) == undelivered
