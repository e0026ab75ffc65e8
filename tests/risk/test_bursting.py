"""When an entry, a network or a segment bursts, and when it does not: the arithmetic alone."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promotions import cusum
from risk import bursting

WEEK = cusum.LEARNING_DAYS * cusum.DAY
KINDS = [kind.value for kind in bursting.BurstKind]


def followed(kind, counts, *, until, totals=None, memory=None):
    """All bursts that are seen from the first minute on, and the memory after it. Without totals it is all there is of its type."""
    memory = memory or bursting.begin(0)
    return bursting.follow(kind, memory, None, counts, totals if totals is not None else counts, until)


def quiet(days, rate, seed):
    """Counts a minute of so many days, as a Poisson process with a day's rise and fall has them."""
    dice = random.Random(seed)
    shape = [0.3 if minute % cusum.DAY < 480 else 1.0 for minute in range(days * cusum.DAY)]
    counts = {minute: sum(dice.random() < rate * part / 20 for _ in range(20)) for minute, part in enumerate(shape)}
    return {minute: count for minute, count in counts.items() if count}


def after_a_week(kind, rate=0.2, seed=1):
    return followed(kind, quiet(7, rate, seed), until=WEEK)[0]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rate", [0.05, 0.5, 1.5])
def test_random_quiet_weeks_have_no_burst(rate, seed):
    assert followed("segment", quiet(14, rate, seed), until=2 * WEEK)[1] == []


def test_a_few_claims_at_three_in_the_morning_are_none():
    few = {WEEK + 180: 5, WEEK + 181: 6, WEEK + 190: 5}
    assert followed("network", few, until=WEEK + 600, memory=after_a_week("network"))[1] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_sudden_burst_is_found_within_minutes_and_ends(kind):
    counts = {WEEK + 300 + minute: 12 for minute in range(30)}
    memory = after_a_week(kind)
    assert followed(kind, counts, until=WEEK + 305, memory=memory)[1] != []
    (burst,) = followed(kind, counts, until=WEEK + 600, memory=memory)[1]
    assert (burst.began, burst.claims, burst.peak) == (WEEK + 300, 360, 12)
    assert WEEK + 330 < burst.ended <= WEEK + 340


def test_a_slow_ramp_is_found_before_it_becomes_its_own_baseline():
    ramp = {WEEK + 300 + minute: minute // 10 for minute in range(150)}
    bursts = followed("network", ramp, until=WEEK + 450, memory=after_a_week("network"))[1]
    assert bursts
    assert bursts[0].began < WEEK + 400


def test_a_segment_under_a_busy_type_bursts_alone():
    segment = {WEEK + 300 + minute: 10 for minute in range(20)}
    totals = {WEEK + 300 + minute: 110 for minute in range(20)}
    memory = after_a_week("segment")
    assert len(followed("segment", segment, totals=totals, until=WEEK + 320, memory=memory)[1]) == 1


@pytest.mark.parametrize("kind", ["network", "segment"])
def test_where_all_rise_no_segment_or_network_bursts_but_the_entry_does(kind):
    crowd = {WEEK + 300 + minute: 10 for minute in range(60)}
    totals = {minute: 30 * count for minute, count in crowd.items()}
    assert followed(kind, crowd, totals=totals, until=WEEK + 400, memory=after_a_week(kind))[1] == []
    assert followed("entry", crowd, totals=totals, until=WEEK + 400, memory=after_a_week("entry"))[1] != []


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_baseline_the_cap_decides(kind):
    cap = bursting.CAPS[kind]
    assert followed(kind, {5: cap - 1}, until=30)[1] == []
    (burst,) = followed(kind, {5: cap}, until=30)[1]
    assert (burst.began, burst.claims, burst.ended) == (5, cap, 16)


def test_what_lasts_a_day_is_usual_and_no_burst():
    counts = {WEEK + minute: 30 for minute in range(2 * cusum.DAY)}
    (burst,) = followed("entry", counts, until=WEEK + 2 * cusum.DAY, memory=after_a_week("entry"))[1]
    assert burst.ended == burst.began + bursting.LONGEST


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    counts=st.dictionaries(st.integers(0, 400), st.integers(1, 60), max_size=120),
    cuts=st.lists(st.integers(0, 450), max_size=6),
    is_learnt=st.booleans(),
)
def test_looking_in_pieces_is_looking_at_once(kind, counts, cuts, is_learnt):
    memory = cusum.advance(cusum.begin(0), {}, WEEK)[0] if is_learnt else bursting.begin(WEEK)
    counts = {WEEK + minute: count for minute, count in counts.items()}
    at_once = bursting.follow(kind, memory, None, counts, counts, WEEK + 450)
    running, over = None, []
    for since, until in pairwise([WEEK, *sorted(WEEK + cut for cut in cuts), WEEK + 450]):
        part = {minute: count for minute, count in counts.items() if since <= minute < until}
        memory, bursts = bursting.follow(kind, memory, running, part, counts, until)
        running = bursts.pop() if bursts and bursts[-1].ended is None else None
        over += bursts
    assert (memory, over + ([running] if running else [])) == at_once


def test_the_arithmetic_needs_no_database():
    assert not any(name.startswith("django") for name in vars(bursting))
