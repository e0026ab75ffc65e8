"""Emergencies, terms, records, waits and the breaker of automatic holds, as staff meet them."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.urls import reverse

from backoffice.lib.approvals import approve
from backoffice.lib.models import Approval, ListExport
from orders.admin.asking import freeze_url
from orders.models import ActRecord, DeliveryWait, Emergency, Freeze, Hold, HoldBreaker, MissedHold, Order, TermExtension
from orders.scopes.fields import part
from orders.seals import verify
from orders.services.breaker import stop_automatic_holds
from orders.services.records import trusted_keys
from orders.services.terms import warn_of_terms
from tests.admin.conftest import NOW, AtRole
from tests.admin.forms import act, hidden, page, step, text_of
from tests.admin.world import World, fresh, worked

DAY = timedelta(days=1)
PDF = b"%PDF-1.7 the term is longer"
TERMS = {"kind": "manual", "reason": "they leave now", "confirmed": "1"}


def asking(client: Any, orders: Any) -> tuple[str, dict[str, str]]:
    """The page that asks for a freeze of these orders, and what it remembers of what was seen."""
    response = act(client, "orders_order", "freeze", orders)
    url = str(response.headers["Location"])
    preview = client.get(url)
    return url, {"previewed": hidden(preview, "previewed"), "looked_at": hidden(preview, "looked_at")}


def gang() -> Any:
    return Order.objects.filter(customer__ref__in=["cat-3", "cat-4"])


def a_term(world: World, until: Any) -> Freeze:
    """The done legal freeze, asked for anew with a term."""
    from orders.services.freezing import request_freeze

    freeze = request_freeze(
        gang(),
        kind="legal",
        legal_reference="PSB-30",
        authority="Public security bureau",
        scope_text="two of the gang",
        reason="asked by police",
        by=world.users["risk analyst"],
        at=NOW,
        valid_until=until,
    )
    return worked(world, freeze)


# Emergencies


def test_who_may_starts_a_freeze_alone_and_reads_when_it_falls(world: World, as_role: AtRole) -> None:
    client = as_role("risk lead")
    url, seen = asking(client, gang())
    response = client.post(url, {**TERMS, **seen, "alone_for": "4"}, follow=True)
    freeze = Freeze.objects.latest("pk")
    emergency = Emergency.objects.get(freeze=freeze)
    assert (emergency.started_by, emergency.ends_at) == (world.users["risk lead"], NOW + timedelta(hours=4))
    assert freeze.job.status == "queued"
    text = text_of(response)
    assert "Started, by you alone." in text
    assert "EMERGENCY: one person started it alone." in text


def test_whoever_may_not_is_not_offered_it_and_asks_as_always(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    url, seen = asking(client, gang())
    assert "Start alone" not in text_of(client.get(url))
    before = Emergency.objects.count()
    client.post(url, {**TERMS, **seen, "alone_for": "24"})
    assert Freeze.objects.latest("pk").job.status == "requested"
    assert Emergency.objects.count() == before


def test_a_lead_who_starts_nothing_alone_asks_as_always(world: World, as_role: AtRole) -> None:
    client = as_role("risk lead")
    url, seen = asking(client, gang())
    client.post(url, {**TERMS, **seen, "alone_for": ""})
    assert Freeze.objects.latest("pk").job.status == "requested"


def test_the_second_person_confirms_it_on_the_page_of_the_approval(world: World, as_role: AtRole) -> None:
    approval = world.emergency.job.approval
    client = as_role("superuser")
    assert "EMERGENCY" in page(client, "lib_approval", approval.pk)
    step(client, "lib_approval", "approve", approval.pk, reason="it is right")
    assert Emergency.objects.get(freeze=world.emergency).confirmed_by == world.users["superuser"]


def test_today_shows_an_emergency_until_somebody_confirms_it(world: World, as_role: AtRole) -> None:
    client = as_role("risk lead")
    words = "EMERGENCY: falls unless confirmed"
    assert words in text_of(client.get(reverse("admin:index")))
    approve(world.emergency.job.approval, by=world.users["superuser"], reason="", at=NOW)
    assert words not in text_of(client.get(reverse("admin:index")))


# Terms


def test_a_term_that_runs_out_is_on_the_page_the_list_and_today(world: World, as_role: AtRole) -> None:
    freeze = a_term(world, NOW + 2 * DAY)
    client = as_role("risk analyst")
    words = "runs out within 2 days"
    assert words in page(client, "orders_freeze", freeze.pk)
    assert words in text_of(client.get(reverse("admin:orders_freeze_changelist") + "?term=soon"))
    assert words in text_of(client.get(reverse("admin:index")))


@pytest.mark.parametrize(("query", "shown"), [("over", False), ("soon", True), ("none", False)])
def test_the_list_is_narrowed_down_by_term(world: World, as_role: AtRole, query: str, shown: bool) -> None:
    a_term(world, NOW + 2 * DAY)
    text = text_of(as_role("risk analyst").get(reverse("admin:orders_freeze_changelist") + f"?term={query}"))
    assert ("PSB-30" in text) == shown


def test_warnings_that_were_given_stand_on_the_page(world: World, as_role: AtRole) -> None:
    freeze = a_term(world, NOW + DAY)
    warn_of_terms(NOW + DAY)
    assert "Warnings of its term" in page(as_role("risk analyst"), "orders_freeze", freeze.pk)


def test_an_extension_is_asked_for_with_its_paper_and_decided_by_another(world: World, as_role: AtRole) -> None:
    freeze, client = a_term(world, NOW + DAY), as_role("risk analyst")
    paper = BytesIO(PDF)
    paper.name = "extension.pdf"
    terms = {"valid_until": "2026-03-01T12:00:00", "legal_reference": "PSB-31", "reason": "the case goes on", "document": paper}
    assert step(client, "orders_freeze", "extend", freeze.pk, **terms).status_code == 302
    extension = TermExtension.objects.get()
    assert (extension.document.name, extension.legal_reference) == ("extension.pdf", "PSB-31")
    lead = as_role("risk lead")
    assert "PSB-31" in page(lead, "lib_approval", extension.approval_id)
    step(lead, "lib_approval", "approve", extension.approval_id, reason="read it")
    assert fresh(freeze).valid_until == extension.valid_until
    assert "PSB-31" in page(lead, "orders_freeze", freeze.pk)


def test_an_extension_without_a_term_is_a_sentence_on_the_form(world: World, as_role: AtRole) -> None:
    freeze = a_term(world, NOW + DAY)
    terms = {"valid_until": "", "legal_reference": "PSB-31", "reason": "x"}
    assert step(as_role("risk analyst"), "orders_freeze", "extend", freeze.pk, **terms).status_code == 200
    terms["valid_until"] = "2026-01-20T12:00:00"
    response = step(as_role("risk analyst"), "orders_freeze", "extend", freeze.pk, **terms)
    assert "must end after the present one" in text_of(response)


# Records


@pytest.mark.parametrize(("kind", "media_type"), [("html", "text/html; charset=utf-8"), ("pdf", "application/pdf")])
def test_a_record_is_taken_out_sealed(world: World, as_role: AtRole, kind: str, media_type: str) -> None:
    client = as_role("risk analyst")
    response = client.post(reverse("admin:orders_freeze_record", args=[world.freeze.pk]), {"kind": kind})
    assert response.headers["Content-Type"] == media_type
    assert response.headers["Content-Disposition"].startswith(f'attachment; filename="record-freeze-{world.freeze.pk}')
    assert verify(response.content, trusted_keys()).sha256 == ActRecord.objects.get().file_sha256
    assert "Records that left the house" in page(client, "orders_freeze", world.freeze.pk)


def test_looking_at_the_page_takes_nothing_out(world: World, as_role: AtRole) -> None:
    response = as_role("risk analyst").get(reverse("admin:orders_release_record", args=[world.release.pk]))
    assert world.release.job.scope_hash in text_of(response)
    assert not ActRecord.objects.exists()


def test_a_record_in_chinese_says_so(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    client.cookies["django_language"] = "zh-hans"
    response = client.post(reverse("admin:orders_freeze_record", args=[world.freeze.pk]), {"kind": "html"})
    assert b'<html lang="zh-hans">' in response.content


def test_the_results_are_a_table_and_who_took_them_is_kept(world: World, as_role: AtRole) -> None:
    response = as_role("risk analyst").get(reverse("admin:orders_freeze_results", args=[world.freeze.pk]))
    lines = b"".join(response.streaming_content).decode().splitlines()
    assert len(lines) == 3
    assert "SO-cat-0,100.00,CNY,held," in lines
    export = ListExport.objects.get()
    assert (export.rows, export.by, export.query) == (2, world.users["risk analyst"], f"freeze={world.freeze.pk}")


# Automatic holds


def test_one_click_stops_automatic_holds_and_two_persons_start_them(world: World, as_role: AtRole) -> None:
    breaker, client = HoldBreaker.objects.get(kind="risk"), as_role("risk analyst")
    step(client, "orders_holdbreaker", "stop", breaker.pk, reason="it holds everybody")
    assert fresh(breaker).stopped_by == world.users["risk analyst"]
    assert "automatic holds of the kind risk" in text_of(client.get(reverse("admin:index")))
    step(client, "orders_holdbreaker", "ask_to_start", breaker.pk, reason="the rule is mended")
    approval = Approval.objects.get(action="orders.breaker.start")
    lead = as_role("risk lead")
    assert "it holds everybody" in page(lead, "lib_approval", approval.pk)
    step(lead, "lib_approval", "approve", approval.pk, reason="read the rule")
    assert fresh(breaker).stopped_at is None


def test_a_lead_sets_the_limit_with_a_reason(world: World, as_role: AtRole) -> None:
    breaker = HoldBreaker.objects.get(kind="risk")
    form = {"window": "00:30:00", "most": "50", "change_reason": "a quiet season"}
    url = reverse("admin:orders_holdbreaker_change", args=[breaker.pk])
    assert as_role("risk lead").post(url, form).status_code == 302
    assert (fresh(breaker).most, fresh(breaker).window) == (50, timedelta(minutes=30))
    history = as_role("risk lead").get(reverse("admin:orders_holdbreaker_history", args=[breaker.pk]))
    assert "a quiet season" in text_of(history)


def test_a_reviewer_holds_what_was_not_held(world: World, as_role: AtRole) -> None:
    stop_automatic_holds(HoldBreaker.objects.get(kind="risk"), by=world.users["risk lead"], reason="too many", at=NOW)
    order = Order.objects.get(ref="SO-guest-1")
    missed = MissedHold.objects.create(order=order, kind="risk", reason="many accounts", missed_at=NOW)
    client = as_role("risk analyst")
    assert "many accounts" in text_of(client.get(reverse("admin:orders_missedhold_changelist") + "?state=waits"))
    answer = act(client, "orders_missedhold", "hold_several", [missed])
    seen = {"confirmed": "1", "previewed": hidden(answer, "previewed"), "reason": "the same recipient"}
    act(client, "orders_missedhold", "hold_several", [missed], **seen)
    assert fresh(missed).decision == "held"
    assert Hold.objects.open().get(order=order, kind="manual").placed_by == world.users["risk analyst"]


def test_an_order_says_since_when_its_delivery_waits(world: World, as_role: AtRole) -> None:
    wait = DeliveryWait.objects.get()
    Order.objects.filter(pk=wait.order_id).update(delivery_asked_at=NOW)
    assert "Deliveries asked for in vain" in page(as_role("support"), "orders_order", wait.order_id)
    assert wait.order.ref in page(as_role("risk analyst"), "orders_deliverywait", wait.pk)


def test_a_freeze_is_asked_for_by_what_an_address_says(world: World, as_role: AtRole) -> None:
    """The emergency's field stands on the page whichever way one came."""
    text = text_of(as_role("risk lead").get(freeze_url(part("placed_at", "", NOW.isoformat()))))
    assert "Start alone" in text
