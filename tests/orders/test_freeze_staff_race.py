"""Many staff freeze, release, deliver and cancel the same orders at once: no held order leaves, and no answer lies."""

import random

import pytest

from backoffice.lib.errors import DomainError
from backoffice.lib.jobs import run_job
from orders.models import Hold, Order
from orders.services.cancelling import cancel_order
from orders.services.delivering import deliver_order
from orders.services.holding import place_hold, release_hold
from tests.orders.factories import a_freeze, a_release, approved, orders
from tests.orders.rounds import in_threads, sql, trigger_off
from tests.promotions.factories import NOON, the_asker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]

LEFT = ("delivered", "completed")


@pytest.fixture
def size(request):
    """How many staff, and over how many orders: few in the fast suite."""
    return (32, 2_000) if request.config.getoption("--run-slow") else (8, 40)


def held_and_gone():
    return Order.objects.held().filter(status__in=LEFT)


def answer(act):
    try:
        return act()
    except DomainError as refusal:
        return refusal


def a_clerk(number, found, user):
    """One of the staff, who goes through the orders in a turn of his own and does one of four things to each."""
    luck = random.Random(number)
    mine = luck.sample(found, len(found))

    def freeze_and_release():
        freeze = approved(a_freeze(Order.objects.filter(pk__in=[order.pk for order in mine[: len(mine) // 2]])))
        run_job(freeze.job_id, now=lambda: NOON)
        release = answer(lambda: approved(a_release(freeze)))
        if not isinstance(release, DomainError):
            run_job(release.job_id, now=lambda: NOON)
        return [("freeze", freeze)]

    def hold_and_release():
        answers = []
        for order in mine:
            hold = answer(lambda order=order: place_hold(order, kind="risk", reason="odd", by=user, at=NOON))
            answers.append(("hold", hold))
            if isinstance(hold, Hold) and luck.random() < 0.5:
                answer(lambda hold=hold: release_hold(hold, by=user, reason="cleared", at=NOON))
        return answers

    def deliver():
        return [("deliver", order.ref, answer(lambda order=order: deliver_order(order.ref, at=NOON))) for order in mine]

    def cancel():
        terms = {"cancelled_by": "customer", "reason": "no longer wanted", "at": NOON}
        return [("cancel", order.ref, answer(lambda order=order: cancel_order(order.ref, **terms))) for order in mine[::3]]

    return (freeze_and_release, hold_and_release, deliver, cancel)[number % 4]


def test_staff_who_race_over_orders_never_let_a_held_one_leave(size):
    staff, count = size
    found, user = orders(count), the_asker()
    told = in_threads(*[a_clerk(number, found, user) for number in range(staff)], seconds=max(60, count / 2))
    assert [one for one in told if isinstance(one, Exception)] == []  # no deadlock, no error but a refusal
    assert not held_and_gone().exists()
    status = dict(Order.objects.values_list("ref", "status"))
    for act, ref, said in (one for clerk in told for one in clerk if len(one) == 3):
        if not isinstance(said, DomainError):
            assert status[ref] == {"deliver": "delivered", "cancel": "cancelled"}[act]
    for freeze in (one[1] for clerk in told for one in clerk if one[0] == "freeze"):
        tally = freeze.items.all().tally()
        assert tally["held"] + tally["skipped"] == freeze.job.total
        assert tally["held"] == Hold.objects.filter(freeze=freeze).count()


def test_control_without_the_triggers_whoever_goes_round_the_services_lets_held_orders_leave():
    found, user = orders(12), the_asker()
    deliveries = [
        lambda order=order: sql("UPDATE orders_order SET status = 'delivered', delivered_at = now() WHERE id = %s", order.pk)
        for order in found[:6]
    ]
    guards = (
        trigger_off("orders_order", "held_order_is_not_delivered"),
        trigger_off("orders_orderline", "held_line_is_not_delivered"),
    )
    with guards[0], guards[1]:
        for order in found:
            place_hold(order, kind="risk", reason="odd", by=user, at=NOON)
        in_threads(*deliveries)
        assert held_and_gone().count() == 6
