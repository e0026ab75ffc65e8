"""The forms of coupon types and entries: terms, scope and hours by lines, the sentence they make; several stopped at once."""

from datetime import time
from typing import Any

from promotions.models import Campaign, CouponType, Entry
from promotions.services.campaigns import end_campaign
from promotions.services.conditions import add_hours, add_scope_line
from promotions.services.coupon_types import request_coupon_type
from promotions.services.entries import request_entry
from promotions.states import CampaignStatus, CouponTypeStatus, EntryStatus
from tests.admin.conftest import NOW, AtRole
from tests.admin.forms import act, moment, page, step, text_of
from tests.admin.test_drafts import DAY, a_coupon_type, send
from tests.admin.world import World, fresh

NOTHING_ADDED = {f"{prefix}-{part}_FORMS": "0" for prefix in ("rules", "scope", "hours") for part in ("TOTAL", "INITIAL")}


def plum_form(world: World, **fields: Any) -> dict[str, Any]:
    kind = world.plum
    times: dict[str, str] = {}
    for name in ("claim_from", "claim_until", "valid_until"):
        times |= moment(name, getattr(kind, name))
    values = {"code": "PLUM5", "name": "5 off plums", "face_value": "5", "minimum_spend": "0", "cooling": "00:30:00"}
    rules = {
        "rules-TOTAL_FORMS": "1",
        "rules-INITIAL_FORMS": "1",
        "rules-0-id": kind.rules.get().pk,
        "rules-0-coupon_type": kind.pk,
    }
    return times | values | {"stacks": "any"} | NOTHING_ADDED | rules | fields


def test_the_terms_of_a_new_type_are_kept(world: World, as_role: AtRole) -> None:
    fields = a_coupon_type(
        world, valid_days="7", first_order_only="on", stacks="listed", stacks_with="TEA10, drinks", percentage="20"
    )
    response = send(as_role("promotions operator"), "promotions_coupontype", **fields)
    kind = CouponType.objects.get(code="CAKE8")
    assert response.headers["Location"].endswith(f"/{kind.pk}/change/")
    assert (kind.valid_days, kind.first_order_only, kind.stacks_with) == (7, True, ["TEA10", "drinks"])
    text = page(as_role("auditor"), "promotions_coupontype", kind.pk)
    assert (
        "Takes 20 % off everything, at most 8.00 CNY, without a minimum spend; on a customer's first order only; together with"
        " TEA10, drinks only; valid 7 days after it is claimed." in text
    )


def test_a_restricted_type_is_asked_for_its_cap_in_words(world: World, as_role: AtRole) -> None:
    text = text_of(as_role("promotions operator").get("/admin/promotions/coupontype/add/"))
    assert "a cap on the uses of a token" in text
    assert "Together with other coupons" in text


def test_scope_and_hours_are_added_to_a_draft_by_lines(world: World, as_role: AtRole) -> None:
    scope = {"scope-TOTAL_FORMS": "2", "scope-0-side": "included", "scope-0-by": "category", "scope-0-value": "goods"}
    scope |= {"scope-1-side": "left_out", "scope-1-by": "sku", "scope-1-value": "PLUM-GIFT*"}
    hours = {"hours-TOTAL_FORMS": "1", "hours-0-weekdays": ["5", "6"], "hours-0-opens": "18:00", "hours-0-closes": "22:00"}
    client = as_role("promotions operator")
    response = send(client, "promotions_coupontype", world.plum.pk, **plum_form(world, **scope, **hours))
    assert response.status_code == 302, text_of(response)
    text = page(client, "promotions_coupontype", world.plum.pk)
    assert "Takes 5.00 CNY off goods, but not SKU PLUM-GIFT*" in text
    assert "Fri, Sat 18:00–22:00 (Asia/Shanghai)" in text


def test_a_line_is_taken_away_from_a_draft(world: World, as_role: AtRole) -> None:
    line = add_scope_line(world.plum, by="sku", value="PLUM-*")
    scope = {"scope-TOTAL_FORMS": "1", "scope-INITIAL_FORMS": "1", "scope-0-id": line.pk, "scope-0-coupon_type": world.plum.pk}
    fields = plum_form(world, **scope, **{"scope-0-DELETE": "on"})
    response = send(as_role("promotions operator"), "promotions_coupontype", world.plum.pk, **fields)
    assert response.status_code == 302, text_of(response)
    assert not world.plum.scope.exists()


def test_what_is_live_shows_its_scope_and_offers_no_editor(world: World, as_role: AtRole) -> None:
    add_scope_line(world.plum, by="sku", value="PLUM-*")
    request_coupon_type(world.plum, by=world.users["promotions operator"], reason="plums", at=NOW)
    response = as_role("promotions operator").get(f"/admin/promotions/coupontype/{world.plum.pk}/change/")
    assert "PLUM-*" in text_of(response)
    assert 'name="scope-0-value"' not in response.content.decode()


