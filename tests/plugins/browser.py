"""A real browser for tests marked `browser`: Debian's chromium, driven by playwright."""

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
IS_REQUIRED = os.environ.get("HOLDFAST_REQUIRE_BROWSER") == "1"
QUIET_AND_OFFLINE = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_configure() -> None:
    if IS_REQUIRED and not CHROMIUM:
        raise pytest.UsageError("HOLDFAST_REQUIRE_BROWSER=1, but there is no chromium here (Debian: apt install chromium)")


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """One browser for the session. Pages are cheap, browsers are not."""
    from playwright.sync_api import sync_playwright

    # Playwright keeps an event loop running in this thread; Django would take every query for an async one.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET_AND_OFFLINE)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def page(chromium: "Browser", live_server: Any) -> Iterator["Page"]:
    """A page of the site under test, with cookies of its own: `page.goto("/admin/")`."""
    context = chromium.new_context(base_url=live_server.url, viewport={"width": 1400, "height": 1000}, locale="en-US")
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()
