"""What the database keeps of value lists, whoever writes: each is tried round the services."""

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from risk.models import RuleVersion, ValueList, ValueListItem
from risk.services.rules import retire
from risk.services.value_lists import retire_list, take_off
from tests.promotions.factories import NOON, the_asker
from tests.risk.factories import HOUR
from tests.risk.rule_factories import a_draft, in_shadow, published
from tests.risk.value_list_factories import a_list, is_on

pytestmark = pytest.mark.django_db
ENDED = "ended_at = created_at, ended_by_id = created_by_id, end_reason = 'over'"


def run(statement: str) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.rowcount


def refused(name: str, statement: str) -> None:
    with pytest.raises(DatabaseError, match=name):
        run(statement)


@pytest.mark.parametrize("change", ["name = 'other'", "holds = 'network'", "purpose = ''", "created_at = now()", "name = ''"])
def test_a_list_stays_as_it_was_made(change: str) -> None:
    made = a_list()
    with pytest.raises(DatabaseError):
        run(f"UPDATE risk_valuelist SET {change}")
    assert run(f"UPDATE risk_valuelist SET {ENDED}") == 1
    refused("value_list", f"UPDATE risk_valuelist SET ended_at = NULL, ended_by_id = NULL, end_reason = '' WHERE id = {made.pk}")


@pytest.mark.parametrize(
    "change", ["value = 'other'", "shown = 'other'", "reason = ''", "expires_at = now()", "created_at = now()", "ended_at = now()"]
)
def test_a_value_on_a_list_is_only_taken_off_and_by_somebody(change: str) -> None:
    a_list("rack")
    with pytest.raises(DatabaseError):
        run(f"UPDATE risk_valuelistitem SET {change}")
    assert run(f"UPDATE risk_valuelistitem SET {ENDED}") == 1


def test_what_is_off_stays_off() -> None:
    devices = a_list("rack")
    take_off(devices.items.get(), by=the_asker(), reason="a shop", at=NOON)
    with pytest.raises(DatabaseError):
        run("UPDATE risk_valuelistitem SET end_reason = 'another'")


@pytest.mark.parametrize("table", ["risk_valuelist", "risk_valuelistitem"])
def test_nothing_is_deleted_and_no_table_emptied(table: str) -> None:
    a_list("rack")
    for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        with pytest.raises(DatabaseError):
            run(statement)
    assert (ValueList.objects.count(), ValueListItem.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({}, "value_list_item_one_open_per_value"),
        ({"value": ""}, "value_list_item_has_a_value"),
        ({"value": "other", "shown": ""}, "value_list_item_has_a_value"),
        ({"value": "other", "reason": ""}, "value_list_item_has_a_reason"),
        ({"value": "other", "expires_at": NOON}, "value_list_item_expires_after_it_begins"),
        (
            {"value": "other", "ended_at": NOON - HOUR, "end_reason": "over", "ended_by": True},
            "value_list_item_ends_after_it_begins",
        ),
        ({"value": "other", "ended_at": NOON}, "value_list_item_ended_by_whom_when_and_why"),
    ],
)
def test_no_item_twice_empty_without_a_reason_or_over_before_it_begins(fields: dict[str, Any], name: str) -> None:
    devices = a_list("rack")
    terms = {
        "value_list": devices,
        "value": "rack",
        "shown": "rack",
        "reason": "seen",
        "created_by": the_asker(),
        "created_at": NOON,
    }
    if "ended_by" in fields:
        fields = {**fields, "ended_by": the_asker()}
    with pytest.raises(DatabaseError, match=name), transaction.atomic():
        ValueListItem.objects.create(**{**terms, **fields})
    assert ValueListItem.objects.create(**{**terms, "value": "another"}).pk


@pytest.mark.parametrize("make", [in_shadow, published])
def test_a_list_that_a_running_version_names_is_not_retired(make: Any) -> None:
    devices, free = a_list("rack"), a_list()
    version = make(tree={"all": [{"not": {"any": [is_on(devices)]}}]})
    refused("refers to this value list", f"UPDATE risk_valuelist SET {ENDED} WHERE id = {devices.pk}")
    assert run(f"UPDATE risk_valuelist SET {ENDED} WHERE id = {free.pk}") == 1
    retire(version, by=the_asker(), reason="old", at=NOON)
    assert run(f"UPDATE risk_valuelist SET {ENDED} WHERE id = {devices.pk}") == 1


def test_no_version_runs_on_a_list_that_is_retired_or_was_never_made() -> None:
    devices = a_list("rack")
    draft, other = a_draft(tree=is_on(devices)), a_draft(tree=is_on(a_list()))
    retire_list(devices, by=the_asker(), reason="old", at=NOON)
    refused("only on value lists", f"UPDATE risk_ruleversion SET status = 'shadow' WHERE id = {draft.pk}")
    assert run(f"UPDATE risk_ruleversion SET status = 'shadow' WHERE id = {other.pk}") == 1
    made_up = RuleVersion(rule=draft.rule, number=9, made_by=the_asker(), made_at=NOON, tree_hash="0" * 64, score=1, text="x")
    made_up.tree = {"all": [{"fact": "order.device", "is": "on_list", "list": "no-such-list"}]}
    made_up.save()
    refused("only on value lists", f"UPDATE risk_ruleversion SET status = 'shadow' WHERE id = {made_up.pk}")


def test_a_retired_list_takes_nothing_in() -> None:
    devices = a_list("rack")
    retire_list(devices, by=the_asker(), reason="old", at=NOON)
    columns = "value_list_id, shown, reason, created_by_id, created_at, end_reason"
    statement = f"INSERT INTO risk_valuelistitem (value, {columns}) SELECT 'other', {columns} FROM risk_valuelistitem"
    refused("takes nothing in", statement)
    open_list = a_list()
    assert run(statement.replace("SELECT 'other', value_list_id", f"SELECT 'other', {open_list.pk}")) == 1
