"""A freeze begins with what can still be saved: top-ups that are paid, then what else is paid, then the rest."""

from datetime import timedelta

import pytest

from backoffice.lib.jobs import run_job
from orders.models import Hold
from orders.services.cancelling import cancel_order
from orders.services.delivering import deliver_order, deliver_part
from tests.orders.factories import a_freeze, a_line, a_top_up, an_order, approved, orders, worked
from tests.orders.rounds import in_chunks_of
from tests.promotions.factories import NOON

pytestmark = pytest.mark.django_db


def in_order_of_work(act):
    return list(act.items.order_by("pk").values_list("order__ref", flat=True))


def test_paid_top_ups_come_first_then_what_is_paid_then_what_is_not_and_last_what_is_lost():
    lost, unpaid = an_order(lines=(a_top_up(),)), an_order(lines=(a_top_up(),), is_paid=False)
    deliver_order(lost.ref, at=NOON)
    goods, top_up, mixed = an_order(), an_order(lines=(a_top_up(),)), an_order(lines=(a_line(), a_top_up()))
    assert in_order_of_work(a_freeze()) == [order.ref for order in (top_up, mixed, goods, unpaid, lost)]


def test_a_top_up_that_left_in_an_earlier_parcel_makes_its_order_no_more_urgent():
    gone, waiting = (an_order(lines=(a_line(quantity=2), a_top_up(quantity=2))) for _ in range(2))
    goods = an_order()
    deliver_part(gone.ref, delivery_ref="p1", quantities={2: 2}, at=NOON)
    deliver_part(waiting.ref, delivery_ref="p1", quantities={1: 1, 2: 1}, at=NOON)
    assert in_order_of_work(a_freeze()) == [order.ref for order in (waiting, gone, goods)]


def test_whoever_stops_after_the_first_chunk_has_saved_the_top_ups(monkeypatch):
    in_chunks_of(monkeypatch, 2)
    orders(3)
    top_ups = [an_order(lines=(a_top_up(),)) for _ in range(2)]
    freeze = approved(a_freeze())
    assert run_job(freeze.job_id, now=iter_of(*[NOON] * 3, NOON + timedelta(hours=1)), turn=timedelta(minutes=1))
    assert set(Hold.objects.values_list("order", flat=True)) == {order.pk for order in top_ups}
    worked(freeze, at=NOON + timedelta(hours=1))
    assert Hold.objects.count() == 5


def iter_of(*moments):
    """A clock that shows these moments one after another."""
    left = iter(moments)
    return lambda: next(left)


def test_the_hash_is_over_the_ids_whatever_order_they_are_worked_in():
    top_up, goods = an_order(lines=(a_top_up(),)), an_order()
    freeze = a_freeze()
    assert in_order_of_work(freeze) == [top_up.ref, goods.ref]
    cancel_order(top_up.ref, cancelled_by="customer", reason="no longer wanted", at=NOON)
    again = a_freeze()
    assert in_order_of_work(again) == [goods.ref, top_up.ref]
    assert again.job.scope_hash == freeze.job.scope_hash


def test_work_starts_at_the_first_item_of_its_own_act():
    """The items of earlier acts are in the same table: they are not looked through."""
    orders(2)
    worked(approved(a_freeze()))
    freeze = a_freeze(kind="manual", legal_reference="")
    assert freeze.job.cursor == freeze.items.order_by("pk").values_list("pk", flat=True)[0] - 1
