"""The rules as tables: facts in, finding out."""

import subprocess
import sys
from datetime import date
from decimal import Decimal

import pytest

from risk import states
from risk.rules import RULES, Disposition, Evidence, Strength, apply_rules
from risk.rules.segments import TABLE_AS_OF, VIRTUAL_OPERATORS, virtual_operator
from risk.wording import BUILT_IN_RULES
from tests.promotions.factories import NOON
from tests.risk.factories import (
    DAY,
    HOUR,
    MINUTE,
    a_rule_that,
    coupon_facts,
    facts,
    fails,
    leaked_coupon,
    ordinary_coupon,
    own_number_facts,
    recipient,
    top_up_facts,
)

ORDINARY = (ordinary_coupon(),)
LEAKED = (leaked_coupon(),)
YOUNG = NOON - 5 * HOUR


def found(name, facts):
    finding = RULES[name].judge(facts)
    return None if finding is None else (finding.score, finding.strength.value)


def just_suspended(**fields):
    return (coupon_facts(suspended_at=NOON - 5 * MINUTE, **fields),)


LEAKED_AND_SUSPENDED = just_suspended(customers_on_token=2, token_uses_allowed=50)


def on_address(*, users, newcomers):
    return top_up_facts(coupon_users_on_address=users, newcomers_cashing_out_on_address=newcomers)


