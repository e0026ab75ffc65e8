"""Holds on single orders."""

import pytest

from backoffice.lib.errors import InvalidInput
from orders.models import Hold
from orders.services.cancelling import cancel_order
from orders.services.delivering import deliver_order
from orders.services.holding import LegalHold, OrderIsFinal, place_hold, release_hold
from orders.signals import hold_released
from tests.orders.factories import HOUR, a_done_freeze, a_freeze, a_hold, an_order, approved, everything
from tests.promotions.factories import NOON, a_user, the_asker

pytestmark = pytest.mark.django_db


def released(hold, *, at=NOON + HOUR):
    return release_hold(hold, by=the_asker(), reason="own number", at=at)


def test_a_hold_says_who_placed_it_when_and_why():
    analyst = a_user()
    hold = place_hold(an_order(), kind="risk", reason="shared device", by=analyst, at=NOON)
    hold.refresh_from_db()
    assert (hold.kind, hold.reason, hold.placed_by, hold.placed_at) == ("risk", "shared device", analyst, NOON)
    assert hold.released_at is None


def test_held_twice_the_first_hold_stays_as_it_was():
    order = an_order()
    first = a_hold(order, reason="first")
    again = a_hold(order, reason="second", at=NOON + HOUR)
    assert again == first
    assert Hold.objects.get().reason == "first"


def test_holds_of_several_kinds_stand_side_by_side():
    order = an_order()
    for kind in ("manual", "risk", "cooling"):
        a_hold(order, kind=kind, until=NOON + HOUR)
    assert order.holds.open().count() == 3


@pytest.mark.parametrize(
    "finish",
    [
        lambda ref: deliver_order(ref, at=NOON),
        lambda ref: cancel_order(ref, cancelled_by="customer", reason="", at=NOON),
    ],
    ids=["delivered", "cancelled"],
)
def test_a_finished_order_is_not_held_also_by_who_read_it_before(finish):
    order = an_order()
    finish(order.ref)
    with pytest.raises(OrderIsFinal):
        a_hold(order)
    assert not Hold.objects.exists()


NONSENSE = {
    "no reason": {"reason": " "},
    "a NUL byte": {"reason": "a\x00"},
    "half a surrogate pair": {"reason": "\ud800"},
    "an unknown kind": {"kind": "lunar"},
    "cooling without an end": {"kind": "cooling"},
    "an end before the beginning": {"until": NOON},
}


@pytest.mark.parametrize("fields", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_holds_nothing(fields):
    with pytest.raises(InvalidInput):
        a_hold(an_order(), **fields)
    assert not Hold.objects.exists()


def test_nobody_places_a_legal_hold_by_hand():
    with pytest.raises(LegalHold):
        a_hold(an_order(), kind="legal")


def test_a_freeze_that_is_not_approved_holds_nothing_by_hand_either():
    order = an_order()
    with pytest.raises(LegalHold):
        a_hold(order, kind="legal", freeze=a_freeze())


def test_an_approved_freeze_holds_only_its_own_orders_by_hand():
    order = an_order()
    freeze = approved(a_freeze(everything().filter(pk=order.pk)))
    with pytest.raises(LegalHold):
        a_hold(an_order(), kind="legal", freeze=freeze)
    assert a_hold(order, kind="legal", freeze=freeze).freeze == freeze


def test_a_released_hold_says_by_whom_when_and_why():
    order = an_order()
    hold = released(a_hold(order))
    assert (hold.released_by, hold.released_at, hold.release_reason) == (the_asker(), NOON + HOUR, "own number")
    assert deliver_order(order.ref, at=NOON + HOUR).status == "delivered"


def test_released_twice_the_first_release_stays():
    hold = released(a_hold(an_order()))
    assert released(hold, at=NOON + 2 * HOUR).released_at == NOON + HOUR


def test_a_release_leaves_the_other_holds_alone():
    order = an_order()
    a_hold(order, kind="risk")
    released(a_hold(order, kind="manual"))
    assert [hold.kind for hold in order.holds.open()] == ["risk"]


def test_an_order_can_be_held_again_after_a_release():
    order = an_order()
    released(a_hold(order))
    a_hold(order)
    assert order.holds.count() == 2


def test_a_legal_hold_is_not_released_by_one_person():
    an_order()
    a_done_freeze()
    with pytest.raises(LegalHold, match="two persons"):
        released(Hold.objects.get())
    assert Hold.objects.open().count() == 1


def test_a_release_needs_a_reason():
    hold = a_hold(an_order())
    with pytest.raises(InvalidInput):
        release_hold(hold, by=the_asker(), reason="", at=NOON)
    assert Hold.objects.open().exists()


def test_a_release_is_announced_after_the_commit_and_once(django_capture_on_commit_callbacks):
    heard = []
    hold_released.connect(receiver := lambda order_ids, **_: heard.extend(order_ids))
    order = an_order()
    with django_capture_on_commit_callbacks(execute=True):
        hold = released(a_hold(order))
        released(hold)
        assert heard == []
    hold_released.disconnect(receiver)
    assert heard == [order.pk]
