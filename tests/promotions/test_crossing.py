"""What a crossed line does: it alarms, and where it says so it stops exactly what it is about."""

from datetime import timedelta

import pytest
from django.db import transaction

from backoffice.lib.actors import system_user
from backoffice.lib.automation import observe_only
from backoffice.lib.errors import InvalidInput
from backoffice.lib.schedules import check_named
from promotions.models import Alarm, Campaign, Coupon, CouponType, Threshold
from promotions.services.built_in_lines import built_in_lines
from promotions.services.coupon_types import request_resume, suspend_coupon_type
from promotions.services.thresholds import check_thresholds
from promotions.services.tokens import revoke_token, token_text
from promotions.states import CampaignStatus, ClaimOutcome, CouponTypeStatus, LimitKind, Metric, RefusalReason, ThresholdAction
from tests.promotions.factories import (
    DAY,
    NOON,
    a_campaign,
    a_claim,
    a_claimant,
    a_coupon,
    a_coupon_type,
    a_line,
    a_restricted_type,
    a_token,
    an_entry,
    approved,
    cash_out,
    the_asker,
)

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
NEWCOMER = {"registered_at": NOON - DAY}


def a_shared_token(**fields):
    """A token of an online type's entry, so that only the scheduled check looks at its lines."""
    return a_token(entry=an_entry(coupon_type=a_coupon_type(**fields), needs_token=True), uses=50)


# What a crossing does


def test_a_line_that_only_alarms_stops_nothing():
    entry = an_entry()
    a_line(entry.coupon_type)
    a_line(entry.coupon_type.campaign)
    a_coupon(entry=entry)
    assert [alarm.action for alarm in check_thresholds(NOON)] == [ThresholdAction.ALARM] * 2
    assert a_claim(entry=entry).outcome == ClaimOutcome.ISSUED


def test_a_types_line_suspends_that_type_and_nothing_else():
    campaign = a_campaign()
    entry, other = (an_entry(coupon_type=a_coupon_type(campaign=campaign)) for _ in range(2))
    a_line(entry.coupon_type, action=ThresholdAction.SUSPEND)
    a_coupon(entry=entry)
    (alarm,) = check_thresholds(NOON)
    assert alarm.action == ThresholdAction.SUSPEND
    assert a_claim(entry=entry).reason == RefusalReason.COUPON_TYPE_NOT_LIVE
    assert a_claim(entry=other).outcome == ClaimOutcome.ISSUED


def test_a_campaigns_line_pauses_that_campaign_and_nothing_else():
    entry, other = an_entry(), an_entry()
    a_line(entry.coupon_type.campaign, action=ThresholdAction.SUSPEND)
    a_coupon(entry=entry)
    (alarm,) = check_thresholds(NOON)
    assert alarm.action == ThresholdAction.SUSPEND
    assert a_claim(entry=entry).reason == RefusalReason.CAMPAIGN_NOT_LIVE
    assert a_claim(entry=other).outcome == ClaimOutcome.ISSUED
    assert list(Campaign.objects.order_by("pk").values_list("status", flat=True)) == [CampaignStatus.PAUSED, CampaignStatus.LIVE]


def test_a_stop_by_itself_names_the_system_and_the_figures_as_its_reason():
    entry = an_entry()
    a_line(entry.coupon_type, action=ThresholdAction.SUSPEND)
    a_coupon(entry=entry)
    check_thresholds(NOON)
    event = entry.coupon_type.events.order_by("pgh_id").last()
    assert event.status == CouponTypeStatus.SUSPENDED
    assert event.pgh_context.metadata["user"] == system_user().pk
    assert "1 of 1" in event.pgh_context.metadata["reason"]
    assert Alarm.objects.get().events.get().pgh_context.metadata["user"] == system_user().pk


def test_that_it_was_stopped_already_is_no_error():
    entry = an_entry()
    line = a_line(entry.coupon_type, action=ThresholdAction.SUSPEND)
    a_coupon(entry=entry)
    suspend_coupon_type(entry.coupon_type, by=the_asker(), reason="rumours", at=NOON)
    assert [alarm.threshold for alarm in check_thresholds(NOON)] == [line]


def test_while_observing_a_crossing_is_recorded_and_suspends_nothing():
    entry = an_entry()
    a_line(entry.coupon_type, action=ThresholdAction.SUSPEND)
    a_line(entry.coupon_type.campaign, action=ThresholdAction.SUSPEND)
    a_coupon(entry=entry)
    with observe_only():
        assert [alarm.action for alarm in check_thresholds(NOON)] == [ThresholdAction.ALARM] * 2
    assert a_claim(entry=entry).outcome == ClaimOutcome.ISSUED


def test_no_line_can_suspend_the_whole_platform():
    with pytest.raises(InvalidInput, match="platform"):
        a_line("platform", action=ThresholdAction.SUSPEND)
    assert not Threshold.objects.filter(is_built_in=False).exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"limit": "0"},
        {"limit": "-1"},
        {"limit": "NaN"},
        {"limit": "Infinity"},
        {"limit": "0.001"},
        {"limit": "1e30"},
        {"window": timedelta(0)},
        {"window": -MINUTE},
        {"metric": "nonsense"},
        {"action": "explode"},
    ],
)
def test_a_line_that_means_nothing_is_refused(fields):
    with pytest.raises(InvalidInput):
        a_line(**fields)
    assert not Threshold.objects.filter(is_built_in=False).exists()


def test_the_scheduled_check_answers_how_many_alarms_it_raised():
    a_line()
    a_coupon()
    assert check_named("check_thresholds").run(NOON) == 1