TABLE = [
    ("unknown_provenance", facts(), None),
    ("unknown_provenance", facts(coupons=ORDINARY), None),
    ("unknown_provenance", facts(coupons=(coupon_facts(has_entry=False),)), (60, "strong")),
    ("unknown_provenance", facts(coupons=(coupon_facts(entry_is_of_its_type=False),)), (60, "strong")),
    ("unknown_provenance", facts(coupons=(coupon_facts(is_within_entry_period=False),)), (60, "strong")),
    ("unknown_provenance", facts(coupons=(coupon_facts(has_token=False),)), (60, "strong")),
    ("unknown_provenance", facts(coupons=(coupon_facts(token_is_of_its_entry=False),)), (60, "strong")),
    ("unknown_provenance", facts(coupons=(ordinary_coupon(), coupon_facts(has_token=False))), (60, "strong")),
    ("leaked_token", facts(), None),
    ("leaked_token", facts(coupons=(leaked_coupon(customers_on_token=4),)), None),
    ("leaked_token", facts(coupons=(leaked_coupon(customers_on_token=5),)), (15, "weak")),
    ("leaked_token", facts(coupons=LEAKED), (15, "weak")),
    ("leaked_token", facts(coupons=(ordinary_coupon(customers_on_token=51),)), None),
    ("many_accounts_on_one_device", facts(accounts_on_device=None), None),
    ("many_accounts_on_one_device", facts(accounts_on_device=2), None),
    ("many_accounts_on_one_device", facts(accounts_on_device=3), (10, "weak")),
    ("many_accounts_on_one_device", facts(accounts_on_device=4), (10, "weak")),
    ("many_accounts_on_one_device", facts(accounts_on_device=5), (35, "strong")),
    ("many_accounts_on_one_device", facts(accounts_on_device=10), (60, "strong")),
    ("many_accounts_on_one_device", facts(accounts_on_device=50), (60, "strong")),
    ("many_accounts_on_one_device", facts(accounts_on_device=51), (0, "weak")),
    ("many_accounts_on_one_device", facts(accounts_on_device=30, coupons=ORDINARY), (10, "weak")),
    ("many_accounts_topping_up_one_recipient", facts(), None),
    ("many_accounts_topping_up_one_recipient", own_number_facts(), None),
    ("many_accounts_topping_up_one_recipient", top_up_facts(accounts=2, young=2), None),
    ("many_accounts_topping_up_one_recipient", top_up_facts(accounts=3), (20, "weak")),
    ("many_accounts_topping_up_one_recipient", top_up_facts(accounts=4, young=2), (20, "weak")),
    ("many_accounts_topping_up_one_recipient", top_up_facts(accounts=3, young=3), (50, "strong")),
    ("many_accounts_topping_up_one_recipient", top_up_facts(accounts=5), (60, "strong")),
    ("many_accounts_topping_up_one_recipient", top_up_facts(accounts=5, coupons=ORDINARY), (60, "strong")),
    ("many_accounts_topping_up_one_recipient", top_up_facts(accounts=10), (70, "strong")),
    ("many_accounts_topping_up_one_recipient", top_up_facts(accounts=51), (70, "strong")),
    ("many_accounts_topping_up_one_recipient", top_up_facts(accounts=51, coupons=ORDINARY), (0, "weak")),
    ("many_accounts_topping_up_one_recipient", top_up_facts(recipients=(recipient(1), recipient(7))), (60, "strong")),
    ("many_accounts_topping_up_one_recipient", top_up_facts(recipients=(recipient(4), recipient(3, 3))), (50, "strong")),
    ("many_accounts_paid_from_one_account", facts(), None),
    ("many_accounts_paid_from_one_account", facts(accounts_on_payment_account=2), None),
    ("many_accounts_paid_from_one_account", facts(accounts_on_payment_account=4), (10, "weak")),
    ("many_accounts_paid_from_one_account", facts(accounts_on_payment_account=5), (35, "strong")),
    ("many_accounts_paid_from_one_account", facts(accounts_on_payment_account=5, coupons=ORDINARY), (10, "weak")),
    ("many_accounts_paid_from_one_account", facts(accounts_on_payment_account=10), (60, "strong")),
    ("many_accounts_paid_from_one_account", facts(accounts_on_payment_account=51), (0, "weak")),
    ("many_accounts_delivering_to_one_phone", facts(), None),
    ("many_accounts_delivering_to_one_phone", facts(accounts_on_delivery_phone=4), None),
    ("many_accounts_delivering_to_one_phone", facts(accounts_on_delivery_phone=5), (10, "weak")),
    ("many_accounts_delivering_to_one_phone", facts(accounts_on_delivery_phone=10), (20, "weak")),
    ("many_accounts_delivering_to_one_phone", facts(accounts_on_delivery_phone=50, coupons=ORDINARY), (10, "weak")),
    ("many_accounts_delivering_to_one_phone", facts(accounts_on_delivery_phone=51), (0, "weak")),
    ("many_accounts_on_one_address", facts(accounts_on_address=None), None),
    ("many_accounts_on_one_address", facts(accounts_on_address=9), None),
    ("many_accounts_on_one_address", facts(accounts_on_address=10), (5, "weak")),
    ("many_accounts_on_one_address", facts(accounts_on_address=51), (0, "weak")),
    ("newcomers_cashing_out_on_one_address", facts(), None),
    ("newcomers_cashing_out_on_one_address", on_address(users=7, newcomers=7), None),
    ("newcomers_cashing_out_on_one_address", on_address(users=8, newcomers=8), (35, "strong")),
    ("newcomers_cashing_out_on_one_address", on_address(users=10, newcomers=8), (35, "strong")),
    ("newcomers_cashing_out_on_one_address", on_address(users=11, newcomers=8), None),
    ("quick_cash_out", facts(), None),
    ("quick_cash_out", own_number_facts(), None),
    ("quick_cash_out", top_up_facts(), (20, "weak")),
    ("quick_cash_out", top_up_facts(coupons=(coupon_facts(claimed_at=NOON - 30 * MINUTE),)), (20, "weak")),
    ("quick_cash_out", top_up_facts(coupons=(coupon_facts(claimed_at=NOON - 31 * MINUTE),)), None),
    ("quick_cash_out", top_up_facts(coupons=ORDINARY), (10, "weak")),
    ("quick_cash_out", top_up_facts(coupons=(ordinary_coupon(can_pay_alone=True),)), (20, "weak")),
    ("quick_cash_out", top_up_facts(coupons=(ordinary_coupon(), coupon_facts(claimed_at=NOON - HOUR))), None),
    ("made_for_the_night", facts(), None),
    ("made_for_the_night", facts(registered_at=None), None),
    ("made_for_the_night", facts(registered_at=YOUNG), (15, "weak")),
    ("made_for_the_night", facts(registered_at=NOON - 10 * MINUTE - 3 * DAY), None),
    ("made_for_the_night", facts(registered_at=YOUNG, has_earlier_delivery=True), None),
    ("made_for_the_night", facts(registered_at=YOUNG, coupons=ORDINARY), None),
    ("virtual_operator_number", facts(), None),
    ("virtual_operator_number", facts(phone_segment="1705"), (5, "weak")),
    ("virtual_operator_number", facts(phone_segment="1651"), (5, "weak")),
    ("virtual_operator_number", facts(phone_segment=""), None),
    ("virtual_operator_number", facts(phone_segment="1705", coupons=ORDINARY), None),
    ("virtual_operator_number", facts(phone_segment="1705", registered_at=NOON - 30 * DAY), (5, "weak")),
    ("virtual_operator_number", facts(phone_segment="1705", registered_at=NOON - 31 * DAY), None),
    ("virtual_operator_number", facts(phone_segment="1705", registered_at=None), (5, "weak")),
    ("made_in_a_burst", facts(), None),
    ("made_in_a_burst", facts(coupons=(leaked_coupon(made_together=4),)), None),
    ("made_in_a_burst", facts(coupons=(leaked_coupon(made_together=5),)), (15, "weak")),
    ("made_in_a_burst", facts(coupons=(leaked_coupon(made_together=5),), has_earlier_delivery=True), None),
    ("lockstep", facts(), None),
    ("lockstep", facts(in_step=8, claimed_together=17), None),
    ("lockstep", facts(in_step=8, claimed_together=16), (10, "weak")),
    ("lockstep", facts(in_step=8, claimed_together=8, coupons=ORDINARY), None),
    ("newcomers_cashing_out_in_step", facts(in_step=8, newcomers_in_step=7), None),
    ("newcomers_cashing_out_in_step", facts(in_step=10, newcomers_in_step=8), (35, "strong")),
    ("claimed_in_a_burst", top_up_facts(), None),
    ("claimed_in_a_burst", top_up_facts(coupons=(coupon_facts(bursts=("entry",)),)), (5, "weak")),
    ("claimed_in_a_burst", top_up_facts(coupons=(coupon_facts(bursts=("entry", "network", "segment")),)), (5, "weak")),
    ("claimed_in_a_burst", facts(coupons=(coupon_facts(bursts=("entry",)),)), None),
    ("claimed_in_a_burst", own_number_facts(coupons=(coupon_facts(bursts=("entry",)),)), None),
    ("claimed_in_a_burst", top_up_facts(coupons=(coupon_facts(bursts=("entry",)),), has_earlier_delivery=True), None),
    ("claimed_in_a_burst", top_up_facts(coupons=(coupon_facts(bursts=("entry",)),), registered_at=NOON - 31 * DAY), None),
    ("claimed_in_a_burst", top_up_facts(coupons=(ordinary_coupon(bursts=("entry",)),)), None),
    ("arrived_after_public", facts(), None),
    ("arrived_after_public", facts(coupons=(leaked_coupon(went_public_at=NOON),)), None),
    ("arrived_after_public", facts(coupons=(leaked_coupon(went_public_at=NOON - HOUR),)), (-15, "weak")),
    ("old_account", facts(), None),
    ("old_account", facts(registered_at=None), None),
    ("old_account", facts(registered_at=NOON - 30 * DAY), None),
    ("old_account", facts(registered_at=NOON - 31 * DAY), (-15, "weak")),
    ("earlier_delivery", facts(), None),
    ("earlier_delivery", facts(has_earlier_delivery=True), (-20, "strong")),
    ("own_number_topped_up", facts(), None),
    ("own_number_topped_up", top_up_facts(), None),
    ("own_number_topped_up", own_number_facts(), (-30, "strong")),
    ("own_number_topped_up", own_number_facts(registered_at=YOUNG), (-10, "weak")),
    ("claimed_before_suspension", top_up_facts(coupons=LEAKED), None),
    ("claimed_before_suspension", top_up_facts(coupons=LEAKED_AND_SUSPENDED), (30, "weak")),
    ("claimed_before_suspension", facts(coupons=LEAKED_AND_SUSPENDED), None),
    ("claimed_before_suspension", own_number_facts(coupons=LEAKED_AND_SUSPENDED), None),
    ("claimed_before_suspension", own_number_facts(coupons=LEAKED_AND_SUSPENDED, accounts_on_device=3), (30, "weak")),
    ("claimed_before_suspension", top_up_facts(coupons=just_suspended()), None),
    ("claimed_before_suspension", own_number_facts(coupons=just_suspended(), registered_at=YOUNG), None),
    ("claimed_before_suspension", top_up_facts(coupons=just_suspended(), registered_at=YOUNG), (30, "weak")),
    ("claimed_before_suspension", top_up_facts(coupons=just_suspended(), accounts=2), (30, "weak")),
    ("crossed_a_claim_rule", facts(), None),
    ("crossed_a_claim_rule", facts(coupons=(coupon_facts(rules_crossed=("device",)),)), (5, "weak")),
    ("claimed_before_suspension", top_up_facts(coupons=just_suspended(claimed_at=NOON - 2 * HOUR), accounts=2), None),
    ("claimed_before_suspension", top_up_facts(coupons=(ordinary_coupon(suspended_at=NOON),), accounts=2), None),
]


