"""Risk hears of orders after their commit; a broker that is away delays it and refuses nobody's order."""

import pytest
from kombu.exceptions import OperationalError

from backoffice.lib.clock import fixed_at
from orders.models import Order
from risk.models import Assessment
from risk.services.assessing import assess_missed_orders
from risk.tasks import assess_order_task
from tests.orders.factories import an_order
from tests.promotions.factories import NOON
from tests.risk.factories import MINUTE

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch):
    ids = []
    monkeypatch.setattr(assess_order_task, "delay", ids.append)
    return ids


def test_an_order_is_sent_for_assessment_after_its_commit(sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        order = an_order()
        assert sent == []
    assert sent == [order.pk]


def test_a_broker_that_is_away_refuses_nobodys_order(monkeypatch, django_capture_on_commit_callbacks):
    def away(_):
        raise OperationalError("connection refused")

    monkeypatch.setattr(assess_order_task, "delay", away)
    with django_capture_on_commit_callbacks(execute=True):
        order = an_order()
    assert Order.objects.filter(pk=order.pk).exists()
    assert not Assessment.objects.exists()
    assert assess_missed_orders(NOON + MINUTE) == 1


def test_the_task_assesses_at_the_time_of_the_clock(sent):
    order = an_order()
    with fixed_at(NOON + MINUTE):
        assess_order_task(order.pk)
    assert Assessment.objects.get(order=order).assessed_at == NOON + MINUTE


def test_a_message_that_comes_twice_changes_nothing(sent):
    order = an_order()
    for _ in range(2):
        assess_order_task(order.pk)
    assert Assessment.objects.count() == 1