# Restricted types look after themselves


def test_a_restricted_type_has_its_lines_armed_when_it_goes_live():
    coupon_type = a_restricted_type()
    armed = Threshold.objects.armed().filter(coupon_type=coupon_type, is_built_in=True)
    expected = built_in_lines(coupon_type)
    assert {line.built_in_name: line.action for line in armed} == {line.name: line.action for line in expected}


def test_an_online_type_has_lines_that_alarm_and_none_that_stops_it():
    lines = a_coupon_type(quantity=1_000).thresholds.all()
    assert {(line.built_in_name, line.kind, line.action) for line in lines} == {
        ("should_be_silent", LimitKind.SILENT, ThresholdAction.ALARM),
        ("baseline", LimitKind.BASELINE, ThresholdAction.ALARM),
    }
    assert lines.get(built_in_name="baseline").limit == 500


@pytest.mark.parametrize(
    ("reason", "spoil"),
    [
        (RefusalReason.TOKEN_FORGED, lambda token: a_claim(entry=token.batch.entry, token="HF1.dev.x.y")),
        (RefusalReason.TOKEN_MISPLACED, lambda token: a_claim(entry=token.batch.entry, token=token_text(a_token()))),
        (RefusalReason.TOKEN_EXPIRED, lambda token: a_claim(token=token, at=token.batch.expires_at)),
        (RefusalReason.TOKEN_USED_UP, lambda token: (a_claim(token=token), a_claim(token=token))[1]),
        (
            RefusalReason.TOKEN_REVOKED,
            lambda token: (revoke_token(token, by=the_asker(), reason="lost", at=NOON), a_claim(token=token))[1],
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
def test_a_bad_token_at_a_restricted_type_is_an_alarm_by_itself(reason, spoil):
    assert spoil(a_token()).reason == reason
    assert Alarm.objects.get().cause == Metric.TOKEN_REFUSALS


def test_forged_tokens_raise_one_alarm_and_guests_still_get_in():
    token = a_token(uses=9)
    for _ in range(20):
        a_claim(entry=token.batch.entry, token="forged")
    assert Alarm.objects.count() == 1
    assert a_claim(token=token).outcome == ClaimOutcome.ISSUED


def test_an_online_types_forged_token_waits_for_the_scheduled_check():
    token = a_shared_token()
    a_line(token.batch.entry.coupon_type, Metric.TOKEN_REFUSALS)
    a_claim(entry=token.batch.entry, token="forged")
    assert not Alarm.objects.exists()
    assert len(check_thresholds(NOON)) == 1


def test_the_claim_that_crosses_is_issued_and_the_next_one_is_refused():
    token = a_token(uses=50)
    claims = [a_claim(token=token, claimant=a_claimant(**NEWCOMER)) for _ in range(11)]
    assert [claim.reason for claim in claims] == [""] * 10 + [RefusalReason.COUPON_TYPE_NOT_LIVE]
    assert Alarm.objects.get().action == ThresholdAction.SUSPEND


def test_the_redemption_that_crosses_suspends_the_type():
    token = a_token(uses=50)
    coupons = [a_coupon(token=token) for _ in range(10)]
    for coupon in coupons:
        assert a_claim(entry=token.batch.entry, token=None).reason == RefusalReason.TOKEN_MISSING
        cash_out(coupon)
    assert CouponType.objects.get().status == CouponTypeStatus.SUSPENDED
    assert Coupon.objects.redeemable(NOON).count() == 0


def test_what_the_order_rolls_back_neither_alarms_nor_suspends():
    token = a_token(uses=50)
    coupons = [a_coupon(token=token) for _ in range(10)]
    for coupon in coupons[:9]:
        cash_out(coupon)
    with transaction.atomic():
        cash_out(coupons[9])
        transaction.set_rollback(True)
    assert not Alarm.objects.exists()
    assert CouponType.objects.get().status == CouponTypeStatus.LIVE


def test_while_observing_a_restricted_type_goes_on():
    token = a_token(uses=50)
    with observe_only():
        claims = [a_claim(token=token, claimant=a_claimant(**NEWCOMER)) for _ in range(12)]
    assert {claim.outcome for claim in claims} == {ClaimOutcome.ISSUED}
    assert Alarm.objects.get().action == ThresholdAction.ALARM


def test_the_scheduled_check_leaves_restricted_types_to_their_claims_but_not_their_campaign():
    token = a_token(uses=50)
    coupon_type = token.batch.entry.coupon_type
    a_coupon(token=token)
    a_line(coupon_type)
    campaign_line = a_line(coupon_type.campaign)
    platform_line = a_line()
    assert {alarm.threshold for alarm in check_thresholds(NOON)} == {campaign_line, platform_line}
    a_coupon(token=token)
    assert Alarm.objects.filter(threshold__coupon_type=coupon_type).count() == 1


def test_resuming_a_restricted_type_arms_its_lines_anew():
    token = a_token(uses=50)
    coupon_type = token.batch.entry.coupon_type
    for _ in range(10):
        a_claim(token=token, claimant=a_claimant(**NEWCOMER))
    assert coupon_type.thresholds.exclude(fired_at=None).count() == 1
    later = NOON + DAY
    approved(request_resume(coupon_type, by=the_asker(), reason="the show goes on", at=later), at=later)
    assert not coupon_type.thresholds.exclude(fired_at=None).exists()
    assert a_claim(token=token, at=later).outcome == ClaimOutcome.ISSUED
