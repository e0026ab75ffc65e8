"""What is known of an order is gathered in few statements, counted to a cap, and as of a time."""

from datetime import timedelta
from decimal import Decimal

import pytest

from orders.models import Order
from orders.services.delivering import deliver_order
from promotions.services.thresholds import arm_threshold, check_restricted_type
from promotions.states import ThresholdAction
from risk.facts import COUNTED_UP_TO, HUB_CAP
from risk.gathering import ROWS_READ, gather_facts
from tests.orders.factories import a_line, a_top_up, an_order
from tests.promotions.factories import NOON, a_claim, a_claimant, a_coupon, a_coupon_type, a_token, an_entry
from tests.risk.factories import (
    COLLECTOR,
    DAY,
    HOUR,
    MINUTE,
    a_leaked_token,
    a_night_account,
    a_top_up_order,
    an_ordinary_order,
    gang_orders,
)

pytestmark = pytest.mark.django_db


def gathered(order, *, at=None):
    return gather_facts(Order.objects.get(pk=order.pk), at=at or order.placed_at)


def claims_on_device(device, count, *, at=NOON):
    entry = an_entry(coupon_type=a_coupon_type(quantity=1000), cap=1000)
    for _ in range(count):
        a_claim(entry=entry, device=device, at=at)


def test_an_order_without_coupons_costs_no_query(django_assert_num_queries):
    order = an_order()
    with django_assert_num_queries(0):
        assert gather_facts(order, at=NOON) is None


def test_ordinary_goods_cost_two_queries_and_a_restricted_top_up_four(django_assert_num_queries):
    goods, virtual = an_ordinary_order(), a_top_up_order()
    with django_assert_num_queries(2):
        gather_facts(goods, at=NOON)
    with django_assert_num_queries(4):
        gather_facts(virtual, at=NOON)


def test_the_chain_of_a_restricted_coupon():
    order = a_top_up_order(a_leaked_token(uses=80), claimed=5 * MINUTE)
    (coupon,) = gathered(order).coupons
    assert coupon.is_restricted
    assert coupon.can_pay_alone
    assert coupon.face_value == Decimal(100)
    assert coupon.claimed_at == NOON - 5 * MINUTE
    assert coupon.has_entry
    assert coupon.entry_is_of_its_type
    assert coupon.is_within_entry_period
    assert coupon.has_token
    assert coupon.token_is_of_its_entry
    assert (coupon.token_uses_allowed, coupon.customers_on_token) == (80, 1)
    assert coupon.suspended_at is None


def test_an_ordinary_coupon_has_no_token_and_asks_for_own_money():
    (coupon,) = gathered(an_ordinary_order()).coupons
    assert not coupon.is_restricted
    assert not coupon.can_pay_alone
    assert not coupon.has_token
    assert (coupon.token_uses_allowed, coupon.customers_on_token) == (None, 0)


@pytest.mark.parametrize(
    ("type_fields", "can_pay_alone"),
    [
        ({"minimum_spend": Decimal(0)}, True),
        ({"minimum_spend": Decimal(10)}, True),
        ({"minimum_spend": Decimal(11)}, False),
        ({"minimum_spend": Decimal(0), "percentage": Decimal(10)}, False),
        ({"minimum_spend": Decimal(0), "percentage": Decimal(100)}, True),
    ],
)
def test_a_coupon_can_pay_alone_where_its_holder_need_hardly_pay_anything(type_fields, can_pay_alone):
    coupon = a_coupon(entry=an_entry(coupon_type=a_coupon_type(**type_fields)))
    assert gathered(an_order(coupons=(coupon,))).coupons[0].can_pay_alone is can_pay_alone


def test_customers_on_a_token_are_counted_as_of_the_time():
    token = a_leaked_token()
    first, *_, last = (a_top_up_order(token, at=NOON + step * HOUR) for step in range(4))
    assert gathered(first).coupons[0].customers_on_token == 1
    assert gathered(last).coupons[0].customers_on_token == 4
    assert gathered(first, at=NOON + DAY).coupons[0].customers_on_token == 4


def test_a_refused_claim_is_no_customer_of_a_token():
    token = a_leaked_token()
    order = a_top_up_order(token)
    refused = a_claim(token=token, claimant=a_claimant(is_verified=False), at=NOON - 2 * MINUTE)
    assert refused.outcome == "refused"
    assert gathered(order).coupons[0].customers_on_token == 1


def test_a_suspension_by_an_alarm_after_the_claim_is_known_from_then_on():
    token = a_leaked_token()
    order = a_top_up_order(token)
    coupon_type = token.batch.entry.coupon_type
    arm_threshold(scope=coupon_type, metric="issued_count", window=None, limit=Decimal(1), action=ThresholdAction.SUSPEND)
    assert check_restricted_type(coupon_type.pk, NOON + 3 * MINUTE)
    assert gathered(order, at=NOON + 2 * MINUTE).coupons[0].suspended_at is None
    assert gathered(order, at=NOON + 3 * MINUTE).coupons[0].suspended_at == NOON + 3 * MINUTE


def test_accounts_on_a_device_are_those_that_claimed_or_ordered_there():
    order = a_top_up_order(device="farm-1")
    claims_on_device("farm-1", 2, at=NOON - DAY)
    an_order(device="FARM-1 ", at=NOON - HOUR)
    assert gathered(order).accounts_on_device == 4


def test_what_is_older_than_a_week_or_later_than_the_time_is_not_counted():
    order = a_top_up_order(device="farm-1")
    an_order(device="farm-1", at=NOON - 7 * DAY)
    an_order(device="farm-1", at=NOON + timedelta(seconds=1))
    assert gathered(order).accounts_on_device == 1


