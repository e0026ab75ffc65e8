"""A slice says itself whether its owner gives, and nobody can make it say otherwise."""

import pytest

from promotions.models import (
    BudgetSlice,
    CouponTypeSlice,
    EntrySlice,
)
from tests.promotions.factories import (
    a_campaign,
    a_coupon_type,
    an_entry,
)
from tests.promotions.rawsql import copy_of, set_in, sql

pytestmark = pytest.mark.django_db


# Slices follow their owner


SLICES = {
    EntrySlice: ("entry_slice_is_live", "promotions_entry", "suspended", "open"),
    CouponTypeSlice: ("coupon_type_slice_is_live", "promotions_coupontype", "suspended", "live"),
    BudgetSlice: ("budget_slice_is_live", "promotions_campaign", "paused", "live"),
}


# Passed on by entry_status_to_slices, coupon_type_status_to_slices and campaign_status_to_slices.


@pytest.mark.parametrize("model", SLICES)
def test_a_stop_reaches_every_slice_and_so_does_a_restart(model):
    _, owner_table, stopped, live = SLICES[model]
    an_entry(coupon_type=a_coupon_type(slices=3), slices=3)
    assert set(model.objects.values_list("is_live", flat=True)) == {True}
    sql(f"UPDATE {owner_table} SET status = %s", stopped)
    assert set(model.objects.values_list("is_live", flat=True)) == {False}
    sql(f"UPDATE {owner_table} SET status = %s", live)
    assert set(model.objects.values_list("is_live", flat=True)) == {True}


@pytest.mark.parametrize("model", SLICES)
def test_nobody_writes_whether_a_slice_gives(model):
    _, owner_table, stopped, _ = SLICES[model]
    an_entry()
    table = model._meta.db_table
    sql(f"UPDATE {table} SET is_live = false")
    assert set(model.objects.values_list("is_live", flat=True)) == {True}
    sql(f"UPDATE {owner_table} SET status = %s", stopped)
    sql(f"UPDATE {table} SET is_live = true")
    assert set(model.objects.values_list("is_live", flat=True)) == {False}
    nothing = {"amount": "0", "quantity": "0", "cap": "0", "issued": "0", "reserved": "0"}
    columns = {field.column for field in model._meta.concrete_fields}
    limits = {
        column: value for column, value in nothing.items() if column in columns and (column, model) != ("amount", CouponTypeSlice)
    }
    sql(copy_of(model.objects.first(), number="99", is_live="true", **limits))
    assert model.objects.get(number=99).is_live is False


@pytest.mark.parametrize("model", SLICES)
def test_slices_of_a_draft_do_not_give(model):
    an_entry(coupon_type=a_coupon_type(campaign=a_campaign(is_live=False), is_live=False), is_open=False)
    assert set(model.objects.values_list("is_live", flat=True)) == {False}


def test_a_stop_leaves_the_slices_of_others_alone():
    stopped, other = an_entry(), an_entry()
    sql(set_in(stopped, "status = 'suspended'"))
    assert (stopped.slices.get().is_live, other.slices.get().is_live) == (False, True)
