"""The storefront's events may come late, twice and out of order."""

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from itertools import permutations

import pytest

from backoffice.lib.errors import DomainError
from orders.models import Notice, Order
from orders.services.delivering import deliver_order
from orders.services.errors import OrderHeld, ReferenceReused
from orders.services.holding import release_hold
from orders.services.notices import GIVEN_UP, Told, give_up_notices, settle_notices, tell
from orders.services.placing import place_order
from orders.states import NoticeKind
from tests.orders.factories import HOUR, a_hold, a_line, an_order, an_order_request
from tests.promotions.factories import NOON, the_asker

pytestmark = pytest.mark.django_db


def a_payment(ref="o1"):
    return Told(NoticeKind.PAYMENT, ref, payload={"paid_at": NOON.isoformat()})


def a_refund(amount, name="r1", *, ref="o1"):
    payload = {"amount": amount, "cause": "customer", "goods_returned": False, "reason": ""}
    return Told(NoticeKind.REFUND, ref, name, payload)


def place(ref="o1"):
    place_order(an_order_request(ref=ref, customer_ref="c1", lines=(a_line(),), is_paid=False), at=NOON)


def say(told):
    return lambda: tell(told, at=NOON)


def play(acts):
    """Each twice, in this order; what is refused is asked once more at the end, as a storefront does."""
    again = []
    for act in acts:
        for _ in range(2):
            try:
                act()
            except DomainError:
                again.append(act)
        settle_notices(NOON)
    for act in again:
        with suppress(DomainError):
            act()
    settle_notices(NOON)


def a_day(ref):
    return [
        lambda: place(ref),
        say(a_payment(ref)),
        lambda: deliver_order(ref, at=NOON),
        say(Told(NoticeKind.COMPLETION, ref)),
    ]


def a_change_of_mind(ref):
    cancellation = Told(NoticeKind.CANCELLATION, ref, payload={"reason": "changed my mind"})
    return [lambda: place(ref), say(a_payment(ref)), say(cancellation), say(a_refund("100.00", ref=ref))]


def two_refunds(ref):
    parts = [say(a_refund("60.00", ref=ref)), say(a_refund("40.00", "r2", ref=ref))]
    return [lambda: place(ref), say(a_payment(ref)), *parts]


@pytest.mark.parametrize(
    ("story", "status", "refunded"),
    [
        (a_day, "completed", Decimal("0.00")),
        (a_change_of_mind, "cancelled", Decimal("100.00")),
        (two_refunds, "cancelled", Decimal("100.00")),
    ],
)
def test_in_whatever_order_it_is_told_the_end_is_the_same(story, status, refunded):
    for number, places in enumerate(permutations(range(4))):
        acts = story(f"o{number}")
        play([acts[place] for place in places])
    facts = ("status", "paid_at", "delivered_at", "completed_at", "cancelled_at", "refunded_amount")
    done, off = (NOON if status == "completed" else None), (NOON if status == "cancelled" else None)
    assert set(Order.objects.values_list(*facts)) == {(status, NOON, done, done, off, refunded)}
    assert Order.objects.count() == 24
    assert not Notice.objects.waiting().exists()


def test_what_comes_before_its_order_is_kept_once_and_done_when_it_comes():
    assert [tell(a_payment(), at=NOON) for _ in range(2)] == [None, None]
    assert settle_notices(NOON) == 0
    place()
    assert settle_notices(NOON + HOUR) == 1
    assert (Order.objects.get().status, Order.objects.get().paid_at) == ("paid", NOON)
    assert Notice.objects.get().settled_at == NOON + HOUR


def test_something_else_under_the_same_reference_is_refused():
    tell(a_refund("10.00"), at=NOON)
    with pytest.raises(ReferenceReused):
        tell(a_refund("11.00"), at=NOON)
    assert Notice.objects.get().payload["amount"] == "10.00"


def test_what_can_never_be_done_is_settled_with_the_reason():
    tell(a_refund("100.01"), at=NOON)
    place()
    settle_notices(NOON)
    notice = Notice.objects.get()
    assert (notice.settled_at, notice.refusal) == (NOON, "Order o1 has 100.00 left to refund.")
    assert Order.objects.get().refunded_amount == 0


def test_a_held_order_is_told_so_at_once():
    order = an_order()
    a_hold(order)
    with pytest.raises(OrderHeld):
        tell(Told(NoticeKind.COMPLETION, order.ref), at=NOON)
    assert not Notice.objects.exists()


def test_what_waits_for_a_hold_is_done_after_its_release():
    tell(a_refund("100.00"), at=NOON)
    place()
    hold = a_hold(Order.objects.get())
    assert settle_notices(NOON) == 0
    release_hold(hold, by=the_asker(), reason="checked", at=NOON)
    assert settle_notices(NOON) == 1
    assert Order.objects.get().status == "cancelled"


def test_after_a_month_it_is_given_up():
    tell(a_payment(), at=NOON)
    assert give_up_notices(NOON + timedelta(days=30)) == 0
    assert give_up_notices(NOON + timedelta(days=31)) == 1
    assert Notice.objects.get().refusal == GIVEN_UP
