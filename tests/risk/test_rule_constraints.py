"""What the database keeps of rules, lists and snoozes, whoever writes: each is tried round the services."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from risk.models import Backtest, ListEntry, RuleHit, Snooze
from risk.services.assessing import assess_order
from risk.services.backtests import request_backtest
from risk.services.listing import end, put_on_list, snooze
from tests.promotions.factories import NOON, the_asker
from tests.risk.factories import DAY, a_top_up_order
from tests.risk.rule_factories import a_draft, a_rule, in_shadow, published

pytestmark = pytest.mark.django_db
MADE = {"kind": "device", "value": "rack", "reason": "seen", "expires_at": NOON + DAY}


def run(statement: str) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.rowcount


def an_entry(**fields: Any) -> ListEntry:
    return put_on_list(name="grey", **{**MADE, **fields}, by=the_asker(), at=NOON)


def a_snooze() -> Snooze:
    return snooze(rule=a_rule(), **MADE, by=the_asker(), at=NOON)


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("risk_listentry", "reason = ''"),
        ("risk_listentry", "value = 'another'"),
        ("risk_listentry", "expires_at = NULL"),
        ("risk_listentry", "ended_at = now()"),
        ("risk_snooze", "expires_at = 'infinity'"),
        ("risk_snooze", "rule_id = NULL"),
        ("risk_snooze", "ended_at = now(), end_reason = 'over'"),
    ],
)
def test_a_row_that_names_somebody_is_only_ended_and_by_somebody(table: str, change: str) -> None:
    an_entry(), a_snooze()
    with pytest.raises(DatabaseError):
        run(f"UPDATE {table} SET {change}")
    assert run(f"UPDATE {table} SET ended_at = now(), end_reason = 'over', ended_by_id = created_by_id") == 1


@pytest.mark.parametrize("make", [an_entry, a_snooze])
def test_what_has_ended_stays_ended_and_nothing_is_deleted(make: Any) -> None:
    row = make()
    end(row, by=the_asker(), reason="over", at=NOON)
    table = row._meta.db_table
    for statement in (f"UPDATE {table} SET end_reason = 'another'", f"DELETE FROM {table}"):
        with pytest.raises(DatabaseError):
            run(statement)


@pytest.mark.parametrize(
    "fields",
    [
        {"reason": ""},
        {"value": ""},
        {"kind": "customer"},
        {"expires_at": NOON - timedelta(seconds=1)},
    ],
)
def test_no_entry_without_a_reason_without_anybody_or_over_before_it_begins(fields: dict[str, Any]) -> None:
    terms = {**MADE, "list": "grey", "shown": "rack", "created_by": the_asker(), "created_at": NOON}
    with pytest.raises(DatabaseError), transaction.atomic():
        ListEntry.objects.create(**{**terms, **fields})
    assert ListEntry.objects.create(**terms).pk


@pytest.mark.parametrize(
    "change",
    [
        "percent = 0",
        "percent = 101",
        "score = 99",
        "tree_hash = 'none'",
        "text = ''",
        "made_by_id = NULL",
        "status = 'draft'",
        "status = 'published'",
    ],
)
def test_a_version_is_not_rewritten_and_moves_only_as_the_table_says(change: str) -> None:
    version = in_shadow()
    with pytest.raises(DatabaseError):
        run(f"UPDATE risk_ruleversion SET {change}")
    assert run(f"UPDATE risk_ruleversion SET status = 'retired', retired_at = now() WHERE id = {version.pk}") == 1


def test_a_rule_never_has_two_versions_that_are_watched() -> None:
    rule = a_rule()
    in_shadow(rule)
    second, other = a_draft(rule), a_draft(a_rule())
    with pytest.raises(DatabaseError, match="rule_has_one_version_in_shadow"):
        run(f"UPDATE risk_ruleversion SET status = 'shadow' WHERE id = {second.pk}")
    assert run(f"UPDATE risk_ruleversion SET status = 'shadow' WHERE id = {other.pk}") == 1


def test_a_miss_is_no_hit() -> None:
    published()
    assess_order(a_top_up_order().pk, at=NOON)
    hit = RuleHit.objects.get()
    hit.pk, hit.digest, hit.result = None, "0" * 64, "miss"
    with pytest.raises(DatabaseError, match="rule_hit_is_not_a_miss"), transaction.atomic():
        hit.save()


def test_a_backtest_stays_as_it_was_asked() -> None:
    version = in_shadow()
    request_backtest(version, since=NOON - DAY, until=NOON, by=the_asker(), reason="try", at=NOON)
    for statement in ("UPDATE risk_backtest SET since = since - interval '1 day'", "DELETE FROM risk_backtest"):
        with pytest.raises(DatabaseError):
            run(statement)
    assert Backtest.objects.count() == 1
