"""From a list of orders to a freeze: previewed, asked for, approved, worked, released."""

from typing import Any

import pytest
from django.contrib import admin

from backoffice.lib.jobs import run_job
from backoffice.lib.models import ApprovalStatus, JobStatus
from orders.models import Freeze, Hold, Order, Release
from risk.models import Flag
from risk.states import Disposition
from tests.admin.conftest import NOW, AtRole
from tests.admin.forms import act, hidden, page, step, text_of
from tests.admin.world import World, fresh

TERMS = {"kind": "legal", "legal_reference": "PSB-9", "authority": "Public security bureau", "reason": "property preservation"}


def asked(client: Any, model: str, rows: Any, **how: Any) -> Any:
    """Preview, then ask for exactly what was previewed."""
    preview = act(client, model, "freeze", rows, **how)
    return act(client, model, "freeze", rows, **how, **TERMS, confirmed="1", previewed=hidden(preview, "previewed"))


def test_the_preview_says_how_many_how_much_and_holds_nothing(world: World, as_role: AtRole) -> None:
    flags = Flag.objects.filter(order__customer__ref__in=["cat-3", "cat-4"])
    text = text_of(act(as_role("risk analyst"), "risk_flag", "freeze", flags, query="?decision=waiting"))
    assert "2 orders chosen by hand from: flagged orders; decision: waiting" in text
    assert "2 orders worth 200.00 CNY are held" in text
    assert "organised" in text
    assert Freeze.objects.filter(legal_reference="PSB-9").exists() is False


def test_a_selection_of_flagged_orders_is_asked_for(world: World, as_role: AtRole) -> None:
    flags = Flag.objects.filter(order__customer__ref__in=["cat-3", "cat-4"])
    response = asked(as_role("risk analyst"), "risk_flag", flags)
    freeze = Freeze.objects.get(legal_reference="PSB-9")
    assert response.headers["Location"] == f"/admin/orders/freeze/{freeze.pk}/change/"
    assert set(freeze.items.values_list("order__customer__ref", flat=True)) == {"cat-3", "cat-4"}
    assert freeze.job.approval.status == ApprovalStatus.PENDING
    assert freeze.job.requested_by == world.users["risk analyst"]
    assert Hold.objects.filter(freeze=freeze).exists() is False


def test_everything_that_matches_includes_the_other_pages(world: World, as_role: AtRole, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin.site._registry[Flag], "list_per_page", 2)
    chosen = Flag.objects.filter(disposition=Disposition.ORGANISED)
    query = f"?disposition__exact={Disposition.ORGANISED}"
    asked(as_role("risk analyst"), "risk_flag", chosen[:1], query=query, everything=True)
    freeze = Freeze.objects.get(legal_reference="PSB-9")
    assert freeze.items.count() == chosen.count() > 2
    assert freeze.scope_text == f"all {chosen.count()} orders that match: flagged orders; disposition: organised"


def test_the_filters_of_the_address_bound_the_scope(world: World, as_role: AtRole) -> None:
    asked(as_role("risk analyst"), "orders_order", Order.objects.all()[:1], query="?held=none", everything=True)
    freeze = Freeze.objects.get(legal_reference="PSB-9")
    assert set(freeze.items.values_list("order__customer__ref", flat=True)) == {"guest-1"}


