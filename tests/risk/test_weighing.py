"""From findings to a disposition: the people of a night, and what each is called."""

import pytest

from risk.rules import apply_rules, weigh
from tests.promotions.factories import NOON
from tests.risk.factories import (
    DAY,
    HOUR,
    MINUTE,
    coupon_facts,
    facts,
    leaked_coupon,
    ordinary_coupon,
    own_number_facts,
    top_up_facts,
)

OLD, RECENT, YOUNG = NOON - 400 * DAY, NOON - 20 * DAY, NOON - 5 * HOUR
LEAKED, ORDINARY = (leaked_coupon(),), (ordinary_coupon(),)
SLOWLY = (leaked_coupon(claimed_at=NOON - 3 * HOUR),)
SUSPENDED = (leaked_coupon(suspended_at=NOON),)
FORGED = (coupon_facts(has_token=False),)


def verdict(known):
    return weigh(apply_rules(known)[0], known)


ORGANISED = {
    "new accounts on a farm's device, to a collector": top_up_facts(
        coupons=LEAKED, registered_at=YOUNG, accounts=8, young=8, accounts_on_device=30
    ),
    "old accounts, devices of their own, to a collector": top_up_facts(coupons=LEAKED, registered_at=OLD, accounts=8),
    "stolen cards that can be used once": top_up_facts(registered_at=RECENT, accounts=8),
    "three new accounts on one collector": top_up_facts(coupons=LEAKED, registered_at=YOUNG, accounts=3, young=3),
    "a farm's device, everybody another number": top_up_facts(coupons=LEAKED, registered_at=RECENT, accounts_on_device=12),
    "a farm's device that buys goods": facts(coupons=LEAKED, registered_at=RECENT, accounts_on_device=12),
    "a farm's device that tops up its own SIM cards": own_number_facts(coupons=LEAKED, registered_at=YOUNG, accounts_on_device=12),
    "hundreds of accounts on one collector": top_up_facts(coupons=LEAKED, registered_at=OLD, accounts=51),
    "a coupon from nowhere, cashed out at once": top_up_facts(coupons=FORGED, registered_at=RECENT),
    "new accounts with ordinary coupons, to a collector": top_up_facts(coupons=ORDINARY, registered_at=YOUNG, accounts=5, young=5),
}

NOT_ORGANISED = {
    "a guest who buys goods": facts(),
    "a guest who tops up his own phone": own_number_facts(),
    "a new guest who tops up his own phone": own_number_facts(registered_at=YOUNG),
    "a guest with a virtual operator's number": own_number_facts(phone_segment="1705", registered_at=YOUNG),
    "somebody swept along, own number": own_number_facts(coupons=LEAKED, registered_at=OLD),
    "somebody swept along, a parent's number": top_up_facts(coupons=LEAKED, registered_at=OLD),
    "a newcomer swept along, own number": own_number_facts(coupons=LEAKED, registered_at=YOUNG),
    "a newcomer swept along, a friend's number": top_up_facts(coupons=LEAKED, registered_at=YOUNG, phone_segment="1705"),
    "a family of three swept along on one device, one number": top_up_facts(
        coupons=LEAKED, registered_at=OLD, accounts=3, accounts_on_device=3
    ),
    "a family of five swept along on one device, goods": facts(coupons=LEAKED, registered_at=OLD, accounts_on_device=5),
    "a family of five swept along on one device, to a grandmother": top_up_facts(
        coupons=LEAKED, registered_at=OLD, accounts=4, accounts_on_device=5
    ),
    "swept along on a model of phone whose id is not unique": top_up_facts(
        coupons=LEAKED, registered_at=OLD, accounts_on_device=51
    ),
    "only concentration, however much of it": top_up_facts(
        coupons=(coupon_facts(claimed_at=NOON - 5 * HOUR),), registered_at=RECENT, accounts=12, accounts_on_device=12
    ),
    "all that is weak": top_up_facts(
        coupons=LEAKED, registered_at=YOUNG, accounts=2, young=2, accounts_on_device=4, phone_segment="1705"
    ),
    "a strong kind, supported by an address and a segment alone": top_up_facts(
        coupons=(coupon_facts(claimed_at=NOON - 5 * HOUR),),
        registered_at=RECENT,
        accounts=12,
        accounts_on_address=30,
        phone_segment="1705",
    ),
}

