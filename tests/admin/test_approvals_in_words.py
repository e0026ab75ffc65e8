"""What the second person reads: the money, how urgent it is, everything in words, and old beside new."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from backoffice.lib.admin.changes import changes_panel, difference
from backoffice.lib.approvals import request_approval
from backoffice.lib.models import Approval
from promotions.models import Budget, Campaign, CouponType, Entry
from promotions.services.campaigns import GO_LIVE
from promotions.services.coupon_types import request_coupon_type
from promotions.services.entries import request_entry
from promotions.services.lifecycle import target_of
from tests.admin.conftest import NOW, AtRole
from tests.admin.forms import page, text_of
from tests.admin.world import World, fresh

LIST = "/admin/lib/approval/?status__exact=pending"


def asked_to_change(world: World, obj: Any, changes: dict[str, Any], **more: Any) -> Approval:
    return request_approval(
        action=GO_LIVE,
        target=target_of(obj),
        summary="More money for autumn.",
        payload={"changes": changes, **more},
        reason="it sells",
        by=world.users["promotions operator"],
        at=NOW - timedelta(minutes=40),
    )


def test_the_inbox_says_how_much_money_and_how_urgent(world: World, as_role: AtRole) -> None:
    Campaign.objects.filter(pk=world.draft.pk).update(starts_at=NOW + timedelta(minutes=90))
    text = text_of(as_role("promotions approver").get(LIST))
    assert "80,000.00 CNY" in text
    assert "wanted in 1 h 30 min" in text


def test_what_is_wanted_already_is_red(world: World, as_role: AtRole) -> None:
    html = as_role("promotions approver").get(LIST).content.decode()
    assert '<span class="hf-badge hf-danger">wanted 1 d ago</span>' in html


def test_a_change_of_a_budget_is_old_beside_new_with_the_difference_in_money(world: World, as_role: AtRole) -> None:
    changes = {"amount": {"old": "20000.00", "new": "35000.00"}}
    approval = asked_to_change(world, world.autumn, changes, note="agreed with the partner")
    client = as_role("promotions approver")
    text = page(client, "lib_approval", approval.pk)
    for words in ("20,000.00 CNY", "35,000.00 CNY", "+15,000.00 CNY", "until now", "from now on", "agreed with the partner"):
        assert words in text, words
    assert "waits for 40 min" in text
    assert "+15,000.00 CNY" in text_of(client.get(LIST))


def test_a_change_of_a_quantity_is_money_too(world: World, as_role: AtRole) -> None:
    asked_to_change(world, world.online, {"quantity": {"old": 5000, "new": 4000}})
    assert "−10,000.00 CNY" in text_of(as_role("promotions approver").get(LIST))


@pytest.mark.parametrize(
    ("model", "name", "old", "new", "said"),
    [
        (Budget, "amount", "10.00", "12.50", "+2.50 CNY"),
        (Budget, "amount", "10.00", "7.00", "−3.00 CNY"),
        (Entry, "cap", 100, 1500, "+1,400"),
        (Entry, "cap", 100, 100, "the same"),
        (CouponType, "quantity", "", 100, "–"),
        (CouponType, "name", "tea", "cake", "–"),
        (CouponType, "claim_until", "2026-01-20 12:00:00+00:00", "2026-01-21T14:00:00+00:00", "+1 d 2 h"),
        (CouponType, "claim_until", "2026-01-20T12:00:00+00:00", "2026-01-20T11:30:00+00:00", "−30 min"),
    ],
)
def test_differences_have_a_direction(model: Any, name: str, old: Any, new: Any, said: str) -> None:
    found = str(difference(model._meta.get_field(name), old, new, "CNY"))
    assert found in (said, f'<span class="hf-more">{said}</span>')


def test_a_field_of_the_budget_is_found_through_the_campaign() -> None:
    panel = changes_panel("", Campaign, {"amount": {"old": "1", "new": "2"}, "name": {"old": "a", "new": "b"}}, "CNY")
    assert [str(row[0]) for row in panel.rows] == ["amount", "name"]
    assert panel.rows[0][1] == "1.00 CNY"


def test_a_coupon_type_is_told_in_words_before_it_goes_live(world: World, as_role: AtRole) -> None:
    asker = world.users["promotions operator"]
    approval = request_coupon_type(fresh(world.plum), by=asker, reason="plums", at=NOW)
    text = page(as_role("promotions approver"), "lib_approval", approval.pk)
    for words in (
        "In words",
        "5.00 CNY off, whatever is spent",
        "at most 1 coupon per customer",
        "every customer",
        "Can cost at most 250.00 CNY",  # 50 by the cap of its entry
        "WEB-PLUM",
    ):
        assert words in text, words


def test_an_entry_says_whom_it_lets_in_and_what_that_costs(world: World, as_role: AtRole) -> None:
    asker = world.users["promotions operator"]
    approval = request_entry(fresh(world.web), by=asker, reason="plums", at=NOW)
    text = page(as_role("promotions approver"), "lib_approval", approval.pk)
    for words in ("Can give at most 250.00 CNY", "open to all: no token", "web"):
        assert words in text, words


def test_words_of_what_is_gone_are_left_out(world: World, as_role: AtRole) -> None:
    gone = Campaign(pk=999_999)
    approval = asked_to_change(world, gone, {"amount": {"old": "1", "new": "2"}})
    assert "More money for autumn." in page(as_role("promotions approver"), "lib_approval", approval.pk)


def test_what_is_at_stake_is_the_smaller_of_quantity_and_budget(world: World) -> None:
    from promotions.admin.approvals import most_of

    assert most_of(world.online) == Decimal(50_000)
    world.online.quantity = None
    assert most_of(world.online) == Decimal(500_000)
