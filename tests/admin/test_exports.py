"""The export of a list: what the filters leave, safe to open, written down, and only for those who may."""

import csv
from collections.abc import Iterator
from math import ceil
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backoffice.lib.admin import exports
from backoffice.lib.models import ListExport
from orders.models import Order
from promotions.models import Claim, Coupon
from tests.admin.conftest import AtRole
from tests.admin.forms import text_of
from tests.admin.world import World

CLAIMS = "/admin/promotions/claim/"


def table(response: Any) -> list[dict[str, str]]:
    assert response.status_code == 200
    assert response.streaming
    text = b"".join(response.streaming_content).decode()
    return list(csv.DictReader(text.removeprefix("\ufeff").splitlines(keepends=True)))


def test_an_export_holds_what_the_filters_leave(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    rows = table(client.get(f"{CLAIMS}export/?outcome__exact=refused"))
    assert len(rows) == Claim.objects.refused().count() == 1
    assert rows[0]["customer"] == "stranger"
    assert len(table(client.get(f"{CLAIMS}export/"))) == Claim.objects.count()
    assert len(table(client.get(f"{CLAIMS}export/?q=rack-01&outcome__exact=issued"))) == 6


def test_amounts_are_numbers_with_their_currency_beside_them_and_times_say_their_zone(world: World, as_role: AtRole) -> None:
    rows = table(as_role("risk analyst").get("/admin/promotions/coupon/export/"))
    assert len(rows) == Coupon.objects.count()
    assert {row["face value"] for row in rows} == {"100.00", "10.00"}
    assert {row["face value: currency"] for row in rows} == {"CNY"}
    assert {row["issued at"] for row in rows} == {"2026-01-20T19:55:00+08:00", "2026-01-20T20:00:00+08:00"}
    assert "<" not in "".join(value for row in rows for value in row.values())


def test_what_customers_wrote_is_never_a_formula(world: World, as_role: AtRole) -> None:
    from promotions.models import Customer

    Customer.objects.filter(ref="cat-0").update(ref="=HYPERLINK(1)")
    rows = table(as_role("risk analyst").get("/admin/promotions/customer/export/"))
    assert "'=HYPERLINK(1)" in {row["customer"] for row in rows}


def test_phones_are_masked_in_exports_too(world: World, as_role: AtRole) -> None:
    text = b"".join(as_role("superuser").get("/admin/promotions/customer/export/").streaming_content).decode()
    for phone_hash in Claim.objects.values_list("phone_hash", flat=True):
        assert phone_hash not in text


def test_an_export_is_written_down_before_its_first_row_leaves(world: World, as_role: AtRole) -> None:
    response = as_role("risk analyst").get(f"{CLAIMS}export/?outcome__exact=refused")
    export = ListExport.objects.get()
    assert (export.by, export.model, export.rows) == (world.users["risk analyst"], "promotions.claim", None)
    assert export.words == "outcome: refused"
    assert len(table(response)) == 1
    export.refresh_from_db()
    assert export.rows == 1
    assert export.finished_at is not None


def test_a_download_that_is_broken_off_never_counts_its_rows(world: World, as_role: AtRole) -> None:
    export = ListExport.objects.create(by=world.users["risk analyst"], model="promotions.claim", asked_at=world.at)
    rows = exports.rows_of(admin.site._registry[Claim], Claim.objects.order_by("pk"), [("number", lambda claim: claim.pk)], export)
    assert next(rows) == [Claim.objects.order_by("pk").first().pk]
    rows.close()
    assert ListExport.objects.get().rows is None
    assert "broken off" in text_of(as_role("risk lead").get("/admin/lib/listexport/"))


@pytest.mark.parametrize(("role", "status"), [("support", 403), ("auditor", 403), ("no rights", 403), ("promotions operator", 200)])
def test_seeing_a_list_is_not_the_right_to_take_it_away(world: World, as_role: AtRole, role: str, status: int) -> None:
    assert as_role(role).get(f"{CLAIMS}export/").status_code == status
    assert ListExport.objects.exists() is (status == 200)


def test_the_right_to_export_opens_no_list_that_one_may_not_see(world: World, as_role: AtRole) -> None:
    assert as_role("promotions operator").get("/admin/orders/order/export/").status_code == 403


def test_the_link_is_shown_to_those_who_may(world: World, as_role: AtRole) -> None:
    assert "export/?outcome__exact=refused" in page(as_role("risk analyst"), f"{CLAIMS}?outcome__exact=refused")
    assert "export/" not in page(as_role("support"), CLAIMS)


def page(client: Any, url: str) -> str:
    return str(client.get(url).content.decode())


def test_every_list_can_be_exported(world: World, as_role: AtRole) -> None:
    client = as_role("superuser")
    for url in lists():
        rows = table(client.get(f"{url}export/"))
        assert all(None not in row and None not in row.values() for row in rows), url


def lists() -> Iterator[str]:
    from tests.admin.permission_matrix import MODELS

    for name in MODELS:
        if name != "pghistory_events":
            app, _dot, model = name.rpartition("_")
            yield f"/admin/{app}/{model}/"


def test_a_longer_list_asks_once_for_each_chunk(world: World, as_role: AtRole, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "CHUNK", 4)
    response = as_role("risk analyst").get("/admin/orders/order/export/")
    with CaptureQueriesContext(connection) as queries:
        rows = table(response)
    assert len(rows) == Order.objects.count() > 2 * exports.CHUNK
    assert sum("orders_hold" in query["sql"] for query in queries) <= ceil(len(rows) / exports.CHUNK) + 1