NOT_FLAGGED = {
    "a guest who buys goods": facts(),
    "a guest who tops up his own phone": own_number_facts(),
    "a new guest at the event, own number": own_number_facts(registered_at=YOUNG, phone_segment="1705"),
    "a guest of a poster's code, own number": own_number_facts(coupons=LEAKED, registered_at=YOUNG),
    "somebody swept along, a parent's number": top_up_facts(coupons=LEAKED, registered_at=OLD),
    "a festival order of goods": facts(coupons=ORDINARY, registered_at=YOUNG, phone_segment="1705"),
    "a festival order, credit for somebody else at once": top_up_facts(coupons=ORDINARY, registered_at=YOUNG),
    "a family of four on one device, to a grandmother": top_up_facts(
        coupons=ORDINARY, registered_at=RECENT, accounts=4, young=0, accounts_on_device=4
    ),
    "a customer of a shop on the shop's device": facts(coupons=ORDINARY, registered_at=YOUNG, accounts_on_device=40),
    "a customer on a campus net": facts(coupons=ORDINARY, accounts_on_address=51),
    "a crowd that supports one player": top_up_facts(coupons=ORDINARY, registered_at=OLD, accounts=51),
}


@pytest.mark.parametrize("known", ORGANISED.values(), ids=ORGANISED)
def test_organised(known):
    given = verdict(known)
    assert given.disposition == "organised"
    assert given.is_flagged
    assert given.must_be_held


@pytest.mark.parametrize("known", NOT_ORGANISED.values(), ids=NOT_ORGANISED)
def test_not_organised(known):
    given = verdict(known)
    assert given.disposition != "organised"
    assert not given.must_be_held


@pytest.mark.parametrize("known", NOT_FLAGGED.values(), ids=NOT_FLAGGED)
def test_not_even_flagged(known):
    assert not verdict(known).is_flagged


@pytest.mark.parametrize(
    ("known", "disposition"),
    [
        (own_number_facts(coupons=LEAKED, registered_at=OLD), "swept_along"),
        (top_up_facts(coupons=LEAKED, registered_at=OLD), "swept_along"),
        (top_up_facts(coupons=LEAKED, registered_at=RECENT), "undetermined"),
        (top_up_facts(coupons=ORDINARY, registered_at=OLD), "undetermined"),
        (facts(coupons=LEAKED, registered_at=OLD, accounts_on_device=5), "undetermined"),
        (top_up_facts(coupons=SUSPENDED, registered_at=OLD), "undetermined"),
    ],
)
def test_swept_along_is_who_has_something_in_his_favour_and_nothing_strong_against_him(known, disposition):
    assert verdict(known).disposition == disposition


def test_what_was_claimed_just_before_a_suspension_waits_for_a_reviewer_without_being_called_organised():
    given = verdict(top_up_facts(coupons=SUSPENDED, registered_at=OLD))
    assert (given.disposition, given.is_flagged, given.must_be_held) == ("undetermined", True, True)


def test_the_verdict_turns_on_the_fifth_account():
    fourth, fifth = (top_up_facts(coupons=LEAKED, registered_at=RECENT, accounts=count) for count in (4, 5))
    assert verdict(fourth).disposition == "undetermined"
    assert verdict(fifth).disposition == "organised"


def test_slow_cash_out_by_a_leaked_token_is_still_two_kinds():
    assert verdict(top_up_facts(coupons=SLOWLY, registered_at=RECENT, accounts=6)).disposition == "organised"


def test_earlier_orders_and_an_old_account_outweigh_the_weakest_strong_evidence():
    known = {"coupons": LEAKED, "accounts_on_device": 5}
    assert verdict(top_up_facts(**known, registered_at=RECENT)).disposition == "organised"
    assert verdict(top_up_facts(**known, registered_at=OLD, has_earlier_delivery=True)).disposition == "undetermined"


def test_of_each_kind_only_the_heaviest_counts():
    known = {"coupons": LEAKED, "registered_at": RECENT, "accounts": 10}
    assert verdict(top_up_facts(**known, accounts_on_device=1)).score == 15 + 20 + 70
    assert verdict(top_up_facts(**known, accounts_on_device=12)).score == 15 + 20 + 70


def test_the_score_is_the_sum_for_and_against():
    assert verdict(top_up_facts(coupons=LEAKED, registered_at=OLD)).score == 15 + 20 - 15
    assert verdict(facts(placed_at=NOON + MINUTE)).score == 0
