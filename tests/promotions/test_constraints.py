"""What the database promises by itself: each constraint, tried in raw SQL round every service."""

import re
from decimal import Decimal
from pathlib import Path

import pgtrigger
import pytest
from django.apps import apps

from promotions.models import (
    BudgetSlice,
    CouponTypeSlice,
    Customer,
    Drift,
    EntrySlice,
    RuleUse,
)
from promotions.services.alarms import raise_alarm
from promotions.services.built_in_lines import built_in_lines
from tests.promotions import test_grant_constraints as grants
from tests.promotions.conditions import (
    a_draft_restricted_type,
    a_draft_type,
    a_scope_line,
    some_hours,
    some_hours_of_an_entry,
)
from tests.promotions.factories import (
    NOON,
    a_campaign,
    a_claim,
    a_claimant,
    a_coupon,
    a_coupon_type,
    a_restricted_type,
    a_token,
    an_entry,
)
from tests.promotions.rawsql import copy_of, refused, set_in
from tests.promotions.rows import (
    a_batch,
    a_block,
    a_campaign_budget,
    a_drafts_rule,
    a_flag,
    a_nobody,
    a_platform_threshold,
    a_recipient,
    a_redemption,
    a_redemption_hold,
    a_step,
    a_threshold,
    an_alarm,
)

pytestmark = pytest.mark.django_db


def a_slice(model):
    coupon = a_coupon()
    return {
        BudgetSlice: lambda: coupon.budget_slice,
        CouponTypeSlice: coupon.coupon_type.slices.get,
        EntrySlice: coupon.claim.entry.slices.get,
    }[model]()


def a_use():
    a_coupon()
    return RuleUse.objects.get()


def a_drafted_type():
    return a_coupon_type(is_live=False)


def an_honouring_slice():
    return a_campaign(overrun_policy="honour").budget.slices.first()


def an_honouring_type_slice():
    return a_coupon_type(campaign=a_campaign(overrun_policy="honour"), budget_amount=Decimal(50)).slices.get()


def a_drift():
    return Drift.objects.create(subject="budget_slice:1", detail="reserved is 1", found_at=NOON)


