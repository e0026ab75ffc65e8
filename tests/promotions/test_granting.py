"""A grant gives each customer of its list a coupon, or says why not."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.db import connection

from backoffice.lib.approvals import NotAllowed, SamePerson, approve, reject
from backoffice.lib.errors import DomainError, StaleState
from backoffice.lib.models import Job
from promotions.models import BudgetSlice, Coupon, Customer, Grant
from promotions.services.blocks import block_identity
from promotions.services.campaigns import pause_campaign
from promotions.services.coupon_types import suspend_coupon_type
from promotions.services.grant_statements import ISSUE
from promotions.services.granting import discard_grant, request_grant, resume_grant, stop_grant
from promotions.states import GrantStatus, Identity
from tests.promotions.factories import (
    NOON,
    a_campaign,
    a_claim,
    a_claimant,
    a_coupon,
    a_coupon_type,
    a_restricted_type,
    a_user,
    an_entry,
    approved,
    cash_out,
    the_approver,
    the_asker,
)
from tests.promotions.figures import figures, ledger, money
from tests.promotions.granting import a_draft, a_grant, an_approved_grant, asked_for, results, worked

pytestmark = pytest.mark.django_db

WHY = {"reason": "test", "at": NOON}


def test_every_customer_of_the_list_gets_one_coupon_from_the_budget():
    campaign = a_campaign(budget=Decimal(100))
    grant = a_grant("u1", "u2", "u3", coupon_type=a_coupon_type(campaign=campaign))
    assert results(grant) == {"u1": "granted", "u2": "granted", "u3": "granted"}
    coupons = Coupon.objects.select_related("grant_item")
    assert {(coupon.customer.ref, coupon.grant_item.ref, coupon.status, coupon.claim_id) for coupon in coupons} == {
        (ref, ref, "issued", None) for ref in ("u1", "u2", "u3")
    }
    assert (grant.status, grant.job.status, grant.job.done, grant.job.failed_items) == ("done", "done", 3, 0)
    assert figures(campaign) == money(issued="30", reserved="30") == ledger()


def test_codes_are_like_those_of_claims_and_all_different():
    a_grant(*[f"u{n}" for n in range(50)])
    codes = set(Coupon.objects.values_list("code", flat=True))
    assert len(codes) == 50
    assert {len(code) for code in codes} == {14}
    assert set("".join(codes)) <= set("23456789ABCDEFGHJKMNPQRSTUVWXYZ")


def test_coupons_are_written_without_joining_a_chunk_with_itself_and_looked_up_by_index():
    plan, settings = [], []

    def explained(execute, sql, params, many, context):
        if sql == ISSUE:
            with connection.connection.cursor() as cursor:
                plan.extend(line for (line,) in cursor.execute("EXPLAIN " + sql, params).fetchall())
                settings.extend(cursor.execute("SELECT current_setting('enable_seqscan')").fetchone())
        return execute(sql, params, many, context)

    grant = an_approved_grant()
    with connection.execute_wrapper(explained):
        worked(grant)
    assert plan
    assert [line for line in plan if "Join" in line or "Loop" in line or "grantitem" in line] == []
    assert settings == ["off"]


def test_a_customer_never_heard_of_gets_a_bare_mirror_and_one_we_know_keeps_his():
    known = a_claim(claimant=a_claimant(ref="known")).customer
    grant = a_draft("known", "stranger")
    assert not Customer.objects.filter(ref="stranger").exists()
    approved(request_grant(grant, by=the_asker(), **WHY))
    grant.refresh_from_db()
    worked(grant)
    stranger = Customer.objects.get(ref="stranger")
    assert (stranger.is_verified, stranger.phone_hash, stranger.first_seen_at) == (False, "", NOON)
    assert Customer.objects.filter(ref="known").values().get() == Customer.objects.filter(pk=known.pk).values().get()


def test_a_granted_coupon_pays_for_an_order():
    a_grant("u1")
    coupon = Coupon.objects.get()
    cash_out(coupon)
    coupon.refresh_from_db()
    assert coupon.status == "redeemed"
    assert coupon.redemptions.get().claimed_at == coupon.issued_at


def test_who_has_one_already_is_skipped():
    coupon_type = a_coupon_type()
    a_coupon(entry=an_entry(coupon_type=coupon_type), claimant=a_claimant(ref="u1"))
    assert results(a_grant("u1", "u2", coupon_type=coupon_type)) == {"u1": "skipped has one already", "u2": "granted"}
    assert results(a_grant("u2", "u3", coupon_type=coupon_type)) == {"u2": "skipped has one already", "u3": "granted"}


def test_who_was_given_one_cannot_claim_a_second():
    coupon_type = a_coupon_type()
    a_grant("u1", coupon_type=coupon_type)
    claim = a_claim(entry=an_entry(coupon_type=coupon_type), claimant=a_claimant(ref="u1"))
    assert claim.reason == "limit_reached"


def test_in_addition_gives_to_whom_has_one_too():
    coupon_type = a_coupon_type()
    a_grant("u1", coupon_type=coupon_type)
    assert results(a_grant("u1", "u2", coupon_type=coupon_type, is_in_addition=True)) == {"u1": "granted", "u2": "granted"}
    assert Coupon.objects.filter(customer__ref="u1").count() == 2


def blocked(kind, value):
    terms = {"scope": None, "reason": "known", "expires_at": None, "by": the_asker(), "at": NOON}
    return block_identity(identity=kind, value=value, **terms)


def test_a_blocked_customer_is_skipped():
    blocked(Identity.CUSTOMER, "u1")
    assert results(a_grant("u1", "u2")) == {"u1": "skipped an identity is blocked", "u2": "granted"}


def test_a_block_on_the_phone_reaches_the_customer():
    a_claim(claimant=a_claimant(ref="u1", phone="13800138000"))
    blocked(Identity.PHONE, "13800138000")
    assert results(a_grant("u1", is_in_addition=True)) == {"u1": "skipped an identity is blocked"}


def test_a_restricted_type_goes_to_verified_customers_only_and_within_its_quantity():
    for ref in ("u1", "u2", "u3"):
        a_claim(claimant=a_claimant(ref=ref))
    found = results(a_grant("u1", "stranger", "u2", "u3", coupon_type=a_restricted_type(quantity=2)))
    assert found == {
        "u1": "granted",
        "stranger": "skipped the customer is not verified",
        "u2": "granted",
        "u3": "failed the quantity is given away",
    }


def test_what_the_budget_has_no_room_for_fails_and_says_so():
    campaign = a_campaign(budget=Decimal("25.50"))
    grant = a_grant("u1", "u2", "u3", coupon_type=a_coupon_type(campaign=campaign))
    assert results(grant) == {"u1": "granted", "u2": "granted", "u3": "failed the budget is spent"}
    assert figures(campaign) == money(issued="20", reserved="20") == ledger()
    assert (grant.job.done, grant.job.failed_items) == (3, 1)


def test_crumbs_of_a_budget_in_many_slices_are_given_too():
    campaign = a_campaign(budget=Decimal("100.00"), slices=3)
    assert campaign.budget.slices.count() == 3
    grant = a_grant(*[f"u{n}" for n in range(12)], coupon_type=a_coupon_type(campaign=campaign))
    assert grant.items.tally() == {"pending": 0, "granted": 10, "skipped": 0, "failed": 2}
    assert sum(part.amount for part in BudgetSlice.objects.all()) == 100


def test_who_fails_for_lack_of_room_uses_up_no_rule():
    coupon_type = a_coupon_type(quantity=1)
    a_grant("u1", "u2", coupon_type=coupon_type)
    from promotions.models import RuleUse

    assert list(RuleUse.objects.values_list("identity", flat=True)) == ["u1"]


# Two persons


def test_nothing_is_given_before_a_second_person_approves():
    grant = Grant.objects.get(pk=asked_for("u1").payload["grant"])
    worked(grant)
    assert (grant.status, Coupon.objects.count(), Customer.objects.count()) == ("in_review", 0, 0)


def test_who_asked_does_not_approve_superusers_included():
    superuser = the_approver()
    approval = request_grant(a_draft(), by=superuser, **WHY)
    with pytest.raises(SamePerson):
        approve(approval, by=superuser, **WHY)


def test_the_approver_needs_the_right():
    approval, user = asked_for(), a_user()
    with pytest.raises(NotAllowed):
        approve(approval, by=user, **WHY)
    user.user_permissions.add(Permission.objects.get(codename="approve_grant"))
    approve(approval, by=type(user).objects.get(pk=user.pk), **WHY)
    assert Grant.objects.get().status == "giving"


def test_a_rejected_grant_is_a_draft_again_and_can_be_asked_for_anew():
    approval = asked_for("u1")
    reject(approval, by=the_approver(), **WHY)
    grant = Grant.objects.get()
    assert grant.status == "draft"
    approved(request_grant(grant, by=the_asker(), **WHY))
    grant.refresh_from_db()
    assert results(worked(grant)) == {"u1": "granted"}
    assert list(Job.objects.order_by("pk").values_list("status", flat=True)) == ["cancelled", "done"]


def test_the_second_person_reads_how_many_how_much_and_what_there_is_room_for():
    campaign = a_campaign(budget=Decimal(20))
    summary = asked_for("u1", "u2", "u3", coupon_type=a_coupon_type(campaign=campaign, code="TEA")).summary
    assert "3 customers are given a coupon of TEA" in summary
    assert "at most 30.00 CNY in all" in summary
    assert "3 of them would get one; quantity and budget have room for 2." in summary


def test_a_type_that_is_not_live_cannot_be_asked_for():
    with pytest.raises(DomainError, match="is not live"):
        request_grant(a_draft(coupon_type=a_coupon_type(is_live=False)), by=the_asker(), **WHY)


def test_a_draft_that_is_discarded_cannot_be_asked_for():
    grant = discard_grant(a_draft(), by=the_asker(), **WHY)
    with pytest.raises(StaleState):
        request_grant(grant, by=the_asker(), **WHY)


# Stopped and resumed


@pytest.mark.parametrize(
    "stopped",
    [
        lambda kind: suspend_coupon_type(kind, by=the_asker(), **WHY),
        lambda kind: pause_campaign(kind.campaign, by=the_asker(), **WHY),
    ],
    ids=["type", "campaign"],
)
def test_a_stop_of_type_or_campaign_stands_before_the_grant(stopped):
    coupon_type = a_coupon_type()
    grant = an_approved_grant("u1", coupon_type=coupon_type)
    stopped(coupon_type)
    with pytest.raises(DomainError, match="is not live"):
        worked(grant)
    job = Job.objects.get(pk=grant.job_id)
    assert (job.status, job.done, Coupon.objects.count(), Customer.objects.count()) == ("failed", 0, 0, 0)
    with pytest.raises(DomainError, match="is not live"):
        resume_grant(grant, by=the_asker(), **WHY)


def test_what_stood_still_goes_on_when_the_type_is_live_again():
    from promotions.services.coupon_types import request_resume

    coupon_type = a_coupon_type()
    grant = an_approved_grant("u1", coupon_type=coupon_type)
    suspend_coupon_type(coupon_type, by=the_asker(), **WHY)
    with pytest.raises(DomainError):
        worked(grant)
    approved(request_resume(coupon_type, by=the_asker(), **WHY))
    resume_grant(grant, by=the_asker(), **WHY)
    assert results(worked(grant)) == {"u1": "granted"}


def test_after_a_stop_the_rest_is_skipped_and_every_row_has_its_result():
    grant = an_approved_grant("u1", "u2")
    stop_grant(grant, by=the_asker(), **WHY)
    worked(grant)
    assert results(grant) == {"u1": "skipped the grant was stopped", "u2": "skipped the grant was stopped"}
    assert (grant.status, grant.job.status, Coupon.objects.count()) == (GrantStatus.STOPPED, "done", 0)


def test_a_grant_that_stands_still_can_be_stopped():
    coupon_type = a_coupon_type()
    grant = an_approved_grant("u1", coupon_type=coupon_type)
    suspend_coupon_type(coupon_type, by=the_asker(), **WHY)
    with pytest.raises(DomainError):
        worked(grant)
    stop_grant(grant, by=the_asker(), **WHY)
    worked(grant)
    assert (results(grant), grant.job.status) == ({"u1": "skipped the grant was stopped"}, "done")
