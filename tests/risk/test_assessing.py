"""An order is assessed: findings, a flag, a hold; again and again with the same result."""

from decimal import Decimal

import pytest

from backoffice.lib.actors import system_user
from backoffice.lib.automation import observe_only
from orders.models import Hold, Order
from orders.services.cancelling import cancel_order
from orders.services.delivering import OrderHeld, deliver_order
from orders.services.holding import release_hold
from risk.models import Assessment, Finding, Flag
from risk.services.assessing import assess_order
from tests.orders.factories import a_hold, a_line, an_order
from tests.promotions.factories import NOON, a_token, an_entry, the_asker
from tests.risk.factories import (
    COLLECTOR,
    HOUR,
    MINUTE,
    a_flag,
    a_leaked_token,
    a_night_account,
    a_rule_that,
    a_top_up_order,
    an_ordinary_order,
    fails,
    gang_orders,
    rules_found,
)

pytestmark = pytest.mark.django_db


def assess(order, at=None):
    return assess_order(order.pk, at=at or order.placed_at)


def assess_all(orders):
    for order in orders:
        assess(order)


def dispositions(orders):
    return list(
        Flag.objects.filter(order__in=[order.pk for order in orders]).order_by("order_id").values_list("disposition", flat=True)
    )


def risk_holds(*orders):
    return Hold.objects.open().filter(order__in=[order.pk for order in orders], kind="risk")


def test_an_ordinary_order_is_assessed_and_nothing_is_found():
    order = an_ordinary_order()
    assert assess(order) is None
    assert Assessment.objects.get().assessed_at == order.placed_at
    assert not Finding.objects.exists()
    assert not Flag.objects.exists()


def test_an_order_without_coupons_is_assessed_too_and_costs_two_queries(django_assert_num_queries):
    order = an_order()
    with django_assert_num_queries(2 + 2):  # the savepoint of the test's transaction counts two
        assess(order)
    assert Assessment.objects.filter(order=order, error="").exists()


def test_an_ordinary_order_costs_six_queries_and_a_top_up_nine(django_assert_num_queries):

    goods, virtual = an_ordinary_order(), a_top_up_order()
    with django_assert_num_queries(6 + 2):
        assess(goods)
    with django_assert_num_queries(9 + 2):  # one of them stores what was found, two ask for staff's rules and lists
        assess(virtual)


def test_a_guest_who_tops_up_his_own_phone_is_not_flagged():
    order = a_top_up_order(phone="13911112222", recipient="13911112222")
    assert assess(order) is None
    assert not risk_holds(order).exists()


def test_the_gang_is_flagged_organised_and_held():
    orders = gang_orders(3, a_leaked_token())
    assess_all(orders)
    assert dispositions(orders) == ["organised"] * 3
    assert risk_holds(*orders).count() == 3
    hold = risk_holds(orders[-1]).get()
    assert hold.placed_by == system_user()
    assert "3 accounts topped up one recipient" in hold.reason
    with pytest.raises(OrderHeld):
        deliver_order(orders[0].ref, at=NOON + HOUR)


def test_findings_are_kept_with_their_values_for_and_against():
    flag = a_flag()
    findings = {finding.rule: finding for finding in Finding.objects.filter(order=flag.order)}
    assert findings["many_accounts_topping_up_one_recipient"].values == {"accounts": 3, "young": 3}
    assert findings["many_accounts_topping_up_one_recipient"].evidence == "concentration"
    assert findings["quick_cash_out"].strength == "weak"
    assert set(findings) == {
        "many_accounts_topping_up_one_recipient",
        "quick_cash_out",
        "made_for_the_night",
        "virtual_operator_number",
    }
    assert flag.score == 50 + 20 + 15  # the segment adds nothing to an account made for the night


def test_what_speaks_for_the_customer_is_kept_beside_what_speaks_against_him():
    order = a_top_up_order()
    assess(order)
    assert rules_found(order) == {"quick_cash_out", "old_account"}


def test_assessing_again_changes_nothing():
    orders = gang_orders(3, a_leaked_token())
    assess_all(orders)

    def written():
        holds = list(Hold.objects.order_by("pk").values())
        flags = list(Flag.objects.order_by("pk").values())
        return holds, flags, sorted(Finding.objects.values_list("order", "rule", "score", "text"))

    before = written()
    assess_all(orders[-1:] * 2)
    assert written() == before


