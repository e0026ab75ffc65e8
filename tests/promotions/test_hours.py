"""Opening hours: at their boundaries, over midnight and over changes of the clock; in Python and in the claim's own statement."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from backoffice.lib.errors import InvalidInput
from promotions.hours import WeeklyHours, is_within
from promotions.models import Coupon, Entry
from promotions.services import claim_door, claiming
from promotions.services.claim_statements import within_hours
from promotions.services.entries import request_entry
from promotions.states import RefusalReason
from tests.promotions.conditions import EVERY_DAY, a_draft_type, live, some_hours
from tests.promotions.factories import NOON, a_campaign, a_claim, an_entry, approved, the_asker
from tests.promotions.rawsql import refused, set_in

SHANGHAI, BERLIN = "Asia/Shanghai", "Europe/Berlin"
SECOND = timedelta(seconds=1)
EVENING = (EVERY_DAY, time(18), time(22))
FRIDAY_NIGHT = ([5], time(22), time(2))
ALL_SATURDAY = ([6], time(0), time(0))
SMALL_HOURS = (EVERY_DAY, time(2), time(3))


def local(zone, *parts, fold=0):
    return datetime(*parts, tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


# What is open when: hours, zone, time, whether. 2026-01-23 is a Friday; Berlin's clocks go forward on 2026-03-29 and back on
# 2026-10-25.
CASES = [
    (EVENING, SHANGHAI, local(SHANGHAI, 2026, 1, 20, 17, 59, 59), False),
    (EVENING, SHANGHAI, local(SHANGHAI, 2026, 1, 20, 18), True),
    (EVENING, SHANGHAI, local(SHANGHAI, 2026, 1, 20, 21, 59, 59), True),
    (EVENING, SHANGHAI, local(SHANGHAI, 2026, 1, 20, 22), False),
    (EVENING, BERLIN, local(SHANGHAI, 2026, 1, 20, 18), False),
    (FRIDAY_NIGHT, SHANGHAI, local(SHANGHAI, 2026, 1, 23, 21, 59, 59), False),
    (FRIDAY_NIGHT, SHANGHAI, local(SHANGHAI, 2026, 1, 23, 22), True),
    (FRIDAY_NIGHT, SHANGHAI, local(SHANGHAI, 2026, 1, 24, 1, 59, 59), True),
    (FRIDAY_NIGHT, SHANGHAI, local(SHANGHAI, 2026, 1, 24, 2), False),
    (FRIDAY_NIGHT, SHANGHAI, local(SHANGHAI, 2026, 1, 24, 22), False),
    (FRIDAY_NIGHT, SHANGHAI, local(SHANGHAI, 2026, 1, 23, 1), False),
    (([7], time(22), time(2)), SHANGHAI, local(SHANGHAI, 2026, 1, 26, 1), True),
    (ALL_SATURDAY, SHANGHAI, local(SHANGHAI, 2026, 1, 24, 0), True),
    (ALL_SATURDAY, SHANGHAI, local(SHANGHAI, 2026, 1, 24, 23, 59, 59), True),
    (ALL_SATURDAY, SHANGHAI, local(SHANGHAI, 2026, 1, 25, 0), False),
    (EVENING, BERLIN, datetime(2026, 3, 28, 17, 0, tzinfo=UTC), True),
    (EVENING, BERLIN, datetime(2026, 3, 29, 16, 0, tzinfo=UTC), True),
    (EVENING, BERLIN, datetime(2026, 3, 29, 15, 59, 59, tzinfo=UTC), False),
    (SMALL_HOURS, BERLIN, datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC), False),
    (SMALL_HOURS, BERLIN, datetime(2026, 3, 29, 1, 0, tzinfo=UTC), False),
    (SMALL_HOURS, BERLIN, local(BERLIN, 2026, 10, 25, 2, 30), True),
    (SMALL_HOURS, BERLIN, local(BERLIN, 2026, 10, 25, 2, 30, fold=1), True),
    (SMALL_HOURS, BERLIN, datetime(2026, 10, 25, 2, 0, tzinfo=UTC), False),
]


@pytest.mark.parametrize(("hours", "zone", "at", "is_open"), CASES)
def test_hours_hold_from_their_first_second_to_before_their_last(hours, zone, at, is_open):
    assert is_within([WeeklyHours(*hours)], ZoneInfo(zone), at) is is_open


@pytest.mark.django_db
@pytest.mark.parametrize(("hours", "zone", "at", "is_open"), CASES)
def test_the_claims_statement_says_what_python_says(hours, zone, at, is_open):
    coupon_type = a_draft_type(campaign=a_campaign(time_zone=zone))
    weekdays, opens, closes = hours
    some_hours(coupon_type, weekdays=weekdays, opens=opens, closes=closes)
    assert in_sql(coupon_type, at) is is_open


def in_sql(coupon_type, at):
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {within_hours(('coupon_type_id', 't.id'))} FROM promotions_coupontype t"
            " JOIN promotions_campaign c ON c.id = t.campaign_id WHERE t.id = %(type)s",
            {"at": at, "type": coupon_type.pk},
        )
        return cursor.fetchone()[0]


def an_open_entry(coupon_type, **hours):
    entry = an_entry(coupon_type=coupon_type, is_open=False)
    if hours:
        some_hours(entry, **hours)
    approved(request_entry(entry, by=the_asker(), reason="test", at=NOON))
    return Entry.objects.get(pk=entry.pk)


@pytest.mark.django_db
def test_without_hours_it_is_open_round_the_clock():
    assert in_sql(a_draft_type(), NOON) is True
    assert is_within([], ZoneInfo(SHANGHAI), NOON) is True


@pytest.mark.django_db
@pytest.mark.parametrize("owner", ["type", "entry"])
def test_outside_its_hours_a_claim_is_refused_and_within_them_it_is_not(owner):
    coupon_type = a_draft_type(per_customer=9)  # NOON is 20:00 in Shanghai
    if owner == "type":
        some_hours(coupon_type, opens=time(20), closes=time(21))
    entry = an_open_entry(live(coupon_type), **({"opens": time(20), "closes": time(21)} if owner == "entry" else {}))
    for at, reason in [
        (NOON - SECOND, RefusalReason.OUTSIDE_HOURS),
        (NOON, ""),
        (NOON + timedelta(hours=1) - SECOND, ""),
        (NOON + timedelta(hours=1), RefusalReason.OUTSIDE_HOURS),
    ]:
        assert a_claim(entry=entry, at=at).reason == reason


@pytest.mark.django_db
def test_two_spans_of_hours_are_both_open():
    coupon_type = a_draft_type()
    some_hours(coupon_type, opens=time(8), closes=time(9))
    some_hours(coupon_type, opens=time(20), closes=time(21))
    entry = an_open_entry(live(coupon_type))
    assert a_claim(entry=entry, at=NOON).outcome == "issued"
    assert a_claim(entry=entry, at=local(SHANGHAI, 2026, 1, 20, 8, 30)).outcome == "issued"
    assert a_claim(entry=entry, at=local(SHANGHAI, 2026, 1, 20, 10)).reason == RefusalReason.OUTSIDE_HOURS


@pytest.mark.django_db
@pytest.mark.parametrize("owner", ["type", "entry"])
def test_the_take_itself_refuses_outside_the_hours(owner, monkeypatch):
    """The check at the door is left out: what it lets through is guarded once more by the statement that takes."""
    coupon_type = a_draft_type()
    if owner == "type":
        some_hours(coupon_type, opens=time(1), closes=time(2))
    entry = an_open_entry(live(coupon_type), **({"opens": time(1), "closes": time(2)} if owner == "entry" else {}))
    monkeypatch.setattr(claim_door, "_check_live", lambda door, token: None)
    monkeypatch.setattr(claiming, "MOST_ROUNDS", 3)
    with pytest.raises(RuntimeError):
        a_claim(entry=entry)
    assert not Coupon.objects.exists()


@pytest.mark.django_db
def test_hours_and_scope_of_what_is_live_do_not_change():
    coupon_type = a_draft_type()
    hours = some_hours(coupon_type)
    live(coupon_type)
    with pytest.raises(InvalidInput, match="draft"):
        some_hours(coupon_type)
    refused("opening_hours_change_with_drafts_only|their owner is a draft", set_in(hours, "closes = '23:59'"))
    refused("their owner is a draft", f"DELETE FROM promotions_openinghours WHERE id = {hours.pk}")


@pytest.mark.django_db
def test_hours_of_an_entry_are_part_of_what_is_approved():
    entry = an_entry(is_open=False)
    some_hours(entry)
    asked = request_entry(entry, by=the_asker(), reason="test", at=NOON)
    assert asked.payload["snapshot"]["hours"][0]["opens"] == "18:00:00"


@pytest.mark.django_db
def test_a_campaigns_time_zone_is_a_known_one():
    with pytest.raises(InvalidInput, match="Mars"):
        a_campaign(time_zone="Mars/Olympus", is_live=False)


@pytest.mark.django_db
def test_hours_without_a_day_make_no_sense():
    with pytest.raises(InvalidInput):
        some_hours(weekdays=[])
    with pytest.raises(InvalidInput):
        some_hours(weekdays=[0])
