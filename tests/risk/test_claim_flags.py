"""Risk reads which rules a claim crossed without being refused, and takes no value that is listed as nobody's for a link."""

import pytest

from orders.models import Order
from promotions.services.nobody import forget_nobodies, list_nobody
from promotions.states import Identity, NobodyKind, RuleAction
from risk.facts import OrderFacts
from risk.gathering import gather_facts
from risk.rules.findings import RULES, Strength
from risk.rules.weighing import KIND_COUNTS_FROM
from tests.orders.factories import an_order
from tests.promotions.factories import NOON, a_coupon, the_asker
from tests.promotions.ruling import an_entry_with_rule

pytestmark = pytest.mark.django_db


def facts_of_two() -> list[OrderFacts]:
    """Two orders from one device, whose second claim crossed a rule that flags."""
    entry = an_entry_with_rule(identity=Identity.DEVICE, action=RuleAction.FLAG)
    coupons = [a_coupon(entry=entry, device="demo-phone") for _ in range(2)]
    orders = [an_order(customer_ref=coupon.customer.ref, coupon_codes=(coupon.code,), device="demo-phone") for coupon in coupons]
    found = [gather_facts(Order.objects.get(pk=order.pk), at=NOON) for order in orders]
    return [facts for facts in found if facts]


def test_a_claim_that_crossed_a_flagging_rule_is_weak_evidence_that_makes_no_kind_by_itself():
    first, second = facts_of_two()
    judge = RULES["crossed_a_claim_rule"].judge
    assert judge(first) is None
    finding = judge(second)
    assert (finding.strength, finding.values) == (Strength.WEAK, {"counted_by": ["device"]})
    assert 0 < finding.score < KIND_COUNTS_FROM


def test_a_device_that_was_listed_as_nobodys_after_the_order_joins_nobody():
    assert facts_of_two()[1].accounts_on_device == 2
    list_nobody(kind=NobodyKind.DEVICE, value="demo-phone", note="the shop's", by=the_asker(), at=NOON)
    forget_nobodies()
    try:
        order = Order.objects.order_by("pk").last()
        assert gather_facts(order, at=NOON).accounts_on_device is None
    finally:
        forget_nobodies()
