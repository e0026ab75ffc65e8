"""Value lists in the admin: made, filled one by one and by the hundred, emptied, named by rules."""

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from backoffice.lib.models import Approval
from risk.models import RuleVersion, ValueList, ValueListItem
from risk.services import value_list_reach
from tests.admin.conftest import AtRole
from tests.admin.forms import act, hidden, page, step, text_of
from tests.admin.test_rules import WRITTEN, write_url
from tests.admin.world import World
from tests.risk.rule_factories import a_draft
from tests.risk.value_list_factories import is_on

LISTED = {"t.0.1.fact": "order.device", "t.0.1.is": "on_list", "t.0.1.list": "resellers-devices"}


def devices() -> ValueList:
    return ValueList.objects.get(name="resellers-devices")


def shown() -> set[str]:
    return set(ValueListItem.objects.filter(ended_at=None).values_list("shown", flat=True))


def test_staff_make_a_list_with_a_reason(world: World, as_role: AtRole) -> None:
    client, url = as_role("risk analyst"), reverse("admin:risk_valuelist_add")
    typed = {"name": "stadium-networks", "holds": "network", "purpose": "networks of stadiums"}
    assert "This field is required" in text_of(client.post(url, typed))
    assert client.post(url, typed | {"change_reason": "crowds share them"}).status_code == 302
    made = ValueList.objects.get(name="stadium-networks")
    assert (made.holds, made.created_by.username) == ("network", world.users["risk analyst"].username)


def test_one_value_is_put_on_and_taken_off(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    step(client, "risk_valuelist", "put_on", devices().pk, value="Another-Rack", reason="seen twice")
    assert "another-rack" in page(client, "risk_valuelist", devices().pk)
    step(client, "risk_valuelistitem", "take_off", ValueListItem.objects.get(shown="another-rack").pk, reason="a shop")
    assert shown() == {"rack-of-phones", "shelf-of-phones"}


def test_a_value_without_a_reason_or_on_the_list_already_is_refused_in_words(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    step(client, "risk_valuelist", "put_on", devices().pk, value="another-rack")
    answer = step(client, "risk_valuelist", "put_on", devices().pk, value="rack-of-phones", reason="seen")
    assert "rack-of-phones is on this list already." in text_of(answer)
    assert ValueListItem.objects.count() == 2


def test_many_are_pasted(world: World, as_role: AtRole) -> None:
    answer = as_role("risk analyst").post(
        reverse("admin:risk_valuelist_put_many_on", args=[devices().pk]),
        {"text": "rack-a\nrack-of-phones\nrack-b", "reason": "seen"},
        follow=True,
    )
    assert "2 values are new on the list. 1 were on it already, or named twice." in text_of(answer)
    assert shown() == {"rack-of-phones", "shelf-of-phones", "rack-a", "rack-b"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"value,note\nrack-a,seen\n00:00:00:00,default\n", "Line 3: This names nobody"),
        (b"device,note\nrack-a,seen\n", "The first line must name the column"),
        (b"value\nrack-a\n\xff\n", "it is not in utf-8"),
    ],
)
def test_a_file_with_a_wrong_line_puts_nothing_on(content: bytes, words: str, world: World, as_role: AtRole) -> None:
    file = SimpleUploadedFile("devices.csv", content)
    answer = step(as_role("risk analyst"), "risk_valuelist", "put_many_on", devices().pk, file=file, reason="seen")
    assert words in text_of(answer)
    assert shown() == {"rack-of-phones", "shelf-of-phones"}


def test_a_file_is_put_on_whole(world: World, as_role: AtRole) -> None:
    file = SimpleUploadedFile("devices.csv", "note;value\nseen;rack-a\nagain;rack-b\n".encode("utf-8-sig"))
    step(as_role("risk analyst"), "risk_valuelist", "put_many_on", devices().pk, file=file, reason="seen")
    assert {"rack-a", "rack-b"} < shown()


def test_paste_or_file_but_not_both_nor_neither(world: World, as_role: AtRole) -> None:
    file = SimpleUploadedFile("devices.csv", b"value\nrack-a\n")
    for more in ({}, {"text": "rack-b", "file": file}):
        answer = step(as_role("risk analyst"), "risk_valuelist", "put_many_on", devices().pk, reason="seen", **more)
        assert "one of the two" in text_of(answer)
    assert len(shown()) == 2


def test_a_selection_is_taken_off_together_for_one_reason(world: World, as_role: AtRole) -> None:
    client, rows = as_role("risk analyst"), list(ValueListItem.objects.all())
    asked = act(client, "risk_valuelistitem", "take_off_several", rows)
    assert "2 of the values chosen are on a list" in text_of(asked)
    terms = {"confirmed": "yes", "reason": "all shops", "previewed": hidden(asked, "previewed")}
    act(client, "risk_valuelistitem", "take_off_several", rows, **terms)
    assert shown() == set()
    assert set(ValueListItem.objects.values_list("end_reason", flat=True)) == {"all shops"}


def test_a_selection_that_changed_meanwhile_is_shown_again(world: World, as_role: AtRole) -> None:
    client, rows = as_role("risk analyst"), list(ValueListItem.objects.all())
    terms = {"confirmed": "yes", "reason": "all shops", "previewed": "9:9"}
    assert "What matches has changed" in text_of(act(client, "risk_valuelistitem", "take_off_several", rows, **terms))
    assert len(shown()) == 2


