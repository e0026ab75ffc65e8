"""What coupons take off a basket: tables, and what is true of every basket."""

from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promotions.discounts import MinimumNotMet, Offer, evaluate

cents = st.decimals(min_value=0, max_value=Decimal("99999.99"), places=2)
percentages = st.none() | st.decimals(min_value=Decimal("0.01"), max_value=100, places=2)
offer_values = st.tuples(st.decimals(min_value=Decimal("0.01"), max_value=Decimal("9999.99"), places=2), percentages)
baskets = st.lists(cents, min_size=1, max_size=8)


@st.composite
def stacks(draw):
    """Up to four offers, none of which asks for a minimum spend."""
    values = draw(st.lists(offer_values, max_size=4))
    return [Offer(f"CODE{n}", face, percentage, Decimal(0)) for n, (face, percentage) in enumerate(values)]


def fixed(face_value, minimum="0", code="FIXED"):
    return Offer(code, Decimal(face_value), None, Decimal(minimum))


def percent(percentage, cap, minimum="0", code="PERCENT"):
    return Offer(code, Decimal(cap), Decimal(percentage), Decimal(minimum))


def taken(offers, *amounts):
    return evaluate(offers, [Decimal(amount) for amount in amounts]).total


@pytest.mark.parametrize(
    ("offer", "amounts", "off"),
    [
        (fixed("10"), ["25.00"], "10.00"),
        (fixed("10"), ["9.99"], "9.99"),
        (fixed("10"), ["0.00"], "0.00"),
        (fixed("0.01"), ["100.00"], "0.01"),
        (fixed("10", minimum="100"), ["60.00", "40.00"], "10.00"),
        (percent("20", cap="50"), ["100.00"], "20.00"),
        (percent("20", cap="15"), ["100.00"], "15.00"),
        (percent("20", cap="20"), ["100.00"], "20.00"),
        (percent("100", cap="500"), ["100.00"], "100.00"),
        (percent("12.5", cap="500"), ["0.04"], "0.01"),
        (percent("12.5", cap="500"), ["0.03"], "0.00"),
        (percent("33.33", cap="500"), ["10.00"], "3.33"),
        (percent("0.01", cap="500"), ["50.00"], "0.01"),
    ],
)
def test_one_offer_takes_off_what_it_says_and_no_more_than_there_is(offer, amounts, off):
    assert taken([offer], *amounts) == Decimal(off)


@pytest.mark.parametrize(
    ("offers", "amounts", "by_offer"),
    [
        ([fixed("30"), fixed("20", code="B")], ["100.00"], ["30.00", "20.00"]),
        ([fixed("30"), fixed("20", code="B")], ["40.00"], ["30.00", "10.00"]),
        ([fixed("20", code="B"), fixed("30")], ["40.00"], ["10.00", "30.00"]),
        ([fixed("50"), percent("10", cap="99")], ["100.00"], ["50.00", "10.00"]),
        ([percent("10", cap="99"), fixed("50")], ["100.00"], ["10.00", "50.00"]),
        ([percent("50", cap="99"), percent("50", cap="10", code="B")], ["100.00"], ["50.00", "10.00"]),
        ([percent("100", cap="99"), fixed("50")], ["80.00"], ["80.00", "0.00"]),
    ],
)
def test_percentages_come_off_before_fixed_amounts_and_each_off_what_is_left(offers, amounts, by_offer):
    found = evaluate(offers, [Decimal(amount) for amount in amounts])
    assert found.by_offer == tuple(Decimal(amount) for amount in by_offer)


@pytest.mark.parametrize(
    ("offer", "amounts", "by_line"),
    [
        (fixed("10"), ["30.00", "70.00"], ["3.00", "7.00"]),
        (fixed("10"), ["10.00", "10.00", "10.00"], ["3.34", "3.33", "3.33"]),
        (fixed("10"), ["0.00", "50.00"], ["0.00", "10.00"]),
        (fixed("100"), ["0.01", "0.02"], ["0.01", "0.02"]),
        (percent("50", cap="99"), ["0.01", "0.01"], ["0.01", "0.00"]),
    ],
)
def test_a_discount_is_split_over_the_lines_by_what_they_cost(offer, amounts, by_line):
    found = evaluate([offer], [Decimal(amount) for amount in amounts])
    assert found.by_line == tuple(Decimal(amount) for amount in by_line)


