"""Recorded accounts of a real shop as facts: two rules give the figures that are known of them, by closures and by SQL."""

import csv
import gzip
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from risk.rulebook import Fact, FactType, compile_tree, condition_of, parse
from tests.conftest import RECORDED_DATA

FOLDER = RECORDED_DATA / "ecommerce_accounts"
pytestmark = [pytest.mark.realdata, pytest.mark.django_db]
SCHEMA = {
    name: Fact(name, FactType.NUMBER, label, "", "", "")
    for name, label in (
        ("accounts_on_device", "accounts on the device"),
        ("seconds_to_purchase", "seconds from sign-up to purchase"),
    )
}
KNOWN = {
    "accounts_on_device": ({"fact": "accounts_on_device", "is": "at_least", "value": "3"}, ("0.897", "0.491")),
    "seconds_to_purchase": ({"fact": "seconds_to_purchase", "is": "at_most", "value": "60"}, ("1.000", "0.551")),
}


def rows_of(name: str) -> Iterator[dict[str, str]]:
    with gzip.open(FOLDER / name, "rt", newline="") as file:
        yield from csv.DictReader(file)


@pytest.fixture(scope="module")
def accounts() -> list[dict[str, Any]]:
    """Every account with its facts, and its label where it has one."""
    from datetime import datetime

    if not FOLDER.is_dir():
        pytest.skip("the recorded accounts are not here (../shared/data/ecommerce_accounts)")
    rows = list(rows_of("accounts.csv.gz"))
    labels = {
        row["user_id"]: next(value for key, value in row.items() if key != "user_id") for row in rows_of("labels_half.csv.gz")
    }
    on_device = Counter(row["device_id"] for row in rows)
    return [
        {
            "accounts_on_device": Decimal(on_device[row["device_id"]]),
            "seconds_to_purchase": Decimal(
                int((datetime.fromisoformat(row["purchase_time"]) - datetime.fromisoformat(row["signup_time"])).total_seconds())
            ),
            "label": labels.get(row["user_id"]),
        }
        for row in rows
    ]


def figures(hits: list[bool], labels: list[str]) -> tuple[str, str]:
    """Precision and recall to three digits."""
    right = sum(hit and label == "1" for hit, label in zip(hits, labels, strict=True))
    return f"{right / sum(hits):.3f}", f"{right / labels.count('1'):.3f}"


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_the_recorded_figures_come_out_by_closures_and_by_sql(accounts: list[dict[str, Any]], name: str) -> None:
    said, known = KNOWN[name]
    labelled = [row for row in accounts if row["label"] is not None]
    labels = [row["label"] for row in labelled]
    assert (len(labels), labels.count("1")) == (25_908, 2_471)
    tree = parse(said, SCHEMA)
    compiled = compile_tree(tree)
    by_closures = [compiled.evaluate(row).trace[0] is True for row in labelled]
    condition = condition_of(tree, {one: f"e.{one}" for one in SCHEMA})
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {condition.text} FROM unnest(%(a)s::numeric[], %(b)s::numeric[]) WITH ORDINALITY"
            f" AS e(accounts_on_device, seconds_to_purchase, place) ORDER BY place",
            condition.values
            | {"a": [row["accounts_on_device"] for row in labelled], "b": [row["seconds_to_purchase"] for row in labelled]},
        )
        by_sql = [said for (said,) in cursor.fetchall()]
    assert figures(by_closures, labels) == known
    assert by_sql == by_closures