def test_a_number_is_found_by_its_hash_and_exported_as_it_is_shown(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    url = reverse("admin:risk_valuelist_add")
    client.post(url, {"name": "resellers", "holds": "recipient", "purpose": "resold to", "change_reason": "seen"})
    step(client, "risk_valuelist", "put_on", ValueList.objects.get(name="resellers").pk, value="13900001234", reason="seen")
    found = client.get(reverse("admin:risk_valuelistitem_changelist"), {"q": "139 0000 1234"})
    assert "••••1234" in text_of(found)
    assert "rack-of-phones" not in text_of(found)
    exported: Any = client.get(reverse("admin:risk_valuelistitem_export_list"))
    rows = list(csv.reader(io.StringIO(b"".join(exported.streaming_content).decode("utf-8-sig"))))
    assert rows[0][:2] == ["value", "value list"]
    assert rows[1][0].startswith("••••1234")
    assert {row[0] for row in rows[2:]} == {"rack-of-phones", "shelf-of-phones"}
    assert "13900001234" not in str(rows)


def test_what_is_exported_can_be_put_on_another_list(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    exported: Any = client.get(reverse("admin:risk_valuelistitem_export_list"))
    file = SimpleUploadedFile("values.csv", b"".join(exported.streaming_content))
    client.post(
        reverse("admin:risk_valuelist_add"), {"name": "copy", "holds": "device", "purpose": "a copy", "change_reason": "try"}
    )
    step(client, "risk_valuelist", "put_many_on", ValueList.objects.get(name="copy").pk, file=file, reason="copied")
    assert set(ValueList.objects.get(name="copy").items.values_list("shown", flat=True)) == shown()


def test_a_rule_is_written_with_a_list_and_the_form_says_as_of_when(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    text = text_of(client.post(write_url(), WRITTEN | LISTED | {"do": "preview"}))
    assert "device of the order is on the value list resellers-devices" in text
    assert "what is put on it today did not hit yesterday" in text
    assert "with the value lists as they are now" in text
    assert client.post(write_url(), WRITTEN | LISTED | {"do": "save"}).status_code == 302
    version = RuleVersion.objects.order_by("-pk").first()
    assert version is not None
    assert version.tree["all"][1] == {"fact": "order.device", "is": "on_list", "list": "resellers-devices"}


def test_the_form_offers_only_lists_that_fit_the_fact(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    fits = client.post(write_url(), WRITTEN | LISTED | {"do": "preview"}).content.decode()
    other = client.post(write_url(), WRITTEN | LISTED | {"t.0.1.fact": "order.address", "do": "preview"}).content.decode()
    assert '<option value="resellers-devices" selected>' in fits
    assert '<option value="resellers-devices"' not in other
    assert "No value list holds values of this sort" in other


def test_the_page_of_a_list_says_which_rules_refer_to_it(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    assert "No rule refers to it." in page(client, "risk_valuelist", devices().pk)
    client.post(write_url(), WRITTEN | LISTED | {"do": "save"})
    version = RuleVersion.objects.order_by("-pk").first()
    assert version is not None
    step(client, "risk_ruleversion", "shadow", version.pk, reason="watch it")
    assert str(version) in page(client, "risk_valuelist", devices().pk)
    refusal = step(client, "risk_valuelist", "retire", devices().pk, reason="old")
    assert f"Rules that run refer to it: {version}. Retire them first." in text_of(refusal)
    assert devices().ended_at is None


def test_what_is_put_on_a_list_of_a_published_rule_counts_at_once_and_the_page_says_so(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    client.post(write_url(), WRITTEN | LISTED | {"do": "save"})
    version = RuleVersion.objects.order_by("-pk").first()
    assert version is not None
    step(client, "risk_ruleversion", "shadow", version.pk, reason="watch it")
    step(client, "risk_ruleversion", "ask_to_publish", version.pk, reason="it is good", percent="100")
    approval = Approval.objects.get(action="risk.publish_rule")
    lead = as_role("risk lead")
    assert "resellers-devices devices 2 devices that resellers were seen with" in page(lead, "lib_approval", approval.pk)
    step(lead, "lib_approval", "approve", approval.pk, reason="looked at")
    asked = client.get(reverse("admin:risk_valuelist_put_on", args=[devices().pk]))
    assert f"for published rules that act on orders: {version}" in text_of(asked)
    assert "changes at once which orders they hit" in page(client, "risk_valuelist", devices().pk)


def test_a_list_whose_reach_takes_too_long_to_count_has_its_page_all_the_same(
    world: World, as_role: AtRole, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = as_role("risk analyst")
    assert "have a value that is on it now" in page(client, "risk_valuelist", devices().pk)
    monkeypatch.setattr(value_list_reach, "preview", lambda *_asked, **_period: None)
    assert "It takes too long to count here." in page(client, "risk_valuelist", devices().pk)


def test_the_history_of_a_value_says_who_and_why(world: World, as_role: AtRole) -> None:
    client, item = as_role("risk analyst"), ValueListItem.objects.get(shown="rack-of-phones")
    step(client, "risk_valuelistitem", "take_off", item.pk, reason="a shop after all")
    text = text_of(as_role("auditor").get(reverse("admin:risk_valuelistitem_history", args=[item.pk])))
    assert "a shop after all" in text
    assert "seen in the night" in text


@pytest.mark.parametrize("asks_lists", [True, False])
def test_a_backtest_asks_which_state_of_the_lists_only_of_a_rule_that_names_one(
    world: World, as_role: AtRole, *, asks_lists: bool
) -> None:
    version = a_draft(tree=is_on(devices()) if asks_lists else None)
    url = reverse("admin:risk_ruleversion_backtest", args=[version.pk])
    assert ('name="lists_as"' in as_role("risk analyst").get(url).content.decode()) is asks_lists