# By the constraint that must refuse: what to build, and what to write into it.
CHECKS = {
    "budget_is_positive": (a_campaign_budget, "amount = 0"),
    "budget_slice_never_negative": (lambda: a_slice(BudgetSlice), "reserved = -0.01"),
    "budget_slice_never_negative ": (lambda: a_slice(BudgetSlice), "spent = -0.01"),
    "budget_slice_never_negative  ": (lambda: a_slice(BudgetSlice), "returned = -0.01"),
    "budget_slice_never_overshoots": (lambda: a_slice(BudgetSlice), "reserved = amount + 0.01"),
    "budget_slice_never_overshoots ": (lambda: a_slice(BudgetSlice), "reserved = amount / 2, spent = amount / 2 + 0.01"),
    "budget_slice_never_overshoots  ": (lambda: a_slice(BudgetSlice), "amount = 9.99"),
    "campaign_starts_before_it_ends": (a_campaign, "ends_at = starts_at"),
    "campaign_currency_is_iso": (lambda: a_campaign(is_live=False), "currency = 'cny'"),
    "coupon_type_is_worth_something": (a_drafted_type, "face_value = 0"),
    "coupon_type_percentage_in_range": (a_drafted_type, "percentage = 100.01"),
    "coupon_type_percentage_in_range ": (a_drafted_type, "percentage = 0"),
    "coupon_type_minimum_never_negative": (a_drafted_type, "minimum_spend = -0.01"),
    "coupon_type_claim_period_in_order": (a_coupon_type, "claim_until = claim_from"),
    "coupon_type_valid_after_claim_begins": (a_coupon_type, "valid_until = claim_from"),
    "coupon_type_restricted_is_capped_and_verified": (lambda: a_restricted_type(is_live=False), "quantity = NULL"),
    "coupon_type_restricted_is_capped_and_verified ": (lambda: a_restricted_type(is_live=False), "requires_verified = false"),
    "coupon_type_restricted_is_capped_and_verified  ": (a_drafted_type, "audience = 'restricted', uses_per_token = 1"),
    "coupon_type_budget_is_positive": (a_drafted_type, "budget_amount = 0"),
    "budget_slice_overrun_is_what_lies_above": (an_honouring_slice, "overrun = 0.01"),
    "budget_slice_never_negative   ": (lambda: a_slice(BudgetSlice), "overrun = -0.01"),
    "coupon_type_slice_overrun_is_what_lies_above": (an_honouring_type_slice, "overrun = 0.01"),
    "coupon_type_slice_never_negative": (lambda: a_slice(CouponTypeSlice), "spent = -0.01"),
    "coupon_type_slice_never_negative ": (lambda: a_slice(CouponTypeSlice), "reserved = -0.01"),
    "coupon_type_slice_never_negative  ": (lambda: a_slice(CouponTypeSlice), "amount = -0.01"),
    "coupon_type_slice_never_overspends": (lambda: a_slice(CouponTypeSlice), "amount = 9.99"),
    "coupon_type_slice_holds_only_what_it_issued": (lambda: a_slice(CouponTypeSlice), "reserved = 10.01"),
    "drift_says_what_differs": (a_drift, "detail = ''"),
    "coupon_type_coupons_expire": (a_draft_type, "valid_until = NULL"),
    "coupon_type_valid_days_in_range": (a_draft_type, "valid_days = 0"),
    "coupon_type_lists_what_it_stacks_with": (a_draft_type, "stacks = 'listed'"),
    "coupon_type_restricted_caps_uses_of_a_token": (a_draft_restricted_type, "uses_per_token = NULL"),
    "coupon_type_restricted_caps_uses_of_a_token ": (a_draft_restricted_type, "uses_per_token = 0"),
    "scope_line_names_something": (a_scope_line, "value = '*'"),
    "scope_line_names_something ": (a_scope_line, "value = 'T*A'"),
    "scope_line_category_is_known": (a_scope_line, "\"by\" = 'category'"),
    "opening_hours_have_one_owner": (some_hours_of_an_entry, "entry_id = NULL, coupon_type_id = NULL"),
    "opening_hours_days_are_known": (some_hours, "weekdays = '{}'"),
    "opening_hours_days_are_known ": (some_hours, "weekdays = '{1,8}'"),
    "coupon_type_slice_never_overshoots": (lambda: a_slice(CouponTypeSlice), "issued = quantity + 1"),
    "coupon_type_slice_never_overshoots ": (lambda: a_slice(CouponTypeSlice), "quantity = 0"),
    "promotions_coupontypeslice_issued_check": (lambda: a_slice(CouponTypeSlice), "issued = -1"),
    "entry_opens_before_it_closes": (an_entry, "closes_at = opens_at"),
    "entry_cap_is_positive": (an_entry, "cap = 0"),
    "entry_slice_never_overshoots": (lambda: a_slice(EntrySlice), "issued = cap + 1"),
    "entry_slice_never_overshoots ": (lambda: a_slice(EntrySlice), "cap = 0"),
    "promotions_entryslice_issued_check": (lambda: a_slice(EntrySlice), "issued = -1"),
    "token_batch_counts_are_positive": (a_batch, "count = 0"),
    "token_batch_counts_are_positive ": (a_batch, "uses = 0"),
    "token_export_first_before_last": (None, ""),
    "token_export_has_a_reason": (None, ""),
    "claim_token_never_overused": (a_token, "used = uses + 1"),
    "promotions_claimtoken_used_check": (a_token, "used = -1"),
    "coupon_is_worth_something": (None, ""),
    "redemption_never_negative": (None, ""),
    "redemption_virtual_is_a_part_of_it": (None, ""),
    "claim_issued_by_an_entry_or_refused_for_a_reason": (None, ""),
    "coupon_type_minimum_age_is_positive": (a_drafted_type, "minimum_account_age = '0'"),
    "claim_rule_limit_is_positive": (None, ""),  # what a rule and a block say cannot be changed: tests/promotions/test_rule_rows.py
    "claim_rule_window_is_positive": (None, ""),
    "claim_rule_of_a_campaign_or_of_a_type": (None, ""),
    "claim_rule_ended_by_an_approval": (None, ""),
    "identity_block_has_a_reason": (None, ""),
    "identity_block_of_somebody": (None, ""),
    "identity_block_of_a_kind_that_names_one": (None, ""),
    "identity_block_has_one_scope": (None, ""),
    "identity_block_expires_after_it_begins": (None, ""),
    "identity_block_lifted_by_whom_when_and_why": (a_block, "lifted_at = now()"),
    "nobody_value_is_not_everybody": (a_nobody, "value = '*'"),
    "nobody_value_is_not_everybody ": (a_nobody, "value = ''"),
    "threshold_has_one_scope": (a_threshold, "campaign_id = (SELECT max(id) FROM promotions_campaign)"),
    "threshold_limit_is_positive": (a_threshold, '"limit" = 0'),
    "threshold_window_is_positive": (a_threshold, "\"window\" = '0 s'"),
    "threshold_of_the_platform_only_alarms": (a_platform_threshold, "action = 'suspend'"),
    "threshold_of_the_platform_only_alarms ": (a_platform_threshold, "action = 'hold'"),
    "threshold_kind_goes_with_its_metric": (a_threshold, "kind = 'percent'"),
    "threshold_kind_goes_with_its_metric ": (a_threshold, "kind = 'silent', metric = 'attempts'"),
    "threshold_kind_goes_with_its_metric  ": (a_platform_threshold, "kind = 'baseline', \"window\" = '1 min'"),
    "threshold_reasons_are_of_refusals": (a_threshold, "reasons = '{token_forged}'"),
    "threshold_peak_begins_and_ends": (a_threshold, "peak_from = now()"),
    "threshold_peak_begins_and_ends ": (a_threshold, "peak_from = now(), peak_until = now()"),
    "escalation_step_counts_from_one": (a_step, "number = 0"),
    "escalation_waits_a_minute": (a_step, "after = '59 s'"),
    "redemption_hold_has_one_scope": (a_redemption_hold, "coupon_type_id = NULL"),
    "redemption_hold_lifted_by_whom_and_when": (a_redemption_hold, "lifted_at = now()"),
    "redemption_hold_has_a_reason": (a_redemption_hold, "reason = ''"),
    "alarm_acknowledged_by_whom_and_when": (an_alarm, "acknowledged_at = now()"),
    "alarm_says_what_and_where": (an_alarm, "cause = ''"),
    "alarm_says_what_and_where ": (an_alarm, "scope = ''"),
}


