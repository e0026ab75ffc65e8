"""A machine that shares nothing but the minute: newcomers who claim and order in step, nearly all of whom top up somebody else."""

from datetime import timedelta
from decimal import Decimal

import pytest

from promotions.models import Threshold
from risk.facts import HUB_CAP
from risk.gathering import gather_facts
from risk.models import Finding, Flag
from risk.rules import Disposition, apply_rules, weigh
from risk.services.assessing import assess_order
from tests.orders.factories import a_line, a_top_up, an_order
from tests.promotions.factories import NOON, a_claimant, a_coupon, number, redraw_lines
from tests.risk.factories import (
    DAY,
    HOUR,
    MINUTE,
    a_leaked_token,
    a_night_account,
    a_top_up_order,
    facts,
    leaked_coupon,
    top_up_facts,
)

LATER = NOON + HOUR
RULE = "newcomers_cashing_out_in_step"
SECOND = timedelta(seconds=1)


def in_step(**fields):
    return top_up_facts(**{"coupons": (leaked_coupon(),), "in_step": 10, "newcomers_in_step": 8, "claimed_together": 12, **fields})


def found(known):
    return {finding.rule: finding for finding in apply_rules(known)[0]}


class TestRule:
    @pytest.mark.parametrize(
        ("fields", "is_found"),
        [
            ({}, True),
            ({"newcomers_in_step": 7, "in_step": 7}, False),
            ({"in_step": 11}, False),
            ({"in_step": 10, "claimed_together": 21}, False),
            ({"coupons": (leaked_coupon(went_public_at=NOON - HOUR),)}, False),
        ],
        ids=["nearly all", "too few", "a crowd of many kinds", "most only claimed", "the code was public"],
    )
    def test_it_takes_eight_who_are_nearly_all_there(self, fields, is_found):
        assert (RULE in found(in_step(**fields))) is is_found

    def test_with_a_quick_cash_out_it_is_organised(self):
        known = in_step(registered_at=NOON - HOUR)
        assert weigh(apply_rules(known)[0], known).disposition == Disposition.ORGANISED

    def test_alone_it_is_not(self):
        known = facts(in_step=50, newcomers_in_step=50, claimed_together=50)
        assert found(known)[RULE].strength == "strong"
        assert weigh(apply_rules(known)[0], known).disposition == Disposition.UNDETERMINED


def machine(count, token, *, since=NOON, apart=SECOND, **fields):
    """New accounts, each on a device and an address of its own, that top up a number each that nobody else does; assessed."""
    orders = []
    for step in range(count):
        who = {"address": f"198.51.{number() % 250}.{number() % 250}", **a_night_account(), **fields}
        orders.append(a_top_up_order(token, at=since + step * apart, **who))
        assess_order(orders[-1].pk, at=orders[-1].placed_at)
    return orders


def people(count, token, lines, *, registered_at):
    """Others who use the same code in the same minutes."""
    for _ in range(count):
        who = a_claimant(registered_at=registered_at, phone=f"138{number():08d}")
        device = f"device{number()}"
        coupon = a_coupon(token=token, claimant=who, device=device, at=NOON - MINUTE)
        an_order(coupons=(coupon,), lines=lines(who), device=device, at=NOON)


def organised():
    return set(Flag.objects.filter(disposition="organised").values_list("order", flat=True))


def to_themselves(who):
    return (a_top_up(recipient=who.phone),)


def to_others(who):
    return (a_top_up(recipient=f"159{number():08d}"),)


def goods(who):
    return (a_line(amount=Decimal("150.00")),)


@pytest.mark.django_db
class TestNights:
    def test_the_ninth_convicts_the_eight_before_it(self):
        token = a_leaked_token()
        early = machine(8, token)
        assert not organised()
        (ninth,) = machine(1, token, since=NOON + 10 * SECOND)
        assert organised() == {order.pk for order in [*early, ninth]}
        assert Finding.objects.get(order=ninth, rule=RULE).values == {"others": 8, "newcomers": 8}

    def test_the_same_accounts_an_hour_apart_from_each_other_are_not_in_step(self):
        redraw_lines(Threshold.objects.all(), limit=Decimal(100))
        machine(9, a_leaked_token(), apart=3 * MINUTE)
        assert not Finding.objects.filter(rule=RULE).exists()

    @pytest.mark.parametrize(
        ("lines", "age"),
        [(to_themselves, HOUR), (goods, HOUR), (to_others, 31 * DAY)],
        ids=["new, to their own number", "new, goods", "old, to others"],
    )
    def test_in_a_crowd_of_people_nobody_is_convicted(self, lines, age):
        token = a_leaked_token()
        redraw_lines(Threshold.objects.all(), limit=Decimal(100))  # else the type is suspended before anybody can be told apart
        people(3, token, lines, registered_at=NOON - age)
        orders = machine(9, token)
        known = gather_facts(orders[0], at=LATER)
        assert (known.in_step, known.newcomers_in_step) == (11, 8)
        assert not organised()

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [({}, 8), ({"device": "shared"}, 0), ({"registered_at": NOON - 31 * DAY}, 0)],
        ids=["a machine", "one device", "old accounts"],
    )
    def test_only_newcomers_on_devices_of_their_own_count(self, fields, expected):
        orders = machine(9, a_leaked_token(), **fields)
        assert gather_facts(orders[0], at=LATER).newcomers_in_step == expected

    def test_what_comes_later_is_not_counted_yet_and_many_are_counted_to_the_cap(self):
        orders = machine(4, a_leaked_token())
        assert gather_facts(orders[0], at=NOON + SECOND).newcomers_in_step == 1
        assert gather_facts(orders[0], at=LATER).newcomers_in_step == 3 <= HUB_CAP
