"""In a real browser: from an alarm to an incident, its trace, a freeze of what can be saved, and the evidence on the disk."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from backoffice.lib.jobs import run_job
from orders.services.records import trusted_keys
from promotions.models import Alarm
from risk.bundles.verifying import verify_bundle
from risk.models import BundleDownload, EvidenceBundle, Incident
from tests.admin.world import World
from tests.browser.conftest import LogIn, TakePicture

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_an_alarm_becomes_an_incident_that_is_traced_frozen_and_taken_out(
    world: World, page: "Page", log_in: LogIn, take_picture: TakePicture, complaints: list[str], tmp_path: Path
) -> None:
    log_in("risk lead")
    incident = open_from_the_alarm(page)
    take_picture("incident")
    page.locator("#orders").scroll_into_view_if_needed()
    page.wait_for_selector("#orders canvas")
    take_picture("incident-chart")
    page.goto("/admin/risk/incident/")
    page.wait_for_selector("text=Tokens on a bargain board")
    take_picture("incidents")

    page.goto("/admin/risk/incident/trace/")
    page.fill("#trace-q", "SO-cat-0")
    page.keyboard.press("Enter")
    page.wait_for_selector(".hf-trace-start")
    take_picture("trace")
    page.click(".hf-trace li:has-text('device') >> text=trace from here")
    page.wait_for_selector(".hf-title >> text=rack-01")

    page.goto(f"/admin/risk/incident/{incident.pk}/change/")
    page.click(".hf-steps >> text=Freeze what can be saved")
    page.wait_for_selector(f"text=incident #{incident.pk}")
    take_picture("incident-freeze")
    take_evidence_out(page, incident, tmp_path / "bundle.zip", take_picture)


def open_from_the_alarm(page: "Page") -> Incident:
    alarm = Alarm.objects.exclude(threshold__coupon_type=None).earliest("pk")
    page.goto(f"/admin/promotions/alarm/{alarm.pk}/change/")
    page.click(".hf-steps >> text=Open an incident")
    page.fill("[name=title]", "Forged tokens at the gala")
    page.fill("[name=change_reason]", "The venue never printed these")
    page.click("[name=_save]")
    page.wait_for_selector("text=Forged tokens at the gala")
    incident = Incident.objects.get(title="Forged tokens at the gala")
    page.goto(f"/admin/risk/incident/{incident.pk}/change/")
    page.wait_for_selector("text=What it comes through")
    return incident


def take_evidence_out(page: "Page", incident: Incident, file: Path, take_picture: TakePicture) -> None:
    page.goto(f"/admin/risk/incident/{incident.pk}/change/")
    page.click(".hf-steps >> text=Evidence bundle")
    page.fill("#modal-content [name=reference]", "PSB-2026-17")
    page.fill("#modal-content textarea", "Asked for by the police")
    page.click("#modal-content button[type=submit]")
    page.wait_for_selector("text=It can be taken out once its job is done")
    bundle = EvidenceBundle.objects.latest("pk")
    assert run_job(bundle.job_id, now=timezone.now)
    page.goto(f"/admin/risk/evidencebundle/{bundle.pk}/change/")
    take_picture("evidence-bundle")
    page.click(".hf-steps >> text=Take out")
    page.fill("[name=reason]", "Inspector Li")
    with page.expect_download() as download:
        page.click("button:has-text('Take out')")
    download.value.save_as(file)
    with file.open("rb") as stream:
        assert verify_bundle(stream, trusted_keys()).manifest["incident"] == incident.pk
    assert BundleDownload.objects.filter(bundle=bundle).count() == 1
