"""Each kind of limit: a share of the budget, hours until it is empty, a baseline with a cap on top, and silence."""

from datetime import timedelta
from decimal import Decimal

import pytest

from backoffice.lib.errors import InvalidInput
from promotions import cusum
from promotions.models import Alarm, Threshold, ThresholdMemory
from promotions.services import baselines
from promotions.services.baselines import expected_now, watch_baselines
from promotions.services.coupon_types import suspend_coupon_type
from promotions.services.drawing import draw_line
from promotions.services.readings import budget_of, read_line
from promotions.services.seeding import seed_watch
from promotions.services.thresholds import check_thresholds
from promotions.states import LimitKind, Metric, RefusalReason, Severity, ThresholdAction
from tests.promotions.factories import (
    DAY,
    NOON,
    a_campaign,
    a_claim,
    a_claimant,
    a_coupon,
    a_coupon_type,
    a_restricted_type,
    a_token,
    an_entry,
    cash_out,
    the_asker,
)
from tests.promotions.rawsql import sql

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
HOUR = 60 * MINUTE


def a_line_of(kind, scope, limit, *, metric=Metric.ISSUED_AMOUNT, window=None, action=ThresholdAction.ALARM, reasons=()):
    return draw_line(scope=scope, metric=metric, window=window, limit=Decimal(limit), action=action, kind=kind, reasons=reasons)


def crossed(line, at=NOON):
    return [alarm for alarm in check_thresholds(at) if alarm.threshold_id == line.pk]


# Percent of the budget


def test_a_share_is_of_the_campaigns_budget():
    campaign = a_campaign(budget=Decimal(100))
    entry = an_entry(coupon_type=a_coupon_type(campaign=campaign))
    line = a_line_of(LimitKind.PERCENT, campaign, 20)
    a_coupon(entry=entry)
    assert crossed(line) == []
    a_coupon(entry=entry)
    (alarm,) = crossed(line)
    assert (alarm.value, alarm.limit) == (20, 20)


def test_a_share_of_a_type_is_of_its_quantity_where_that_is_less_than_the_budget():
    coupon_type = a_coupon_type(quantity=4)
    entry = an_entry(coupon_type=coupon_type, cap=2)
    assert budget_of(a_line_of(LimitKind.PERCENT, coupon_type, 50)) == 40
    assert budget_of(a_line_of(LimitKind.PERCENT, entry, 50)) == 20
    assert budget_of(a_line_of(LimitKind.PERCENT, a_coupon_type(quantity=None), 50)) == 100_000


# Hours until it is empty


def test_what_is_left_at_the_present_rate_is_told_in_hours():
    campaign = a_campaign(budget=Decimal(100))
    entry = an_entry(coupon_type=a_coupon_type(campaign=campaign))
    line = a_line_of(LimitKind.HOURS_LEFT, campaign, 4, window=HOUR)
    assert crossed(line) == []
    a_coupon(entry=entry)
    assert read_line(line, NOON).value == 9  # 90 left at 10 an hour
    assert crossed(line) == []
    a_coupon(entry=entry)
    (alarm,) = crossed(line)
    assert alarm.value == 4  # 80 left at 20 an hour


# Refusals by reason


def test_a_line_on_refusals_counts_the_reasons_it_names_or_all():
    entry = an_entry()
    named = a_line_of(LimitKind.FIXED, entry, 1, metric=Metric.REFUSALS, window=HOUR, reasons=[RefusalReason.WRONG_CHANNEL])
    every = a_line_of(LimitKind.FIXED, entry, 1, metric=Metric.REFUSALS, window=HOUR)
    claimant = a_claimant()
    a_coupon(entry=entry, claimant=claimant)
    assert a_claim(entry=entry, claimant=claimant).reason == RefusalReason.LIMIT_REACHED
    assert {alarm.threshold for alarm in check_thresholds(NOON)} == {every}
    a_claim(entry=entry, channel="web")
    assert {alarm.threshold for alarm in check_thresholds(NOON)} == {named}


# Silence


