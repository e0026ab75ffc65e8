"""A departure from the baseline is found within minutes, and weeks of ordinary traffic raise nothing.

The false alarms are counted over thousands of simulated weeks with fixed seeds; `pytest -s --run-slow` prints the figures.
"""

from random import Random

import pytest

from promotions.cusum import BINS, DAY, LEARNING_DAYS, LEAST_EXCESS, Memory, advance, begin, expected
from tests.promotions.traffic import PEAK_AT, days_of_traffic, ramp

HOUR = 60
LEVELS = (0.2, 1, 5, 20, 80)
WEEK = 7 * DAY
MONTH = 4 * WEEK


def watched(counts, until, memory=None, planned=None):
    """The memory at the end and the departures on the way, looked at hour by hour."""
    memory, found = memory or begin(0), []
    for hour in range(memory.minute + HOUR, until + 1, HOUR):
        factor = planned(hour - HOUR) if planned else 1.0
        memory, departure = advance(memory, counts, hour, planned=factor)
        found += [departure] if departure else []
    return memory, found


def steady(rate, days):
    return dict.fromkeys(range(days * DAY), rate)


# What a few minutes do to the sum: counts a minute on a baseline of ten, and after how many it is crossed


@pytest.mark.parametrize(
    ("rate", "minutes"),
    [(10, None), (15, None), (20, None), (30, 7), (60, 3), (200, 1)],
)
def test_the_larger_the_excess_the_sooner_it_is_found(rate, minutes):
    memory, _ = watched(steady(10, 9), 9 * DAY)
    counts = dict.fromkeys(range(9 * DAY, 9 * DAY + 20), rate)
    _, departure = advance(memory, counts, 9 * DAY + 20)
    assert (departure.minute - 9 * DAY + 1 if departure else None) == minutes


def test_a_single_burst_that_is_small_is_no_departure():
    memory, _ = watched({}, 9 * DAY)
    _, departure = advance(memory, {9 * DAY: int(LEAST_EXCESS) - 1}, 9 * DAY + 10)
    assert departure is None


def test_after_a_departure_the_sum_begins_again_at_zero():
    memory, _ = watched(steady(10, 9), 9 * DAY)
    memory, departure = advance(memory, {9 * DAY: 500}, 9 * DAY + 1)
    assert departure.statistic > 20
    assert (memory.statistic, memory.excess) == (0.0, 0.0)


def test_nothing_is_said_while_it_learns():
    counts = {LEARNING_DAYS * DAY - 1: 10_000}
    assert watched(counts, LEARNING_DAYS * DAY)[1] == []
    assert len(watched({LEARNING_DAYS * DAY: 10_000}, LEARNING_DAYS * DAY + HOUR)[1]) == 1


def test_what_came_at_this_time_yesterday_is_expected_today_and_what_came_at_another_is_not():
    counts = dict.fromkeys(range(PEAK_AT, PEAK_AT + 30), 50)
    memory, _ = watched(counts, DAY)
    assert expected(memory.profile, (), DAY + PEAK_AT) == 50
    assert expected(memory.profile, (), DAY + PEAK_AT - 10) == 50  # a little early is no surprise
    assert expected(memory.profile, (), DAY + PEAK_AT - 30) == 0


def test_a_night_of_theft_does_not_become_what_is_normal_at_once():
    memory, _ = watched(steady(1, 9), 9 * DAY)
    memory, _ = watched({**steady(1, 10), **dict.fromkeys(range(9 * DAY, 9 * DAY + HOUR), 500)}, 10 * DAY, memory)
    assert memory.profile[0] < 10


def test_a_profile_has_a_bin_for_every_ten_minutes_of_the_day():
    assert len(Memory(0, 0).profile) == BINS == DAY // 10


# A fold


@pytest.mark.parametrize("cuts", [[1], [5, 6, 7], [1440], [100, 2000, 3001], list(range(0, 5760, 37))])
def test_however_the_minutes_are_cut_into_stretches_the_memory_is_the_same(cuts):
    counts = days_of_traffic(Random(4), 4, 3.0)
    whole, _ = advance(begin(0), counts, 4 * DAY)
    memory = begin(0)
    for cut in [*cuts, 4 * DAY]:
        memory, _ = advance(memory, counts, cut)
    assert memory == whole


