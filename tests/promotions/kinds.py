"""What campaigns, coupon types and entries have in common: two persons start them, one stops them."""

import pytest
from django.db import DatabaseError, connection, transaction

from promotions.services import campaigns, coupon_types, entries
from promotions.states import (
    CampaignStatus,
    CouponTypeStatus,
    EntryStatus,
)
from tests.promotions.factories import (
    NOON,
    a_campaign,
    a_coupon_type,
    an_entry,
    approved,
    the_asker,
)

WHY = {"reason": "test", "at": NOON}


# By kind: a draft, how its start is asked for, who may approve, its stop, how its restart is asked for, and its three states.
KINDS = {
    "campaign": (
        lambda: a_campaign(is_live=False),
        campaigns.request_campaign,
        "approve_campaign",
        campaigns.pause_campaign,
        campaigns.request_resume,
        (CampaignStatus.DRAFT, CampaignStatus.LIVE, CampaignStatus.PAUSED),
    ),
    "coupon_type": (
        lambda: a_coupon_type(is_live=False),
        coupon_types.request_coupon_type,
        "approve_coupontype",
        coupon_types.suspend_coupon_type,
        coupon_types.request_resume,
        (CouponTypeStatus.DRAFT, CouponTypeStatus.LIVE, CouponTypeStatus.SUSPENDED),
    ),
    "entry": (
        lambda: an_entry(is_open=False),
        entries.request_entry,
        "approve_entry",
        entries.suspend_entry,
        entries.request_resume,
        (EntryStatus.DRAFT, EntryStatus.OPEN, EntryStatus.SUSPENDED),
    ),
}


class Kind:
    def __init__(self, name):
        self.draft, self.request, self.permission, self.stop, self.request_resume, states = KINDS[name]
        self.drafted, self.live, self.stopped = states

    def make_live(self):
        obj = self.draft()
        approved(self.request(obj, by=the_asker(), **WHY))
        obj.refresh_from_db()
        return obj


def fresh(obj):
    return type(obj).objects.get(pk=obj.pk)


def refuses(sql, params=(), match=""):
    """The database itself refuses this, and the row is as it was."""
    with pytest.raises(DatabaseError, match=match), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)
