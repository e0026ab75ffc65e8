"""One person stops, two start again; nothing moves against the table; what is over ends."""

from datetime import timedelta

import pytest
from django.db import connection

from backoffice.lib.approvals import SamePerson, approve, reject
from backoffice.lib.errors import DomainError, StaleState
from promotions.models import Coupon, Entry
from promotions.services import campaigns
from promotions.services.campaigns import start_and_end_campaigns
from promotions.states import (
    CAMPAIGN_MOVES,
    COUPON_MOVES,
    COUPON_TYPE_MOVES,
    ENTRY_MOVES,
    CampaignStatus,
    ClaimOutcome,
    CouponTypeStatus,
    EntryStatus,
    RefusalReason,
)
from tests.promotions.factories import (
    DAY,
    NOON,
    a_campaign,
    a_claim,
    a_coupon,
    a_coupon_type,
    a_user,
    an_entry,
    approved,
    redeem,
    the_approver,
    the_asker,
)
from tests.promotions.kinds import WHY, fresh, refuses

pytestmark = pytest.mark.django_db


# One person stops


def test_one_person_stops_it_with_a_reason(kind):
    obj = kind.make_live()
    kind.stop(obj, by=a_user(), **WHY)
    assert fresh(obj).status == obj.status == kind.stopped


def test_nothing_is_stopped_without_a_reason(kind):
    obj = kind.make_live()
    with pytest.raises(DomainError, match="reason"):
        kind.stop(obj, by=a_user(), reason="  ", at=NOON)
    assert fresh(obj).status == kind.live


def test_stopping_what_is_stopped_changes_nothing(kind):
    obj = kind.make_live()
    stale = fresh(obj)
    kind.stop(obj, by=a_user(), **WHY)
    events = obj.events.count()
    kind.stop(stale, by=a_user(), **WHY)
    assert (stale.status, obj.events.count()) == (kind.stopped, events)


def test_a_draft_cannot_be_stopped(kind):
    obj = kind.draft()
    with pytest.raises(StaleState):
        kind.stop(obj, by=a_user(), **WHY)
    assert fresh(obj).status == kind.drafted


def test_starting_again_needs_two_persons(kind):
    obj = kind.make_live()
    kind.stop(obj, by=the_asker(), **WHY)
    asked = kind.request_resume(obj, by=the_asker(), **WHY)
    assert fresh(obj).status == kind.stopped
    with pytest.raises(SamePerson):
        approve(asked, by=the_asker(), **WHY)
    approved(asked)
    assert fresh(obj).status == kind.live


def test_a_resumption_that_is_rejected_leaves_it_stopped(kind):
    obj = kind.make_live()
    kind.stop(obj, by=the_asker(), **WHY)
    reject(kind.request_resume(obj, by=the_asker(), **WHY), by=the_approver(), **WHY)
    assert fresh(obj).status == kind.stopped


def test_a_resumption_can_be_asked_for_by_who_still_sees_it_running(kind):
    obj = kind.make_live()
    stale = fresh(obj)
    kind.stop(obj, by=the_asker(), **WHY)
    approved(kind.request_resume(stale, by=the_asker(), **WHY))
    assert fresh(obj).status == kind.live


# The table of moves, in raw SQL


def path_to(state, table, start):
    """A shortest way to a state from the start, by moves of the table."""
    ways = {start: []}
    while state not in ways:
        ways = {after: [*way, after] for before, way in ways.items() for after in table[before]} | ways
    return ways[state]


TABLES = {
    "promotions_campaign": (CAMPAIGN_MOVES, "draft", lambda: a_campaign(is_live=False)),
    "promotions_coupontype": (COUPON_TYPE_MOVES, "draft", lambda: a_coupon_type(is_live=False)),
    "promotions_entry": (ENTRY_MOVES, "draft", lambda: an_entry(is_open=False)),
    "promotions_coupon": (COUPON_MOVES, "issued", a_coupon),
}


