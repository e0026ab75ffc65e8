"""The pages of the review queue, without a browser: forms alone, as somebody without scripts uses them."""

import pytest
from django.urls import reverse

from backoffice.lib.jobs import run_job
from risk.models import Appeal, BulkReview, Flag, Review, ReviewAct
from risk.services.leasing import take
from tests.admin.conftest import NOW, AtRole
from tests.admin.world import World

START = reverse("admin:risk_review_next")


def url(name: str, review: Review) -> str:
    return reverse(f"admin:risk_review_{name}", args=[review.pk])


@pytest.fixture
def analyst(world: World, as_role: AtRole):
    return as_role("risk analyst")


@pytest.fixture
def review(world: World) -> Review:
    """What the analyst has before him: a flagged order without an appeal."""
    found = Review.objects.filter(appeal_due_at=None).first()
    return take(found, world.users["risk analyst"], at=NOW)


def flag_of(review: Review) -> Flag:
    return Flag.objects.get(order=review.order_id)


def messages(response) -> str:
    return " ".join(str(message) for message in response.context["messages"])


def test_the_start_page_tells_how_the_queue_stands(analyst):
    page = analyst.get(START).content.decode()
    assert "Take the next" in page
    assert "My shift" in page
    assert "<script>" not in page


def test_take_next_leads_to_an_order_and_keeps_it(world: World, analyst):
    response = analyst.post(START)
    taken = Review.objects.get(leased_by=world.users["risk analyst"])
    assert response["Location"] == url("change", taken)
    page = analyst.get(response["Location"]).content.decode()
    assert 'data-holder="mine"' in page
    assert 'data-seconds="900"' in page


def test_one_key_decides_with_its_reason_and_leads_to_the_next(world: World, analyst, review):
    response = analyst.post(url("decide", review), {"quick": "6"}, follow=True)
    flag = flag_of(review)
    assert (flag.decision, flag.decision_reason) == ("confirmed", "many accounts send the value to one recipient")
    assert "Press u to take it back" in messages(response)
    following = Review.objects.get(leased_by=world.users["risk analyst"])
    assert response.redirect_chain[-1][0] == url("change", following)


def test_own_words_and_another_disposition(analyst, review):
    analyst.post(url("decide", review), {"decision": "cleared", "reason": "a dormitory", "disposition": "swept_along"})
    flag = flag_of(review)
    assert (flag.decision, flag.decision_reason, flag.disposition, flag.overruled) == (
        "cleared",
        "a dormitory",
        "swept_along",
        "organised",
    )


def test_a_decision_without_a_reason_is_refused_on_the_page(analyst, review):
    response = analyst.post(url("decide", review), {"decision": "cleared", "reason": ""}, follow=True)
    assert "Give a reason" in messages(response)
    assert flag_of(review).decision == ""


def test_what_another_has_is_shown_without_buttons_to_decide(world: World, as_role: AtRole, review):
    page = as_role("risk lead").get(url("change", review)).content.decode()
    assert "risk.analyst has it until" in page
    assert "Confirm suspicion" not in page
    response = as_role("risk lead").post(url("decide", review), {"quick": "1"}, follow=True)
    assert "before him" in messages(response)
    assert flag_of(review).decision == ""


def test_the_story_shows_neighbours_with_what_they_share(analyst, review):
    page = analyst.get(url("change", review)).content.decode()
    for words in (
        "device, recipient, token",
        "STUDIO-DOOR",
        "RUN-1",
        "rack-01",
        "Against the customer",
        "The customer&#x27;s other",
    ):
        assert words in page, words


def test_renewing_answers_the_time_that_is_left(world: World, as_role: AtRole, analyst, review):
    assert analyst.post(url("renew", review)).json() == {"seconds": 900}
    lost = as_role("risk lead").post(url("renew", review)).json()
    assert (lost["seconds"], "has taken this order" in lost["lost"]) == (0, True)


def test_skip_escalate_and_give_back(world: World, analyst, review):
    analyst.post(url("skip", review), {})
    assert Review.objects.get(pk=review.pk).leased_by is None
    analyst.post(url("take", review))
    analyst.post(url("escalate", review), {"reason": "a relative"})
    assert Review.objects.get(pk=review.pk).is_escalated
    mine = Review.objects.get(leased_by=world.users["risk analyst"])
    response = analyst.post(url("leave", mine))
    assert response["Location"] == START
    assert not Review.objects.filter(leased_by=world.users["risk analyst"]).exists()