UNIQUES = {
    "drift_one_open_per_subject": lambda: copy_of(a_drift()),
    "budget_slice_number_once": lambda: copy_of(a_slice(BudgetSlice)),
    "coupon_type_slice_number_once": lambda: copy_of(a_slice(CouponTypeSlice)),
    "entry_slice_number_once": lambda: copy_of(a_slice(EntrySlice)),
    "token_batch_code_once_per_entry": lambda: copy_of(a_batch(), is_complete="false"),
    "claim_token_number_once_per_batch": lambda: copy_of(a_token()),
    "claim_rule_once_per_identity_window_and_action": lambda: copy_of(a_drafts_rule()),
    "claim_flag_once_per_rule": lambda: copy_of(a_flag()),
    "nobody_value_once_per_kind": lambda: copy_of(a_nobody()),
    "rule_use_one_row_per_identity": lambda: copy_of(a_use()),
    "threshold_built_in_once": lambda: copy_of(a_coupon_type().thresholds.first()),
    "alarm_recipient_once_per_step": lambda: copy_of(a_recipient()),
    "redemption_hold_once_per_campaign": lambda: copy_of(a_redemption_hold(a_campaign())),
    "redemption_hold_once_per_coupon_type": lambda: copy_of(a_redemption_hold()),
    "redemption_hold_once_per_entry": lambda: copy_of(a_redemption_hold(an_entry())),
    "redemption_hold_once_per_batch": lambda: copy_of(a_redemption_hold(a_batch())),
    "alarm_one_open_per_key": lambda: copy_of(raise_alarm("budget_drift", scope="platform", at=NOON, key="k")),
    "scope_line_once_per_coupon_type": lambda: copy_of(a_scope_line()),
    "redemption_one_open_per_coupon": lambda: copy_of(a_redemption(), order_ref="'o2'"),
}


