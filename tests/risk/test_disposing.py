"""What a customer is called over all that was found on him, and who may say otherwise."""

import pytest
from django.db import DatabaseError, connection, transaction

from backoffice.lib.errors import InvalidInput, StaleState
from promotions.models import Customer
from risk.models import CustomerDisposition, Overrule
from risk.rules import Evidence, Finding, Strength, apply_rules, weigh
from risk.rules.combining import combine
from risk.services.assessing import assess_order
from risk.services.disposing import dispose_customer, dispose_customers, overrule_customer
from risk.services.reviewing import decide_flag
from risk.states import Decision, Disposition
from tests.orders.factories import an_order
from tests.promotions.factories import NOON, a_claimant, a_coupon, a_user
from tests.risk.factories import (
    DAY,
    HOUR,
    a_flag,
    a_leaked_token,
    a_night_account,
    an_ordinary_order,
    gang_orders,
    leaked_coupon,
    top_up_facts,
)

LATER = NOON + HOUR
FARM = "a device of the farm"
FARM_LATER = NOON + 9 * HOUR
TO_COLLECTOR = Finding(60, Strength.STRONG, "to a collector", {}, "recipient", Evidence.CONCENTRATION)
AT_ONCE = Finding(20, Strength.WEAK, "at once", {}, "quick", Evidence.CASH_OUT)
OWN_NUMBER = Finding(-30, Strength.STRONG, "own number", {}, "own", Evidence.CASH_OUT)
OLD = Finding(-15, Strength.WEAK, "an old account", {}, "old", Evidence.ACCOUNT)


def test_findings_of_different_orders_add_up_where_they_are_of_different_kinds():
    told = combine({"A": [TO_COLLECTOR], "B": [AT_ONCE]}, has_restricted_coupon=True)
    assert told.verdict.disposition == Disposition.ORGANISED
    assert [(one.finding.rule, one.subject) for one in told.against] == [("recipient", "A"), ("quick", "B")]


def test_one_kind_of_evidence_is_not_enough_however_often_it_is_found():
    told = combine({name: [TO_COLLECTOR] for name in "ABCDE"}, has_restricted_coupon=True)
    assert told.verdict.disposition == Disposition.UNDETERMINED


def test_his_own_number_on_one_order_does_not_excuse_a_collector_on_another():
    told = combine({"A": [TO_COLLECTOR, AT_ONCE], "B": [AT_ONCE, OWN_NUMBER]}, has_restricted_coupon=True)
    assert told.verdict.disposition == Disposition.ORGANISED
    assert not told.in_favour


def test_what_speaks_for_him_on_every_order_counts_once():
    told = combine({"A": [TO_COLLECTOR, AT_ONCE, OLD], "B": [AT_ONCE, OLD]}, has_restricted_coupon=True)
    assert [one.finding.rule for one in told.in_favour] == ["old"]
    assert told.verdict.score == 60 + 20 - 15


def test_whoever_has_a_restricted_coupon_and_nothing_against_him_was_swept_along():
    assert combine({}, has_restricted_coupon=True).verdict.disposition == Disposition.SWEPT_ALONG
    assert combine({}, has_restricted_coupon=False).verdict.disposition == Disposition.UNDETERMINED


def test_a_customer_is_never_called_less_than_his_only_order():
    known = top_up_facts(coupons=(leaked_coupon(),), accounts=8, young=8)
    findings, _ = apply_rules(known)
    assert combine({"A": findings}, has_restricted_coupon=True).verdict == weigh(findings, known)


