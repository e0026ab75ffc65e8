"""What is live changes by a second person, exactly as asked; narrowing takes one; SQL takes none."""

from decimal import Decimal

import pytest
from django.db import transaction

from backoffice.lib.approvals import SamePerson, approve, reject
from backoffice.lib.errors import DomainError, InvalidInput, StaleState
from backoffice.lib.models import Approval
from promotions.models import Campaign, CouponType, Entry
from promotions.services.budgets import budget_figures
from promotions.services.changes import narrow, request_change
from promotions.services.drafting import change_draft, drop_draft
from promotions.states import ClaimOutcome, OverrunPolicy, RefusalReason
from tests.promotions.factories import (
    DAY,
    NOON,
    a_campaign,
    a_claim,
    a_coupon,
    a_coupon_type,
    a_restricted_type,
    an_entry,
    approved,
    the_approver,
    the_asker,
)
from tests.promotions.kinds import fresh
from tests.promotions.rawsql import refused, set_in, sql

pytestmark = pytest.mark.django_db
WHY = {"reason": "test", "at": NOON}


def ask(obj, **changes):
    return request_change(obj, changes=changes, by=the_asker(), **WHY)


def lower(obj, **changes):
    return narrow(obj, changes=changes, by=the_asker(), **WHY)


def limits(obj):
    """The sum of the slices' limits, as the database has it."""
    parts = obj.budget.slices.all() if isinstance(obj, Campaign) else obj.slices.all()
    column = {Campaign: "amount", CouponType: "quantity", Entry: "cap"}[type(obj)]
    return sum(parts.values_list(column, flat=True))


RAISES = {
    "budget": (lambda: a_campaign(slices=3), "amount", Decimal("200000.01")),
    "quantity": (lambda: a_coupon_type(slices=3), "quantity", 251),
    "cap": (lambda: an_entry(slices=3), "cap", 333),
}


@pytest.mark.parametrize("what", RAISES)
def test_a_limit_is_raised_by_a_second_person_and_by_nobody_before(what):
    make, field, value = RAISES[what]
    obj = make()
    before = limits(obj)
    approval = ask(obj, **{field: value})
    assert limits(fresh(obj)) == before
    with pytest.raises(SamePerson):
        approve(approval, by=the_asker(), **WHY)
    approved(approval)
    assert limits(fresh(obj)) == value


def test_the_approval_holds_old_and_new_value():
    approval = ask(a_campaign(budget=Decimal(500)), amount=Decimal(800), ends_at=NOON + 60 * DAY)
    assert approval.payload["changes"] == {
        "amount": {"old": "500.00", "new": "800"},
        "ends_at": {"old": (NOON + 30 * DAY).isoformat(), "new": (NOON + 60 * DAY).isoformat()},
    }


def test_a_raised_budget_is_there_to_be_given():
    campaign = a_campaign(budget=Decimal(10))
    entry = an_entry(coupon_type=a_coupon_type(campaign=campaign))
    a_coupon(entry=entry)
    assert a_claim(entry=entry).reason == RefusalReason.BUDGET_SPENT
    approved(ask(campaign, amount=Decimal(20)))
    assert a_claim(entry=entry).outcome == ClaimOutcome.ISSUED
    assert a_claim(entry=entry).reason == RefusalReason.BUDGET_SPENT


def test_what_was_changed_in_between_is_not_changed_again_by_an_old_approval():
    entry = an_entry(cap=100)
    approval = ask(entry, cap=200)
    lower(entry, cap=50)
    with pytest.raises(DomainError, match="changed after"):
        approved(approval)
    assert fresh(entry).cap == 50


def test_a_rejected_change_changes_nothing():
    entry = an_entry(cap=100)
    reject(ask(entry, cap=200), by=the_approver(), **WHY)
    assert fresh(entry).cap == limits(entry) == 100


def test_every_kind_of_value_arrives_as_it_was_asked():
    campaign = a_campaign()
    asked = {"name": "Lantern %festival%", "partner": "元宵", "slot_return": "never", "starts_at": NOON - 2 * DAY}
    approved(ask(campaign, **asked))
    assert {name: getattr(fresh(campaign), name) for name in asked} == asked
    kind = a_coupon_type()
    asked = {"quantity": None, "budget_amount": Decimal("1234.56"), "minimum_spend": Decimal("5.00"), "cooling": 3 * DAY}
    approved(ask(kind, **asked))
    assert {name: getattr(fresh(kind), name) for name in asked} == asked
    assert sum(kind.slices.values_list("amount", flat=True)) == Decimal("1234.56")


