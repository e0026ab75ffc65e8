"""Which lines a coupon looks at: tables of scopes, and what is true of every basket."""

from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promotions.discounts import MinimumNotMet, Offer, evaluate
from promotions.scopes import Pattern, Scope

cents = st.decimals(min_value=0, max_value=Decimal("9999.99"), places=2)


@dataclass(frozen=True)
class Line:
    category: str
    product_category: str = ""
    sku: str = ""


TEA = Line("goods", "food/tea", "TEA-GREEN")
CUP = Line("goods", "home/cups", "CUP-1")
CARD = Line("goods", "gifts", "TEA-GIFTCARD")
CREDIT = Line("phone_credit", "", "TOPUP-100")
BASKET = [TEA, CUP, CARD, CREDIT]

goods, credit, teas = Pattern("category", "goods"), Pattern("category", "phone_credit"), Pattern("sku", "TEA-*")
gift_card, food = Pattern("sku", "TEA-GIFTCARD"), Pattern("product_category", "food/*")


@pytest.mark.parametrize(
    ("included", "left_out", "covered"),
    [
        ((), (), {0, 1, 2, 3}),
        ((goods,), (), {0, 1, 2}),
        ((), (credit,), {0, 1, 2}),
        ((teas,), (), {0, 2}),
        ((teas,), (gift_card,), {0}),
        ((gift_card,), (teas,), set()),
        ((food, credit), (), {0, 3}),
        ((Pattern("sku", "TEA-"),), (), set()),
        ((Pattern("sku", "tea-*"),), (), set()),
        ((Pattern("product_category", "food"),), (), set()),
        ((goods,), (goods,), set()),
    ],
)
def test_what_takes_part_counts_and_what_is_left_out_stays_out(included, left_out, covered):
    assert Scope(included, left_out).places(BASKET) == covered


def an_offer(face="10", *, percentage=None, minimum="0", covers=None, code="A"):
    return Offer(
        code,
        Decimal(face),
        Decimal(percentage) if percentage else None,
        Decimal(minimum),
        None if covers is None else frozenset(covers),
    )


@pytest.mark.parametrize(
    ("offers", "by_line"),
    [
        ([an_offer(covers={0})], ["10.00", "0.00"]),
        ([an_offer("100", covers={1})], ["0.00", "40.00"]),
        ([an_offer(covers=set())], ["0.00", "0.00"]),
        ([an_offer("99", percentage="50", covers={0})], ["30.00", "0.00"]),
        ([an_offer("20", percentage="50", covers={0, 1})], ["12.00", "8.00"]),
        # A percentage takes from what is still to pay of its own lines; the fixed amount then spreads over what is left.
        ([an_offer("10"), an_offer("99", percentage="50", covers={0}, code="B")], ["34.29", "5.71"]),
        ([an_offer("99", percentage="50", covers={0}), an_offer("99", percentage="50", covers={1}, code="B")], ["30.00", "20.00"]),
    ],
)
def test_a_discount_touches_no_line_that_its_coupon_does_not_cover(offers, by_line):
    found = evaluate(offers, [Decimal("60.00"), Decimal("40.00")])
    assert found.by_line == tuple(Decimal(amount) for amount in by_line)


def test_the_minimum_spend_is_asked_of_what_is_covered():
    amounts = [Decimal("60.00"), Decimal("40.00")]
    evaluate([an_offer(minimum="60", covers={0})], amounts)
    with pytest.raises(MinimumNotMet):
        evaluate([an_offer(minimum="60.01", covers={0})], amounts)


def test_an_offer_that_would_take_nothing_is_idle():
    amounts = [Decimal("80.00")]
    assert evaluate([an_offer("50"), an_offer("99", percentage="100", code="B")], amounts).idle == [0]
    assert evaluate([an_offer("50"), an_offer("30", code="B")], amounts).idle == []
    assert evaluate([an_offer("9", percentage="0.01")], [Decimal("0.30")]).idle == [0]


@st.composite
def scoped_baskets(draw):
    amounts = draw(st.lists(cents, min_size=1, max_size=6))
    places = st.none() | st.frozensets(st.integers(0, len(amounts) - 1))
    face = st.decimals(min_value=Decimal("0.01"), max_value=Decimal("999.99"), places=2)
    percent = st.none() | st.decimals(min_value=Decimal("0.01"), max_value=100, places=2)
    values = draw(st.lists(st.tuples(face, percent, places), max_size=4))
    return [Offer(f"CODE{n}", value, rate, Decimal(0), covers) for n, (value, rate, covers) in enumerate(values)], amounts


@settings(max_examples=500, deadline=None)
@given(scoped_baskets())
def test_no_offer_takes_more_than_is_to_pay_of_what_it_covers(case):
    offers, amounts = case
    found = evaluate(offers, amounts)
    for offer, taken, shares in zip(offers, found.by_offer, found.by_offer_and_line, strict=True):
        assert 0 <= taken <= min(offer.face_value, sum(offer.of(amounts)))
        assert all(0 <= share <= amount for share, amount in zip(shares, offer.of(amounts), strict=True))


@settings(max_examples=500, deadline=None)
@given(scoped_baskets())
def test_scoped_discounts_sum_exactly_and_leave_no_line_below_zero(case):
    offers, amounts = case
    found = evaluate(offers, amounts)
    assert sum(found.by_offer) == sum(found.by_line) == found.total
    assert all(0 <= off <= amount for off, amount in zip(found.by_line, amounts, strict=True))


@settings(max_examples=300, deadline=None)
@given(scoped_baskets(), st.randoms(use_true_random=False))
def test_the_order_of_scoped_codes_changes_nothing(case, random):
    offers, amounts = case
    typed = list(offers)
    random.shuffle(typed)
    assert evaluate(offers, amounts).by_line == evaluate(typed, amounts).by_line
