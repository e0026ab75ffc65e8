"""In a real browser: a freeze that one person starts alone, confirmed by another, its sealed record, and the breaker of holds."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from backoffice.lib.jobs import run_job
from orders.models import Emergency, Freeze, Hold, HoldBreaker
from orders.seals import verify
from orders.services.records import trusted_keys
from tests.admin.world import World
from tests.browser.conftest import LogIn, TakePicture

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_an_emergency_is_started_confirmed_and_recorded(
    world: World, page: "Page", log_in: LogIn, take_picture: TakePicture, complaints: list[str], tmp_path: Path
) -> None:
    log_in("risk lead")
    start_alone(page, take_picture)
    freeze = Freeze.objects.latest("pk")
    assert run_job(freeze.job_id, now=timezone.now)
    assert Hold.objects.open().filter(freeze=freeze).count() == freeze.job.total > 0
    page.goto("/admin/")
    page.wait_for_selector("text=EMERGENCY: falls unless confirmed")
    take_picture("today-emergency")

    log_in("superuser")
    page.goto(f"/admin/lib/approval/{freeze.job.approval_id}/change/")
    page.wait_for_selector("text=EMERGENCY: this works already")
    take_picture("emergency-approval")
    page.click(".hf-steps >> text=Approve")
    page.fill("#modal-content textarea", "They are the gang's")
    page.click("#modal-content button[type=submit]")
    page.wait_for_selector("text=It is being done")
    assert Emergency.objects.get(freeze=freeze).confirmed_by == world.users["superuser"]

    log_in("risk analyst")
    for kind, words in (("html", "Take out as page to print"), ("pdf", "Take out as PDF")):
        file = take_record_out(page, freeze, words, tmp_path / f"record.{kind}")
        assert verify(file.read_bytes(), trusted_keys()).key_id
    page.goto(f"/admin/orders/freeze/{freeze.pk}/record/")
    take_picture("record")
    page.goto((tmp_path / "record.html").as_uri())
    assert page.locator("h2", has_text="Timeline").is_visible()
    take_picture("record-page")


def test_automatic_holds_are_stopped_with_one_click_and_started_by_two(
    world: World, page: "Page", log_in: LogIn, take_picture: TakePicture, complaints: list[str]
) -> None:
    breaker = HoldBreaker.objects.get(kind="risk")
    log_in("risk analyst")
    page.goto(f"/admin/orders/holdbreaker/{breaker.pk}/change/")
    page.click(".hf-steps >> text=Stop automatic holds")
    page.fill("#modal-content textarea", "A rule holds everybody")
    page.click("#modal-content button[type=submit]")
    page.wait_for_selector("text=What would have been held is listed")
    take_picture("automatic-holds")
    page.click(".hf-steps >> text=Ask to start again")
    page.fill("#modal-content textarea", "The rule is mended")
    page.click("#modal-content button[type=submit]")
    page.wait_for_selector("text=Nothing is held by itself until a second person approves")
    page.goto("/admin/orders/missedhold/?state=waits")
    take_picture("not-held")
    breaker.refresh_from_db()
    assert breaker.stopped_by == world.users["risk analyst"]


def start_alone(page: "Page", take_picture: TakePicture) -> None:
    page.goto("/admin/orders/order/?q=cat-5")
    page.check("#action-toggle")
    page.select_option("select[name=action]", "freeze")
    page.click("button[name=index]")
    page.wait_for_selector("text=Start alone")
    page.select_option("[name=kind]", "manual")
    page.select_option("[name=alone_for]", "4")
    page.fill("[name=reason]", "They leave now")
    page.wait_for_selector("text=At once, before anybody else has looked")
    take_picture("emergency-start")
    page.click("text=Freeze now, alone")
    page.wait_for_selector("text=EMERGENCY: one person started it alone")
    take_picture("emergency")


def take_record_out(page: "Page", freeze: Freeze, words: str, file: Path) -> Path:
    page.goto(f"/admin/orders/freeze/{freeze.pk}/change/")
    page.click(".hf-steps >> text=Record")
    page.wait_for_selector("text=Who, when, under what")
    with page.expect_download() as download:
        page.click(f"text={words}")
    download.value.save_as(file)
    return file


def test_a_form_is_sent_once_however_often_its_button_is_clicked(
    world: World, page: "Page", log_in: LogIn, complaints: list[str]
) -> None:
    log_in("risk lead")
    page.goto("/admin/orders/orderimport/add/")
    click = "form => form.dispatchEvent(new Event('submit', {cancelable: true}))"
    form = page.locator("form.hf-form")
    assert [form.evaluate(click), form.evaluate(click)] == [True, False]
    assert form.get_attribute("aria-busy") == "true"
    page.reload()
    assert form.get_attribute("aria-busy") is None