SILENCED = {
    "suspended": lambda entry: suspend_coupon_type(entry.coupon_type, by=the_asker(), reason="rumours", at=NOON),
    "closed": lambda entry: type(entry).objects.filter(pk=entry.pk).update(status="closed"),
    "paused campaign": lambda entry: (
        type(entry.coupon_type.campaign).objects.filter(pk=entry.coupon_type.campaign_id).update(status="paused")
    ),
    "outside its hours": lambda entry: type(entry).objects.filter(pk=entry.pk).update(closes_at=NOON - MINUTE),
}


@pytest.mark.parametrize("way", SILENCED)
def test_more_than_a_trickle_at_what_should_be_silent_is_an_alarm(way):
    entry = an_entry()
    line = entry.coupon_type.thresholds.get(kind=LimitKind.SILENT)
    Threshold.objects.filter(pk=line.pk).update(limit=3)
    SILENCED[way](entry)
    for _ in range(2):
        a_claim(entry=entry)
    assert crossed(line) == []
    a_claim(entry=entry)
    (alarm,) = crossed(line)
    assert (alarm.value, alarm.severity) == (3, Severity.WATCH)


def test_knocking_at_what_is_open_breaks_no_silence():
    entry, claimant = an_entry(), a_claimant()
    line = entry.coupon_type.thresholds.get(kind=LimitKind.SILENT)
    Threshold.objects.filter(pk=line.pk).update(limit=1)
    for _ in range(3):
        a_claim(entry=entry, claimant=claimant)
    assert crossed(line) == []


def test_one_coupon_issued_outside_its_hours_is_an_urgent_alarm():
    entry = an_entry()
    line = entry.coupon_type.thresholds.get(kind=LimitKind.SILENT)
    a_coupon(entry=entry)
    type(entry).objects.filter(pk=entry.pk).update(closes_at=NOON)
    (alarm,) = crossed(line)
    assert (alarm.value, alarm.limit, alarm.severity) == (1, 0, Severity.URGENT)


def test_one_coupon_issued_by_what_is_suspended_is_an_urgent_alarm():
    """The guard of the claim is gone round: the slices say that one more was issued."""
    entry = an_entry()
    line = entry.coupon_type.thresholds.get(kind=LimitKind.SILENT)
    a_coupon(entry=entry)
    suspend_coupon_type(entry.coupon_type, by=the_asker(), reason="rumours", at=NOON)
    assert crossed(line) == []
    assert crossed(line) == []
    sql("UPDATE promotions_coupontypeslice SET issued = issued + 1 WHERE coupon_type_id = %s AND number = 0", entry.coupon_type_id)
    (alarm,) = crossed(line)
    assert (alarm.value, alarm.severity) == (1, Severity.URGENT)


