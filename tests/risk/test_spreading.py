"""Evidence grows: an order that completes a pattern convicts the earlier ones of it, and each of them only a few times."""

import pytest

from backoffice.lib.automation import observe_only
from orders.models import Hold
from risk.facts import HUB_CAP
from risk.models import Assessment, Finding, Flag
from risk.services import assessing
from risk.services.assessing import assess_order
from risk.services.reviewing import decide_flag
from tests.orders.factories import a_top_up, an_order
from tests.promotions.factories import NOON, a_claimant, a_coupon, a_coupon_type, an_entry, the_asker
from tests.risk.factories import (
    COLLECTOR,
    DAY,
    HOUR,
    MINUTE,
    a_leaked_token,
    a_rule_that,
    a_top_up_order,
    an_ordinary_order,
    fails,
    gang_orders,
    rules_found,
)

pytestmark = pytest.mark.django_db

OLD_ACCOUNT = {"registered_at": NOON - 20 * DAY}


@pytest.fixture
def assessed(monkeypatch):
    """The ids of the orders that were assessed, each as often as it was."""
    seen = []
    assess = assessing._assess

    def counting(order_id, *, at):
        seen.append(order_id)
        return assess(order_id, at=at)

    monkeypatch.setattr(assessing, "_assess", counting)
    return seen


def placed_and_assessed(count, token, *, at=NOON, **fields):
    """As live: each order is assessed before the next one is placed."""
    orders = []
    for step in range(count):
        orders += gang_orders(1, token, at=at + step * MINUTE, **fields)
        assess_order(orders[-1].pk, at=orders[-1].placed_at)
    return orders


def organised():
    return set(Flag.objects.filter(disposition="organised").values_list("order", flat=True))


def test_the_fifth_account_on_a_recipient_convicts_the_first_four():
    token = a_leaked_token()
    early = placed_and_assessed(4, token, **OLD_ACCOUNT)
    assert not organised()
    (fifth,) = placed_and_assessed(1, token, at=NOON + 5 * MINUTE, **OLD_ACCOUNT)
    assert organised() == {order.pk for order in [*early, fifth]}
    assert Hold.objects.open().filter(kind="risk").count() == 5


def test_the_fifth_account_on_a_device_convicts_the_first_four():
    token = a_leaked_token()
    orders = [a_top_up_order(token, device="farm-1", at=NOON + step * MINUTE, **OLD_ACCOUNT) for step in range(5)]
    for order in orders:
        assess_order(order.pk, at=order.placed_at)
    assert organised() == {order.pk for order in orders}


def test_the_third_new_account_on_a_recipient_convicts_the_first_two():
    orders = placed_and_assessed(3, a_leaked_token())
    assert organised() == {order.pk for order in orders}


def test_the_cost_stays_linear(assessed):
    with observe_only():
        orders = placed_and_assessed(20, a_leaked_token(), device="farm-1")
    assert set(assessed) == {order.pk for order in orders}
    assert max(assessed.count(order.pk) for order in orders) <= 4
    assert len(assessed) <= 2 * len(orders)


def test_when_the_evidence_climbs_a_step_the_earlier_orders_climb_with_it():
    with observe_only():
        orders = placed_and_assessed(10, a_leaked_token(), **OLD_ACCOUNT)
    scores = Finding.objects.filter(order=orders[0], rule="many_accounts_topping_up_one_recipient").values_list("score", "values")
    assert list(scores) == [(70, {"accounts": 10, "young": 0})]


def test_a_reviewers_decision_is_left_alone(assessed):
    token = a_leaked_token()
    early = placed_and_assessed(4, token, **OLD_ACCOUNT)
    with observe_only():
        flag = Flag.objects.create(order=early[0], score=50, disposition="undetermined", flagged_at=NOON, updated_at=NOON)
    decide_flag(flag, decision="cleared", reason="a known customer", by=the_asker(), at=NOON + HOUR)
    placed_and_assessed(1, token, at=NOON + 2 * HOUR, **OLD_ACCOUNT)
    assert assessed.count(early[0].pk) == 1
    flag.refresh_from_db()
    assert (flag.decision, flag.disposition, flag.score) == ("cleared", "undetermined", 50)
    assert not Hold.objects.open().filter(order=early[0]).exists()


