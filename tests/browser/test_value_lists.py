"""In a real browser: a device is put on a value list in the dialog, and a rule is written that asks for the list."""

from typing import TYPE_CHECKING

import pytest

from risk.models import Rule, RuleVersion, ValueList
from tests.admin.world import World
from tests.browser.conftest import LogIn

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_a_device_is_put_on_a_list_and_a_rule_asks_for_it(world: World, page: "Page", log_in: LogIn, complaints: list[str]) -> None:
    log_in("risk analyst")
    devices = ValueList.objects.get()
    page.goto(f"/admin/risk/valuelist/{devices.pk}/change/")
    page.click(".hf-steps >> text=Put a value on it")
    page.fill("#modal-content [name=value]", "another-rack")
    page.fill("#modal-content [name=reason]", "seen twice")
    page.click("#modal-content button.hf-button-go")
    page.wait_for_selector("#items >> text=another-rack")

    page.goto(f"/admin/risk/rule/{Rule.objects.get().pk}/write/")
    page.select_option("[name='t.0.0.fact']", "order.device")
    page.wait_for_selector("[name='t.0.0.is'] option[value=on_list]", state="attached")
    page.select_option("[name='t.0.0.is']", "on_list")
    page.select_option("[name='t.0.0.list']", "resellers-devices")
    page.wait_for_selector("#preview >> text=is on the value list resellers-devices")
    page.fill("[name=reason]", "they come again")
    page.click("text=Save as a draft")
    page.wait_for_selector("#lists >> text=resellers-devices")
    version = RuleVersion.objects.order_by("-pk").first()
    assert version is not None
    assert {"fact": "order.device", "is": "on_list", "list": "resellers-devices"} in version.tree["all"]
