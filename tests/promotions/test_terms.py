"""What a coupon type says of its coupons: how long they last, how often a token claims, and that none of it changes unapproved."""

from datetime import timedelta

import pytest

from backoffice.lib.errors import DomainError, InvalidInput
from promotions.models import ClaimRule, CouponType, Threshold, TokenBatch
from promotions.services.conditions import add_scope_line, remove_condition
from promotions.services.coupon_types import Terms, end_coupon_type, request_coupon_type
from promotions.services.entries import request_entry
from promotions.services.tokens import make_token_batch
from promotions.states import BUILT_IN_METRICS, CouponTypeStatus, EntryStatus
from tests.promotions.conditions import a_draft_type, a_scope_line, a_type_of, live
from tests.promotions.factories import (
    DAY,
    NOON,
    a_claim,
    a_coupon,
    a_restricted_type,
    a_token,
    an_entry,
    approved,
    the_asker,
)
from tests.promotions.kinds import WHY, fresh
from tests.promotions.rawsql import copy_of, refused, set_in

pytestmark = pytest.mark.django_db


# How long


@pytest.mark.parametrize(
    ("until", "days", "lasts"),
    [(20 * DAY, None, 20 * DAY), (None, 7, 7 * DAY), (20 * DAY, 7, 7 * DAY), (5 * DAY, 7, 5 * DAY)],
)
def test_a_coupon_lasts_until_its_date_or_its_days_are_over_whichever_is_first(until, days, lasts):
    coupon_type = a_type_of(valid_until=until and NOON + until, valid_days=days)
    assert a_coupon(entry=an_entry(coupon_type=coupon_type)).valid_until == NOON + lasts


def test_days_count_from_the_claim_to_the_second():
    coupon_type = a_type_of(valid_until=None, valid_days=1)
    at = NOON + timedelta(hours=3, seconds=7)
    assert a_coupon(entry=an_entry(coupon_type=coupon_type), at=at).valid_until == at + DAY


@pytest.mark.parametrize("days", [0, -1, 4_000])
def test_days_that_make_no_sense_are_refused(days):
    with pytest.raises(InvalidInput):
        a_draft_type(terms=Terms(valid_days=days))


def test_coupons_that_never_expire_are_refused():
    with pytest.raises(InvalidInput):
        a_draft_type(valid_until=None)


# Restricted types


def a_batch_of(entry, uses):
    return make_token_batch(entry=entry, code="B", count=1, uses=uses, expires_at=None, by=the_asker(), at=NOON)


def test_a_token_is_used_no_more_often_than_its_type_allows():
    entry = an_entry(coupon_type=a_restricted_type(terms=Terms(uses_per_token=3)))
    with pytest.raises(InvalidInput, match="3 times at most"):
        a_batch_of(entry, 4)
    assert a_batch_of(entry, 3).uses == 3


def test_token_batch_keeps_to_the_cap():
    batch = a_batch_of(an_entry(coupon_type=a_restricted_type(terms=Terms(uses_per_token=3))), 3)
    refused("no more often than its coupon type allows", set_in(batch, "uses = 4"))
    refused("no more often than its coupon type allows", copy_of(batch, code="'B2'", uses="4", is_complete="false"))
    assert TokenBatch.objects.get().uses == 3


def test_a_cap_that_is_not_told_is_the_quantity():
    assert a_restricted_type(quantity=70, is_live=False).uses_per_token == 70


def test_unbounded_type_stays_a_draft():
    coupon_type = a_draft_type(quantity=None)
    ClaimRule.objects.all().delete()
    with pytest.raises(InvalidInput, match="needs a claim rule that refuses, or a quantity"):
        request_coupon_type(coupon_type, by=the_asker(), **WHY)
    refused("a claim rule or a quantity", set_in(coupon_type, "status = 'in_review'"))
    assert fresh(coupon_type).status == CouponTypeStatus.DRAFT