def test_the_minimum_spend_is_asked_of_the_basket_before_any_discount():
    assert taken([fixed("60", code="A"), fixed("10", minimum="100")], "100.00") == Decimal("70.00")


def test_a_basket_one_cent_below_the_minimum_is_refused_with_the_coupon_named():
    with pytest.raises(MinimumNotMet, match=r"FIXED.*100") as refused:
        taken([fixed("10", minimum="100")], "99.99")
    assert refused.value.code == "FIXED"


def test_without_offers_and_without_lines_nothing_is_taken():
    assert evaluate([], [Decimal("5.00")]).total == 0
    assert evaluate([fixed("5")], []).total == 0


@settings(max_examples=500, deadline=None)
@given(stacks(), baskets)
def test_no_line_goes_below_zero_and_nothing_is_added_to_a_line(offers, amounts):
    found = evaluate(offers, amounts)
    assert all(0 <= off <= amount for off, amount in zip(found.by_line, amounts, strict=True))
    assert 0 <= found.total <= sum(amounts)


@settings(max_examples=500, deadline=None)
@given(stacks(), baskets)
def test_no_offer_takes_more_than_its_face_value(offers, amounts):
    found = evaluate(offers, amounts)
    assert all(0 <= off <= offer.face_value for off, offer in zip(found.by_offer, offers, strict=True))


@settings(max_examples=500, deadline=None)
@given(stacks(), baskets)
def test_splits_by_offer_and_by_line_sum_to_the_same_total(offers, amounts):
    found = evaluate(offers, amounts)
    assert sum(found.by_offer) == sum(found.by_line) == found.total
    assert tuple(sum(shares) for shares in found.by_offer_and_line) == found.by_offer
    assert tuple(sum(shares) for shares in zip(*found.by_offer_and_line, strict=True)) in (found.by_line, ())


@settings(max_examples=500, deadline=None)
@given(stacks(), baskets, st.randoms(use_true_random=False))
def test_the_order_in_which_codes_were_typed_changes_nothing(offers, amounts, random):
    typed = list(offers)
    random.shuffle(typed)
    first, second = evaluate(offers, amounts), evaluate(typed, amounts)
    assert dict(zip(offers, first.by_offer, strict=True)) == dict(zip(typed, second.by_offer, strict=True))
    assert first.by_line == second.by_line


@settings(max_examples=300, deadline=None)
@given(stacks(), baskets)
def test_every_figure_is_a_decimal_with_two_places(offers, amounts):
    found = evaluate(offers, amounts)
    figures = [found.total, *found.by_offer, *found.by_line, *(part for parts in found.by_offer_and_line for part in parts)]
    assert all(type(figure) is Decimal for figure in figures)
    assert all(figure == figure.quantize(Decimal("0.01")) for figure in figures)


@settings(max_examples=300, deadline=None)
@given(stacks(), baskets)
def test_a_further_offer_never_makes_a_basket_dearer(offers, amounts):
    assert evaluate(offers, amounts).total >= max((evaluate([offer], amounts).total for offer in offers), default=0)


def test_twenty_thousand_seeded_baskets_keep_every_cent():
    random = Random(20190120)
    for _ in range(20_000):
        amounts = [Decimal(random.randrange(1, 500_00)) / 100 for _ in range(random.randrange(1, 6))]
        offers = [
            Offer(
                f"C{n}",
                Decimal(random.randrange(1, 100_00)) / 100,
                random.choice([None, Decimal(random.randrange(1, 101))]),
                Decimal(0),
            )
            for n in range(random.randrange(0, 3))
        ]
        found = evaluate(offers, amounts)
        assert sum(found.by_line) == sum(found.by_offer) == found.total <= sum(amounts)
