"""From a list of orders to a freeze: conditions as chips, previewed, asked for, approved, worked, released."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib import admin

from backoffice.lib.jobs import run_job
from backoffice.lib.models import ApprovalStatus, JobStatus
from orders.admin.ask_urls import release_url
from orders.admin.asking import freeze_url
from orders.models import Freeze, Hold, Order, OrderList, Release
from orders.scopes.fields import part
from risk.models import Flag
from risk.states import Disposition
from tests.admin.asking import TERMS, sent
from tests.admin.conftest import NOW, AtRole
from tests.admin.forms import act, hidden, page, step, text_of
from tests.admin.world import World, fresh


def led_to(client: Any, model: str, rows: Any, action: str = "freeze", **how: Any) -> str:
    """The address to which an action on a list leads."""
    response = act(client, model, action, rows, **how)
    assert response.status_code == 302, text_of(response)
    return str(response.headers["Location"])


def asked(client: Any, model: str, rows: Any, **how: Any) -> Any:
    return sent(client, led_to(client, model, rows, **how))


def test_the_preview_says_how_many_how_much_and_holds_nothing(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    flags = Flag.objects.filter(order__customer__ref__in=["cat-3", "cat-4"])
    text = text_of(client.get(led_to(client, "risk_flag", flags, query="?decision=waiting")))
    assert "chosen from: flagged orders; decision: waiting" in text
    assert "2 orders worth 200.00 CNY are held" in text
    assert "By how they look" in text
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


def test_everything_that_matches_becomes_conditions_and_includes_the_other_pages(
    world: World, as_role: AtRole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin.site._registry[Flag], "list_per_page", 2)
    chosen = Flag.objects.filter(disposition=Disposition.ORGANISED)
    query = f"?disposition__exact={Disposition.ORGANISED}"
    asked(as_role("risk analyst"), "risk_flag", chosen[:1], query=query, everything=True)
    freeze = Freeze.objects.get(legal_reference="PSB-9")
    assert freeze.items.count() == chosen.count() > 2
    assert [row["field"] for row in freeze.scope["all_of"]] == ["disposition", "flagged", "placed_at"]
    assert freeze.scope_text.startswith("looks: organised; flagged: in any state; placed: before 2026-01-20 20:00:00 +0800")
    assert freeze.scope_text.endswith("left out are those with allow list: customer, device or recipient is on it")


def test_the_filters_of_the_address_bound_the_scope(world: World, as_role: AtRole) -> None:
    asked(as_role("risk analyst"), "orders_order", Order.objects.all()[:1], query="?held=none", everything=True)
    freeze = Freeze.objects.get(legal_reference="PSB-9")
    unheld = Order.objects.exclude(pk__in=Hold.objects.open().values("order"))
    assert set(freeze.items.values_list("order__ref", flat=True)) == set(unheld.values_list("ref", flat=True))
    assert freeze.items.filter(order__ref="SO-guest-1").exists()
    assert freeze.items.filter(order__ref="SO-guest-0").exists() is False


@pytest.mark.parametrize("query", ["?q=rack-01", "?score_from=1", "?flagged_at_from_0=2026-01-01"])
def test_a_filter_that_is_no_condition_fixes_the_orders_as_a_list(world: World, as_role: AtRole, query: str) -> None:
    client, flags = as_role("risk analyst"), Flag.objects.all()
    before = OrderList.objects.count()
    url = led_to(client, "risk_flag", flags[:1], query=query, everything=True)
    assert OrderList.objects.count() == before + 1
    assert parse_qs(urlsplit(url).query)["orders"] == [str(OrderList.objects.latest("pk").pk)]


def test_a_time_in_the_list_is_the_same_period_here(world: World, as_role: AtRole) -> None:
    query = "?placed_at_from_0=2026-01-20&placed_at_from_1=00:00:00&placed_at_to_0=2026-01-20&placed_at_to_1=19:57:00"
    client = as_role("risk analyst")
    url = led_to(client, "orders_order", Order.objects.all()[:1], query=query, everything=True)
    assert parse_qs(urlsplit(url).query)["placed_at"] == ["2026-01-19T16:00:00+00:00/2026-01-20T11:57:00.000001+00:00"]


def test_what_changed_since_the_preview_is_shown_again(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    url = led_to(client, "risk_flag", Flag.objects.all()[:1], query="?decision=waiting", everything=True)
    preview = client.get(url)
    step(client, "risk_flag", "clear", Flag.objects.get(order__customer__ref="cat-5").pk, reason="known customer")
    seen = {"previewed": hidden(preview, "previewed"), "looked_at": hidden(preview, "looked_at"), "confirmed": "1"}
    response = client.post(url, TERMS | seen)
    assert "What matches has changed since you looked." in text_of(response)
    assert hidden(response, "previewed") != seen["previewed"]
    assert Freeze.objects.filter(legal_reference="PSB-9").exists() is False


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"legal_reference": ""}, "A legal hold needs the reference it stands on."),
        ({"names_no_term": ""}, "Say until when the order is valid, or that it names no term."),
        ({"valid_until": "2026-02-01T00:00"}, "You gave a term: it cannot be that none is named."),
        ({"valid_until": "2026-01-01T00:00", "names_no_term": ""}, "The term has run out already"),
    ],
)
def test_a_legal_freeze_needs_its_reference_and_its_term(world: World, as_role: AtRole, changes: Any, sentence: str) -> None:
    before = Freeze.objects.count()
    response = sent(as_role("risk analyst"), freeze_url(part("status", "paid")), **changes)
    assert sentence in text_of(response)
    assert Freeze.objects.count() == before


def test_who_may_not_ask_asks_in_vain(world: World, as_role: AtRole) -> None:
    before = Freeze.objects.count()
    for role in ("support", "auditor"):
        act(as_role(role), "orders_order", "freeze", Order.objects.all())
        assert as_role(role).post(freeze_url(part("status", "paid")), TERMS | {"confirmed": "1"}).status_code == 403
    assert Freeze.objects.count() == before


def test_delivered_orders_are_named_and_what_coupons_took_off_them_is_lost(world: World, as_role: AtRole) -> None:
    from orders.services.delivering import deliver_order

    client, query = as_role("risk analyst"), f"?coupon_type={world.restricted.pk}"
    deliver_order("SO-guest-1", at=NOW)
    text = text_of(client.get(led_to(client, "orders_order", Order.objects.all(), query=query, everything=True)))
    assert "1 of them, 168.00 CNY, are delivered or completed already: they cannot be frozen and are skipped." in text
    assert "Lost with them is what coupons took off 1 of them: 100.00 CNY." in text


def test_from_asking_to_release(world: World, as_role: AtRole) -> None:
    analyst, lead = as_role("risk analyst"), as_role("risk lead")
    asked(analyst, "risk_flag", Flag.objects.filter(order__customer__ref__in=["cat-3", "cat-4"]))
    freeze = Freeze.objects.get(legal_reference="PSB-9")
    step(lead, "lib_approval", "approve", freeze.job.approval_id, reason="reference is right")
    assert run_job(freeze.job_id, now=lambda: NOW)
    text = page(analyst, "orders_freeze", freeze.pk)
    assert "held 2" in text
    assert freeze.items.tally()["held"] == 2
    sent(analyst, release_url(freeze.pk), reason="proceedings closed", legal_reference="PSB-10")
    release = Release.objects.get(legal_reference="PSB-10")
    assert Hold.objects.open().filter(freeze=freeze).count() == 2
    step(lead, "lib_approval", "approve", release.job.approval_id, reason="agreed")
    assert run_job(release.job_id, now=lambda: NOW)
    assert Hold.objects.open().filter(freeze=freeze).exists() is False
    assert fresh(release.job).status == JobStatus.DONE


def test_a_release_needs_a_reference_where_the_freeze_is_legal(world: World, as_role: AtRole) -> None:
    response = sent(as_role("risk analyst"), release_url(world.freeze.pk), reason="closed", legal_reference="")
    assert "This field is required" in text_of(response)
    assert Release.objects.count() == 1


def test_some_holds_of_one_freeze_are_released(world: World, as_role: AtRole) -> None:
    client, holds = as_role("risk analyst"), Hold.objects.open().filter(freeze=world.freeze)
    url = led_to(client, "orders_hold", holds, action="ask_release")
    assert "1 holds that freeze" in text_of(client.get(url))
    sent(client, url, reason="no suspicion", legal_reference="PSB-11")
    assert Release.objects.get(legal_reference="PSB-11").items.count() == 1


def test_a_release_by_disposition_touches_only_what_the_freeze_placed(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    sent(client, freeze_url(part("flagged", "any")))
    freeze = Freeze.objects.get(legal_reference="PSB-9")
    step(as_role("risk lead"), "lib_approval", "approve", freeze.job.approval_id, reason="reference is right")
    assert run_job(freeze.job_id, now=lambda: NOW)
    Flag.objects.filter(order__customer__ref="cat-3").update(disposition=Disposition.SWEPT_ALONG)
    sent(client, release_url(freeze.pk, part("disposition", "swept_along")), legal_reference="PSB-12")
    release = Release.objects.get(legal_reference="PSB-12")
    assert list(release.items.values_list("hold__order__customer__ref", "hold__freeze")) == [("cat-3", freeze.pk)]
    assert release.scope["all_of"] == [{"field": "disposition", "operator": "is_one_of", "values": ["swept_along"]}]


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