def test_findings_follow_the_facts():
    token = a_leaked_token()
    first, second = gang_orders(2, token)
    assess(first)
    assert "many_accounts_topping_up_one_recipient" not in rules_found(first)
    gang_orders(1, token, at=NOON + 2 * MINUTE)
    flag = assess(first, NOON + 3 * MINUTE)
    assert flag.disposition == "organised"
    assert "many_accounts_topping_up_one_recipient" in rules_found(first)
    assert not Assessment.objects.filter(order=second).exists()


def test_a_flagged_order_stays_flagged_where_later_facts_weigh_less():
    flag = a_flag()
    later = assess(flag.order, NOON + 8 * 24 * HOUR)  # the others have left the window
    assert (later.pk, later.disposition) == (flag.pk, "undetermined")
    assert later.score < flag.score
    assert later.flagged_at == flag.flagged_at
    assert risk_holds(flag.order).exists()


def test_a_delivered_order_is_flagged_and_not_held():
    with observe_only():
        orders = gang_orders(3, a_leaked_token())
    for order in orders:
        deliver_order(order.ref, at=NOON + 10 * MINUTE)
    assess_all(orders)
    assert dispositions(orders) == ["organised"] * 3
    assert not Hold.objects.exists()


def test_a_cancelled_order_is_flagged_and_not_held():
    orders = gang_orders(3, a_leaked_token())
    cancel_order(orders[-1].ref, cancelled_by="customer", reason="", at=NOON + 5 * MINUTE)
    assert assess(orders[-1]).disposition == "organised"
    assert not risk_holds(orders[-1]).exists()


def test_while_observing_the_order_is_flagged_and_not_held():
    with observe_only():
        orders = gang_orders(3, a_leaked_token())
        assess_all(orders)
    assert dispositions(orders) == ["organised"] * 3
    assert not Hold.objects.exists()


def test_a_hold_that_somebody_released_is_not_placed_again():
    flag = a_flag()
    release_hold(risk_holds(flag.order).get(), by=the_asker(), reason="talked to them", at=NOON + HOUR)
    assess(flag.order, NOON + 2 * HOUR)
    assert not risk_holds(flag.order).exists()


def test_a_risk_hold_that_a_person_placed_is_left_as_it_is():
    orders = gang_orders(3, a_leaked_token())
    hold = a_hold(orders[-1], kind="risk")
    assess_all(orders)
    assert risk_holds(orders[-1]).get() == hold


def test_a_rule_that_fails_is_kept_with_the_assessment_and_the_others_count():
    orders = gang_orders(3, a_leaked_token())
    with a_rule_that(fails):
        flag = assess(orders[-1])
    assert flag.disposition == "organised"
    assert Assessment.objects.get(order=orders[-1]).error == "rule_of_a_test: ZeroDivisionError: a rule stumbles"
    assess(orders[-1])
    assert Assessment.objects.get(order=orders[-1]).error == ""


def test_an_order_that_does_not_exist_cannot_be_assessed():
    with pytest.raises(Order.DoesNotExist):
        assess_order(0, at=NOON)


def test_a_coupon_that_went_round_the_services_is_found():
    order = a_top_up_order(a_token(entry=an_entry(coupon_type=a_leaked_token().batch.entry.coupon_type)), **a_night_account())
    coupon_type = order.discounts.get().coupon.coupon_type
    type(coupon_type).objects.filter(pk=coupon_type.pk).update(audience="restricted")
    order.discounts.get().coupon.claim.entry.batches.update(entry=an_entry())
    assert assess(order).disposition == "organised"
    assert "unknown_provenance" in rules_found(order)


def test_nothing_outside_the_gang_is_touched():
    honest = [an_ordinary_order(), a_top_up_order(), an_order(lines=(a_line(amount=Decimal(5)),))]
    gang = gang_orders(3, a_leaked_token())
    assess_all(honest + gang)
    assert set(Flag.objects.values_list("order", flat=True)) == {order.pk for order in gang}
    assert not risk_holds(*honest).exists()
    assert COLLECTOR not in str(list(Finding.objects.values()))
