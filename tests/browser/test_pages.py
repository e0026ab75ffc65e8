"""Every page in a real browser: no script is refused by the content security policy, none fails, no file is missing."""

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from tests.admin.permission_matrix import MODELS
from tests.admin.test_permission_matrix import address
from tests.admin.world import World
from tests.browser.conftest import LogIn

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def addresses() -> list[str]:
    found = [reverse("admin:index")]
    for name, model in MODELS.items():
        found.append(reverse(f"admin:{name}_changelist"))
        if name != "pghistory_events":
            found += [address(f"{name}_{page}", name) for page in ("change", "history", *model.steps)]
        if model.add:
            found.append(reverse(f"admin:{name}_add"))
    return found


def test_no_page_makes_the_browser_complain(world: World, page: "Page", log_in: LogIn, complaints: list[str]) -> None:
    log_in("superuser")
    forbidden = [url for url in addresses() if not is_well(page, url)]
    assert forbidden == [address("lib_approval_withdraw", "lib_approval")]
    complaints[:] = [text for text in complaints if "403" not in text]


def is_well(page: "Page", url: str) -> bool:
    response = page.goto(url)
    return response is not None and response.status == 200


def test_the_theme_and_the_search_box_go_by_keyboard(world: World, page: "Page", log_in: LogIn, complaints: list[str]) -> None:
    log_in("superuser")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("Control+e")
    page.wait_for_selector("html.dark, html.light")
    page.keyboard.press("Control+k")
    page.wait_for_selector("#search-input-command", state="visible")
    page.locator("#search-input-command").press_sequentially("rack-01", delay=30)
    page.wait_for_selector("#command-results >> text=orders from this device")


def test_the_page_for_who_may_not_come_in_explains_itself(world: World, page: "Page", log_in: LogIn) -> None:
    log_in("support")
    page.goto("/admin/risk/flag/")
    assert page.locator("text=Your groups do not give you the right to do this.").is_visible()
    page.click("text=Back to Today")
    page.wait_for_url("**/admin/")
