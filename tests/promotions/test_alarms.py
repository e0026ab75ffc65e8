"""An alarm is raised once for what is wrong, whatever found it, and again only after somebody has dealt with it."""

from decimal import Decimal

import pytest
from django.db import transaction

from promotions.models import Alarm
from promotions.services.alarms import Found, acknowledge_alarm, raise_alarm
from promotions.states import AlarmCause, Severity, cause_label
from tests.promotions.factories import NOON, a_campaign, the_asker
from tests.promotions.racing import at_once

pytestmark = pytest.mark.django_db


def a_drift(key="drift:1", **fields):
    return raise_alarm(AlarmCause.BUDGET_DRIFT, scope="platform", at=NOON, key=key, **fields)


def test_an_alarm_without_a_line_says_what_was_found_and_where():
    campaign = a_campaign()
    alarm = raise_alarm(
        AlarmCause.BUDGET_DRIFT,
        scope=f"campaign:{campaign.code}",
        at=NOON,
        severity=Severity.URGENT,
        about=campaign,
        found=Found(value=Decimal("10.01"), limit=Decimal(10), detail="slice 3"),
    )
    alarm.refresh_from_db()
    assert (alarm.threshold, alarm.target, alarm.value, alarm.detail) == (
        None,
        f"promotions.campaign:{campaign.pk}",
        Decimal("10.01"),
        "slice 3",
    )
    assert str(alarm) == f"campaign {campaign.code} · {cause_label(AlarmCause.BUDGET_DRIFT)}"


def test_while_an_alarm_waits_the_same_thing_raises_no_second_one():
    first = a_drift()
    assert a_drift() is None
    assert a_drift("drift:2") is not None
    acknowledge_alarm(first, by=the_asker(), note="corrected", at=NOON)
    assert a_drift() is not None
    assert Alarm.objects.filter(key="drift:1").count() == 2


def test_alarms_without_a_key_are_raised_each_time():
    assert a_drift("") is not None
    assert a_drift("") is not None


def test_an_alarm_goes_with_the_transaction_that_raised_it():
    with transaction.atomic():
        assert a_drift() is not None
        transaction.set_rollback(True)
    assert not Alarm.objects.exists()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_eight_who_find_the_same_thing_at_once_raise_one_alarm():
    found = at_once([a_drift] * 8)
    assert sum(alarm is not None for alarm in found) == 1
    assert Alarm.objects.count() == 1


def test_an_unknown_cause_is_shown_as_it_is():
    assert cause_label("moon_phase") == "moon_phase"
