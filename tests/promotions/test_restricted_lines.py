"""What watches a restricted type is part of what two persons approved: one lowers a limit, two do the rest, SQL does nothing."""

from datetime import timedelta
from decimal import Decimal

import pytest

from backoffice.lib.approvals import SamePerson, approve
from backoffice.lib.errors import DomainError, InvalidInput
from promotions.models import Alarm, CouponType, Threshold
from promotions.services.changes import narrow, request_change
from promotions.services.drawing import draw_line, rearm_threshold
from promotions.states import CouponTypeStatus, Metric, ThresholdAction
from tests.orders.rounds import trigger_off
from tests.promotions.factories import NOON, a_coupon_type, a_restricted_type, approved, the_asker
from tests.promotions.kinds import fresh
from tests.promotions.rawsql import refused, set_in, sql

pytestmark = pytest.mark.django_db
WHY = {"reason": "test", "at": NOON}
GUARD = "threshold_of_a_restricted_type_stays"
WIDENINGS = {
    "limit": '"limit" = 1000',
    "window": "\"window\" = '1 s'",
    "longer window": "\"window\" = '9 days'",
    "no window": '"window" = NULL',
    "action": "action = 'alarm'",
    "metric": "metric = 'issued_count'",
    "another type": "coupon_type_id = (SELECT max(id) FROM promotions_coupontype)",
    "name": "built_in_name = 'other'",
    "lower, and no action": "\"limit\" = 1, action = 'alarm'",
    "peak": "peak_from = now(), peak_until = now() + interval '1 day', peak_factor = 1000",
}


def the_line(coupon_type: CouponType | None = None, name: str = "young_accounts") -> Threshold:
    return (coupon_type or a_restricted_type()).thresholds.get(built_in_name=name)


@pytest.mark.parametrize("what", WIDENINGS)
def test_sql_does_not_change_it(what):
    line = the_line()
    a_coupon_type()
    refused("changed by an approval of its own, or narrowed", set_in(line, WIDENINGS[what]))


@pytest.mark.parametrize("what", WIDENINGS)
def test_control_without_the_trigger_sql_does(what):
    line = the_line()
    a_coupon_type()
    with trigger_off("promotions_threshold", GUARD):
        assert sql(set_in(line, WIDENINGS[what])) == 1


def test_a_type_that_ended_is_watched_as_before():
    line = the_line()
    CouponType.objects.filter(pk=line.coupon_type_id).update(status=CouponTypeStatus.ENDED)
    refused("changed by an approval", set_in(line, '"limit" = 1000'))


def test_one_person_lowers_its_limit_and_does_not_raise_it():
    line = the_line()
    narrow(line, changes={"limit": Decimal(5)}, by=the_asker(), **WHY)
    assert fresh(line).limit == 5
    for wider in ({"limit": Decimal(6)}, {"action": ThresholdAction.ALARM}, {"limit": Decimal(4), "window": timedelta(seconds=1)}):
        with pytest.raises(InvalidInput, match="a second person must approve"):
            narrow(line, changes=wider, by=the_asker(), **WHY)
    assert fresh(line).limit == 5


def test_it_is_raised_by_a_second_person_and_by_nobody_before():
    line = the_line()
    changes = {"limit": Decimal(40), "window": timedelta(minutes=5), "action": ThresholdAction.ALARM}
    approval = request_change(line, changes=changes, by=the_asker(), **WHY)
    assert fresh(line).limit == 10
    with pytest.raises(SamePerson):
        approve(approval, by=the_asker(), **WHY)
    approved(approval)
    assert {name: getattr(fresh(line), name) for name in changes} == changes


def test_a_peak_is_promoted_by_two():
    line = the_line(name="baseline")
    changes = {"peak_from": NOON, "peak_until": NOON + timedelta(hours=2), "peak_factor": Decimal("4.0")}
    approved(request_change(line, changes=changes, by=the_asker(), **WHY))
    assert {name: getattr(fresh(line), name) for name in changes} == changes


@pytest.mark.parametrize("asked", [{"limit": Decimal(0)}, {"window": timedelta(0)}, {"action": "nothing"}])
def test_what_means_nothing_is_not_asked_for(asked):
    with pytest.raises(InvalidInput):
        request_change(the_line(), changes=asked, by=the_asker(), **WHY)


def test_what_it_measures_is_not_changed_at_all():
    with pytest.raises(InvalidInput, match="cannot be changed once it was approved"):
        request_change(the_line(), changes={"metric": Metric.ISSUED_COUNT}, by=the_asker(), **WHY)


def test_a_line_that_one_person_drew_is_redrawn_by_one():
    own = draw_line(
        scope=a_restricted_type(), metric=Metric.ISSUED_COUNT, window=None, limit=Decimal(9), action=ThresholdAction.ALARM
    )
    built_in = a_coupon_type().thresholds.get(built_in_name="should_be_silent")
    for line in (own, built_in):
        assert sql(set_in(line, '"limit" = 1000')) == 1
        with pytest.raises(DomainError, match="can be changed by one person"):
            request_change(line, changes={"limit": Decimal(2000)}, by=the_asker(), **WHY)


def test_it_is_crossed_and_armed_again_as_before():
    line = the_line()
    Threshold.objects.filter(pk=line.pk).update(fired_at=NOON)
    rearm_threshold(line, by=the_asker(), **WHY)
    assert fresh(line).fired_at is None
    assert not Alarm.objects.exists()