def test_empty_minutes_may_wait_for_the_next_claim():
    counts = {8 * DAY: 3, 9 * DAY: 4}
    step_by_step = begin(0)
    for minute in range(0, 9 * DAY + 2, 7):
        step_by_step, _ = advance(step_by_step, counts, minute)
    at_once, _ = advance(begin(0), counts, step_by_step.minute)
    assert at_once == step_by_step


def test_what_was_looked_at_is_not_looked_at_again():
    memory, _ = advance(begin(0), {}, 100)
    assert advance(memory, {50: 1_000_000}, 100) == (memory, None)


# Weeks of ordinary traffic


def alarms_in_months(level, peak, months, seed):
    found = 0
    for month in range(months):
        counts = days_of_traffic(Random(f"{seed} {level} {peak} {month}"), MONTH // DAY, level, peak=peak, peak_days=range(28))
        found += len(watched(counts, MONTH)[1])
    return found


def false_alarms(months):
    """Alarms in so many months of each kind of traffic, and how many weeks: quiet and busy types, with an evening peak or none."""
    found = {(level, peak): alarms_in_months(level, peak, months, "ordinary") for level in LEVELS for peak in (0, 4)}
    return found, len(found) * months * 4


def test_a_hundred_and_twenty_weeks_of_ordinary_traffic_raise_at_most_one_alarm():
    found, weeks = false_alarms(3)
    print(f"\n{sum(found.values())} false alarms in {weeks} weeks of traffic: {found}")
    assert weeks == 120
    assert sum(found.values()) <= 1


@pytest.mark.slow
def test_two_thousand_weeks_of_ordinary_traffic_raise_less_than_one_alarm_in_a_hundred_weeks():
    found, weeks = false_alarms(50)
    print(f"\n{sum(found.values())} false alarms in {weeks} weeks of traffic: {found}")
    assert sum(found.values()) < weeks / 100


def test_a_promoted_peak_that_staff_announced_is_no_departure_and_one_that_nobody_announced_is():
    counts = days_of_traffic(Random(7), 14, 20, peak=6, peak_days=[13])
    begins = 13 * DAY + PEAK_AT
    assert any(departure.minute >= begins for departure in watched(counts, 14 * DAY)[1])
    announced = watched(counts, 14 * DAY, planned=lambda minute: 8.0 if begins <= minute < begins + 3 * HOUR else 1.0)[1]
    assert announced == []


# A gang that grows slowly


def delays(level, rate):
    """Minutes from the first claim of a gang that grows within half an hour until it is found: four weeks, four times of day."""
    found = []
    for week in range(4):
        counts = days_of_traffic(Random(f"gang {level} {week}"), 9, level)
        memory, _ = watched(counts, WEEK + DAY)
        for begins in (WEEK + DAY + hour * HOUR for hour in (3, 11, 15, 21)):
            more = ramp(Random(f"{level} {week} {begins}"), begins, to=rate)
            attacked = {**counts, **{minute: counts.get(minute, 0) + extra for minute, extra in more.items()}}
            later = [
                departure.minute + 1 - begins
                for departure in watched(attacked, begins + HOUR, memory)[1]
                if departure.minute >= begins
            ]
            found.append(later[0] if later else None)
    return found


@pytest.mark.parametrize("level", LEVELS)
def test_a_slow_ramp_is_found_within_nineteen_minutes(level):
    """To six times what the type gives by day within half an hour, or to one coupon a second at a type that gives little."""
    found = delays(level, max(60, 6 * level))
    print(f"\n{level} a minute by day: found after {sorted(found)} minutes")
    assert None not in found
    assert max(found) <= 19


def test_the_slowest_of_these_ramps_take_ten_minutes_or_more():
    assert 10 <= max(delays(20, 120)) <= 19
