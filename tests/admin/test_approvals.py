"""The inbox of the two-person rule."""

from backoffice.lib.models import Approval, ApprovalStatus, JobStatus
from promotions.models import Campaign
from promotions.services.campaigns import request_campaign
from promotions.states import CampaignStatus
from tests.admin.conftest import AtRole
from tests.admin.forms import page, step, text_of
from tests.admin.world import World, fresh
from tests.bypass import without_triggers


def test_the_page_shows_what_is_done_who_asks_why_and_the_hash(world: World, as_role: AtRole) -> None:
    text = page(as_role("promotions approver"), "lib_approval", world.pending.pk)
    assert "Campaign SPRING · Spring goes live with a budget of 80,000.00 CNY" in text
    assert "promotions.operator" in text
    assert "ready for spring" in text
    assert world.pending.payload_hash[:16] in text
    assert "unchanged" in text
    assert "80,000.00" in text


def test_who_asked_cannot_approve_and_reads_why(world: World, as_role: AtRole) -> None:
    own = request_campaign(world.autumn, by=world.users["superuser"], reason="ready for autumn", at=world.at)
    client = as_role("superuser")
    assert "A second person must decide." in page(client, "lib_approval", own.pk)
    response = step(client, "lib_approval", "approve", own.pk, reason="I know best")
    assert "A second person must decide." in text_of(response)
    assert fresh(world.autumn).status == CampaignStatus.IN_REVIEW


def test_a_second_person_approves(world: World, as_role: AtRole) -> None:
    step(as_role("promotions approver"), "lib_approval", "approve", world.pending.pk, reason="checked the budget")
    assert fresh(world.draft).status == CampaignStatus.LIVE
    assert fresh(world.pending).decided_by == world.users["promotions approver"]


def test_a_rejection_needs_a_reason_and_does_nothing(world: World, as_role: AtRole) -> None:
    client = as_role("promotions approver")
    step(client, "lib_approval", "reject", world.pending.pk, reason="")
    assert fresh(world.pending).status == ApprovalStatus.PENDING
    step(client, "lib_approval", "reject", world.pending.pk, reason="too much money")
    assert fresh(world.pending).decision_reason == "too much money"
    assert fresh(world.draft).status == CampaignStatus.DRAFT


def test_what_changed_since_is_shown_and_cannot_be_approved(world: World, as_role: AtRole) -> None:
    with without_triggers():
        Campaign.objects.filter(pk=world.draft.pk).update(name="Spring, bigger")
    client = as_role("promotions approver")
    text = page(client, "lib_approval", world.pending.pk)
    assert "It was changed since" in text
    assert "Spring, bigger" in text
    response = step(client, "lib_approval", "approve", world.pending.pk, reason="fine")
    assert "was changed after this was asked for" in text_of(response)
    assert fresh(world.pending).status == ApprovalStatus.PENDING


def test_who_may_not_decide_sees_no_button_but_a_sentence(world: World, as_role: AtRole) -> None:
    text = page(as_role("auditor"), "lib_approval", world.pending.pk)
    assert "This waits for a second person who has the right to decide it." in text


def test_approving_a_freeze_queues_its_job(world: World, as_role: AtRole) -> None:
    step(as_role("risk lead"), "lib_approval", "approve", world.waiting_freeze.job.approval_id, reason="reference is right")
    assert fresh(world.waiting_freeze.job).status == JobStatus.QUEUED


def test_the_badge_counts_what_others_asked(world: World, as_role: AtRole) -> None:
    waiting = Approval.objects.filter(status=ApprovalStatus.PENDING)
    for role, own in (("promotions operator", 1), ("risk analyst", 1), ("auditor", 0)):
        assert waiting.filter(requested_by=world.users[role]).count() == own
        response = as_role(role).get("/admin/")
        assert response.wsgi_request.waiting_counts["approvals"] == waiting.count() - own > 0