# What means nothing


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"kind": LimitKind.PERCENT, "metric": Metric.ATTEMPTS}, "drawn on"),
        ({"kind": LimitKind.PERCENT}, "no budget of its own"),
        ({"kind": LimitKind.HOURS_LEFT}, "needs a window"),
        ({"kind": LimitKind.BASELINE, "metric": Metric.ISSUED_COUNT, "window": HOUR}, "coupon types have a baseline"),
        ({"kind": LimitKind.FIXED, "metric": Metric.LIABILITY, "window": HOUR}, "has no window"),
        ({"kind": LimitKind.FIXED, "reasons": ["limit_reached"]}, "refused claims"),
        ({"kind": LimitKind.FIXED, "action": ThresholdAction.HOLD}, "whole platform"),
    ],
)
def test_a_line_whose_parts_do_not_go_together_is_refused_in_words(fields, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        a_line_of(scope="platform", limit=1, **{"kind": LimitKind.FIXED, **fields})


def test_every_installation_begins_with_a_line_over_everything_and_keeps_what_staff_made_of_it():
    assert seed_watch() == 3
    line = Threshold.objects.get(built_in_name="everything")
    Threshold.objects.filter(pk=line.pk).update(limit=10)
    assert seed_watch() == 0
    a_coupon()
    (alarm,) = crossed(line)
    assert (alarm.scope, alarm.severity) == ("platform", Severity.URGENT)


# The baseline


def learnt(line, rate, at):
    """The line's memory says: ten days of `rate` a minute, all day."""
    end = baselines.minute_of(at)
    memory = cusum.Memory(minute=end, started=end - 10 * cusum.DAY, profile=(rate,) * cusum.BINS)
    values = {
        name: getattr(memory, name) for name in ("minute", "started", "statistic", "excess", "bin_count", "profile", "recent")
    }
    ThresholdMemory.objects.update_or_create(threshold=line, defaults={"folded_until": baselines.time_of(end), "baseline": values})


def test_a_departure_from_its_baseline_is_one_alarm_that_says_by_how_much():
    coupon_type = a_coupon_type(quantity=5_000)
    entry = an_entry(coupon_type=coupon_type, cap=5_000)
    line = coupon_type.thresholds.get(kind=LimitKind.BASELINE)
    learnt(line, 0.5, NOON)
    for _ in range(60):
        a_coupon(entry=entry, at=NOON + MINUTE)
    assert watch_baselines(NOON + MINUTE + timedelta(seconds=30)) == []  # the minute is not over
    (alarm,) = watch_baselines(NOON + 2 * MINUTE + timedelta(seconds=10))
    assert (alarm.threshold, alarm.value, alarm.action) == (line, 60, ThresholdAction.ALARM)
    assert "0.50 a minute" in alarm.detail
    a_coupon(entry=entry, at=NOON + 3 * MINUTE)
    assert watch_baselines(NOON + 5 * MINUTE) == []


def test_nothing_is_written_while_nothing_is_claimed():
    coupon_type = a_coupon_type()
    assert watch_baselines(NOON) == []
    assert not ThresholdMemory.objects.exists()
    a_coupon(entry=an_entry(coupon_type=coupon_type))
    watch_baselines(NOON + 2 * MINUTE)
    kept = ThresholdMemory.objects.values().get()
    watch_baselines(NOON + DAY)
    assert ThresholdMemory.objects.values().get() == kept


def test_however_often_the_check_ran_the_memory_is_the_same():
    often, seldom = (an_entry(coupon_type=a_coupon_type()) for _ in range(2))
    lines = [entry.coupon_type.thresholds.get(kind=LimitKind.BASELINE) for entry in (often, seldom)]
    Threshold.objects.filter(pk=lines[1].pk).update(kind=LimitKind.FIXED)
    for minute in (0, 1, 5, 30, 31):
        at = NOON + minute * MINUTE
        for entry in (often, seldom):
            a_coupon(entry=entry, at=at)
        watch_baselines(at + 2 * MINUTE)
    Threshold.objects.filter(pk=lines[1].pk).update(kind=LimitKind.BASELINE)
    watch_baselines(NOON + 33 * MINUTE)
    first, second = (ThresholdMemory.objects.get(threshold=line).baseline for line in lines)
    assert first == second


def test_a_type_says_what_it_expects_once_it_has_learnt():
    coupon_type = a_coupon_type()
    line = coupon_type.thresholds.get(kind=LimitKind.BASELINE)
    assert expected_now(line, NOON) is None
    learnt(line, 2.5, NOON)
    assert expected_now(Threshold.objects.select_related("memory").get(pk=line.pk), NOON) == Decimal("2.50")


# A slow gang, less than one claim a minute, at a restricted type


def test_a_gang_that_claims_slowly_by_a_leaked_card_is_stopped_within_hours():
    token = a_token(entry=an_entry(coupon_type=a_restricted_type()), uses=80)
    minutes = [3 * minute for minute in range(40)]
    reasons = [
        a_claim(token=token, at=NOON + minute * MINUTE, claimant=a_claimant(registered_at=NOON - DAY)).reason for minute in minutes
    ]
    assert reasons.index(RefusalReason.COUPON_TYPE_NOT_LIVE) == 20
    assert Alarm.objects.get(action=ThresholdAction.SUSPEND).threshold.built_in_name == "young_accounts_slowly"


def test_a_long_honest_evening_with_cards_of_ones_own_stops_nothing():
    entry = an_entry(coupon_type=a_restricted_type())
    for guest in range(30):
        at, age = NOON + 5 * guest * MINUTE, 1 if guest % 2 else 400
        coupon = a_coupon(token=a_token(entry=entry), at=at, claimant=a_claimant(registered_at=NOON - age * DAY))
        if guest % 6 == 0:
            cash_out(coupon, at=at + 5 * MINUTE)
    entry.coupon_type.refresh_from_db()
    assert entry.coupon_type.status == "live"
    assert not Alarm.objects.exists()
