"""How a budget burns down, as tables of plain data."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from promotions.burndown import Level, Move, Window, levels, runs_out_at

AT = datetime(2026, 1, 20, 12, 0, 30, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
D = Decimal


@pytest.mark.parametrize(
    ("span", "step"),
    [
        (HOUR, MINUTE),
        (6 * HOUR, 2 * MINUTE),
        (DAY, 10 * MINUTE),
        (7 * DAY, HOUR),
        (90 * DAY, 12 * HOUR),
        (4000 * DAY, 30 * DAY),
    ],
)
def test_a_window_has_the_finest_cut_that_stays_below_the_most_points(span, step):
    window = Window.of(AT - span, AT, 240)
    assert window.step == step
    assert len(window.starts) <= 240
    assert window.starts[0] == window.since <= AT - span
    assert window.starts[-1] <= AT < window.starts[-1] + step


def test_a_window_without_length_has_one_bucket():
    assert Window.of(AT, AT, 240).starts == [AT.replace(second=0)]


def test_levels_go_back_from_what_the_counters_say():
    starts = [AT, AT + MINUTE, AT + 2 * MINUTE]
    moves = [
        Move(starts[0], reserved=D(200)),
        Move(starts[1], reserved=D(-100), spent=D(80), returned=D(20)),
        Move(starts[2], reserved=D(-100), returned=D(100)),
    ]
    now = Level(AT, reserved=D(0), spent=D(80), returned=D(120))
    assert levels(now, moves, starts) == [
        Level(starts[0], D(200), D(0), D(0)),
        Level(starts[1], D(100), D(80), D(20)),
        Level(starts[2], D(0), D(80), D(120)),
    ]


def test_two_moves_of_one_bucket_add_up():
    starts = [AT, AT + MINUTE]
    moves = [Move(starts[1], reserved=D(10)), Move(starts[1], reserved=D(-4), spent=D(4))]
    first, last = levels(Level(AT, D(6), D(4), D(0)), moves, starts)
    assert (first.reserved, first.spent) == (D(0), D(0))
    assert (last.given, last.issued) == (D(10), D(10))


def test_a_ledger_that_says_more_than_the_counters_never_draws_below_zero():
    starts = [AT, AT + MINUTE]
    first, last = levels(Level(AT, D(5), D(0), D(0)), [Move(starts[1], reserved=D(9))], starts)
    assert (first.reserved, last.reserved) == (D(0), D(5))


@pytest.mark.parametrize(
    ("room", "hourly", "expected"),
    [
        (D(600), D(300), AT + 2 * HOUR),
        (D(100), D(400), AT + 15 * MINUTE),
        (D(0), D(400), AT),
        (D(600), D(0), None),
        (D(600), D(-5), None),
        (D(10_000), D("0.01"), None),
    ],
)
def test_the_hour_it_runs_out_at_the_rate_of_the_last(room, hourly, expected):
    assert runs_out_at(room, hourly, AT) == expected
