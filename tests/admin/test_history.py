"""The history tab: who, when, under which request, why, before and after."""

from django.test import Client

from backoffice.lib.admin.history import tracked_models
from orders.models import Hold, Order
from promotions.models import Campaign
from risk.models import CustomerDisposition
from tests.admin.conftest import AtRole
from tests.admin.forms import step, text_of
from tests.admin.world import World


def history(client: Client, model: str, pk: int) -> str:
    response = client.get(f"/admin/{model}/{pk}/history/")
    assert response.status_code == 200
    return text_of(response)


def test_a_step_leaves_a_line_with_everything(world: World, as_role: AtRole) -> None:
    response = step(as_role("risk analyst"), "promotions_campaign", "pause", world.campaign.pk, reason="forged tokens")
    text = history(as_role("auditor"), "promotions/campaign", world.campaign.pk)
    assert "risk.analyst" in text
    assert "forged tokens" in text
    assert "live → paused" in text
    event = Campaign.pgh_event_model.objects.order_by("-pgh_id").select_related("pgh_context").first()
    assert event.pgh_context.metadata["request_id"] in text
    assert response.status_code == 302


def test_the_budget_belongs_to_its_campaign(world: World, as_role: AtRole) -> None:
    text = history(as_role("auditor"), "promotions/campaign", world.campaign.pk)
    assert "budget" in text
    assert "500,000.00" in text


def test_an_orders_history_is_that_of_its_holds_and_its_flag(world: World, as_role: AtRole) -> None:
    order = Order.objects.get(ref="SO-cat-0")
    text = history(as_role("auditor"), "orders/order", order.pk)
    assert "hold" in text
    assert "flagged order" in text
    assert "asked by police" in text


def test_a_freeze_tells_of_its_job_and_approval(world: World, as_role: AtRole) -> None:
    text = history(as_role("risk analyst"), "orders/freeze", world.freeze.pk)
    assert "waiting for approval → queued" in text
    assert "running → done" in text
    assert "as agreed" in text


def test_what_belongs_to_another_row_is_not_shown(world: World, as_role: AtRole) -> None:
    step(as_role("risk analyst"), "promotions_campaign", "pause", world.campaign.pk, reason="only this one")
    assert "only this one" not in history(as_role("auditor"), "promotions/campaign", world.autumn.pk)


def test_membership_of_a_group_is_history(world: World, as_role: AtRole) -> None:
    user = world.users["support"]
    group = user.groups.get()
    fields = {"username": user.username, "is_active": "on", "is_staff": "on", "groups": [], "change_reason": "left the team"}
    assert as_role("superuser").post(f"/admin/auth/user/{user.pk}/change/", fields).status_code == 302
    text = history(as_role("auditor"), "auth/user", user.pk)
    assert "left the team" in text
    assert "deleted" in text
    assert "left the team" in history(as_role("auditor"), "auth/group", group.pk)


def test_the_audit_list_narrows_down_to_a_person_an_object_or_a_request(world: World, as_role: AtRole) -> None:
    step(as_role("risk analyst"), "promotions_campaign", "pause", world.campaign.pk, reason="forged tokens")
    auditor, analyst = as_role("auditor"), world.users["risk analyst"]
    mine = text_of(auditor.get(f"/admin/pghistory/events/?user={analyst.pk}&model=promotions.campaignevent"))
    assert "forged tokens" in mine
    assert "New Year gala" not in mine.partition("Before and after")[2]
    none = text_of(auditor.get("/admin/pghistory/events/?object_id=999999"))
    assert "Nothing has been recorded" in none


def test_odd_questions_to_the_audit_list_are_no_errors(world: World, as_role: AtRole) -> None:
    auditor = as_role("auditor")
    for query in (
        "older=yesterday",
        "older=2026-01-01,x:y",
        "older=2026-01-20T12:00:00Z,nothing:7",
        "object_id=abc",
        "user=x",
        "model=nothing",
        "request_id=%00x",
        "object_id=9" + "9" * 30,
    ):
        assert auditor.get(f"/admin/pghistory/events/?{query}").status_code == 200, query


def test_the_audit_list_goes_back_page_by_page_and_leaves_out_nothing(world: World, as_role: AtRole) -> None:
    """All events of this test have the same time, being of one transaction; so have those of a freeze."""
    client, url, seen = as_role("auditor"), "/admin/pghistory/events/", 0
    while url:
        context = client.get(url).context
        seen += len(context["lines"])
        url = f"/admin/pghistory/events/{context['older_url']}" if context["older_url"] else ""
    assert seen == sum(model.objects.count() for model in tracked_models()) > 100


def test_what_a_group_may_do_is_history_in_peoples_words(world: World, as_role: AtRole) -> None:
    group = world.users["support"].groups.get()
    text = history(as_role("auditor"), "auth/group", group.pk)
    assert "right of a group" in text
    assert "Can cancel an order" in text
    assert "person in a group" in text
    for row in ("group permission row", "user group row", "permission #"):
        assert row not in text


def test_what_is_kept_as_data_is_written_in_sentences_and_only_what_changed(world: World, as_role: AtRole) -> None:
    disposition = CustomerDisposition.objects.get(customer__ref="cat-0")
    finding = {"rule": "made_up", "text": "9 accounts on one device within 7 days", "score": 5}
    known = {"text": "The account was 9 days old", "score": -5}
    disposition.in_favour = [known]
    disposition.save(update_fields=["in_favour"])
    disposition.in_favour = [known, finding]
    disposition.save(update_fields=["in_favour"])
    text = history(as_role("auditor"), "risk/customerdisposition", disposition.pk)
    assert "in favour – → 9 accounts on one device within 7 days" in text
    assert "made_up" not in text
    assert "{'" not in text


def test_who_acts_for_nobody_is_the_system(world: World, as_role: AtRole) -> None:
    hold = Hold.objects.filter(placed_by__username="system").first()
    assert hold is not None
    assert "placed by the system" in history(as_role("auditor"), "orders/hold", hold.pk)