@pytest.mark.parametrize("device", ["", "00:00:00:00:00:00", "unknown", "9774d56d682e549c"])
def test_a_device_that_identifies_nobody_joins_nobody(device):
    order = a_top_up_order(device=device)
    for _ in range(3):
        an_order(device=device)
    assert gathered(order).accounts_on_device is None


def test_an_unknown_address_joins_nobody():
    order = an_ordinary_order(address="")
    an_order(address="")
    assert gathered(order).accounts_on_address is None


def test_accounts_on_an_address_are_those_that_ordered_there():
    order = an_ordinary_order(address="198.51.100.7")
    an_order(address="198.51.100.7", at=NOON - HOUR)
    an_order(address="198.51.100.8", at=NOON - HOUR)
    assert gathered(order).accounts_on_address == 2


def test_a_hub_is_counted_to_one_more_than_the_cap():
    order = a_top_up_order(device="kiosk")
    claims_on_device("kiosk", HUB_CAP + 10, at=NOON - HOUR)
    assert gathered(order).accounts_on_device == COUNTED_UP_TO


def test_a_hot_device_is_read_to_a_limit(django_assert_num_queries):
    order = a_top_up_order(device="kiosk")
    claims_on_device("kiosk", ROWS_READ + 5, at=NOON - HOUR)
    with django_assert_num_queries(4) as queries:
        gathered_facts = gather_facts(order, at=NOON)
    assert gathered_facts.accounts_on_device == COUNTED_UP_TO
    assert all("LIMIT" in query["sql"] for query in queries.captured_queries)


def test_accounts_on_a_recipient_are_those_that_topped_it_up_with_coupons():
    token = a_leaked_token()
    *_, last = gang_orders(3, token)
    an_order(lines=(a_top_up(recipient=COLLECTOR),), at=NOON)
    a_top_up_order(token, at=NOON)
    (recipient,) = gathered(last).recipients
    assert (recipient.accounts, recipient.young_accounts) == (3, 3)


def test_an_account_counts_once_however_often_it_tops_up():
    token, other = a_leaked_token(), a_leaked_token()
    who = a_claimant()
    for each in (token, other):
        coupon = a_coupon(token=each, claimant=who)
        order = an_order(coupons=(coupon,), lines=(a_top_up(recipient=COLLECTOR),))
    assert gathered(order).accounts_on_recipient == 1


def test_only_young_accounts_count_as_young():
    token = a_leaked_token()
    a_top_up_order(token, recipient=COLLECTOR)
    last = a_top_up_order(token, recipient=COLLECTOR, **a_night_account())
    (recipient,) = gathered(last).recipients
    assert (recipient.accounts, recipient.young_accounts) == (2, 1)


def test_young_accounts_that_share_a_device_count_as_one():
    *_, last = gang_orders(3, a_leaked_token(), device="the family's tablet")
    (recipient,) = gathered(last).recipients
    assert (recipient.accounts, recipient.young_accounts) == (3, 1)


def test_the_own_number_is_no_recipient_and_its_owner_no_account_on_it():
    token = a_leaked_token()
    owner = a_top_up_order(token, recipient="13911112222", phone="139 1111 2222")
    friend = a_top_up_order(token, recipient="+8613911112222")
    assert gathered(owner).tops_up_own_number_only
    assert gathered(owner).recipients == ()
    assert gathered(friend).accounts_on_recipient == 1
    assert not gathered(friend).tops_up_own_number_only


def test_an_order_for_oneself_and_for_another_is_not_for_oneself_only():
    coupon = a_coupon(token=a_token(), claimant=a_claimant(phone="13911112222"))
    order = an_order(coupons=(coupon,), lines=(a_top_up(recipient="13911112222"), a_top_up(recipient=COLLECTOR), a_line()))
    known = gathered(order)
    assert not known.tops_up_own_number_only
    assert known.accounts_on_recipient == 1
    assert known.virtual_amount == Decimal(200)


def test_goods_are_no_top_up_of_anybody():
    known = gathered(an_ordinary_order())
    assert not known.tops_up_own_number_only
    assert not known.tops_up_others
    assert known.recipients == ()


def an_order_of(coupon, *, earlier, paid):
    """`coupon` is used after an order that the same customer placed `earlier` than its claim, and that was delivered at once."""
    line = a_line() if paid else a_line(amount=Decimal(10))
    coupons = () if paid else (a_coupon(entry=an_entry(), claimant=a_claimant(ref=coupon.customer.ref), at=NOON - 3 * HOUR),)
    first = an_order(customer_ref=coupon.customer.ref, coupons=coupons, lines=(line,), at=NOON - earlier)
    deliver_order(first.ref, at=NOON - earlier)
    return an_order(coupons=(coupon,), at=NOON + HOUR)


@pytest.mark.parametrize(("earlier", "paid", "counts"), [(2 * HOUR, True, True), (-MINUTE, True, False), (2 * HOUR, False, False)])
def test_only_what_was_paid_and_delivered_before_the_claim_is_an_earlier_delivery(earlier, paid, counts):
    assert gathered(an_order_of(a_coupon(), earlier=earlier, paid=paid)).has_earlier_delivery is counts


def test_what_was_only_placed_is_no_earlier_delivery():
    coupon = a_coupon()
    an_order(customer_ref=coupon.customer.ref, at=NOON - HOUR)
    assert not gathered(an_order(coupons=(coupon,), at=NOON + HOUR)).has_earlier_delivery


def test_the_account_is_as_the_storefront_described_it():
    order = a_top_up_order(registered_at=NOON - 5 * HOUR, phone="17001234567")
    known = gathered(order)
    assert known.registered_at == NOON - 5 * HOUR
    assert known.phone_segment == "1700"
    assert known.is_young
