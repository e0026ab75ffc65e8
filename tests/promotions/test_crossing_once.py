"""A crossing fires once, however many look at the same moment; without its guard it fires more than once."""

import pytest

from promotions.models import Alarm, Threshold
from promotions.services import thresholds
from promotions.services.readings import Reading
from promotions.services.thresholds import check_thresholds, cross_line
from tests.promotions.factories import NOON, a_coupon, a_line
from tests.promotions.racing import at_once, errors_in

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
CHECKERS = 32


def test_thirty_two_checkers_at_once_raise_one_alarm():
    a_coupon()
    a_line()
    found = at_once([lambda: check_thresholds(NOON)] * CHECKERS)
    assert errors_in(found) == []
    assert sum(map(len, found)) == Alarm.objects.count() == 1


def test_without_its_guard_a_crossing_fires_more_than_once(monkeypatch):
    """The control: the line is read, found armed, and then written, as a check without a guarded update would do it."""
    line = a_line()
    reading = Reading(line.limit, line.limit, True)

    class Unguarded:
        @staticmethod
        def filter(**fields):
            fields.pop("fired_at", None)
            return Threshold.objects.filter(**fields)

    class UnguardedThreshold:
        objects = Unguarded

    monkeypatch.setattr(thresholds, "Threshold", UnguardedThreshold)
    at_once([lambda: cross_line(line, reading, NOON)] * CHECKERS)
    assert Alarm.objects.count() > 1
