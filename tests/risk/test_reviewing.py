"""A person decides about a flagged order, once."""

import pytest
from django.db import IntegrityError, connection, transaction

from backoffice.lib.actors import system_user
from backoffice.lib.automation import observe_only
from backoffice.lib.errors import InvalidInput
from orders.models import Hold
from orders.services.delivering import OrderHeld, deliver_order
from risk.models import Finding, Flag
from risk.services.assessing import assess_order
from risk.services.reviewing import FlagIsDecided, decide_flag
from tests.orders.factories import a_hold
from tests.promotions.factories import NOON, the_approver, the_asker
from tests.risk.factories import HOUR, MINUTE, a_flag, a_leaked_token, a_top_up_order, gang_orders

pytestmark = pytest.mark.django_db

LATER = NOON + HOUR


def decide(flag, decision, *, by=None, reason="looked at it", at=LATER):
    return decide_flag(flag, decision=decision, reason=reason, by=by or the_asker(), at=at)


def open_kinds(order):
    return set(Hold.objects.open().filter(order=order).values_list("kind", flat=True))


def test_clearing_releases_what_the_system_held_and_the_order_can_go():
    flag = a_flag()
    assert open_kinds(flag.order) == {"cooling", "risk"}
    decided = decide(flag, "cleared", reason="a family")
    assert (decided.decision, decided.decided_by, decided.decided_at) == ("cleared", the_asker(), LATER)
    assert decided.decision_reason == "a family"
    assert open_kinds(flag.order) == set()
    assert deliver_order(flag.order.ref, at=LATER).status == "delivered"


def test_clearing_leaves_what_people_held():
    flag = a_flag()
    a_hold(flag.order, kind="manual")
    decide(flag, "cleared")
    assert open_kinds(flag.order) == {"manual"}


def test_clearing_leaves_a_risk_hold_that_a_person_placed():
    order = a_top_up_order()
    a_hold(order, kind="risk")
    flag = Flag.objects.create(order=order, score=50, disposition="undetermined", flagged_at=NOON, updated_at=NOON)
    decide(flag, "cleared")
    assert open_kinds(order) == {"risk"}


def test_clearing_one_order_touches_no_other():
    flag = a_flag()
    others = Flag.objects.exclude(pk=flag.pk)
    decide(flag, "cleared")
    assert set(others.values_list("decision", flat=True)) == {""}
    assert all(open_kinds(other.order) == {"cooling", "risk"} for other in others)


def test_confirming_keeps_the_hold():
    flag = a_flag()
    before = Hold.objects.get(order=flag.order, kind="risk")
    decide(flag, "confirmed")
    assert Hold.objects.open().get(order=flag.order, kind="risk") == before
    with pytest.raises(OrderHeld):
        deliver_order(flag.order.ref, at=LATER)


def test_confirming_places_a_hold_where_there_is_none():
    order = a_top_up_order()
    flag = Flag.objects.create(order=order, score=50, disposition="undetermined", flagged_at=NOON, updated_at=NOON)
    with observe_only():  # what people do by hand is done all the same
        decide(flag, "confirmed", reason="part of it")
    hold = Hold.objects.open().get(order=order, kind="risk")
    assert (hold.placed_by, hold.reason) == (the_asker(), "part of it")


def test_confirming_a_delivered_order_decides_and_holds_nothing():
    with observe_only():
        orders = gang_orders(3, a_leaked_token())
    for order in orders:
        deliver_order(order.ref, at=NOON + 5 * MINUTE)
        assess_order(order.pk, at=NOON + 6 * MINUTE)
    flag = Flag.objects.get(order=orders[0])
    assert decide(flag, "confirmed").decision == "confirmed"
    assert open_kinds(orders[0]) == set()


@pytest.mark.parametrize("second", ["cleared", "confirmed"])
def test_nobody_decides_twice(second):
    flag = a_flag()
    decide(flag, "cleared")
    with pytest.raises(FlagIsDecided, match="somebody else"):
        decide(flag, second, by=the_approver(), reason="no, I")
    flag.refresh_from_db()
    assert (flag.decision, flag.decided_by) == ("cleared", the_asker())
    assert open_kinds(flag.order) == set()


def test_a_cleared_order_is_not_held_again_by_itself():
    flag = a_flag()
    decide(flag, "cleared")
    gang_orders(3, Flag.objects.first().order.discounts.get().coupon.claim.token, at=LATER)
    assert assess_order(flag.order_id, at=LATER + HOUR).decision == "cleared"
    assert open_kinds(flag.order) == set()


def test_what_was_decided_keeps_the_findings_it_was_decided_by():
    flag = a_flag()
    before = list(Finding.objects.filter(order=flag.order).values())
    decide(flag, "confirmed")
    assess_order(flag.order_id, at=NOON + 20 * 24 * HOUR)
    assert list(Finding.objects.filter(order=flag.order).values()) == before
    flag.refresh_from_db()
    assert flag.disposition == "organised"


@pytest.mark.parametrize(
    ("decision", "reason"), [("", "why"), ("maybe", "why"), ("cleared", ""), ("cleared", "  "), ("cleared", "\x00")]
)
def test_nonsense_changes_nothing(decision, reason):
    flag = a_flag()
    with pytest.raises(InvalidInput):
        decide(flag, decision, reason=reason)
    flag.refresh_from_db()
    assert flag.decision == ""
    assert open_kinds(flag.order) == {"cooling", "risk"}


def test_the_history_knows_who_decided_and_why():
    flag = a_flag()
    decide(flag, "cleared", reason="a family")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.decision, c.metadata ->> 'reason' FROM risk_flagevent e JOIN pghistory_context c ON c.id = e.pgh_context_id"
            " WHERE e.pgh_obj_id = %s ORDER BY e.pgh_id",
            [flag.pk],
        )
        rows = cursor.fetchall()
    assert rows[0][0] == ""
    assert rows[-1] == ("cleared", "a family")


@pytest.mark.parametrize(
    "broken",
    [{"decision": "cleared"}, {"decided_by": 1}, {"decided_at": NOON}, {"decision": "cleared", "decided_at": NOON}],
)
def test_the_database_takes_no_decision_without_person_time_and_reason(broken):
    flag = a_flag()
    values = {"decided_by": system_user().pk} if "decided_by" in broken else {}
    with pytest.raises(IntegrityError, match="flag_decision_has_person_time_and_reason"), transaction.atomic():
        Flag.objects.filter(pk=flag.pk).update(**{**broken, **values})
