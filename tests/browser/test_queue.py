"""A reviewer's shift in a real browser, by keyboard alone: take, decide, go on, skip, take back, appeal."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from orders.models import Hold
from risk.models import Appeal, Flag, Review, ReviewAct
from risk.queueing import LEASE
from tests.admin.world import World
from tests.browser.conftest import LogIn, TakePicture

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
QUEUE = "/admin/risk/review/next/"


def title(page: "Page") -> str:
    """The order on the page."""
    page.wait_for_selector(".hf-review-head .hf-title")
    return page.inner_text(".hf-review-head .hf-title").split()[0]


def waits_for_another(page: "Page", order: str) -> str:
    page.wait_for_function(
        "order => document.querySelector('.hf-review-head .hf-title')?.innerText.split(/\\s/)[0] !== order", arg=order
    )
    return title(page)


def press(page: "Page", key: str) -> None:
    page.wait_for_load_state("load")
    page.keyboard.press(key)


def begin(page: "Page", log_in: LogIn, role: str = "risk analyst") -> str:
    log_in(role)
    page.goto(QUEUE)
    press(page, "n")
    return title(page)


def test_a_shift_by_keyboard_alone(
    world: World, page: "Page", log_in: LogIn, take_picture: TakePicture, complaints: list[str]
) -> None:
    Review.objects.filter(appeal_due_at__isnull=False).update(
        assigned_to=world.users["risk lead"], assigned_by=world.users["risk lead"]
    )
    log_in("risk analyst")
    page.goto(QUEUE)
    page.wait_for_selector("text=Can still be saved")
    take_picture("queue")
    press(page, "n")
    first = title(page)
    assert page.inner_text("#countdown").startswith("14:5") or page.inner_text("#countdown") == "15:00"
    take_picture("review")
    press(page, "?")
    assert page.locator("#keys").is_visible()
    take_picture("review-keys")

    press(page, "6")
    second = waits_for_another(page, first)
    assert Flag.objects.get(order__ref=first).decision == "confirmed"
    assert page.locator("text=many accounts send the value to one recipient").first.is_visible()

    press(page, "w")
    page.keyboard.type("A family: the c key and the x key type letters here")
    page.keyboard.press("Escape")
    press(page, "c")
    third = waits_for_another(page, second)
    cleared = Flag.objects.get(order__ref=second)
    assert (cleared.decision, "x key" in cleared.decision_reason) == ("cleared", True)
    assert not Hold.objects.open().filter(order__ref=second, kind="risk").exists()

    press(page, "s")
    page.keyboard.type("lunch")
    page.keyboard.press("Enter")
    fourth = waits_for_another(page, third)
    assert ReviewAct.objects.get(kind="skipped").reason == "lunch"

    press(page, "u")
    assert waits_for_another(page, fourth) == second
    page.wait_for_selector("text=is taken back")
    assert Flag.objects.get(order__ref=second).decision == ""
    assert Hold.objects.open().filter(order__ref=second, kind="risk").exists()

    press(page, "e")
    page.keyboard.type("a relative of mine")
    page.keyboard.press("Enter")
    waits_for_another(page, second)
    assert Review.objects.get(order__ref=second).is_escalated


def test_a_lost_order_is_said_plainly(world: World, page: "Page", log_in: LogIn, take_picture: TakePicture) -> None:
    order = begin(page, log_in)
    held = Review.objects.filter(order__ref=order)
    past = timezone.now() - LEASE
    held.update(leased_by=None, leased_at=None, leased_until=None)
    held.update(leased_by=world.users["risk lead"], leased_at=past, leased_until=timezone.now() + timedelta(minutes=9))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_selector("#lease-lost:has-text('has taken this order')")
    assert page.locator("#decide .hf-quick button").first.is_disabled()
    take_picture("review-lost")


def test_an_open_page_keeps_its_order(world: World, page: "Page", log_in: LogIn) -> None:
    order = begin(page, log_in)
    soon = timezone.now() + timedelta(seconds=40)
    Review.objects.filter(order__ref=order).update(leased_until=soon)
    with page.expect_response("**/renew/"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert Review.objects.get(order__ref=order).leased_until > soon + timedelta(minutes=10)


def test_an_appeal_is_granted_and_the_customer_is_told_why(
    world: World, page: "Page", log_in: LogIn, take_picture: TakePicture, complaints: list[str]
) -> None:
    appeal = Appeal.objects.get()
    log_in("risk analyst")
    page.emulate_media(color_scheme="dark")
    page.goto(f"/admin/risk/review/{Review.objects.get(order=appeal.order).pk}/change/")
    press(page, "t")
    page.wait_for_selector("text=I bought it for my mother.")
    take_picture("review-appeal")
    press(page, "a")
    page.keyboard.type("We are sorry. It is on its way.")
    page.keyboard.press("Tab")
    page.keyboard.type("her own number")
    page.keyboard.press("Escape")
    press(page, "g")
    page.wait_for_selector("text=granted: it is released")
    appeal.refresh_from_db()
    assert (appeal.outcome, appeal.words, appeal.reason) == ("granted", "We are sorry. It is on its way.", "her own number")
