"""What rules read of a customer is what was said of him by the time of the order: what is said later does not leak into it."""

from dataclasses import replace
from typing import Any, cast

import pytest

from orders.models import Order
from promotions.models import Customer
from risk.rulefacts import BOOKS, Book
from risk.rulefacts import orders as order_facts
from risk.rulegathering import gather_events
from tests.orders.factories import a_top_up, an_order
from tests.promotions.factories import NOON, a_claim, a_claimant, a_coupon, a_customer
from tests.risk.factories import DAY, HOUR, MINUTE

pytestmark = pytest.mark.django_db
OWN, OTHER = "13800001234", "17000005678"
OF_HIM = {
    "customer.age": 2,
    "customer.is_verified": False,
    "customer.phone_segment": "1380",
    "order.goes_to_own_phone": True,
    "order.tops_up_others": False,
    "order.recipient": None,
    "claims.count.segment.24h": 1,
    "orders.count.recipient.24h": None,
}


def an_order_to_himself() -> tuple[Order, Any]:
    who = a_claimant(phone=OWN, is_verified=False, registered_at=NOON - 2 * HOUR)
    coupon = a_coupon(claimant=who, at=NOON - MINUTE)
    return an_order(coupons=(coupon,), lines=(a_top_up(recipient=OWN),), delivery_phone=OWN, at=NOON), who


def facts_of_it(order: Order) -> dict[str, Any]:
    return dict(gather_events("order", order.pk, OF_HIM)[0].facts)


def test_they_are_what_was_said_with_his_last_claim_before_it() -> None:
    order, _who = an_order_to_himself()
    assert facts_of_it(order) == OF_HIM


def test_what_is_said_later_changes_none_of_them() -> None:
    order, who = an_order_to_himself()
    a_claim(claimant=replace(who, phone=OTHER, is_verified=True, registered_at=NOON - 400 * DAY), at=NOON + MINUTE)
    assert Customer.objects.get(ref=who.ref).phone_segment == "1700"
    assert facts_of_it(order) == OF_HIM


def test_control_read_from_the_mirror_all_of_them_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """`said` is read from today's row of the customer, as his claims' is not."""
    order, who = an_order_to_himself()
    a_claim(claimant=replace(who, phone=OTHER, is_verified=True, registered_at=NOON - 400 * DAY), at=NOON + MINUTE)
    leaking = order_facts.JOINS | {"said": "JOIN promotions_customer said ON said.id = e.customer_id"}
    monkeypatch.setitem(cast("dict[str, Book]", BOOKS), "order", replace(BOOKS["order"], joins=leaking))
    assert {name for name, value in facts_of_it(order).items() if value != OF_HIM[name]} == set(OF_HIM)


def test_of_two_claims_before_it_the_later_counts() -> None:
    who = a_claimant(phone=OTHER, is_verified=True, registered_at=NOON - 400 * DAY)
    a_claim(claimant=who, at=NOON - HOUR)
    coupon = a_coupon(claimant=replace(who, phone=OWN, is_verified=False, registered_at=NOON - 2 * HOUR), at=NOON - MINUTE)
    order = an_order(coupons=(coupon,), lines=(a_top_up(recipient=OWN),), delivery_phone=OWN, at=NOON)
    assert facts_of_it(order) == OF_HIM


def test_of_somebody_who_never_claimed_nothing_is_known() -> None:
    customer = a_customer("bare")
    order = an_order(customer_ref=customer.ref, lines=(a_top_up(recipient=OWN),), delivery_phone=OWN, at=NOON)
    a_claim(claimant=a_claimant(ref="bare", phone=OWN), at=NOON + MINUTE)
    known = facts_of_it(order)
    assert {known[name] for name in ("customer.age", "customer.is_verified", "customer.phone_segment")} == {None}
    assert (known["order.goes_to_own_phone"], known["order.tops_up_others"]) == (None, True)