@pytest.mark.django_db
class TestCustomers:
    def test_an_organised_order_makes_its_customer_organised_and_says_why(self):
        flag = a_flag()
        row = CustomerDisposition.objects.get(customer=flag.order.customer)
        assert row.disposition == row.found == Disposition.ORGANISED
        assert {line["evidence"] for line in row.against} >= {"concentration", "cash_out"}
        assert {line["order"] for line in row.against} == {flag.order.ref}

    def test_an_ordinary_order_leaves_no_row(self):
        order = an_ordinary_order()
        assess_order(order.pk, at=NOON)
        assert not CustomerDisposition.objects.exists()

    def test_weighing_again_writes_nothing_where_nothing_changed(self):
        flag = a_flag()
        before = CustomerDisposition.objects.get(customer=flag.order.customer)
        again = dispose_customer(flag.order.customer_id, at=LATER)
        assert again.disposed_at == before.disposed_at
        assert CustomerDisposition.pgh_event_model.objects.filter(pgh_obj_id=again.pk).count() == 1

    def test_an_order_that_a_reviewer_cleared_is_no_evidence(self):
        flag = a_flag()
        decide_flag(flag, decision=Decision.CLEARED, reason="called him", by=a_user(), at=LATER)
        assert CustomerDisposition.objects.get(customer=flag.order.customer).disposition == Disposition.SWEPT_ALONG

    def test_whoever_only_claimed_is_weighed_by_his_claims(self):
        row = dispose_customer(self.on_a_farm_device(9)[0].customer_id, at=FARM_LATER)
        assert row.disposition == Disposition.ORGANISED
        assert {line["order"] for line in row.against} == {""}

    def test_what_a_reviewer_cleared_does_not_come_back_by_the_coupon_that_paid_for_it(self):
        coupons = self.on_a_farm_device(9)
        order = an_order(coupons=(coupons[-1],), device=FARM, at=FARM_LATER)
        flag = assess_order(order.pk, at=FARM_LATER)
        decide_flag(flag, decision=Decision.CLEARED, reason="called him", by=a_user(), at=FARM_LATER)
        row = CustomerDisposition.objects.get(customer=order.customer)
        assert (row.disposition, row.against) == (Disposition.SWEPT_ALONG, [])
        assert dispose_customer(coupons[0].customer_id, at=FARM_LATER).disposition == Disposition.ORGANISED

    def test_what_he_claimed_and_nobody_cleared_is_evidence_still(self):
        self.on_a_farm_device(8)
        claimant = a_claimant(**a_night_account())
        coupon = a_coupon(token=a_leaked_token(), claimant=claimant, device=FARM, at=NOON + 8 * HOUR)
        order = an_order(coupons=(coupon,), device=FARM, at=FARM_LATER)
        flag = assess_order(order.pk, at=FARM_LATER)
        a_coupon(token=a_leaked_token(), claimant=claimant, device=FARM, at=FARM_LATER)
        decide_flag(flag, decision=Decision.CLEARED, reason="called him", by=a_user(), at=FARM_LATER)
        row = CustomerDisposition.objects.get(customer=order.customer)
        assert "many_accounts_on_one_device" in {line["rule"] for line in row.against}

    @staticmethod
    def on_a_farm_device(count):
        """Night accounts that claimed by one leaked code from one device, an hour apart."""
        token = a_leaked_token()
        return [
            a_coupon(token=token, claimant=a_claimant(**a_night_account()), device=FARM, at=NOON + step * HOUR)
            for step in range(count)
        ]

    def test_whoever_only_claimed_by_the_leaked_code_was_swept_along(self):
        token = a_leaked_token()
        for _ in range(6):
            coupon = a_coupon(token=token, claimant=a_claimant(registered_at=NOON - 300 * DAY))
        assert dispose_customer(coupon.customer_id, at=LATER).disposition == Disposition.SWEPT_ALONG

    def test_many_are_weighed_at_once_and_unknown_ones_left_out(self):
        orders = gang_orders(3, a_leaked_token())
        assert dispose_customers([*(order.customer_id for order in orders), 0], at=LATER) == 3

    def test_nobody_unknown_is_weighed(self):
        with pytest.raises(Customer.DoesNotExist):
            dispose_customer(0, at=NOON)


@pytest.mark.django_db
class TestOverruling:
    def test_a_reviewer_overrules_with_a_reason_and_the_evidence_stays_beside_it(self):
        customer, by = a_flag().order.customer, a_user()
        row = overrule_customer(customer.pk, disposition="swept_along", reason="a student, called", by=by, at=LATER)
        assert (row.disposition, row.found) == (Disposition.SWEPT_ALONG, Disposition.ORGANISED)
        assert (row.overrule.reason, row.overrule.by) == ("a student, called", by)
        assert row.against

    def test_it_stands_when_the_evidence_is_weighed_again(self):
        customer = a_flag().order.customer
        overrule_customer(customer.pk, disposition="swept_along", reason="called", by=a_user(), at=LATER)
        assert dispose_customer(customer.pk, at=LATER + DAY).disposition == Disposition.SWEPT_ALONG

    def test_it_can_be_taken_back(self):
        customer, by = a_flag().order.customer, a_user()
        overrule_customer(customer.pk, disposition="swept_along", reason="called", by=by, at=LATER)
        row = overrule_customer(customer.pk, disposition="", reason="wrong person", by=by, at=LATER + HOUR)
        assert (row.disposition, row.overrule) == (Disposition.ORGANISED, None)
        assert Overrule.objects.count() == 2

    @pytest.mark.parametrize(
        ("disposition", "reason", "error"),
        [
            ("a thief", "so", InvalidInput),
            ("swept_along", "  ", InvalidInput),
            ("organised", "so", StaleState),
            ("", "so", StaleState),
        ],
    )
    def test_what_says_nothing_is_refused(self, disposition, reason, error):
        customer = a_flag().order.customer
        with pytest.raises(error):
            overrule_customer(customer.pk, disposition=disposition, reason=reason, by=a_user(), at=LATER)
        assert not Overrule.objects.exists()

    def test_the_database_lets_nobody_change_a_word_that_was_given(self):
        customer = a_flag().order.customer
        overrule_customer(customer.pk, disposition="swept_along", reason="called", by=a_user(), at=LATER)
        for statement in ("UPDATE risk_overrule SET reason = 'other'", "DELETE FROM risk_overrule"):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)

    def test_the_database_keeps_what_stands_to_what_was_found_or_said(self):
        flag = a_flag()
        CustomerDisposition.objects.get(customer=flag.order.customer)
        with pytest.raises(DatabaseError, match="disposition_is_found_or_overruled"), transaction.atomic():
            CustomerDisposition.objects.update(disposition="swept_along")
        row = overrule_customer(flag.order.customer_id, disposition="swept_along", reason="called", by=a_user(), at=LATER)
        with pytest.raises(DatabaseError, match="what the reviewer said"), transaction.atomic():
            CustomerDisposition.objects.filter(pk=row.pk).update(disposition="undetermined")
