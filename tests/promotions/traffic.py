"""Made-up traffic of one coupon type: claims a minute over days, with nights, weekends, good and bad days, and evening peaks.

Counts are overdispersed (a Poisson count of a gamma rate), since people come in groups. The same seed gives the same traffic.
"""

import math
from collections.abc import Iterable
from random import Random

DAY = 1440
PEAK_AT = 20 * 60
DISPERSION = 2.0
"""Variance over mean of the counts."""


def poisson(random: Random, rate: float) -> int:
    if rate > 40:
        return max(0, round(random.gauss(rate, math.sqrt(rate))))
    limit, product, count = math.exp(-rate), random.random(), 0
    while product > limit:
        product *= random.random()
        count += 1
    return count


def count(random: Random, rate: float, dispersion: float = DISPERSION) -> int:
    """Negative binomial: mean `rate`, variance `dispersion` times that."""
    if rate <= 0:
        return 0
    if rate > 40:
        return max(0, round(random.gauss(rate, math.sqrt(dispersion * rate))))
    return poisson(random, random.gammavariate(rate / (dispersion - 1), dispersion - 1))


def rates_of_a_day(level: float, *, peak: float = 0.0) -> list[float]:
    """Claims a minute: a seventh of `level` at night, `level` in mid-afternoon, and from 20:00 on `peak` times it, dying away."""
    found = []
    for minute in range(DAY):
        by_day = math.sin((minute / 60 - 7) / 16 * math.pi) if 7 * 60 < minute < 23 * 60 else 0.0
        rate = level * (0.15 + 0.85 * max(0.0, by_day))
        if peak and minute >= PEAK_AT:
            rate += level * peak * math.exp(-(minute - PEAK_AT) / 30)
        found.append(rate)
    return found


def days_of_traffic(random: Random, days: int, level: float, *, peak: float = 0.0, peak_days: Iterable[int] = ()) -> dict[int, int]:
    """Counts by minute. Days differ by about a seventh, weekends are a quarter busier, `peak_days` have a promoted peak."""
    found: dict[int, int] = {}
    ordinary, promoted, with_peak = rates_of_a_day(level), rates_of_a_day(level, peak=peak), set(peak_days)
    for day in range(days):
        size = math.exp(random.gauss(0, 0.15)) * (1.25 if day % 7 in (5, 6) else 1.0)
        for minute, rate in enumerate(promoted if day in with_peak else ordinary):
            seen = count(random, rate * size)
            if seen:
                found[day * DAY + minute] = seen
    return found


def ramp(random: Random, start: int, *, to: float, within: int = 30, minutes: int = 60) -> dict[int, int]:
    """A gang that grows: from nothing to `to` claims a minute within half an hour, and stays there."""
    return {start + n: poisson(random, to * min(1.0, (n + 0.5) / within)) for n in range(minutes)}
