"""Pause, go on and cancel: on the pages of a freeze, a release, an import and their jobs, for a reason, by who may."""

import re
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest

from backoffice.lib.approvals import approve
from backoffice.lib.jobs import run_job
from backoffice.lib.models import Job, JobStatus
from orders.models import Freeze, Hold, Order, OrderImport
from orders.services.freezing import request_freeze, request_release
from orders.services.importing import check_import, load_import, read_file, settings_of
from tests.admin.conftest import NOW, AtRole
from tests.admin.forms import page, step, text_of
from tests.admin.world import World, fresh
from tests.orders.rounds import AFTER_THE_LEASE, begun, in_chunks_of

WHY = "the bureau took it back"
BUTTONS = ("pause", "go_on", "cancel")


def address(model: str, pk: int, name: str) -> str:
    return f"/admin/{model.replace('_', '/')}/{pk}/{name.replace('_', '-')}/"


def offered(client: Any, model: str, pk: int) -> list[str]:
    html = client.get(f"/admin/{model.replace('_', '/')}/{pk}/change/").content.decode()
    return [name for name in BUTTONS if address(model, pk, name) in html]


def asked(world: World) -> Freeze:
    """For a freeze of three orders of honest guests."""
    return request_freeze(
        Order.objects.filter(customer__ref__startswith="guest"),
        kind="legal",
        legal_reference="PSB-77",
        authority="Public security bureau",
        scope_text="the guests",
        reason="asked by police",
        by=world.users["risk analyst"],
        at=NOW,
    )


@pytest.fixture
def half_done(world: World, monkeypatch: pytest.MonkeyPatch) -> Freeze:
    """A freeze that held one order; its worker is gone."""
    in_chunks_of(monkeypatch, 1)
    freeze = asked(world)
    approve(freeze.job.approval, by=world.users["risk lead"], reason="seen", at=NOW)
    return begun(freeze, 1, at=NOW)


def test_a_freeze_is_paused_goes_on_and_is_cancelled(world: World, half_done: Freeze, as_role: AtRole) -> None:
    lead, pk = as_role("risk lead"), half_done.pk
    assert offered(lead, "orders_freeze", pk) == ["pause", "cancel"]
    step(lead, "orders_freeze", "pause", pk, reason="a question")
    assert fresh(half_done.job).status == JobStatus.PAUSED
    assert offered(lead, "orders_freeze", pk) == ["go_on", "cancel"]
    step(lead, "orders_freeze", "go_on", pk, reason="answered")
    assert fresh(half_done.job).status == JobStatus.QUEUED
    step(lead, "orders_freeze", "cancel", pk, reason=WHY)
    text = page(lead, "orders_freeze", pk)
    assert "It was cancelled: nothing more is done" in text
    assert offered(lead, "orders_freeze", pk) == []
    assert run_job(half_done.job_id, now=lambda: NOW)
    assert Hold.objects.open().filter(freeze=half_done).count() == half_done.items.tally()["held"] == 1
    text = page(lead, "orders_freeze", pk)
    assert "the freeze was cancelled" in text
    assert WHY in text
    assert fresh(half_done.job).cancelled_by == world.users["risk lead"]


def test_only_what_ends_it_is_red_and_one_button_at_most_is_filled(half_done: Freeze, as_role: AtRole) -> None:
    lead, change = as_role("risk lead"), f"/admin/orders/freeze/{half_done.pk}/change/"

    def drawn() -> dict[str, str]:
        html = lead.get(change).content.decode()
        return {name: style.strip() for style, name in re.findall(r'class="hf-button([^"]*)" href="[^"]*/([a-z-]+)/"', html)}

    assert {name: drawn()[name] for name in ("pause", "cancel")} == {"pause": "", "cancel": "hf-button-ends"}
    assert "Cancel the rest" in page(lead, "orders_freeze", half_done.pk)
    step(lead, "orders_freeze", "pause", half_done.pk, reason="a question")
    assert [name for name, style in drawn().items() if style == "hf-button-go"] == ["go-on"]


def test_before_the_reason_is_given_the_page_says_what_becomes_of_whom(half_done: Freeze, as_role: AtRole) -> None:
    lead = as_role("risk lead")
    left = half_done.job.total - 1
    text = text_of(lead.get(address("orders_freeze", half_done.pk, "cancel")))
    assert f"What is held stays held, until it is released. {left} of {left + 1} orders have no result yet" in text
    response = step(lead, "orders_freeze", "cancel", half_done.pk, reason="")
    assert "This field is required" in text_of(response)
    assert fresh(half_done.job).cancelled_at is None