@pytest.mark.parametrize(("name", "known", "expected"), TABLE)
def test_the_rule_finds_this_in_these_facts(name, known, expected):
    assert found(name, known) == expected


def test_every_rule_has_a_row_that_hits_and_one_that_misses():
    assert {name for name, _, expected in TABLE if expected} == set(RULES)
    assert {name for name, _, expected in TABLE if not expected} == set(RULES)


def test_an_honest_guest_has_no_finding_at_all():
    assert apply_rules(facts()) == ([], [])


def test_a_finding_carries_its_rule_its_kind_and_the_values_it_saw():
    (finding,) = apply_rules(facts(accounts_on_device=7))[0]
    assert (finding.rule, finding.evidence) == ("many_accounts_on_one_device", Evidence.CONCENTRATION)
    assert finding.values == {"accounts": 7}
    assert finding.text == "7 accounts on one device within 7 days"


def test_a_capped_count_says_that_it_is_one():
    (finding,) = apply_rules(facts(coupons=LEAKED))[0]
    assert finding.text.startswith("more than 50 customers")


def test_a_rule_that_fails_is_named_and_silences_no_other():
    with a_rule_that(fails):
        findings, failures = apply_rules(facts(accounts_on_device=7))
    assert [finding.rule for finding in findings] == ["many_accounts_on_one_device"]
    assert failures == ["rule_of_a_test: ZeroDivisionError: a rule stumbles"]