FORBIDDEN = [
    (table, before, after)
    for table, (moves, _, _) in TABLES.items()
    for before in moves
    for after in [*moves, "nonsense", ""]
    if after != before and after not in moves[before]
]


@pytest.mark.parametrize(("table", "before", "after"), FORBIDDEN)
def test_a_move_that_is_not_in_the_table_is_refused_by_the_database(table, before, after):
    moves, start, make = TABLES[table]
    obj = make()
    with connection.cursor() as cursor:
        for state in path_to(before, moves, start):
            cursor.execute(f"UPDATE {table} SET status = %s WHERE id = %s", [state, obj.pk])
    refuses(f"UPDATE {table} SET status = %s WHERE id = %s", [after, obj.pk], match="transition")
    assert fresh(obj).status == before


# By the clock


def test_an_approved_campaign_gives_from_the_second_of_its_start():
    campaign = a_campaign(starts_at=NOON + DAY)
    assert campaign.status == CampaignStatus.APPROVED
    entry = an_entry(coupon_type=a_coupon_type(campaign=campaign))
    assert a_claim(entry=entry, at=NOON + DAY - timedelta(seconds=1)).reason == RefusalReason.OUTSIDE_PERIOD
    assert a_claim(entry=entry, at=NOON + DAY).outcome == ClaimOutcome.ISSUED
    start_and_end_campaigns(NOON + DAY)
    assert fresh(campaign).status == CampaignStatus.LIVE


def test_what_is_over_is_ended_with_all_that_hangs_on_it():
    entry, other = (
        an_entry(),
        an_entry(
            coupon_type=a_coupon_type(
                campaign=a_campaign(ends_at=NOON + 300 * DAY), claim_until=NOON + 200 * DAY, valid_until=NOON + 200 * DAY
            ),
            closes_at=NOON + 200 * DAY,
        ),
    )
    assert start_and_end_campaigns(NOON + 30 * DAY) == 3
    entry = Entry.objects.select_related("coupon_type__campaign").get(pk=entry.pk)
    assert (entry.status, entry.coupon_type.status, entry.coupon_type.campaign.status) == ("closed", "ended", "ended")
    assert (fresh(other).status, fresh(other.coupon_type).status) == ("open", "live")
    assert start_and_end_campaigns(NOON + 30 * DAY) == 0


def test_an_entry_and_a_type_end_at_their_own_time():
    entry = an_entry(closes_at=NOON + DAY)
    assert start_and_end_campaigns(NOON + DAY) == 1
    assert fresh(entry).status == EntryStatus.CLOSED
    assert start_and_end_campaigns(NOON + 10 * DAY) == 1
    assert fresh(entry.coupon_type).status == CouponTypeStatus.ENDED


def test_drafts_are_not_ended_and_what_is_stopped_is():
    draft, stopped = a_campaign(is_live=False), a_campaign()
    campaigns.pause_campaign(stopped, by=the_asker(), **WHY)
    start_and_end_campaigns(NOON + 30 * DAY)
    assert (fresh(draft).status, fresh(stopped).status) == (CampaignStatus.DRAFT, CampaignStatus.ENDED)


def test_a_paused_campaign_is_not_called_live_by_the_clock():
    campaign = a_campaign(starts_at=NOON + DAY)
    campaigns.pause_campaign(campaign, by=the_asker(), **WHY)
    start_and_end_campaigns(NOON + 2 * DAY)
    assert fresh(campaign).status == CampaignStatus.PAUSED


def test_a_coupon_of_an_ended_campaign_is_still_good():
    coupon = a_coupon(entry=an_entry(coupon_type=a_coupon_type(valid_until=NOON + 60 * DAY)))
    start_and_end_campaigns(NOON + 31 * DAY)
    redeem(coupon, at=NOON + 31 * DAY)
    assert Coupon.objects.get().status == "redeemed"
