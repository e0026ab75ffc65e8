"""Who pays for many accounts, and to whose phone their parcels go."""

from datetime import timedelta

import pytest

from risk.facts import HUB_CAP
from risk.gathering import gather_facts
from risk.links.neighbourhood import around
from risk.links.running import link_all, link_new
from risk.models import Finding, Flag, LinkedAccount, LinkHub
from risk.services.assessing import assess_order
from risk.services.tracing import start_of, starts_of, trace
from tests.orders.factories import an_order
from tests.promotions.factories import NOON, a_claimant, a_coupon, number
from tests.risk.factories import HOUR, MINUTE, a_leaked_token, a_night_account, an_ordinary_order

pytestmark = pytest.mark.django_db

PURSE = "alipay-2088002244668800"
PORTER = "13911112222"
LATER = NOON + HOUR


def goods_by_leaked_code(count, token=None, *, since=NOON, **fields):
    """New accounts that buy goods with leaked coupons, each from a device of its own, a minute apart; assessed one by one."""
    token, orders = token or a_leaked_token(), []
    for step in range(count):
        device, at = f"device{number()}", since + step * MINUTE
        coupon = a_coupon(token=token, claimant=a_claimant(**a_night_account()), device=device, at=at - MINUTE)
        orders.append(an_order(coupons=(coupon,), device=device, at=at, **fields))
        assess_order(orders[-1].pk, at=at)
    return orders


def organised():
    return set(Flag.objects.filter(disposition="organised").values_list("order", flat=True))


def test_accounts_are_counted_on_what_paid_and_on_where_parcels_go_as_of_the_time():
    orders = goods_by_leaked_code(3, payment_account=PURSE, delivery_phone=PORTER)
    known = gather_facts(orders[-1], at=LATER)
    assert (known.accounts_on_payment_account, known.accounts_on_delivery_phone) == (3, 3)
    assert gather_facts(orders[0], at=NOON).accounts_on_payment_account == 1
    assert gather_facts(orders[-1], at=LATER + timedelta(days=8)).accounts_on_payment_account == 0


def test_what_the_storefront_did_not_tell_is_unknown_and_costs_no_query(django_assert_num_queries):
    order, told = an_ordinary_order(), an_ordinary_order(payment_account=PURSE, delivery_phone=PORTER)
    with django_assert_num_queries(2):
        known = gather_facts(order, at=NOON)
    assert (known.accounts_on_payment_account, known.accounts_on_delivery_phone) == (None, None)
    with django_assert_num_queries(3):
        gather_facts(told, at=NOON)


def test_whose_phone_it_is_is_no_account_on_it():
    order = an_ordinary_order(delivery_phone=PORTER)
    coupon = a_coupon(claimant=a_claimant(phone=PORTER))
    own = an_order(coupons=(coupon,), delivery_phone=f"+86 {PORTER}")
    assert own.delivery_phone_hash == order.delivery_phone_hash
    assert gather_facts(own, at=NOON).accounts_on_delivery_phone == 1


def test_the_fifth_new_account_that_one_purse_pays_for_convicts_the_four_before_it():
    token = a_leaked_token()
    early = goods_by_leaked_code(4, token, payment_account=PURSE)
    assert not organised()
    (fifth,) = goods_by_leaked_code(1, token, since=NOON + HOUR, payment_account=PURSE)
    assert organised() == {order.pk for order in [*early, fifth]}
    assert Finding.objects.get(order=fifth, rule="many_accounts_paid_from_one_account").values["accounts"] == 5


def test_five_that_pay_each_for_himself_are_convicted_of_nothing():
    for purse in range(5):
        goods_by_leaked_code(1, payment_account=f"{PURSE}{purse}")
    assert not organised()


def test_one_phone_that_takes_in_parcels_for_a_dormitory_convicts_nobody():
    orders = goods_by_leaked_code(9, delivery_phone=PORTER)
    assert not organised()
    found = Finding.objects.get(order=orders[-1], rule="many_accounts_delivering_to_one_phone")
    assert (found.strength, found.values["accounts"]) == ("weak", 9)


def both(request):
    if request == "all":
        pytest.importorskip("scipy")
        return link_all
    return link_new


@pytest.fixture(params=["all", "new"])
def link(request):
    return both(request.param)


def paid_by_one_purse(count):
    """From no address, for one address and one moment would join them, too."""
    return [an_ordinary_order(payment_account=PURSE, address="").customer_id for _ in range(count)]


def test_accounts_that_one_purse_pays_for_hang_together(link):
    accounts = paid_by_one_purse(3)
    an_ordinary_order(payment_account="another purse", address="")
    an_order(payment_account=PURSE)
    link(LATER)
    assert set(LinkedAccount.objects.values_list("customer", "component")) == {(one, min(accounts)) for one in accounts}


def test_a_purse_that_pays_for_a_crowd_joins_nobody_and_is_shown_as_a_hub(link):
    paid_by_one_purse(HUB_CAP + 1)
    link(LATER)
    assert not LinkedAccount.objects.exists()
    hub = LinkHub.objects.get(kind="payment")
    assert hub.accounts == HUB_CAP + 1
    assert around("payment", hub.value, at=LATER).nodes["payment", hub.value].is_hub


def test_the_neighbourhood_leads_through_the_purse():
    first, second = an_ordinary_order(payment_account=PURSE), an_ordinary_order(payment_account=PURSE)
    graph = around("order", first.ref, at=LATER)
    assert ("order", second.ref) in graph.nodes
    assert graph.nodes["payment", first.payment_account_hash].label == "••••8800"


@pytest.mark.parametrize(("kind", "typed", "shown"), [("payment_account", PURSE, "8800"), ("delivery_phone", PORTER, "2222")])
def test_a_trace_begins_at_what_somebody_types_and_shows_four_characters_of_it(kind, typed, shown):
    orders = [an_ordinary_order(payment_account=PURSE, delivery_phone=PORTER) for _ in range(2)]
    start = next(one for one in starts_of(typed) if one.kind == kind)
    assert typed not in start.shown
    assert start.shown.startswith(f"••••{shown} (")
    assert start_of(kind, start.key) == start
    assert {line.order for line in trace(start).lines} == set(orders)


def test_the_line_of_an_order_says_who_shares_its_purse_and_its_phone():
    orders = [an_ordinary_order(payment_account=PURSE, delivery_phone=PORTER) for _ in range(3)]
    shared = {one.start.kind: one for one in trace(start_of("order", str(orders[0].pk))).shared}
    assert (shared["payment_account"].orders, shared["payment_account"].accounts) == (3, 3)
    assert shared["delivery_phone"].accounts == 3
