"""What the browser tests share: a world with logins, whoever is logged in, and pictures for the documentation."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.utils import timezone

from tests.admin.world import PASSWORD, World, build_world

if TYPE_CHECKING:
    from playwright.sync_api import Page

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
LogIn = Callable[[str], None]
TakePicture = Callable[[str], None]


@pytest.fixture
def world(transactional_db: None) -> World:
    cache.clear()
    return build_world(timezone.now(), gang=9, guests=12, password=make_password(PASSWORD))


@pytest.fixture
def log_in(page: "Page", world: World) -> LogIn:
    """Log in as somebody of this role; whoever was logged in is not any more."""

    def log_in_as(role: str) -> None:
        page.context.clear_cookies()
        page.goto("/admin/login/?next=/admin/")
        page.fill("input[name=username]", world.users[role].username)
        page.fill("input[name=password]", PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_url("**/admin/")

    return log_in_as


@pytest.fixture
def take_picture(page: "Page") -> TakePicture:
    """A picture for the documentation, taken only where HOLDFAST_SCREENSHOTS=1 asks for it."""

    def take(name: str) -> None:
        if os.environ.get("HOLDFAST_SCREENSHOTS") == "1":
            IMAGES.mkdir(parents=True, exist_ok=True)
            page.wait_for_timeout(400)
            page.screenshot(path=IMAGES / f"{name}.png")

    return take


@pytest.fixture
def complaints(page: "Page") -> Iterator[list[str]]:
    """What the browser complains about: forbidden scripts, missing files, errors in scripts. The test must end without any."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    yield found
    assert found == []