def test_a_restricted_type_without_a_claim_rule_stays_a_draft():
    coupon_type = a_restricted_type(is_live=False, per_customer=None)
    with pytest.raises(InvalidInput, match="needs a claim rule"):
        request_coupon_type(coupon_type, by=the_asker(), **WHY)
    refused("a restricted type a claim rule", set_in(coupon_type, "status = 'in_review'"))


@pytest.mark.parametrize("metric", BUILT_IN_METRICS)
def test_one_crossed_line_keeps_every_further_entry_shut(metric):
    coupon_type = a_restricted_type()
    first, second = an_entry(coupon_type=coupon_type), an_entry(coupon_type=coupon_type, is_open=False)
    Threshold.objects.filter(coupon_type=coupon_type, metric=metric).update(fired_at=NOON)
    asked = request_entry(second, by=the_asker(), **WHY)
    with pytest.raises(DomainError, match="none crossed"):
        approved(asked)
    refused("with the thresholds armed", set_in(second, "status = 'open'"))
    assert (fresh(first).status, fresh(second).status) == (EntryStatus.OPEN, EntryStatus.IN_REVIEW)


def test_an_entry_that_is_open_stays_open_when_a_line_alarms():
    token = a_token()
    a_claim(entry=token.batch.entry, token="forged")
    assert Threshold.objects.filter(fired_at__isnull=False).exists()
    entry = fresh(token.batch.entry)
    type(entry).objects.filter(pk=entry.pk).update(closes_at=entry.closes_at - timedelta(hours=1))
    assert fresh(entry).status == EntryStatus.OPEN


def test_the_lines_that_are_built_in_are_those_the_database_asks_for():
    coupon_type = a_restricted_type()
    assert set(coupon_type.thresholds.filter(is_built_in=True).values_list("metric", flat=True)) == set(BUILT_IN_METRICS)


# What was approved stays


@pytest.mark.parametrize(
    "assignment",
    [
        "valid_days = 3",
        "first_order_only = true",
        "stacks = 'alone'",
        "stacking_group = 'tea'",
        "stacks_with = '{TEA}'",
        "uses_per_token = 99",
    ],
)
def test_the_terms_of_a_coupon_type_change_in_drafts_only(assignment):
    coupon_type = a_draft_type()
    column = assignment.partition(" ")[0]
    before = getattr(coupon_type, column)
    live(coupon_type)
    refused("what was approved", set_in(coupon_type, assignment))
    assert getattr(CouponType.objects.get(pk=coupon_type.pk), column) == before


def test_scope_line_changes_with_drafts_only():
    line = a_scope_line()
    live(line.coupon_type)
    with pytest.raises(InvalidInput, match="draft"):
        add_scope_line(line.coupon_type, by="sku", value="CUP")
    with pytest.raises(InvalidInput, match="draft"):
        remove_condition(line)
    refused("their owner is a draft", set_in(line, "value = 'CUP'"))
    refused("their owner is a draft", copy_of(line, value="'CUP'"))
    refused("their owner is a draft", f"DELETE FROM promotions_scopeline WHERE id = {line.pk}")


def test_opening_hours_change_with_drafts_only():
    """In tests/promotions/test_hours.py, with what else is true of hours; here that a draft's line can be taken away."""
    line = a_scope_line()
    remove_condition(line)
    assert not line.coupon_type.scope.exists()


def test_the_scope_is_part_of_what_is_approved():
    line = a_scope_line()
    asked = request_coupon_type(line.coupon_type, by=the_asker(), **WHY)
    assert asked.payload["snapshot"]["scope"][0]["value"] == "TEA-*"


@pytest.mark.parametrize("value", ["", "*", "A*B", "*A", "x" * 65])
def test_a_line_that_names_nothing_is_refused(value):
    with pytest.raises(InvalidInput):
        a_scope_line(value=value)


def test_a_category_that_no_line_has_is_refused():
    with pytest.raises(InvalidInput):
        a_scope_line(by="category", value="clothes")


def test_one_person_ends_a_type_for_good():
    coupon_type = a_type_of()
    entry = an_entry(coupon_type=coupon_type)
    end_coupon_type(coupon_type, by=the_asker(), **WHY)
    assert a_claim(entry=entry).reason == "coupon_type_not_live"
