"""The sliding window in two numbers: what it grants, and that a doubt counts against more."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.rates import Counter, moved_on, room, taken, within
from tests.promotions.factories import NOON

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("placed", "before", "minutes", "found"),
    [
        (0, 0, 0, 0),
        (10, 0, 30, 10),
        (10, 60, 0, 70),
        (10, 60, 15, 55),
        (10, 60, 59, 11),
        (10, 7, 30, 14),  # 3.5 of 7 count as 4
        (10, 60, 60, 10),
        (10, 60, 90, 5),
        (10, 60, 120, 0),
        (10, 60, -5, 70),  # a clock that is behind
    ],
)
def test_what_lies_in_the_window(placed, before, minutes, found):
    assert within(Counter(HOUR, NOON, placed, before), NOON + minutes * MINUTE) == found


def test_a_counter_that_never_counted_grants_all():
    assert room(Counter(HOUR), 5, NOON) == 5


def test_taking_leaves_less_until_the_window_has_passed():
    counter = taken(Counter(HOUR), 4, NOON)
    assert room(counter, 5, NOON + 59 * MINUTE) == 1
    assert room(counter, 5, NOON + 120 * MINUTE) == 5


def test_windows_begin_at_multiples_of_their_length():
    assert moved_on(Counter(HOUR, NOON, 3, 1), NOON + 150 * MINUTE).started_at == NOON + 120 * MINUTE


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), max_size=60), st.integers(1, 30))
def test_no_fixed_window_ever_holds_more_than_the_limit(steps, most):
    counter, at, windows = Counter(HOUR), NOON, {}
    for minutes, wanted in steps:
        at += minutes * MINUTE
        granted = min(wanted, room(counter, most, at))
        counter = taken(counter, granted, at)
        windows[counter.started_at] = windows.get(counter.started_at, 0) + granted
    assert all(number <= most for number in windows.values())