def test_assigning_by_name(as_role: AtRole):
    lead, review = as_role("risk lead"), Review.objects.first()
    lead.post(url("assign", review), {"to": "risk.analyst", "reason": "knows them"})
    assert Review.objects.get(pk=review.pk).assigned_to.username == "risk.analyst"
    response = lead.post(url("assign", review), {"to": "nobody", "reason": "x"}, follow=True)
    assert "nobody called" in messages(response)
    response = lead.post(url("assign", review), {"to": "support", "reason": "x"}, follow=True)
    assert "may not decide" in messages(response)


def test_taking_back_the_last_decision_shows_the_order_again(world: World, analyst, review):
    analyst.post(url("decide", review), {"quick": "2"})
    response = analyst.post(reverse("admin:risk_review_undo"), follow=True)
    again = Review.objects.get(order=review.order_id)
    assert response.redirect_chain[-1][0] == url("change", again)
    assert again.leased_by == world.users["risk analyst"]
    assert "is taken back" in messages(response)
    assert ReviewAct.objects.filter(kind="undone").count() == 1


def test_an_appeal_is_decided_and_what_stays_is_said(world: World, analyst):
    appeal = Appeal.objects.get()
    review = take(Review.objects.get(order=appeal.order), world.users["risk analyst"], at=NOW)
    page = analyst.get(url("change", review)).content.decode()
    assert "I bought it for my mother." in page
    assert "Uphold" in page
    sent = {"outcome": "granted", "reason": "her own number", "words": "It is on its way."}
    analyst.post(url("appeal", review), sent)
    appeal.refresh_from_db()
    assert (appeal.outcome, appeal.words) == ("granted", "It is on its way.")


def test_what_was_decided_meanwhile_leads_back_to_the_queue(analyst, review):
    page = url("change", review)
    analyst.post(url("decide", review), {"quick": "1"})
    response = analyst.get(page, follow=True)
    assert "it was decided" in messages(response)


def test_the_list_filters_by_what_waits(analyst, review):
    for name, expected in {"taken": 1, "appeal": 1, "escalated": 0, "overdue": 0}.items():
        response = analyst.get(reverse("admin:risk_review_changelist"), {"waits": name})
        assert len(response.context["cl"].result_list) == expected, name


def test_many_are_decided_after_a_preview_and_taken_back(world: World, as_role: AtRole):
    lead = as_role("risk lead")
    page = reverse("admin:risk_flag_changelist") + "?decision=waiting"
    chosen = list(Flag.objects.waiting().values_list("pk", flat=True))
    form = {"action": "decide_several", "_selected_action": chosen, "select_across": "0"}
    preview = lead.post(page, form)
    assert "of them are appealed against" in preview.content.decode()
    mark = preview.context["form"].initial["previewed"]
    sent = {**form, "confirmed": "1", "decision": "confirmed", "disposition": "", "reason": "one rack", "previewed": mark}
    response = lead.post(page, sent)
    bulk = BulkReview.objects.order_by("-pk").first()
    assert response["Location"] == reverse("admin:risk_bulkreview_change", args=[bulk.pk])
    run_job(bulk.job_id, now=lambda: NOW)
    assert bulk.items.all().tally()["done"] == len(chosen) - 1
    page = lead.get(response["Location"]).content.decode()
    assert "decide the appeal" in page
    lead.post(reverse("admin:risk_bulkreview_undo", args=[bulk.pk]), {"reason": "the wrong rack"})
    undo = BulkReview.objects.get(undoes=bulk)
    run_job(undo.job_id, now=lambda: NOW)
    assert set(Flag.objects.filter(pk__in=chosen).values_list("decision", flat=True)) == {""}


def test_a_bulk_decision_of_another_selection_is_shown_again(as_role: AtRole):
    lead = as_role("risk lead")
    page = reverse("admin:risk_flag_changelist")
    chosen = list(Flag.objects.waiting().values_list("pk", flat=True))
    sent = {"action": "decide_several", "_selected_action": chosen, "select_across": "0", "confirmed": "1", "reason": "x"}
    response = lead.post(page, {**sent, "decision": "cleared", "disposition": "", "previewed": "1:1"})
    assert "Other orders match now" in response.content.decode()
    assert not Flag.objects.filter(decision="cleared").exists()


def test_today_and_the_side_bar_count_what_waits(analyst):
    page = analyst.get(reverse("admin:index"))
    assert "Orders to review" in page.content.decode()
    assert page.wsgi_request.waiting_counts["queue"] == Review.objects.count() > 0
    assert page.wsgi_request.waiting_counts["appeals"] == 1