def test_a_selection_that_changed_since_the_preview_is_shown_again(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    query = "?decision=waiting"
    preview = act(client, "risk_flag", "freeze", Flag.objects.all()[:1], query=query, everything=True)
    step(client, "risk_flag", "clear", Flag.objects.get(order__customer__ref="cat-3").pk, reason="known customer")
    sent = TERMS | {"confirmed": "1", "previewed": hidden(preview, "previewed")}
    response = act(client, "risk_flag", "freeze", Flag.objects.all()[:1], query=query, everything=True, **sent)
    assert "What matches has changed since you looked." in text_of(response)
    assert Freeze.objects.filter(legal_reference="PSB-9").exists() is False


def test_a_legal_freeze_needs_its_reference(world: World, as_role: AtRole) -> None:
    client, orders = as_role("risk analyst"), Order.objects.filter(customer__ref="cat-3")
    previewed = hidden(act(client, "orders_order", "freeze", orders), "previewed")
    terms = TERMS | {"legal_reference": "", "confirmed": "1", "previewed": previewed}
    assert "A legal hold needs the reference it stands on." in text_of(act(client, "orders_order", "freeze", orders, **terms))
    assert Freeze.objects.count() == 2


def test_who_may_not_ask_asks_in_vain(world: World, as_role: AtRole) -> None:
    for role in ("support", "auditor"):
        act(as_role(role), "orders_order", "freeze", Order.objects.all(), **TERMS, confirmed="1", previewed="x")
    assert Freeze.objects.count() == 2


def test_delivered_orders_are_named_as_lost(world: World, as_role: AtRole) -> None:
    from orders.services.delivering import deliver_order

    deliver_order("SO-guest-1", at=NOW)
    text = text_of(act(as_role("risk analyst"), "orders_order", "freeze", Order.objects.all()))
    assert "1 of them are delivered already: they are lost and will be skipped." in text


def test_from_asking_to_release(world: World, as_role: AtRole) -> None:
    analyst, lead = as_role("risk analyst"), as_role("risk lead")
    asked(analyst, "risk_flag", Flag.objects.filter(order__customer__ref__in=["cat-3", "cat-4"]))
    freeze = Freeze.objects.get(legal_reference="PSB-9")
    step(lead, "lib_approval", "approve", freeze.job.approval_id, reason="reference is right")
    assert run_job(freeze.job_id, now=lambda: NOW)
    text = page(analyst, "orders_freeze", freeze.pk)
    assert "held 2" in text
    assert freeze.items.tally()["held"] == 2
    step(analyst, "orders_freeze", "ask_to_release", freeze.pk, reason="proceedings closed", legal_reference="PSB-10")
    release = Release.objects.get(legal_reference="PSB-10")
    assert Hold.objects.open().filter(freeze=freeze).count() == 2
    step(lead, "lib_approval", "approve", release.job.approval_id, reason="agreed")
    assert run_job(release.job_id, now=lambda: NOW)
    assert Hold.objects.open().filter(freeze=freeze).exists() is False
    assert fresh(release.job).status == JobStatus.DONE


def test_a_release_needs_a_reference_where_the_freeze_is_legal(world: World, as_role: AtRole) -> None:
    response = step(
        as_role("risk analyst"), "orders_freeze", "ask_to_release", world.freeze.pk, reason="closed", legal_reference=""
    )
    assert "This field is required" in text_of(response)
    assert Release.objects.count() == 1


def test_some_holds_of_one_freeze_are_released(world: World, as_role: AtRole) -> None:
    client, holds = as_role("risk analyst"), Hold.objects.open().filter(freeze=world.freeze)
    preview = act(client, "orders_hold", "ask_release", holds)
    assert "1 holds of freeze" in text_of(preview)
    sent = {"reason": "no suspicion", "legal_reference": "PSB-11", "confirmed": "1", "previewed": hidden(preview, "previewed")}
    act(client, "orders_hold", "ask_release", holds, **sent)
    assert Release.objects.get(legal_reference="PSB-11").items.count() == 1


def test_holds_of_no_freeze_are_not_released_together(world: World, as_role: AtRole) -> None:
    response = act(as_role("risk analyst"), "orders_hold", "ask_release", Hold.objects.open())
    assert response.status_code == 302
    assert Release.objects.count() == 1


def test_single_holds_are_placed_and_released_with_a_reason(world: World, as_role: AtRole) -> None:
    client, order = as_role("risk analyst"), Order.objects.get(ref="SO-guest-1")
    step(client, "orders_order", "hold", order.pk, reason="customer called")
    hold = Hold.objects.get(order=order)
    assert (hold.kind, hold.reason, hold.placed_by) == ("manual", "customer called", world.users["risk analyst"])
    step(client, "orders_hold", "release", hold.pk, reason="cleared up")
    assert fresh(hold).release_reason == "cleared up"


def test_a_legal_hold_is_not_released_by_a_button(world: World, as_role: AtRole) -> None:
    hold = Hold.objects.open().filter(kind="legal").first()
    response = step(as_role("risk lead"), "orders_hold", "release", hold.pk, reason="please")
    assert "A legal hold ends by the release of its freeze." in text_of(response)
    assert fresh(hold).released_at is None