def test_the_owner_of_the_number_is_not_convicted_by_those_who_top_it_up(assessed):
    token = a_leaked_token()
    owner = a_top_up_order(token, recipient=COLLECTOR, phone=COLLECTOR)
    assess_order(owner.pk, at=NOON)
    placed_and_assessed(6, token, at=NOON + MINUTE)
    assert owner.pk not in organised()
    assert assessed.count(owner.pk) == 1


def test_what_only_shares_the_device_with_an_ordinary_coupon_is_not_assessed_again(assessed):
    ordinary = an_ordinary_order(device="farm-1")
    assess_order(ordinary.pk, at=NOON)
    placed_and_assessed(6, a_leaked_token(), at=NOON + MINUTE, device="farm-1")
    assert assessed.count(ordinary.pk) == 1
    assert not Flag.objects.filter(order=ordinary).exists()


def test_orders_without_coupons_to_the_same_recipient_are_left_alone(assessed):
    plain = an_order(lines=(a_top_up(recipient=COLLECTOR),))
    assess_order(plain.pk, at=NOON)
    placed_and_assessed(6, a_leaked_token(), at=NOON + MINUTE)
    assert assessed.count(plain.pk) == 1


def test_an_order_that_nobody_has_assessed_is_left_to_its_own_message(assessed):
    token = a_leaked_token()
    (unassessed,) = gang_orders(1, token)
    placed_and_assessed(4, token, at=NOON + MINUTE)
    assert unassessed.pk not in assessed


def test_an_earlier_order_that_fails_stops_nobody(assessed):
    token = a_leaked_token()
    early = placed_and_assessed(2, token)
    (last,) = gang_orders(1, token, at=NOON + 5 * MINUTE)

    def fails_on_the_first(facts):
        return fails(facts) if facts.placed_at == early[0].placed_at else None

    with a_rule_that(fails_on_the_first):
        assess_order(last.pk, at=last.placed_at)
    assert early[1].pk in organised()
    assert Assessment.objects.get(order=early[0]).error


def hub_coupon(entry):
    return a_coupon(entry=entry, claimant=a_claimant(**OLD_ACCOUNT), device="one-id-for-all")


def test_a_device_that_turns_out_to_be_a_hub_joins_nobody_any_more(assessed):
    """A model of phone whose id is not unique: until the cap is passed it looks like a farm."""
    entry = an_entry(coupon_type=a_coupon_type(quantity=100), cap=100)
    orders = []
    for step in range(HUB_CAP + 3):
        at = NOON + step * MINUTE
        orders.append(an_order(coupons=(hub_coupon(entry),), device="one-id-for-all", at=at))
        assess_order(orders[-1].pk, at=at)
        if step == HUB_CAP - 1:
            assert "many_accounts_on_one_device" in rules_found(orders[0])
            assert Flag.objects.get(order=orders[0]).score >= 60 - 15
    assert not Flag.objects.filter(score__gt=0).exists()
    assert len(assessed) <= 3 * len(orders)


def test_it_is_bounded_however_many_there_are(monkeypatch, assessed):
    monkeypatch.setattr("risk.services.spreading.MOST_EARLIER_ORDERS", 2)
    token = a_leaked_token()
    for order in gang_orders(6, token, **OLD_ACCOUNT):
        assess_order(order.pk, at=NOON)  # at that time nobody else is seen yet
    assessed.clear()
    last = placed_and_assessed(1, token, at=NOON + HOUR, **OLD_ACCOUNT)
    assert len(assessed) == 1 + 2
    assert last[0].pk in assessed
