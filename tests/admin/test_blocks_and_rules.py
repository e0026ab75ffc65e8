"""Staff block whom they mean, list what identifies nobody, and write claim rules, by the pages."""

from typing import Any

import pytest
from django.urls import reverse

from backoffice.lib.models import Approval
from promotions.models import Claim, IdentityBlock, NobodyValue
from promotions.services.claiming import claim_coupon
from promotions.states import Identity, RefusalReason, RuleAction
from tests.admin.conftest import AtRole
from tests.admin.forms import page, step, text_of
from tests.admin.world import DAY, MINUTE, World, a_request

pytestmark = pytest.mark.django_db
NUMBER = "+86 139-1234-5670"


def send(client: Any, model: str, **fields: Any) -> Any:
    return client.post(reverse(f"admin:{model}_add"), {"change_reason": "cat pool", **fields})


def test_a_phone_is_blocked_as_it_was_typed_and_shown_masked_ever_after(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    fields = {"identity": Identity.PHONE, "value": NUMBER, "coupon_type": world.online.pk}
    assert send(client, "promotions_identityblock", **fields).status_code == 302
    block = IdentityBlock.objects.latest("pk")
    assert (block.coupon_type, block.campaign, block.reason) == (world.online, None, "cat pool")
    listed = text_of(client.get(reverse("admin:promotions_identityblock_changelist")))
    shown = page(client, "promotions_identityblock", block.pk) + listed
    assert "139••••5670" in shown
    assert "12345670" not in shown.replace("-", "").replace(" ", "")


def test_what_names_nobody_is_refused_in_words(world: World, as_role: AtRole) -> None:
    before = IdentityBlock.objects.count()
    response = send(as_role("risk analyst"), "promotions_identityblock", identity=Identity.PHONE, value="his phone")
    assert "This is no phone number." in text_of(response)
    assert IdentityBlock.objects.count() == before


def test_a_lifted_block_says_who_and_why_and_leaves_the_list_of_those_in_force(world: World, as_role: AtRole) -> None:
    client, block = as_role("risk analyst"), IdentityBlock.objects.get()
    assert step(client, "promotions_identityblock", "lift", block.pk, reason="a library").status_code == 302
    assert "a library" in page(client, "promotions_identityblock", block.pk)
    listed = reverse("admin:promotions_identityblock_changelist")
    assert "rack-00" not in text_of(client.get(f"{listed}?state=blocked"))
    assert "rack-00" in text_of(client.get(f"{listed}?state=over"))


def test_a_value_is_listed_as_nobodys_and_taken_off(world: World, as_role: AtRole) -> None:
    client = as_role("risk lead")
    fields = {"kind": "device", "value": "Shop-Window*", "note": "phones on show"}
    assert send(client, "promotions_nobodyvalue", **fields).status_code == 302
    row = NobodyValue.objects.get(value="shopwindow*")
    assert (row.created_by, row.is_listed) == (world.users["risk lead"], True)
    assert step(client, "promotions_nobodyvalue", "take_off", row.pk, reason="sold").status_code == 302
    row.refresh_from_db()
    assert not row.is_listed


def test_a_rule_of_a_live_campaign_is_asked_for_on_its_page(world: World, as_role: AtRole) -> None:
    fields = {"identity": Identity.DEVICE, "limit": 2, "window": "00:10:00", "action": RuleAction.FLAG, "reason": "the rack"}
    client = as_role("promotions operator")
    assert step(client, "promotions_campaign", "ask_for_a_rule", world.campaign.pk, **fields).status_code == 302
    asked = Approval.objects.get(action="promotions.campaign.add_rule")
    assert "at most 2 coupons per device within 10 min, all types of the campaign together; beyond: issue and flag" in asked.summary
    assert not world.campaign.rules.exists()


def test_a_rule_of_a_live_type_is_asked_to_end_on_its_page(world: World, as_role: AtRole) -> None:
    rule = world.online.rules.get()
    client = as_role("promotions operator")
    response = step(client, "promotions_coupontype", "ask_to_end_a_rule", world.online.pk, rule=rule.pk, reason="a gift each")
    assert response.status_code == 302
    assert Approval.objects.get(action="promotions.coupon_type.end_rule").payload["rule"] == rule.pk


def rule_fields(number: int, **fields: Any) -> dict[str, Any]:
    return {f"rules-{number}-{name}": value for name, value in fields.items()}


def test_rules_are_written_into_a_draft_and_taken_out_of_it(world: World, as_role: AtRole) -> None:
    client, old = as_role("promotions operator"), world.plum.rules.get()
    url = reverse("admin:promotions_coupontype_change", args=[world.plum.pk])
    sent = {
        **{key: value for key, value in initial(client.get(url)).items() if value is not None},
        "change_reason": "by device instead",
        **rule_fields(0, id=old.pk, coupon_type=world.plum.pk, DELETE="on"),
        **rule_fields(1, coupon_type=world.plum.pk, identity=Identity.DEVICE, limit=3, window="", action=RuleAction.REFUSE),
        "rules-TOTAL_FORMS": 2,
        "rules-INITIAL_FORMS": 1,
        **{f"{name}-{part}_FORMS": 0 for name in ("scope", "hours") for part in ("TOTAL", "INITIAL")},
    }
    response = client.post(url, sent)
    assert response.status_code == 302, text_of(response)
    assert list(world.plum.rules.values_list("identity", "limit", "action")) == [("device", 3, "refuse")]


def initial(response: Any) -> dict[str, Any]:
    """What the form shows, as a browser would send it again."""
    form = response.context["adminform"].form
    found: dict[str, Any] = {}
    for name, field in form.fields.items():
        value = field.prepare_value(form.get_initial_for_field(field, name))
        widget = field.widget
        if hasattr(widget, "widgets"):
            parts = widget.decompress(form.get_initial_for_field(field, name))
            found |= {f"{name}_{n}": "" if part is None else str(part) for n, part in enumerate(parts)}
        elif value is not None and value is not False and value != "":
            found[name] = "on" if value is True else value
    return found


def test_a_claim_that_was_flagged_is_found_by_the_filter_and_says_by_which_rule(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    flagged = f"{reverse('admin:promotions_claim_changelist')}?flagged=yes"
    assert "u-flagged" not in text_of(client.get(flagged))
    flag_every_second_on(world.restricted)
    tokens = world.batch.tokens.order_by("number")[20:22]
    people = zip(("u-first", "u-flagged"), tokens, strict=True)
    requests = [a_request(world, ref, token=token, device="d-flag", age=300 * DAY) for ref, token in people]
    assert [claim_coupon(request, at=world.at).reason for request in requests] == ["", ""]
    listed = text_of(client.get(flagged))
    assert "u-flagged" in listed
    assert "u-first" not in listed
    shown = page(client, "promotions_claim", Claim.objects.latest("pk").pk)
    assert "at most 1 coupon per device within 10 min; beyond: issue and flag" in shown


def flag_every_second_on(coupon_type: Any) -> None:
    """A rule for a live type, by its approval."""
    from backoffice.lib.approvals import approve
    from promotions.services.rules import request_rule
    from tests.promotions.factories import NOON, the_approver, the_asker

    terms = {"identity": Identity.DEVICE, "window": 10 * MINUTE, "limit": 1, "action": RuleAction.FLAG}
    coupon_type.refresh_from_db()
    asked = request_rule(coupon_type, **terms, by=the_asker(), reason="test", at=NOON)
    approve(asked, by=the_approver(), reason="test", at=NOON)


def test_a_blocked_customer_claims_nothing(world: World, as_role: AtRole) -> None:
    assert send(as_role("promotions operator"), "promotions_identityblock", identity="customer", value="u-bad").status_code == 302
    token = world.batch.tokens.order_by("number")[25]
    claim = claim_coupon(a_request(world, "u-bad", token=token, device="d-bad", age=DAY), at=world.at + MINUTE)
    assert claim.reason == RefusalReason.IDENTITY_BLOCKED