@pytest.mark.parametrize("name", [name for name, (make, _) in CHECKS.items() if make])
def test_a_row_that_breaks_a_check_is_refused(name):
    make, assignment = CHECKS[name]
    obj = make()
    before = type(obj)._default_manager.filter(pk=obj.pk).values().get()
    refused(name.strip(), set_in(obj, assignment))
    assert type(obj)._default_manager.filter(pk=obj.pk).values().get() == before


@pytest.mark.parametrize("name", UNIQUES)
def test_what_is_unique_cannot_be_there_twice(name):
    refused(name, UNIQUES[name]())


def test_no_constraint_of_promotions_is_without_its_test():
    tested = {name.strip() for name in [*CHECKS, *UNIQUES, *grants.CHECKS, *grants.UNIQUES]}
    tested |= {"coupon_has_one_origin", "coupon_one_per_grant_item"}  # tests/promotions/test_grant_constraints.py
    declared = {c.name for model in apps.get_app_config("promotions").get_models() for c in model._meta.constraints}
    assert declared <= tested


def test_no_trigger_of_promotions_is_without_its_test():
    declared = {trigger.name for model, trigger in pgtrigger.registered() if model._meta.app_label == "promotions"}
    by_history = {name for name in declared if name.endswith(("_insert", "_update", "_delete"))} | {"append_only"}
    by_moves = {name for name in declared if name.endswith("_moves")}  # tests/promotions/test_lifecycle.py
    texts = [path.read_text(encoding="utf-8").replace("def test_", "") for path in Path(__file__).parent.glob("test_*.py")]
    named_here = {word for text in texts for word in re.findall(r"[a-z_]+", text)}
    assert declared - by_history - by_moves <= named_here


def test_restricted_entry_is_guarded():  # against updates: tests/promotions/test_lifecycle.py
    entry = an_entry(coupon_type=a_restricted_type())
    refused("only with tokens", copy_of(entry, code="'NEW'", needs_token="false"))
    unarmed = a_restricted_type(is_live=False)
    refused("thresholds armed", copy_of(entry, code="'NEW'", coupon_type_id=unarmed.pk))


def test_threshold_built_in_stays():
    coupon_type = a_restricted_type()
    refused("Cannot delete rows from promotions_threshold", "DELETE FROM promotions_threshold WHERE is_built_in")
    assert coupon_type.thresholds.count() == len(built_in_lines(coupon_type))


def test_threshold_stays_built_in():  # of a restricted type: test_restricted_lines.py
    a_coupon_type()
    refused("Cannot update rows from promotions_threshold", "UPDATE promotions_threshold SET is_built_in = false")


# Codes and references


@pytest.mark.parametrize(
    "make",
    [a_campaign, a_coupon_type, an_entry, lambda: a_claim(claimant=a_claimant()).customer],
    ids=["campaign", "type", "entry", "customer"],
)
def test_a_code_or_reference_is_there_once(make):
    obj = make()
    column = "ref" if isinstance(obj, Customer) else "code"
    refused(f"{obj._meta.db_table}_{column}.*key", copy_of(obj))


def test_what_has_claims_cannot_be_deleted():
    a_coupon()
    for table in ("promotions_entry", "promotions_coupontype", "promotions_campaign", "promotions_customer"):
        refused("foreign key", f"SET CONSTRAINTS ALL IMMEDIATE; DELETE FROM {table}")
