"""Money is Decimal, rounded in one place, and no cent comes or goes when it is split."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice.lib.money import CENT, ZERO, split_by_weight, to_cents

amounts = st.decimals(min_value=0, max_value=Decimal("999999999999.99"), places=2)
weights = st.lists(amounts, min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [
        ("0", "0.00"),
        ("0.004", "0.00"),
        ("0.005", "0.01"),
        ("0.015", "0.02"),
        ("0.025", "0.03"),
        ("1.0049999999", "1.00"),
        ("-0.005", "-0.01"),
        ("999999999999.994", "999999999999.99"),
    ],
)
def test_half_a_cent_is_rounded_up_as_on_an_invoice(amount, rounded):
    assert to_cents(Decimal(amount)) == Decimal(rounded)
    assert to_cents(Decimal(amount)).as_tuple().exponent == -2


@pytest.mark.parametrize(
    ("total", "over", "parts"),
    [
        ("10.00", ["1", "1", "1"], ["3.34", "3.33", "3.33"]),
        ("0.01", ["1", "1", "1"], ["0.01", "0.00", "0.00"]),
        ("0.02", ["1", "1", "1"], ["0.01", "0.01", "0.00"]),
        ("10.00", ["0", "30", "70"], ["0.00", "3.00", "7.00"]),
        ("0.05", ["1", "2", "4"], ["0.01", "0.01", "0.03"]),
        ("100.00", ["33.33", "33.33", "33.34"], ["33.33", "33.33", "33.34"]),
        ("7.00", ["5"], ["7.00"]),
        ("0.00", ["0", "0"], ["0.00", "0.00"]),
        ("0.00", [], []),
    ],
)
def test_an_amount_is_split_by_weight_to_the_cent(total, over, parts):
    assert split_by_weight(Decimal(total), [Decimal(weight) for weight in over]) == [Decimal(part) for part in parts]


@pytest.mark.parametrize("over", [[], ["0"], ["0", "0.00"]])
def test_money_cannot_be_split_over_nothing(over):
    with pytest.raises(ValueError, match="sum to zero"):
        split_by_weight(CENT, [Decimal(weight) for weight in over])


@settings(max_examples=400, deadline=None)
@given(amounts, weights.filter(any))
def test_the_parts_sum_to_the_whole_and_none_is_negative(total, over):
    parts = split_by_weight(total, over)
    assert sum(parts, ZERO) == total
    assert all(part >= 0 for part in parts)
    assert all(part.as_tuple().exponent == -2 for part in parts)


@settings(max_examples=400, deadline=None)
@given(amounts, weights.filter(any))
def test_each_part_is_less_than_a_cent_away_from_its_exact_share(total, over):
    whole = sum(over, ZERO)
    for part, weight in zip(split_by_weight(total, over), over, strict=True):
        assert abs(part * whole - total * weight) < CENT * whole
        assert weight or not part


@settings(max_examples=400, deadline=None)
@given(st.data(), weights)
def test_a_part_of_the_whole_is_split_into_parts_of_the_parts(data, over):
    total = data.draw(st.decimals(min_value=0, max_value=sum(over, ZERO), places=2))
    assert all(part <= weight for part, weight in zip(split_by_weight(total, over), over, strict=True))
