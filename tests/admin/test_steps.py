"""Buttons on object pages: they say what will happen, ask why, call the service, and show its refusal."""

from decimal import Decimal

from backoffice.lib.models import Approval
from orders.models import Order
from promotions.models import Alarm, Campaign, CouponType, Threshold
from promotions.services.alarms import Found, raise_alarm
from promotions.states import AlarmCause, CampaignStatus, CouponTypeStatus, Metric
from tests.admin.conftest import AtRole
from tests.admin.forms import page, step, text_of
from tests.admin.world import World, fresh


def test_the_page_of_a_step_says_what_will_happen_and_changes_nothing(world: World, as_role: AtRole) -> None:
    response = as_role("risk analyst").get(f"/admin/promotions/coupontype/{world.restricted.pk}/suspend/")
    assert "Nobody gets a coupon of STUDIO100" in text_of(response)
    assert "CNY" in text_of(response)
    assert fresh(world.restricted).status == CouponTypeStatus.LIVE


def test_stopping_takes_one_person_and_a_reason(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    response = step(client, "promotions_coupontype", "suspend", world.restricted.pk, reason="forged tokens seen")
    assert response.status_code == 302
    assert fresh(world.restricted).status == CouponTypeStatus.SUSPENDED
    event = CouponType.pgh_event_model.objects.order_by("-pgh_id").select_related("pgh_context").first()
    assert event.pgh_context.metadata["reason"] == "forged tokens seen"
    assert event.pgh_context.metadata["user"] == world.users["risk analyst"].pk
    assert event.pgh_context.metadata["request_id"]


def test_without_a_reason_nothing_is_done(world: World, as_role: AtRole) -> None:
    response = step(as_role("risk analyst"), "promotions_coupontype", "suspend", world.restricted.pk, reason="  ")
    assert response.status_code == 200
    assert "This field is required" in text_of(response)
    assert fresh(world.restricted).status == CouponTypeStatus.LIVE


def test_a_refusal_is_a_sentence(world: World, as_role: AtRole) -> None:
    """Pausing a draft is in nobody's table of moves; the button is not shown, but its address can be typed."""
    response = step(as_role("promotions operator"), "promotions_campaign", "pause", world.autumn.pk, reason="by mistake")
    assert response.status_code == 200
    assert "cannot become" in text_of(response)
    assert fresh(world.autumn).status == CampaignStatus.DRAFT


def test_what_cannot_be_done_now_says_why(world: World, as_role: AtRole) -> None:
    client = as_role("promotions operator")
    assert "It waits for approval already." in page(client, "promotions_campaign", world.draft.pk)
    response = step(client, "promotions_campaign", "ask_to_go_live", world.draft.pk, reason="again")
    assert "It waits for approval already." in text_of(response)


def test_starting_again_goes_to_approvals(world: World, as_role: AtRole) -> None:
    client = as_role("promotions operator")
    step(client, "promotions_campaign", "pause", world.campaign.pk, reason="look first")
    step(client, "promotions_campaign", "ask_to_resume", world.campaign.pk, reason="all clear")
    assert fresh(world.campaign).status == CampaignStatus.PAUSED
    assert "all clear" in page(as_role("promotions approver"), "promotions_campaign", world.campaign.pk)


def test_buttons_are_those_of_the_role_and_the_state(world: World, as_role: AtRole) -> None:
    operator, auditor = as_role("promotions operator"), as_role("auditor")
    assert "pause/" in operator.get(f"/admin/promotions/campaign/{world.campaign.pk}/change/").content.decode()
    assert "pause/" not in auditor.get(f"/admin/promotions/campaign/{world.campaign.pk}/change/").content.decode()
    assert "pause/" not in operator.get(f"/admin/promotions/campaign/{world.autumn.pk}/change/").content.decode()


def test_an_alarm_is_acknowledged_with_what_was_done(world: World, as_role: AtRole) -> None:
    alarm = Alarm.objects.unacknowledged().first()
    step(as_role("promotions approver"), "promotions_alarm", "acknowledge", alarm.pk, reason="spoke to the studio")
    alarm.refresh_from_db()
    assert (alarm.note, alarm.acknowledged_by) == ("spoke to the studio", world.users["promotions approver"])
    response = step(as_role("risk lead"), "promotions_alarm", "acknowledge", alarm.pk, reason="me too")
    assert "has acknowledged it" in text_of(response)


def test_a_crossed_line_is_armed_again_by_its_button(world: World, as_role: AtRole) -> None:
    line = Threshold.objects.filter(fired_at__isnull=False).first()
    step(as_role("risk lead"), "promotions_threshold", "rearm", line.pk, reason="looked into it")
    assert fresh(line).fired_at is None


def test_a_line_of_a_restricted_type_is_changed_by_two(world: World, as_role: AtRole) -> None:
    """Its page has no form; its limit is lowered by a button, and whatever else is asked for."""
    line = world.restricted.thresholds.get(built_in_name="young_accounts")
    lead = as_role("risk lead")
    asked = {"action": "alarm", "limit": "400", "window": "00:10:00", "change_reason": "x"}
    assert lead.post(f"/admin/promotions/threshold/{line.pk}/change/", asked).status_code == 403
    step(lead, "promotions_threshold", "narrow", line.pk, limit="400", reason="x")
    assert fresh(line).limit == 10
    step(lead, "promotions_threshold", "narrow", line.pk, limit="6", reason="a small studio")
    assert fresh(line).limit == 6
    asked = {"limit": "40", "window": "00:10:00", "action": "suspend", "peak_factor": "1", "reason": "one poster for everybody"}
    assert step(as_role("promotions operator"), "promotions_threshold", "ask_to_change", line.pk, **asked).status_code == 302
    approval = Approval.objects.get(action="promotions.threshold.change")
    assert fresh(line).limit == 6
    approver = as_role("promotions approver")
    assert "limit 6.00 40.00 +34.00" in page(approver, "lib_approval", approval.pk)
    step(approver, "lib_approval", "approve", approval.pk, reason="as agreed with the studio")
    assert fresh(line).limit == 40


def test_a_line_that_one_person_drew_is_changed_by_one(world: World, as_role: AtRole) -> None:
    line = Threshold.objects.get(campaign=world.campaign)
    asked = {"action": "alarm", "limit": "400", "peak_factor": "1", "change_reason": "a busy shop"}
    assert as_role("risk lead").post(f"/admin/promotions/threshold/{line.pk}/change/", asked).status_code == 302
    assert fresh(line).limit == 400


def test_an_unknown_object_is_no_error(world: World, as_role: AtRole) -> None:
    assert step(as_role("superuser"), "promotions_campaign", "pause", 0, reason="x").status_code == 302
    assert Campaign.objects.filter(status=CampaignStatus.PAUSED).exists() is False


def test_a_page_has_one_main_button_and_red_ones_only_for_what_stops(world: World, as_role: AtRole) -> None:
    """Lowering a limit and copying a campaign are neither; what cannot be done now gives its place to what can."""
    client = as_role("superuser")
    live = client.get(f"/admin/promotions/campaign/{world.campaign.pk}/change/").context["step_buttons"]
    assert {str(button.label) for button in live if button.is_stop} == {"Stop", "End early"}
    assert [str(button.label) for button in live if button.is_next] == ["Ask to change"]
    waiting = client.get(f"/admin/promotions/campaign/{world.draft.pk}/change/").context["step_buttons"]
    assert [str(button.label) for button in waiting if button.is_next] == []
    order = Order.objects.get(ref="SO-cat-0")
    buttons = client.get(f"/admin/orders/order/{order.pk}/change/").context["step_buttons"]
    assert {str(button.label) for button in buttons if button.is_stop} == {"Cancel"}


def test_an_alarm_of_money_names_its_currency_and_leads_on(world: World, as_role: AtRole) -> None:
    line = Threshold.objects.create(campaign=world.campaign, metric=Metric.ISSUED_AMOUNT, limit=Decimal(2500))
    found = Found(value=Decimal(2600), limit=line.limit, threshold=line)
    alarm = raise_alarm(line.metric, scope=line.scope, at=world.at, about=world.campaign, found=found)
    client = as_role("risk lead")
    for url in ("/admin/", "/admin/promotions/alarm/", f"/admin/promotions/alarm/{alarm.pk}/change/"):
        assert "2,600.00 CNY / 2,500.00 CNY" in text_of(client.get(url)), url
    assert "2,500.00 CNY" in page(client, "promotions_campaign", world.campaign.pk)
    overdue = raise_alarm(AlarmCause.REVIEW_OVERDUE, scope="platform", at=world.at)
    assert "/admin/risk/review/?waits=overdue" in client.get(f"/admin/promotions/alarm/{overdue.pk}/change/").content.decode()
    still = raise_alarm(AlarmCause.CHECKS_STAND_STILL, scope="platform", at=world.at)
    assert "Schedules" in page(client, "promotions_alarm", still.pk).partition("Acknowledge")[2]
