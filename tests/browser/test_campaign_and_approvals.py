"""A campaign's page with its charts, stopping it, starting it again by a second person, views and exports, in a real browser."""

import csv
from typing import TYPE_CHECKING

import pytest

from backoffice.lib.models import ListExport, SavedView
from promotions.models import Alarm, Campaign, Claim
from promotions.states import CampaignStatus, Metric
from tests.admin.world import World
from tests.browser.conftest import LogIn, TakePicture

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_a_campaign_is_stopped_in_one_click_and_started_again_by_two(
    world: World, page: "Page", log_in: LogIn, take_picture: TakePicture, complaints: list[str]
) -> None:
    url = f"/admin/promotions/campaign/{world.campaign.pk}/change/"
    log_in("risk analyst")
    page.goto(url)
    page.wait_for_load_state("networkidle")
    take_picture("campaign")
    the_charts_are_drawn(page)
    page.click(".hf-steps >> text=Stop")
    page.fill("#modal-content textarea", "Claims from nowhere")
    page.click("#modal-content button[type=submit]")
    page.wait_for_selector("text=Paused. Nothing is given any more.")
    assert Campaign.objects.get(pk=world.campaign.pk).status == CampaignStatus.PAUSED

    log_in("promotions operator")
    page.goto(url)
    page.click("text=Ask to resume")
    page.fill("#modal-content textarea", "It was a rehearsal")
    page.click("#modal-content button[type=submit]")
    page.wait_for_selector("text=A second person decides.")
    page.goto("/admin/")
    assert page.locator("text=My requests and drafts").is_visible()
    assert page.locator("text=gives coupons again").first.is_visible()

    log_in("promotions approver")
    page.click("#content >> text=gives coupons again")
    page.wait_for_selector("text=In words")
    for words in ("500,000.00 CNY", "It was a rehearsal", "unchanged"):
        assert page.locator(f"text={words}").first.is_visible(), words
    take_picture("approval-in-words")
    page.click(".hf-steps >> text=Approve")
    page.fill("#modal-content textarea", "Looked at it")
    page.click("#modal-content button[type=submit]")
    page.wait_for_selector("text=It is being done")
    assert Campaign.objects.get(pk=world.campaign.pk).status == CampaignStatus.LIVE


def the_charts_are_drawn(page: "Page") -> None:
    """Chart.js has taken the canvas over; the table says the same; another window is a link."""
    page.wait_for_load_state("networkidle")
    assert page.evaluate("[...document.querySelectorAll('canvas.chart')].filter(c => Chart.getChart(c)).length") == 2
    labels = page.evaluate("Chart.getChart(document.querySelector('#burn-down canvas')).data.datasets.map(d => d.label)")
    assert labels[:2] == ["spent", "reserved (owed)"]
    assert "budget" in labels
    page.click("#burn-down >> text=The same as a table")
    assert page.locator("#burn-down tbody tr").first.is_visible()
    page.click("#burn-down >> text=The same as a table")
    page.click("#claims >> text=24 hours")
    page.wait_for_url("**within=24h**")
    assert page.locator("#claims [aria-current]").inner_text() == "24 hours"


def test_a_view_is_saved_as_a_tab_and_what_it_shows_is_taken_along(
    world: World, page: "Page", log_in: LogIn, complaints: list[str], tmp_path: "Path"
) -> None:
    log_in("risk analyst")
    page.goto("/admin/promotions/claim/?outcome__exact=refused")
    page.click("text=Save this view")
    page.fill("#modal-content input[name=name]", "Turned away")
    page.click("#modal-content button[type=submit]")
    page.wait_for_selector("#tabs-items a.active >> text=Turned away")
    with page.expect_download() as download:
        page.click("text=Export")
    download.value.save_as(tmp_path / "claims.csv")
    rows = list(csv.DictReader((tmp_path / "claims.csv").read_text("utf-8-sig").splitlines()))
    assert len(rows) == Claim.objects.refused().count() == ListExport.objects.get().rows
    page.click("text=Forget the view")
    page.wait_for_selector("text=The view is forgotten.")
    assert SavedView.objects.exists() is False


def test_an_alarm_and_a_grant_tell_what_happened(
    world: World, page: "Page", log_in: LogIn, take_picture: TakePicture, complaints: list[str]
) -> None:
    alarm = Alarm.objects.get(cause=Metric.TOKEN_REFUSALS)
    log_in("promotions operator")
    page.goto(f"/admin/promotions/alarm/{alarm.pk}/change/")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("Chart.getChart(document.querySelector('#chart canvas')).data.datasets.length") >= 3
    assert page.locator("text=coupon type STUDIO100").first.is_visible()
    take_picture("alarm")
    page.goto(f"/admin/promotions/grant/{world.grant.pk}/change/")
    assert page.locator("text=TEA10").first.is_visible()
    take_picture("grant")
