"""Rules, flags and blocks in raw SQL, round every service: what the database itself refuses."""

import pytest

from backoffice.lib.models import Approval
from promotions.models import ClaimRule
from promotions.services.blocks import lift_block
from promotions.services.rules import add_rule, request_rule
from promotions.states import Identity, RuleAction
from tests.promotions.factories import NOON, a_campaign, a_coupon_type, approved, the_asker
from tests.promotions.rawsql import copy_of, refused, set_in, sql
from tests.promotions.rows import a_block, a_drafts_rule, a_flag

pytestmark = pytest.mark.django_db
INSERT = """
INSERT INTO promotions_claimrule (coupon_type_id, identity, "limit", action, added_by_id) VALUES (%s, %s, %s, 'refuse', %s)
"""
WHY = {"reason": "test", "at": NOON}


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("claim_rule_limit_is_positive", {"limit": "0"}),
        ("claim_rule_window_is_positive", {"window": "interval '0'"}),
        ("claim_rule_of_a_campaign_or_of_a_type", {"coupon_type_id": "NULL"}),
        ("claim_rule_ended_by_an_approval", {"ended_at": "now()"}),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(constraint, changes):
    rule = a_drafts_rule()
    refused(constraint, copy_of(rule, **{"action": "'flag'", **changes}))


def test_claim_rule_stays_what_was_approved():
    rule = a_drafts_rule()
    refused("Cannot update rows from promotions_claimrule", set_in(rule, '"limit" = 99'))


@pytest.mark.parametrize("make", [a_campaign, a_coupon_type])
def test_claim_rule_only_in_a_draft_or_by_approval(make):
    owner = make()
    column = "campaign_id" if make is a_campaign else "coupon_type_id"
    insert = f"INSERT INTO promotions_claimrule ({column}, identity, \"limit\", action) VALUES ({owner.pk}, 'device', 5, 'refuse')"
    refused("claim_rule_only_in_a_draft|change only by an approval", insert)


def test_an_approval_of_one_rule_lets_no_other_in_nor_another_approval_a_rule():
    coupon_type, other = a_coupon_type(), a_coupon_type()
    asked = request_rule(
        coupon_type, identity=Identity.DEVICE, window=None, limit=5, action=RuleAction.REFUSE, by=the_asker(), **WHY
    )
    refused("change only by an approval", INSERT, coupon_type.pk, "device", 5, asked.pk)
    approved(asked)
    assert coupon_type.rules.filter(identity=Identity.DEVICE, limit=5).exists()
    for owner, identity, limit in ((coupon_type, "phone", 5), (coupon_type, "device", 6), (other, "device", 5)):
        refused("change only by an approval", INSERT, owner.pk, identity, limit, asked.pk)
    go_live = Approval.objects.filter(target=f"promotions.coupontype:{other.pk}").get()
    refused("change only by an approval", INSERT, other.pk, "device", 5, go_live.pk)


def test_a_rule_of_a_live_type_is_neither_deleted_nor_ended_by_hand():
    rule = a_coupon_type().rules.get()
    go_live = Approval.objects.filter(target__startswith="promotions.coupontype").get()
    refused("change only by an approval", f"DELETE FROM promotions_claimrule WHERE id = {rule.pk}")
    refused("change only by an approval", set_in(rule, f"ended_at = now(), ended_by_id = {go_live.pk}"))


def test_a_rule_that_only_flags_is_no_bound():
    coupon_type = a_coupon_type(quantity=None, is_live=False)
    ClaimRule.objects.all().delete()
    add_rule(coupon_type, identity=Identity.CUSTOMER, window=None, limit=1, action=RuleAction.FLAG)
    refused("needs a claim rule or a quantity", set_in(coupon_type, "status = 'in_review'"))
    sql(set_in(coupon_type, "status = 'in_review', minimum_spend = 1"))


def test_claim_flag_is_never_changed():
    flag = a_flag()
    refused("Cannot update or delete rows", set_in(flag, "is_identity_missing = true"))
    refused("Cannot update or delete rows", f"DELETE FROM promotions_claimflag WHERE id = {flag.pk}")


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("identity_block_has_a_reason", {"reason": "''"}),
        ("identity_block_of_somebody", {"value": "''"}),
        ("identity_block_of_a_kind_that_names_one", {"identity": "'segment'"}),
        ("identity_block_expires_after_it_begins", {"expires_at": "created_at"}),
    ],
)
def test_a_block_that_makes_no_sense_is_refused(constraint, changes):
    refused(constraint, copy_of(a_block(), **changes))


def test_a_block_has_one_scope():
    coupon_type = a_coupon_type()
    changes = {"coupon_type_id": str(coupon_type.pk), "campaign_id": str(coupon_type.campaign_id)}
    refused("identity_block_has_one_scope", copy_of(a_block(), **changes))


def test_identity_block_only_lifts():
    refused("Cannot update rows", set_in(a_block(), "expires_at = now()"))


def test_identity_block_lifts_once():
    block = lift_block(a_block(), by=the_asker(), **WHY)
    refused("Cannot update rows", set_in(block, "lifted_at = NULL, lifted_by_id = NULL, lift_reason = ''"))