@pytest.mark.parametrize("what", RAISES)
def test_one_person_lowers_and_does_not_raise(what):
    make, field, value = RAISES[what]
    obj = make()
    with pytest.raises(InvalidInput, match="second person"):
        lower(obj, **{field: value})
    lower(obj, **{field: 3})
    assert limits(fresh(obj)) == 3


def test_nothing_is_lowered_below_what_was_given():
    campaign = a_campaign(budget=Decimal(100), slices=2)
    entry = an_entry(coupon_type=a_coupon_type(campaign=campaign, budget_amount=Decimal(50)))
    for _ in range(3):
        a_coupon(entry=entry)
    for obj, changes in (
        (campaign, {"amount": Decimal("29.99")}),
        (entry.coupon_type, {"budget_amount": Decimal("29.99")}),
        (entry.coupon_type, {"quantity": 2}),
        (entry, {"cap": 2}),
    ):
        with pytest.raises(InvalidInput, match="cannot be less"):
            lower(obj, **changes)
    lower(campaign, amount=Decimal(30))
    assert a_claim(entry=entry).reason == RefusalReason.BUDGET_SPENT


def test_a_campaign_that_honours_its_promises_books_what_lies_above_a_lowered_budget():
    campaign = a_campaign(budget=Decimal(100), slices=2, overrun_policy=OverrunPolicy.HONOUR)
    entry = an_entry(coupon_type=a_coupon_type(campaign=campaign))
    for _ in range(3):
        a_coupon(entry=entry)
    lower(campaign, amount=Decimal(12))
    figures = budget_figures(fresh(campaign).budget)
    assert (figures["amount"], figures["overrun"], figures["room"]) == (12, 18, -18)
    assert a_claim(entry=entry).reason == RefusalReason.BUDGET_SPENT


def test_drafts_are_changed_by_one_person_limits_included_and_what_is_over_by_nobody():
    entry = an_entry(is_open=False, cap=10)
    change_draft(entry, {"cap": 5_000})
    assert limits(fresh(entry)) == 5_000
    assert entry.slices.count() == 8
    with pytest.raises(DomainError, match="change the draft"):
        ask(entry, cap=6_000)
    opened = an_entry()
    with pytest.raises(StaleState):
        change_draft(opened, {"cap": 5_000})
    sql(set_in(opened, "status = 'closed'"))
    with pytest.raises(DomainError, match="is over"):
        ask(opened, cap=6_000)


@pytest.mark.parametrize("field", ["face_value", "audience", "percentage", "campaign_id", "code"])
def test_what_a_coupon_is_worth_and_for_whom_is_another_type(field):
    with pytest.raises(InvalidInput, match="cannot be changed"):
        ask(a_coupon_type(), **{field: "1"})


def test_nonsense_is_refused_when_it_is_asked():
    with pytest.raises(InvalidInput):
        ask(a_campaign(), ends_at=NOON - 100 * DAY)
    with pytest.raises(InvalidInput):
        ask(a_restricted_type(), quantity=None)
    with pytest.raises(InvalidInput, match="different"):
        ask(an_entry(cap=100), cap=100)
    assert not Approval.objects.filter(status="pending").exists()


# Dropping


def test_a_dropped_draft_leaves_its_history():
    campaign = a_campaign(is_live=False)
    kind = a_coupon_type(campaign=campaign, is_live=False)
    with pytest.raises(DomainError, match="Drop first"):
        drop_draft(campaign, by=the_asker(), **WHY)
    for obj in (kind, campaign):
        events = type(obj).events.rel.related_model.objects.filter(pgh_obj_id=obj.pk)
        drop_draft(obj, by=the_asker(), **WHY)
        assert list(events.order_by("pgh_id").values_list("pgh_label", flat=True))[-1] == "delete"
    assert not Campaign.objects.exists()


def test_what_is_no_draft_is_not_dropped():
    with pytest.raises(StaleState):
        drop_draft(a_campaign(), by=the_asker(), **WHY)


# Round the services: campaign_stays_as_approved, budget_stays_as_approved, coupon_type_stays_as_approved, entry_stays_as_approved,


