"""A rack behind one network address: newcomers who share nothing else, and nearly all of whom top up somebody else."""

from datetime import timedelta
from decimal import Decimal

import pytest

from promotions.models import Threshold
from risk.facts import HUB_CAP
from risk.gathering import gather_facts
from risk.models import Finding, Flag
from risk.services.assessing import assess_order
from tests.orders.factories import a_line, a_top_up, an_order
from tests.promotions.factories import NOON, a_claimant, a_coupon, number, redraw_lines
from tests.risk.factories import DAY, HOUR, MINUTE, a_leaked_token, a_night_account, a_top_up_order

pytestmark = pytest.mark.django_db

RACK = "198.51.100.7"
LATER = NOON + HOUR
RULE = "newcomers_cashing_out_on_one_address"


def cashing_out(count, token, *, since=NOON, **fields):
    """New accounts, each on a device of its own, that top up a number each that nobody else does, a minute apart; assessed."""
    orders = []
    for step in range(count):
        fields = {"address": RACK, **a_night_account(), **fields}
        fields["phone"] = f"1700{number():07d}"
        orders.append(a_top_up_order(token, at=since + step * MINUTE, **fields))
        assess_order(orders[-1].pk, at=orders[-1].placed_at)
    return orders


def honest(count, token, lines, *, registered_at=NOON - 20 * DAY):
    """Others behind the same address who use the same code."""
    for _ in range(count):
        who = a_claimant(registered_at=registered_at, phone=f"138{number():08d}")
        coupon = a_coupon(token=token, claimant=who, device=f"device{number()}", at=NOON)
        an_order(coupons=(coupon,), lines=lines(who), device=f"device{number()}", address=RACK, at=NOON)


def counts(order, at=LATER):
    known = gather_facts(order, at=at)
    return known.coupon_users_on_address, known.newcomers_cashing_out_on_address


def organised():
    return set(Flag.objects.filter(disposition="organised").values_list("order", flat=True))


def test_the_eighth_newcomer_convicts_the_seven_before_it():
    token = a_leaked_token()
    early = cashing_out(7, token)
    assert not organised()
    (eighth,) = cashing_out(1, token, since=LATER)
    assert organised() == {order.pk for order in [*early, eighth]}
    assert Finding.objects.get(order=eighth, rule=RULE).values == {"newcomers": 8, "users": 8}


@pytest.mark.parametrize(
    "lines",
    [lambda who: (a_top_up(recipient=who.phone),), lambda who: ()],
    ids=["their own number", "goods"],
)
def test_where_others_there_do_as_people_do_nobody_is_convicted(lines):
    token = a_leaked_token()
    redraw_lines(Threshold.objects.all(), limit=Decimal(100))  # else the type is suspended before anybody can be told apart
    honest(3, token, lambda who: lines(who) or an_order_of_goods())
    orders = cashing_out(8, token)
    assert counts(orders[-1]) == (11, 8)
    assert not organised()


def an_order_of_goods():

    return (a_line(amount=Decimal("150.00")),)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, (9, 9)),
        ({"device": "shared"}, (9, 1)),
        ({"registered_at": NOON - 31 * DAY}, (0, 0)),
        ({"address": ""}, (0, 0)),
    ],
    ids=["a rack", "one device: a family", "old accounts", "no address"],
)
def test_only_newcomers_on_devices_of_their_own_count(fields, expected):
    orders = cashing_out(9, a_leaked_token(), **fields)
    assert counts(orders[-1]) == expected


def test_it_is_counted_as_of_the_time_and_for_a_week():
    orders = cashing_out(9, a_leaked_token())
    assert counts(orders[-1], at=NOON + 8 * MINUTE) == (9, 9)
    assert counts(orders[-1], at=LATER + timedelta(days=8)) == (0, 0)


def test_an_order_that_does_none_of_it_costs_no_query(django_assert_num_queries):
    token = a_leaked_token()
    own = cashing_out(8, token)[0]
    who = a_claimant(registered_at=NOON - HOUR)
    goods = an_order(coupons=(a_coupon(token=token, claimant=who),), address=RACK)
    with django_assert_num_queries(3):
        gather_facts(goods, at=LATER)
    with django_assert_num_queries(5):
        gather_facts(own, at=LATER)


def test_behind_a_hub_nothing_is_counted():
    token = a_leaked_token(uses=100)
    orders = cashing_out(8, token)
    honest(HUB_CAP, token, lambda who: an_order_of_goods(), registered_at=NOON - 100 * DAY)
    assert gather_facts(orders[-1], at=LATER).accounts_on_address > HUB_CAP
    assert counts(orders[-1]) == (0, 0)
