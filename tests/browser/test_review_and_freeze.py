"""The heart of it, in a real browser: from the queue to a freeze that a second person approved, and back."""

from typing import TYPE_CHECKING

import pytest
from django.contrib import admin
from django.utils import timezone

from backoffice.lib.jobs import run_job
from orders.models import Freeze, Hold
from risk.models import Flag
from tests.admin.world import World
from tests.browser.conftest import LogIn, TakePicture

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_flagged_orders_are_reviewed_frozen_and_released(
    world: World,
    page: "Page",
    log_in: LogIn,
    take_picture: TakePicture,
    complaints: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(admin.site._registry[Flag], "list_per_page", 5)  # so that there is more than one page of them
    log_in("risk analyst")
    take_picture("today")
    narrow_down(page)
    take_picture("flagged-orders")
    open_the_first(page, take_picture)
    ask_for_a_freeze_of_everything(page, take_picture)
    freeze = Freeze.objects.get(legal_reference="PSB-2026-17")
    assert Hold.objects.filter(freeze=freeze).exists() is False
    assert freeze.items.count() == Flag.objects.filter(disposition="organised").count() > 5

    log_in("risk lead")
    decide(page, freeze.job.approval_id, take_picture)
    page.goto(f"/admin/orders/freeze/{freeze.pk}/change/")
    page.wait_for_selector("[data-status=queued]")
    assert run_job(freeze.job_id, now=timezone.now)
    page.wait_for_selector("[data-status=done]")
    page.reload()
    page.wait_for_selector("[data-status=done]")
    take_picture("freeze")
    assert Hold.objects.open().filter(freeze=freeze).count() == freeze.items.tally()["held"] > 0

    log_in("risk analyst")
    ask_for_the_release(page, freeze, take_picture)
    log_in("risk lead")
    release = freeze.releases.get()
    decide(page, release.job.approval_id)
    assert run_job(release.job_id, now=timezone.now)
    assert Hold.objects.open().filter(freeze=freeze).exists() is False


def ask_for_the_release(page: "Page", freeze: Freeze, take_picture: TakePicture) -> None:
    page.goto(f"/admin/orders/freeze/{freeze.pk}/change/")
    page.click(".hf-steps >> text=Release")
    page.wait_for_selector("text=holds that freeze")
    page.fill("[name=legal_reference]", "PSB-2026-18")
    page.fill("[name=reason]", "Proceedings closed")
    take_picture("release-preview")
    page.click("text=Ask for the release")
    page.wait_for_selector("text=Nothing is released until a second person approves")


def narrow_down(page: "Page") -> None:
    """Combine two filters in the sheet; they end up in the address and in words above the list."""
    page.goto("/admin/risk/flag/?decision=waiting")
    page.click("text=Filters")
    page.check("#changelist-filter input[value=organised]")
    page.click("text=Apply Filters")
    page.wait_for_url("**disposition__exact=organised**")
    assert "decision=waiting" in page.url
    assert page.locator(".hf-chips li").count() == 2


def open_the_first(page: "Page", take_picture: TakePicture) -> None:
    page.click("#result_list tbody th a >> nth=0")
    page.wait_for_selector("text=Against the customer")
    take_picture("flagged-order")
    for words in ("accounts on one device", "STUDIO-DOOR", "rack-01", "Other orders for the same recipient"):
        assert page.locator(f"text={words}").first.is_visible(), words
    page.click("text=Confirm suspicion")
    page.fill("#modal-content textarea", "Nine accounts, one rack")
    page.click("#modal-content button[type=submit]")
    page.wait_for_selector("text=Confirmed.")


def ask_for_a_freeze_of_everything(page: "Page", take_picture: TakePicture) -> None:
    """From the list, with everything that matches; one condition more, by keyboard alone; then the terms."""
    page.goto("/admin/risk/flag/?disposition__exact=organised")
    page.check("#action-toggle")
    page.select_option("select[name=action]", "freeze")
    page.click(".actions .question a")
    page.click("button[name=index]")
    page.wait_for_selector("text=Would be held")
    assert "disposition=organised" in page.url
    assert "not.allow_list=yes" in page.url
    leave_out_by_keyboard(page, take_picture)
    page.fill("[name=authority]", "Public security bureau")
    page.fill("[name=reason]", "Property preservation")
    page.fill("[name=valid_until]", "2030-07-20T00:00:00")
    page.set_input_files(
        "[name=document]", {"name": "order.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 by order of the bureau"}
    )
    take_picture("freeze-preview")
    page.click("text=Ask for the freeze")
    page.wait_for_selector("text=A legal hold needs the reference it stands on.")
    page.fill("[name=legal_reference]", "PSB-2026-17")
    page.set_input_files(
        "[name=document]", {"name": "order.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 by order of the bureau"}
    )
    page.click("text=Ask for the freeze")
    page.wait_for_selector("text=Nothing is held until a second person approves")
    page.wait_for_selector("[data-status=requested]")
    assert page.locator("text=order.pdf").first.is_visible()


def leave_out_by_keyboard(page: "Page", take_picture: TakePicture) -> None:
    page.focus("#add-device")
    page.keyboard.press("Enter")
    page.wait_for_selector("#condition")
    page.wait_for_function("document.activeElement.name === 'lines'", polling=100)
    page.keyboard.type("front-desk")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    take_picture("freeze-condition")
    page.focus("#condition button[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_selector(".hf-chip-out >> text=front-desk")
    assert "not.device=front-desk" in page.url


def decide(page: "Page", approval_id: int, take_picture: TakePicture | None = None) -> None:
    page.goto(f"/admin/lib/approval/{approval_id}/change/")
    if take_picture:
        take_picture("approval")
    page.click(".hf-steps >> text=Approve")
    page.fill("#modal-content textarea", "The reference is right")
    page.click("#modal-content button[type=submit]")
    page.wait_for_selector("text=It is being done")