WIDER = {
    "campaign's end": (a_campaign, "ends_at = ends_at + interval '1 second'"),
    "campaign's name": (a_campaign, "name = 'x'"),
    "campaign's policy": (a_campaign, "overrun_policy = 'honour'"),
    "budget": (lambda: a_campaign().budget, "amount = amount + 0.01"),
    "type's face value": (a_coupon_type, "face_value = face_value + 0.01"),
    "type's quantity": (a_coupon_type, "quantity = quantity + 1"),
    "type's missing quantity": (a_coupon_type, "quantity = NULL"),
    "type's audience": (a_restricted_type, "audience = 'online'"),
    "entry's cap": (an_entry, "cap = cap + 1"),
    "entry's tokens": (lambda: an_entry(coupon_type=a_restricted_type()), "needs_token = false"),
    "entry's cap while it narrows its time": (an_entry, "cap = cap + 1, closes_at = closes_at - interval '1 day'"),
}


@pytest.mark.parametrize("what", WIDER)
def test_sql_widens_nothing_that_was_approved(what):
    make, assignment = WIDER[what]
    refused("what was approved", set_in(make(), assignment))


@pytest.mark.parametrize("what", WIDER)
def test_sql_widens_nothing_that_waits_for_its_approval(what):
    make, assignment = WIDER[what]
    obj = make()
    owner = {"promotions_budget": "promotions_campaign"}.get(obj._meta.db_table)
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    table = owner or obj._meta.db_table
    sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    sql(f"UPDATE {table} SET status = 'in_review'")
    sql(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    refused("what was approved", set_in(obj, assignment))


def test_an_approval_lets_nothing_through_but_what_it_says():
    entry = an_entry(cap=100)
    approval = ask(entry, cap=200)
    with transaction.atomic():
        approved(approval)  # in this very transaction
        refused("what was approved", set_in(entry, "cap = 201"))
        refused("what was approved", set_in(entry, "cap = 200, channel = 'web'"))


def test_an_approval_lets_nothing_through_that_is_not_its_own():
    entry, other = an_entry(cap=100), an_entry(cap=100)
    approved(ask(entry, cap=200))
    refused("what was approved", set_in(other, "cap = 200"))


def test_an_approval_of_another_transaction_lets_nothing_through():
    entry = an_entry(cap=100)
    approved(ask(entry, cap=200))
    lower(entry, cap=100)
    with_old_transaction(entry)
    refused("what was approved", set_in(entry, "cap = 200"))


def with_old_transaction(entry):
    """As if the approval had been decided a transaction ago."""
    from tests.bypass import without_triggers

    with without_triggers():
        sql("UPDATE lib_approval SET decided_in = decided_in - 1")


# budget_is_the_sum_of_its_slices, budget_slices_sum_to_the_budget, coupon_type_is_the_sum_of_its_slices,
# coupon_type_slices_sum_to_the_type, entry_is_the_sum_of_its_slices, entry_slices_sum_to_the_cap


WIDER_SLICES = {
    "budget": (lambda: a_campaign(slices=2).budget.slices.all()[0], "amount = amount + 0.01"),
    "budget taken out": (lambda: a_campaign(slices=2).budget.slices.all()[0], "amount = amount - 0.01"),
    "quantity": (lambda: a_coupon_type(slices=2).slices.all()[0], "quantity = quantity + 1"),
    "no quantity": (lambda: a_coupon_type(slices=2).slices.all()[0], "quantity = NULL"),
    "own budget": (lambda: a_coupon_type(budget_amount=Decimal(5)).slices.all()[0], "amount = NULL"),
    "cap": (lambda: an_entry(slices=2).slices.all()[0], "cap = cap + 1"),
    "owner alone": (lambda: an_entry(slices=2), "cap = cap - 1"),
    "budget alone": (lambda: a_campaign(slices=2).budget, "amount = amount - 1"),
    "type alone": (lambda: a_coupon_type(slices=2), "quantity = quantity - 1"),
}


@pytest.mark.parametrize("what", WIDER_SLICES)
def test_slices_sum_to_what_their_owner_has(what):
    make, assignment = WIDER_SLICES[what]
    obj = make()
    refused("do not sum", f"{set_in(obj, assignment)}; SET CONSTRAINTS ALL IMMEDIATE")


# budget_slice_overruns_only_where_honoured, coupon_type_slice_overruns_only_where_honoured


@pytest.mark.parametrize("name", ["budget", "coupon_type"])
def test_sql_overruns_only_where_the_campaign_honours_it(name):
    coupon = a_coupon()
    part = {"budget": coupon.budget_slice, "coupon_type": coupon.coupon_type_slice}[name]
    amount = "reserved + spent - 1" if name == "budget" else "9"
    refused("refuses what its budget", set_in(part, f"overrun = 1, amount = {amount}"))