def test_values_can_be_stored_as_json():
    findings, _ = apply_rules(top_up_facts(virtual_amount=Decimal("100.40")))
    assert next(finding.values for finding in findings)["amount"] == "100.40"


def test_every_rule_has_a_name_that_is_translated():
    assert set(BUILT_IN_RULES) == {name.replace("_", " ") for name in RULES}


def test_the_rules_need_no_django():
    program = "import risk.rules, sys; sys.exit(any(name.startswith('django') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize(
    ("pure", "stored"),
    [(Evidence, states.EvidenceKind), (Strength, states.Strength), (Disposition, states.Disposition)],
)
def test_pure_words_and_stored_words_are_the_same(pure, stored):
    assert [word.value for word in pure] == stored.values


@pytest.mark.parametrize(
    ("segment", "host"), [("1700", "Telecom"), ("1703", "Mobile"), ("1709", "Unicom"), ("1718", "Unicom"), ("1672", "Unicom")]
)
def test_a_virtual_operators_segment_is_known_with_its_host(segment, host):
    assert virtual_operator(segment).host == host


@pytest.mark.parametrize("segment", ["", "1380", "1770", "1891", "170"])
def test_other_segments_are_nobodys(segment):
    assert virtual_operator(segment) is None


def test_the_table_of_segments_is_dated_and_says_its_sources():
    assert all(segment.source for segment in VIRTUAL_OPERATORS)
    assert all(segment.in_use_by is None or segment.in_use_by <= TABLE_AS_OF for segment in VIRTUAL_OPERATORS)
    assert date(2026, 1, 1) <= TABLE_AS_OF
