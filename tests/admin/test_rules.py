"""Rules in the admin: written by hand and keyboard, watched, asked for, published by somebody else."""

from typing import Any

from django.urls import reverse

from backoffice.lib.models import Approval
from risk.models import ListEntry, Rule, RuleHit, RuleVersion, Snooze
from tests.admin.conftest import AtRole
from tests.admin.forms import page, step
from tests.admin.world import World

WRITTEN = {
    "t.0.kind": "all",
    "t.0.size": "2",
    "t.0.0.kind": "clause",
    "t.0.0.fact": "order.discount",
    "t.0.0.is": "at_least",
    "t.0.0.value": "50",
    "t.0.1.kind": "clause",
    "t.0.1.fact": "orders.distinct.device",
    "t.0.1.window": "1h",
    "t.0.1.is": "more",
    "t.0.1.value": "2",
    "text": "many on one device",
    "evidence": "concentration",
    "strength": "weak",
    "score": "20",
    "reason": "seen in the night",
}


def write_url() -> str:
    return reverse("admin:risk_rule_write", args=[Rule.objects.get().pk])


def test_a_version_is_written_without_a_script(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    response = client.post(write_url(), WRITTEN | {"do": "save"})
    assert response.status_code == 302, response.content.decode()
    version = RuleVersion.objects.order_by("-pk").first()
    assert version is not None
    assert (version.status, version.tree) == (
        "draft",
        {
            "all": [
                {"fact": "order.discount", "is": "at_least", "value": "50"},
                {"fact": "orders.distinct.device.1h", "is": "more", "value": "2"},
            ]
        },
    )


def test_the_form_tells_in_words_what_the_rule_says_and_what_it_would_have_hit(world: World, as_role: AtRole) -> None:
    text = as_role("risk analyst").post(write_url(), WRITTEN | {"do": "preview"}).content.decode()
    assert "discount by coupons (yuan) is at least 50" in text
    assert "number of different customers by device within 1 hour (customers) is more than 2" in text
    assert "In the last 24 hours" in text
    assert "<script>" not in text


def test_buttons_add_and_remove_conditions(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    assert 'name="t.0.2.fact"' in client.post(write_url(), WRITTEN | {"do": "add:0"}).content.decode()
    assert 'name="t.0.1.fact"' not in client.post(write_url(), WRITTEN | {"do": "remove:0.1"}).content.decode()


def test_what_is_wrong_is_told_and_nothing_is_saved(world: World, as_role: AtRole) -> None:
    before = RuleVersion.objects.count()
    response = as_role("risk analyst").post(write_url(), WRITTEN | {"do": "save", "t.0.0.value": "plenty"})
    assert "is a number" in response.content.decode()
    assert RuleVersion.objects.count() == before


def test_an_analyst_asks_and_the_lead_publishes(world: World, as_role: AtRole) -> None:
    version = RuleVersion.objects.get()
    step(as_role("risk analyst"), "risk_ruleversion", "ask_to_publish", version.pk, reason="it is good", percent="50")
    approval = Approval.objects.get(action="risk.publish_rule")
    step(as_role("risk lead"), "lib_approval", "approve", approval.pk, reason="looked at")
    version.refresh_from_db()
    assert (version.status, version.percent) == ("published", 50)


def test_who_decides_reads_the_rule_in_words(world: World, as_role: AtRole) -> None:
    version = RuleVersion.objects.get()
    step(as_role("risk analyst"), "risk_ruleversion", "ask_to_publish", version.pk, reason="it is good", percent="50")
    text = page(as_role("risk lead"), "lib_approval", Approval.objects.get(action="risk.publish_rule").pk)
    assert "discount by coupons (yuan) is more than 1" in text
    assert "Percent of the customers on whose orders it acts" in text


def shown(client: Any, model: str, obj: Any) -> str:
    return str(page(client, model, obj.pk))


def test_pages_of_rules_tell_what_they_said(world: World, as_role: AtRole) -> None:
    client, hit = as_role("auditor"), RuleHit.objects.get()
    assert "discount by coupons" in shown(client, "risk_rulehit", hit)
    assert "order.discount" not in shown(client, "risk_rule", Rule.objects.get())
    assert "How it does" in shown(client, "risk_ruleversion", RuleVersion.objects.get())


def test_staff_put_people_on_lists_and_snooze_rules(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    typed = {"list": "block", "kind": "device", "value": "another-rack", "change_reason": "seen twice"}
    assert client.post(reverse("admin:risk_listentry_add"), typed).status_code == 302
    assert ListEntry.objects.filter(list="block", value="another-rack").exists()
    entry = ListEntry.objects.filter(list="grey").get()
    step(client, "risk_listentry", "end", entry.pk, reason="a shop")
    entry.refresh_from_db()
    assert entry.ended_at is not None
    assert Snooze.objects.count() == 1
