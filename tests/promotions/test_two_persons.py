"""Who asks is never who approves, and what was approved is what runs."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission

from backoffice.lib.approvals import AlreadyDecided, AlreadyRequested, NotAllowed, SamePerson, approve, reject, withdraw
from backoffice.lib.errors import DomainError, InvalidInput, StaleState
from backoffice.lib.models import Approval
from promotions.models import Budget, Campaign, ClaimRule, CouponType, Entry
from promotions.services import campaigns, coupon_types, entries
from promotions.services.rules import add_rule
from promotions.states import (
    EntryStatus,
    Identity,
)
from tests.bypass import without_triggers
from tests.promotions.factories import (
    DAY,
    NOON,
    a_campaign,
    a_coupon_type,
    a_user,
    an_entry,
    approved,
    the_approver,
    the_asker,
)
from tests.promotions.kinds import WHY, Kind, fresh, refuses

pytestmark = pytest.mark.django_db


def an_approver_of(codename):
    user = a_user()
    user.user_permissions.add(Permission.objects.get(codename=codename, content_type__app_label="promotions"))
    return user


# Two persons


def test_a_second_person_with_the_right_starts_it(kind):
    obj = kind.draft()
    asked = kind.request(obj, by=the_asker(), **WHY)
    approve(asked, by=an_approver_of(kind.permission), **WHY)
    assert fresh(obj).status == kind.live


def test_who_asks_cannot_approve_not_even_a_superuser(kind):
    obj = kind.draft()
    asked = kind.request(obj, by=the_approver(), **WHY)
    with pytest.raises(SamePerson):
        approve(asked, by=the_approver(), **WHY)
    assert fresh(obj).status != kind.live
    assert fresh(asked).status == "pending"


def test_who_asks_cannot_approve_in_raw_sql_either(kind):
    asked = kind.request(kind.draft(), by=the_asker(), **WHY)
    refuses(
        "UPDATE lib_approval SET status = 'approved', decided_by_id = requested_by_id, decided_at = now() WHERE id = %s",
        [asked.pk],
        match="approval_never_by_the_one_who_asked",
    )


def test_a_second_person_without_the_right_cannot_approve(kind):
    obj = kind.draft()
    asked = kind.request(obj, by=the_asker(), **WHY)
    with pytest.raises(NotAllowed):
        approve(asked, by=a_user(), **WHY)
    assert fresh(obj).status != kind.live


def test_nothing_starts_twice(kind):
    asked = kind.request(kind.draft(), by=the_asker(), **WHY)
    approved(asked)
    with pytest.raises(AlreadyDecided):
        approved(asked)


def test_what_waits_for_approval_is_not_asked_for_a_second_time(kind):
    obj = kind.draft()
    kind.request(obj, by=the_asker(), **WHY)
    with pytest.raises(AlreadyRequested):
        kind.request(obj, by=a_user(), **WHY)
    assert Approval.objects.filter(status="pending").count() == 1


def test_what_runs_needs_not_be_asked_for(kind):
    obj = kind.make_live()
    for request in (kind.request, kind.request_resume):
        with pytest.raises(StaleState):
            request(obj, by=the_asker(), **WHY)
    assert not Approval.objects.filter(status="pending").exists()


def test_a_draft_cannot_slip_in_as_a_resumption(kind):
    obj = kind.draft()
    with pytest.raises(StaleState):
        kind.request_resume(obj, by=the_asker(), **WHY)
    assert fresh(obj).status == kind.drafted


def test_asking_needs_a_reason(kind):
    obj = kind.draft()
    with pytest.raises(DomainError, match="reason"):
        kind.request(obj, by=the_asker(), reason=" ", at=NOON)
    assert fresh(obj).status == kind.drafted
    assert not Approval.objects.filter(target__endswith=f":{obj.pk}", status="pending").exists()


@pytest.mark.parametrize("turn_down", [reject, withdraw])
def test_what_is_turned_down_is_a_draft_again_and_can_be_asked_for_anew(kind, turn_down):
    obj = kind.draft()
    asked = kind.request(obj, by=the_asker(), **WHY)
    turn_down(asked, by=the_approver() if turn_down is reject else the_asker(), **WHY)
    assert fresh(obj).status == kind.drafted
    approved(kind.request(fresh(obj), by=the_asker(), **WHY))
    assert fresh(obj).status == kind.live


def test_history_names_who_asked_and_who_approved(kind):
    obj = kind.draft()
    asked = kind.request(obj, by=the_asker(), reason="for the festival", at=NOON)
    approve(asked, by=the_approver(), reason="looks right", at=NOON)
    asking, *_, approving = obj.events.filter(pgh_label="update").order_by("pgh_id")
    assert (asking.status, asking.pgh_context.metadata["user"]) == ("in_review", the_asker().pk)
    assert asking.pgh_context.metadata["reason"] == "for the festival"
    assert (approving.status, approving.pgh_context.metadata["user"]) == (kind.live, the_approver().pk)
    assert approving.pgh_context.metadata["reason"] == "looks right"


# What was approved is what runs


RESTRICTED = {"audience": "restricted", "requires_verified": True, "uses_per_token": 1}
CHANGES = {
    "a campaign's name": ("campaign", lambda obj: Campaign.objects.update(name="another")),
    "a campaign's end": ("campaign", lambda obj: Campaign.objects.update(ends_at=NOON + 300 * DAY)),
    "a campaign's return policy": ("campaign", lambda obj: Campaign.objects.update(slot_return="always")),
    "a campaign's budget": ("campaign", lambda obj: Budget.objects.update(amount=Decimal(10_000_000))),
    "a type's face value": ("coupon_type", lambda obj: CouponType.objects.update(face_value=Decimal(1000))),
    "a type's quantity": ("coupon_type", lambda obj: CouponType.objects.update(quantity=None)),
    "a type's audience": (
        "coupon_type",
        lambda obj: CouponType.objects.update(audience="restricted", requires_verified=True, uses_per_token=1),
    ),
    "another rule": (
        "coupon_type",
        lambda obj: [obj.rules.all().delete(), ClaimRule.objects.create(coupon_type=obj, identity=Identity.CUSTOMER, limit=99)],
    ),
    "a campaign's rules": ("campaign", lambda obj: ClaimRule.objects.create(campaign=obj, identity=Identity.DEVICE, limit=1)),
    "a rule less": ("coupon_type", lambda obj: ClaimRule.objects.all().delete()),
    "a rule more": ("coupon_type", lambda obj: ClaimRule.objects.create(coupon_type=obj, identity=Identity.DEVICE, limit=1)),
    "an entry's cap": ("entry", lambda obj: Entry.objects.update(cap=99)),
    "an entry's channel": ("entry", lambda obj: Entry.objects.update(channel="web")),
    "an entry's closing": ("entry", lambda obj: Entry.objects.update(closes_at=NOON + 300 * DAY)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_changed_after_it_was_asked_for_is_not_approved(change):
    name, do = CHANGES[change]
    kind = Kind(name)
    obj = kind.draft()
    asked = kind.request(obj, by=the_asker(), **WHY)
    with without_triggers():  # which refuse it
        do(obj)
    with pytest.raises(DomainError, match="changed after"):
        approved(asked)
    assert (fresh(obj).status, fresh(asked).status) == ("in_review", "pending")
    reject(asked, by=the_approver(), **WHY)
    approved(kind.request(fresh(obj), by=the_asker(), **WHY))
    assert fresh(obj).status == kind.live


def test_a_payload_that_was_edited_is_not_approved(kind):
    obj = kind.draft()
    asked = kind.request(obj, by=the_asker(), **WHY)
    with without_triggers():
        Approval.objects.filter(pk=asked.pk).update(payload={**asked.payload, "status": kind.live})
    with pytest.raises(DomainError, match="changed after"):
        approved(asked)
    assert fresh(obj).status == "in_review"


def test_an_approval_of_what_was_stopped_for_good_in_the_meantime_is_refused():
    entry = an_entry()
    entries.suspend_entry(entry, by=the_asker(), **WHY)
    asked = entries.request_resume(entry, by=the_asker(), **WHY)
    entries.close_entry(entry, by=the_asker(), **WHY)
    with pytest.raises(DomainError, match="changed after"):
        approved(asked)
    assert fresh(entry).status == EntryStatus.CLOSED


def test_what_was_deleted_in_the_meantime_can_only_be_rejected(kind):
    obj = kind.draft()
    asked = kind.request(obj, by=the_asker(), **WHY)
    with without_triggers():
        fresh(obj).delete()
    with pytest.raises(DomainError, match="does not exist"):
        approved(asked)
    reject(asked, by=the_approver(), **WHY)
    assert fresh(asked).status == "rejected"


def test_the_request_says_in_words_what_it_can_cost():
    campaign = a_campaign(is_live=False, budget=Decimal(50_000))
    assert "50,000" in campaigns.request_campaign(campaign, by=the_asker(), **WHY).summary
    coupon_type = a_coupon_type(is_live=False, face_value=Decimal("12.50"), quantity=200)
    an_entry(coupon_type=coupon_type, is_open=False, cap=100)
    asked = coupon_types.request_coupon_type(coupon_type, by=the_asker(), **WHY)
    assert "1,250.00 CNY" in asked.summary


def test_rules_are_added_to_drafts_only():
    coupon_type = a_coupon_type()
    with pytest.raises(InvalidInput, match="draft"):
        add_rule(coupon_type, identity=Identity.DEVICE, window=None, limit=1)
