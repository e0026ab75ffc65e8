"""How long something takes, in words."""

from datetime import timedelta

import pytest

from backoffice.lib.display import duration_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0412, "0.04 s"), (0.994, "0.99 s"), (0.9985, "1 s"), (10.7, "10 s"), (90, "1 min 30 s"), (93_600, "1 d 2 h")],
)
def test_the_two_largest_units_are_told(seconds, text):
    assert duration_text(timedelta(seconds=seconds)) == text
