"""What rules read of a customer is what was said of him by the time of the order: what is said later does not leak into it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from django.db import connection

from orders.models import Order
from promotions.models import Claim, Customer
from promotions.services.customers import Claimant
from promotions.states import RefusalReason
from risk.rulefacts import BOOKS, Book, statement_of
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


HIS_NETWORK = {
    "claims.count.address.24h": 2,
    "claims.count.segment.24h": 2,
    "claims.first_seen.address": 1,
    "claims.first_seen.segment": 1,
}


def a_busy_hour(who: Claimant) -> Claim:
    """His second claim within the hour, with 2,500 of other people on other networks in between."""
    first = a_claim(claimant=who, address="198.51.100.9", at=NOON - HOUR)
    stranger = a_customer("stranger")
    others = {
        "outcome": "refused",
        "reason": RefusalReason.BUDGET_SPENT,
        "customer": stranger,
        "channel": first.channel,
        "asked_coupon_type": "X",
    }
    Claim.objects.bulk_create(
        Claim(at=NOON - HOUR + timedelta(seconds=second), address="203.0.113.7", phone_segment="1391", **others)
        for second in range(1, 2501)
    )
    return a_claim(claimant=who, address="198.51.100.9", at=NOON)


def test_claims_of_a_network_are_counted_however_busy_the_platform_is() -> None:
    claim = a_busy_hour(a_claimant(phone=OWN))
    book = BOOKS["claim"]
    with connection.cursor() as cursor:
        cursor.execute(statement_of(book, HIS_NETWORK, where="e.id = %s"), [claim.pk])
        assert dict(zip(sorted(HIS_NETWORK), cursor.fetchone()[2:], strict=True)) == HIS_NETWORK


def test_no_velocity_is_looked_for_without_an_index() -> None:
    """On a table of many, each count is read by an index that begins with its value."""
    claim = a_busy_hour(a_claimant(phone=OWN))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE promotions_claim")
        for name in (name for name in BOOKS["claim"].facts if name.startswith("claims.count.") and name.endswith(".24h")):
            cursor.execute("EXPLAIN " + statement_of(BOOKS["claim"], [name], where="e.id = %s"), [claim.pk])
            assert not [line for (line,) in cursor.fetchall() if "Seq Scan on promotions_claim x" in line], name
