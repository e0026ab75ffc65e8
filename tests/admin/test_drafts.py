"""Drafts are made by their services, changed while they are drafts, and never moved by a form."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backoffice.lib.errors import StaleState
from promotions.admin.drafts import change_draft
from promotions.models import Campaign, CouponType, Entry, Threshold, TokenBatch
from promotions.states import CampaignStatus, CouponTypeStatus
from tests.admin.conftest import NOW, AtRole
from tests.admin.forms import moment, page, text_of
from tests.admin.world import World, fresh

DAY = timedelta(days=1)
NO_RULES = {"rules-TOTAL_FORMS": "0", "rules-INITIAL_FORMS": "0"}


def send(client: Client, model: str, pk: int | None = None, **fields: Any) -> Any:
    """Fill in the form of a new object, or of one that is there."""
    url = reverse(f"admin:{model}_change", args=[pk]) if pk else reverse(f"admin:{model}_add")
    return client.post(url, {"change_reason": "as planned", **fields})


def a_campaign(**fields: Any) -> dict[str, Any]:
    period = moment("starts_at", NOW) | moment("ends_at", NOW + 9 * DAY)
    values = {
        "code": "MOON",
        "name": "Moon festival",
        "partner": "",
        "overrun_policy": "refuse",
        "budget": "90000",
        "currency": "CNY",
    }
    return {**period, **values, "slot_return": "never", "time_zone": "Asia/Shanghai", **fields}


def a_coupon_type(world: World, **fields: Any) -> dict[str, Any]:
    times = moment("claim_from", NOW) | moment("claim_until", NOW + DAY) | moment("valid_until", NOW + 2 * DAY)
    values = {"campaign": world.campaign.pk, "code": "CAKE8", "name": "8 off cakes", "audience": "online", "face_value": "8"}
    return {**times, **values, "minimum_spend": "0", "quantity": "50", "per_customer": "2", "stacks": "any", **fields}


def an_entry(world: World, **fields: Any) -> dict[str, Any]:
    times = moment("opens_at", NOW) | moment("closes_at", NOW + DAY)
    values = {"coupon_type": world.restricted.pk, "code": "BACKDOOR", "channel": "venue_qr", "cap": "10", "needs_token": "on"}
    return {**times, **values, **fields}


def test_a_campaign_is_drafted_with_its_budget_in_slices(world: World, as_role: AtRole) -> None:
    assert send(as_role("promotions operator"), "promotions_campaign", **a_campaign()).status_code == 302
    campaign = Campaign.objects.get(code="MOON")
    assert campaign.status == CampaignStatus.DRAFT
    assert campaign.owner == world.users["promotions operator"]
    assert campaign.starts_at == NOW
    assert sum(campaign.budget.slices.values_list("amount", flat=True)) == Decimal(90_000)


def test_a_form_without_a_reason_makes_nothing(world: World, as_role: AtRole) -> None:
    response = send(as_role("promotions operator"), "promotions_campaign", **a_campaign(change_reason=""))
    assert response.status_code == 200
    assert Campaign.objects.filter(code="MOON").exists() is False


def test_the_reason_of_a_new_draft_is_in_its_history(world: World, as_role: AtRole) -> None:
    send(as_role("promotions operator"), "promotions_campaign", **a_campaign(change_reason="for the moon"))
    event = Campaign.pgh_event_model.objects.select_related("pgh_context").get(code="MOON")
    assert event.pgh_context.metadata["reason"] == "for the moon"


def test_a_draft_is_changed_and_its_status_is_not(world: World, as_role: AtRole) -> None:
    period = moment("starts_at", world.autumn.starts_at) | moment("ends_at", world.autumn.ends_at)
    fields = {"code": "AUTUMN", "name": "Late autumn", "partner": "", "slot_return": "never", "status": "live", **period}
    fields |= {"overrun_policy": "honour", "budget": "12345.67", "time_zone": "Asia/Shanghai", **NO_RULES}
    assert send(as_role("promotions operator"), "promotions_campaign", world.autumn.pk, **fields).status_code == 302
    assert (fresh(world.autumn).name, fresh(world.autumn).status) == ("Late autumn", CampaignStatus.DRAFT)
    assert sum(part.amount for part in fresh(world.autumn).budget.slices.all()) == Decimal("12345.67")


def test_what_is_live_has_no_form(world: World, as_role: AtRole) -> None:
    client = as_role("superuser")
    assert send(client, "promotions_campaign", world.campaign.pk, name="Other").status_code == 403
    assert (
        '<input type="text" name="name"'
        not in client.get(f"/admin/promotions/campaign/{world.campaign.pk}/change/").content.decode()
    )
    assert fresh(world.campaign).name == "New Year gala"


def test_a_draft_that_was_sent_to_review_meanwhile_stays_as_it_was(world: World) -> None:
    Campaign.objects.filter(pk=world.autumn.pk).update(status=CampaignStatus.IN_REVIEW)
    with pytest.raises(StaleState, match="no longer a draft"):
        change_draft(world.autumn, {"name": "Sneaky"})
    assert fresh(world.autumn).name == "Autumn"


def test_a_coupon_type_gets_its_rule_per_customer(world: World, as_role: AtRole) -> None:
    assert send(as_role("promotions operator"), "promotions_coupontype", **a_coupon_type(world)).status_code == 302
    coupon_type = CouponType.objects.get(code="CAKE8")
    assert coupon_type.status == CouponTypeStatus.DRAFT
    assert list(coupon_type.rules.values_list("identity", "limit")) == [("customer", 2)]


def test_what_a_service_refuses_is_a_sentence_on_the_form(world: World, as_role: AtRole) -> None:
    for status in (CampaignStatus.PAUSED, CampaignStatus.ENDED):
        Campaign.objects.filter(pk=world.campaign.pk).update(status=status)
    response = send(as_role("promotions operator"), "promotions_coupontype", **a_coupon_type(world))
    assert "has ended" in text_of(response)
    assert CouponType.objects.filter(code="CAKE8").exists() is False


def test_what_the_database_would_refuse_is_a_sentence_too(world: World, as_role: AtRole) -> None:
    response = send(as_role("promotions operator"), "promotions_campaign", **a_campaign(**moment("ends_at", NOW - DAY)))
    assert response.status_code == 200
    assert Campaign.objects.filter(code="MOON").exists() is False


def test_a_claim_rule_is_added_to_a_draft(world: World, as_role: AtRole) -> None:
    kind = world.plum
    times = (
        moment("claim_from", kind.claim_from) | moment("claim_until", kind.claim_until) | moment("valid_until", kind.valid_until)
    )
    fields = {"code": "PLUM5", "name": "5 off plums", "face_value": "5", "minimum_spend": "0", "cooling": "00:30:00", **times}
    fields |= {"stacks": "any"} | {f"{name}-{part}_FORMS": "0" for name in ("scope", "hours") for part in ("TOTAL", "INITIAL")}
    rules = {
        "rules-TOTAL_FORMS": "2",
        "rules-INITIAL_FORMS": "1",
        "rules-0-id": kind.rules.get().pk,
        "rules-0-coupon_type": kind.pk,
    }
    rules |= {"rules-1-identity": "device", "rules-1-limit": "1", "rules-1-window": "1 00:00:00", "rules-1-action": "refuse"}
    response = send(as_role("promotions operator"), "promotions_coupontype", kind.pk, **fields, **rules)
    assert response.status_code == 302, text_of(response)
    assert set(kind.rules.values_list("identity", flat=True)) == {"customer", "device"}


def test_an_entry_of_a_restricted_type_needs_tokens(world: World, as_role: AtRole) -> None:
    client = as_role("promotions operator")
    response = send(client, "promotions_entry", **(an_entry(world) | {"needs_token": ""}))
    assert "An entry of a restricted coupon type needs tokens." in text_of(response)
    assert send(client, "promotions_entry", **an_entry(world)).status_code == 302
    assert Entry.objects.get(code="BACKDOOR").status == "draft"


def test_a_batch_is_made_signed_and_counted(world: World, as_role: AtRole) -> None:
    fields = {"entry": world.entry.pk, "code": "RUN-2", "count": "30", "uses": "1", **moment("expires_at", NOW + DAY)}
    assert send(as_role("promotions operator"), "promotions_tokenbatch", **fields).status_code == 302
    batch = TokenBatch.objects.get(code="RUN-2")
    assert (batch.tokens.count(), batch.made_by) == (30, world.users["promotions operator"])
    assert "each good for 1" in page(as_role("auditor"), "promotions_tokenbatch", batch.pk)


def test_a_line_is_drawn_and_moved_with_a_reason(world: World, as_role: AtRole) -> None:
    fields = {
        "campaign": world.campaign.pk,
        "coupon_type": "",
        "metric": "issued_count",
        "kind": "fixed",
        "limit": "500",
        "window": "",
        "action": "alarm",
    }
    assert send(as_role("promotions operator"), "promotions_threshold", **fields).status_code == 302
    line = Threshold.objects.get(limit=500)
    assert (
        send(as_role("promotions operator"), "promotions_threshold", line.pk, limit="5000", window="", action="alarm").status_code
        == 403
    )
    send(as_role("risk lead"), "promotions_threshold", line.pk, limit="400", window="00:10:00", action="suspend", peak_factor="1.0")
    assert (fresh(line).limit, fresh(line).action) == (Decimal(400), "suspend")


def test_the_coupon_types_page_says_what_it_can_cost(world: World, as_role: AtRole) -> None:
    text = page(as_role("promotions approver"), "promotions_coupontype", world.restricted.pk)
    assert "Can still cost at most 14,200.00 CNY" in text
    assert "the quantity left 192 19,200.00 CNY" in text
    assert "the caps of its entries left 142 14,200.00 CNY" in text