def test_before_it_is_approved_nothing_is_offered_and_nothing_works(world: World, as_role: AtRole) -> None:
    freeze, lead = asked(world), as_role("risk lead")
    assert offered(lead, "orders_freeze", freeze.pk) == []
    for name in BUTTONS:
        assert step(lead, "orders_freeze", name, freeze.pk, reason=WHY).status_code == 200
    assert fresh(freeze.job).status == JobStatus.REQUESTED
    assert fresh(freeze.job).cancelled_at is None


def test_once_it_is_done_nothing_is_offered_and_nothing_works(world: World, as_role: AtRole) -> None:
    lead = as_role("risk lead")
    for model, act in (("orders_freeze", world.freeze), ("orders_release", world.release)):
        assert offered(lead, model, act.pk) == []
        response = step(lead, model, "cancel", act.pk, reason=WHY)
        assert "there is nothing to cancel" in text_of(response)
        assert fresh(act.job).status == JobStatus.DONE


@pytest.mark.parametrize("role", ["risk analyst", "auditor", "support", "promotions approver"])
def test_who_may_not_stop_a_freeze_is_offered_nothing_and_refused(half_done: Freeze, as_role: AtRole, role: str) -> None:
    client, before = as_role(role), Job.objects.values().get(pk=half_done.job_id)
    for model, pk in (("orders_freeze", half_done.pk), ("lib_job", half_done.job_id)):
        for name in BUTTONS:
            url = address(model, pk, name)
            assert {client.get(url).status_code, client.post(url, {"reason": WHY}).status_code} <= {403, 404}
    assert Job.objects.values().get(pk=half_done.job_id) == before
    if role in ("risk analyst", "auditor"):
        assert offered(client, "orders_freeze", half_done.pk) == []


def test_a_release_is_cancelled_on_its_page(world: World, as_role: AtRole) -> None:
    analyst, lead = world.users["risk analyst"], as_role("risk lead")
    terms = {"scope_text": "all", "reason": "closed", "legal_reference": "PSB-2", "by": analyst, "at": NOW}
    release = request_release(world.freeze, holds=None, **terms)
    approve(release.job.approval, by=world.users["risk lead"], reason="seen", at=NOW)
    held = Hold.objects.open().filter(freeze=world.freeze).count()
    assert offered(lead, "orders_release", release.pk) == ["pause", "cancel"]
    step(lead, "orders_release", "cancel", release.pk, reason=WHY)
    assert run_job(release.job_id, now=lambda: NOW)
    assert Hold.objects.open().filter(freeze=world.freeze).count() == held > 0
    assert release.items.tally()["skipped"] == release.job.total
    assert WHY in page(lead, "orders_release", release.pk)


def test_the_page_of_the_job_cancels_what_it_works(half_done: Freeze, as_role: AtRole) -> None:
    lead = as_role("risk lead")
    assert offered(lead, "lib_job", half_done.job_id) == ["pause", "cancel"]
    step(lead, "lib_job", "cancel", half_done.job_id, reason=WHY)
    assert run_job(half_done.job_id, now=lambda: NOW + AFTER_THE_LEASE)
    assert fresh(half_done.job).status == JobStatus.CANCELLED
    assert WHY in page(lead, "lib_job", half_done.job_id)


def test_a_job_whose_results_are_needed_whole_is_not_cancelled_on_its_page(world: World, as_role: AtRole) -> None:
    void = Job.objects.get(pk=world.void.job_id)
    assert as_role("superuser").post(address("lib_job", void.pk, "cancel"), {"reason": WHY}).status_code == 403


def test_an_import_is_paused_and_cancelled_on_its_page(world: World, as_role: AtRole) -> None:
    lead, by = as_role("risk lead"), world.users["risk lead"]
    rows = "".join(f"P{number},2025-01-01,guest-0,tea,1,5.00\n" for number in range(3))
    found = read_file(BytesIO(f"order,date,customer,sku,quantity,price\n{rows}".encode()), name="old.csv", by=by, at=NOW)
    settings = settings_of(found)
    found = check_import(found, settings=replace(settings, source="older-shop"), by=by, at=NOW)
    run_job(found.check_job_id, now=lambda: NOW)
    found = load_import(fresh(found), by=by, reason="history", at=NOW)
    assert offered(lead, "orders_orderimport", found.pk) == ["pause", "cancel"]
    step(lead, "orders_orderimport", "pause", found.pk, reason="busy")
    assert offered(lead, "orders_orderimport", found.pk) == ["go_on", "cancel"]
    step(lead, "orders_orderimport", "cancel", found.pk, reason=WHY)
    assert run_job(found.job_id, now=lambda: NOW)
    assert OrderImport.objects.get(pk=found.pk).status == "cancelled"
    assert Order.objects.filter(ref__startswith="P").exists() is False
    text = page(lead, "orders_orderimport", found.pk)
    assert "loading was cancelled" in text
    assert WHY in text
