"""A campaign once more, at another time: everything as a draft, nothing of the original changed."""

from datetime import time, timedelta
from decimal import Decimal

import pytest

from backoffice.lib.errors import InvalidInput
from promotions.models import Campaign, Entry
from promotions.services.coupon_types import Terms
from promotions.services.duplicating import duplicate_campaign
from promotions.services.rules import add_rule
from promotions.states import Identity
from tests.promotions.conditions import a_draft_type, a_scope_line, live, some_hours
from tests.promotions.factories import (
    DAY,
    NOON,
    a_campaign,
    a_coupon,
    a_line,
    a_restricted_type,
    a_user,
    an_entry,
)
from tests.promotions.kinds import fresh

pytestmark = pytest.mark.django_db


@pytest.fixture
def spring():
    """A live campaign with an online and a restricted type, and with everything that a copy should have."""
    campaign = a_campaign(code="SPRING", budget=Decimal("5000.00"), partner="The gala", time_zone="Europe/Berlin")
    tea = a_draft_type(campaign=campaign, code="SPRING-TEA", terms=Terms(stacks="listed", stacks_with=["GALA", "drinks"]))
    add_rule(tea, identity=Identity.DEVICE, window=timedelta(days=1), limit=2)
    a_scope_line(tea)
    some_hours(tea, opens=time(8), closes=time(20))
    entry = an_entry(coupon_type=live(tea), code="SPRING-APP", is_open=False)
    some_hours(entry, weekdays=[6, 7])
    an_entry(coupon_type=a_restricted_type(campaign=campaign, code="GALA"), code="GALA-DOOR")
    a_line(scope=tea, limit=50)
    a_line(scope=campaign, limit=500)
    return campaign


def rows_of(campaign):
    """All that belongs to a campaign."""
    types = campaign.coupon_types.all()
    rows = [
        Campaign.objects.filter(pk=campaign.pk),
        campaign.budget.slices.all(),
        types,
        Entry.objects.filter(coupon_type__in=types),
    ]
    return [list(found.order_by("pk").values()) for found in rows]


def copied(campaign, *, code="AUTUMN", after=200 * DAY, by=None):
    by = by or a_user()
    return duplicate_campaign(campaign, code=code, starts_at=campaign.starts_at + after, by=by, at=NOON)


def test_a_copy_is_a_draft_of_everything_at_another_time(spring):
    by = a_user()
    copy = fresh(copied(spring, by=by))
    assert (copy.status, copy.owner, copy.partner, copy.time_zone) == ("draft", by, "The gala", "Europe/Berlin")
    assert (copy.starts_at, copy.ends_at) == (spring.starts_at + 200 * DAY, spring.ends_at + 200 * DAY)
    assert copy.budget.amount == sum(copy.budget.slices.values_list("amount", flat=True)) == Decimal("5000.00")
    tea, gala = copy.coupon_types.order_by("pk")
    assert (tea.code, gala.code, tea.status, gala.status) == ("AUTUMN-TEA", "AUTUMN-GALA", "draft", "draft")
    assert tea.stacks_with == ["AUTUMN-GALA", "drinks"]
    assert tea.claim_from == spring.coupon_types.get(code="SPRING-TEA").claim_from + 200 * DAY
    assert list(Entry.objects.filter(coupon_type__campaign=copy).order_by("pk").values_list("code", "status")) == [
        ("AUTUMN-APP", "draft"),
        ("AUTUMN-GALA-DOOR", "draft"),
    ]


def test_rules_scope_hours_and_drawn_lines_come_along_and_built_in_ones_do_not(spring):
    tea, gala = copied(spring).coupon_types.order_by("pk")
    assert sorted(tea.rules.values_list("identity", "limit")) == [("customer", 1), ("device", 2)]
    assert list(tea.scope.values_list("by", "value")) == [("sku", "TEA-*")]
    assert list(tea.hours.values_list("opens", "closes")) == [(time(8), time(20))]
    assert list(tea.entries.get().hours.values_list("weekdays", flat=True)) == [[6, 7]]
    assert list(tea.thresholds.values_list("limit", flat=True)) == [50]
    assert list(tea.campaign.thresholds.values_list("limit", flat=True)) == [500]
    assert not gala.thresholds.exists()


def test_the_copies_counters_start_from_nothing(spring):
    a_coupon(token=None, entry=an_entry(coupon_type=live(a_draft_type(campaign=spring, code="MORE"))))
    copy = copied(spring)
    for coupon_type in copy.coupon_types.all():
        slices = coupon_type.slices.all()
        assert sum(part.issued for part in slices) == 0
        assert sum(part.quantity for part in slices) == coupon_type.quantity
        assert [part.is_live for part in slices] == [False] * len(slices)
        for entry in coupon_type.entries.all():
            assert sum(part.cap for part in entry.slices.all()) == entry.cap


def test_the_original_stays_as_it_is(spring):
    before = rows_of(spring)
    copied(spring)
    assert rows_of(spring) == before


@pytest.mark.parametrize("code", ["SPRING", "TAKEN", "", "x" * 41])
def test_a_code_that_cannot_be_is_refused_and_leaves_nothing(spring, code):
    a_campaign(code="TAKEN", is_live=False)
    count = Campaign.objects.count()
    with pytest.raises(InvalidInput):
        copied(spring, code=code)
    assert Campaign.objects.count() == count


def test_a_copy_of_a_copy_can_be_made(spring):
    assert copied(copied(spring), code="WINTER").coupon_types.filter(code="WINTER-TEA").exists()