def test_the_hours_of_an_entry_are_on_its_page_and_on_its_approval(world: World, as_role: AtRole) -> None:
    add_hours(world.web, weekdays=[1], opens=time(9), closes=time(10))
    asked = request_entry(world.web, by=world.users["promotions operator"], reason="plums", at=NOW)
    assert "Mon 09:00–10:00 (Asia/Shanghai)" in page(as_role("auditor"), "promotions_entry", world.web.pk)
    text = page(as_role("promotions approver"), "lib_approval", asked.pk)
    assert "Blast radius" in text
    assert "09:00:00" in text


def test_the_approval_of_a_type_shows_what_it_does_and_its_blast_radius(world: World, as_role: AtRole) -> None:
    asked = request_coupon_type(world.plum, by=world.users["promotions operator"], reason="plums", at=NOW)
    text = page(as_role("promotions approver"), "lib_approval", asked.pk)
    assert "Takes 5.00 CNY off everything" in text
    assert "At most 250.00 CNY in all, and at most 250.00 CNY within one minute" in text
    assert "the caps of its entries left 50 250.00 CNY" in text


def test_a_campaign_is_duplicated_and_the_reader_is_led_to_the_copy(world: World, as_role: AtRole) -> None:
    client, start = as_role("promotions operator"), NOW + 300 * DAY
    fields = {"code": "GALA2", "reason": "next year"} | moment("starts_at", start)
    response = step(client, "promotions_campaign", "duplicate", world.campaign.pk, **fields)
    copy = Campaign.objects.get(code="GALA2")
    assert response.headers["Location"].endswith(f"/campaign/{copy.pk}/change/")
    assert (copy.starts_at, copy.status, copy.owner) == (start, CampaignStatus.DRAFT, world.users["promotions operator"])
    assert copy.coupon_types.count() == world.campaign.coupon_types.count()


def test_a_code_that_is_taken_is_a_sentence_on_the_form(world: World, as_role: AtRole) -> None:
    fields = {"code": "AUTUMN", "reason": "next year"} | moment("starts_at", NOW + 300 * DAY)
    response = step(as_role("promotions operator"), "promotions_campaign", "duplicate", world.campaign.pk, **fields)
    assert response.status_code == 200
    assert Campaign.objects.filter(code="AUTUMN").count() == 1


def test_one_person_ends_a_campaign_early(world: World, as_role: AtRole) -> None:
    step(as_role("risk analyst"), "promotions_campaign", "end", world.campaign.pk, reason="the show was called off")
    assert fresh(world.campaign).status == CampaignStatus.ENDED


def test_several_types_are_suspended_with_one_reason(world: World, as_role: AtRole) -> None:
    client, rows = as_role("risk analyst"), [world.online, world.restricted, world.plum]
    preview = act(client, "promotions_coupontype", "suspend_several", rows)
    assert "Nobody gets a coupon of TEA10" in text_of(preview)
    assert fresh(world.online).status == CouponTypeStatus.LIVE
    mark = preview.context["form"]["previewed"].value()
    act(client, "promotions_coupontype", "suspend_several", rows, confirmed="1", previewed=mark, reason="rumours")
    assert [fresh(kind).status for kind in rows] == [CouponTypeStatus.SUSPENDED, CouponTypeStatus.SUSPENDED, CouponTypeStatus.DRAFT]


def test_several_entries_are_closed_with_one_reason(world: World, as_role: AtRole) -> None:
    client, other = as_role("risk analyst"), Entry.objects.get(code="APP-TEA")
    mark = act(client, "promotions_entry", "close_several", [world.entry, other]).context["form"]["previewed"].value()
    act(client, "promotions_entry", "close_several", [world.entry, other], confirmed="1", previewed=mark, reason="over")
    assert {fresh(world.entry).status, fresh(other).status} == {EntryStatus.CLOSED}


def test_nothing_is_stopped_without_a_reason(world: World, as_role: AtRole) -> None:
    client, rows = as_role("risk analyst"), [world.campaign]
    mark = act(client, "promotions_campaign", "pause_several", rows).context["form"]["previewed"].value()
    response = act(client, "promotions_campaign", "pause_several", rows, confirmed="1", previewed=mark, reason=" ")
    assert response.status_code == 200
    assert fresh(world.campaign).status == CampaignStatus.LIVE


def test_what_has_ended_cannot_be_ended_again_from_a_list(world: World, as_role: AtRole) -> None:
    end_campaign(world.campaign, by=world.users["risk analyst"], reason="over", at=NOW)
    client, rows = as_role("risk analyst"), [world.campaign]
    preview = act(client, "promotions_campaign", "end_several", rows)
    assert "Nothing is done to it." in text_of(preview)
