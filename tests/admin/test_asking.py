"""The page on which freezes are asked for: conditions as chips, lists and documents, and what it refuses."""

from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from orders.admin.asking import freeze_url
from orders.models import Document, Freeze, OrderList
from orders.scopes.fields import part
from tests.admin.asking import added, sent
from tests.admin.conftest import AtRole
from tests.admin.forms import page, text_of
from tests.admin.world import World

PDF = b"%PDF-1.7 by order of the bureau"


def test_conditions_are_added_one_by_one_and_the_address_carries_them(world: World, as_role: AtRole) -> None:
    client, ask = as_role("risk analyst"), reverse("admin:orders_freeze_ask")
    first = added(client, ask, "coupon_type", values=[str(world.restricted.pk)]).headers["Location"]
    second = added(client, first, "status", values=["paid", "placed"], side="out").headers["Location"]
    asked_for = parse_qs(urlsplit(second).query)
    assert asked_for == {
        "coupon_type": [str(world.restricted.pk)],
        "not.allow_list": ["yes"],
        "not.status": ["placed", "paid"],
    }
    text = text_of(client.get(second))
    assert "Coupon type: STUDIO100" in text
    assert "left out State: placed, paid" in text
    assert "No order matches." in text


def test_a_recipient_never_stands_in_an_address(world: World, as_role: AtRole) -> None:
    url = added(as_role("risk analyst"), reverse("admin:orders_freeze_ask"), "recipient", lines="13800138000").headers["Location"]
    assert "13800138000" not in url
    (value,) = parse_qs(urlsplit(url).query)["recipient"]
    assert len(value) == 64


def test_pasted_numbers_become_a_list(world: World, as_role: AtRole) -> None:
    client = as_role("risk analyst")
    url = added(client, reverse("admin:orders_freeze_ask"), "orders", numbers="SO-cat-3\n SO-cat-4 ,SO-cat-3").headers["Location"]
    made = OrderList.objects.latest("pk")
    assert (made.count, made.repeated) == (2, 1)
    sent(client, url)
    assert Freeze.objects.get(legal_reference="PSB-9").items.count() == 2


def test_a_file_with_a_number_of_no_order_loads_nothing(world: World, as_role: AtRole) -> None:
    client, before = as_role("risk analyst"), OrderList.objects.count()
    file = BytesIO(b"order\nSO-cat-3\nSO-nobody\n")
    file.name = "numbers.csv"
    response = added(client, reverse("admin:orders_freeze_ask"), "orders", file=file)
    text = text_of(response)
    assert "Nothing was loaded: 1 lines are wrong." in text
    assert "Line 3: there is no order “SO-nobody”" in text
    assert OrderList.objects.count() == before


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("status=nonsense", "“nonsense” is nothing that “state” can be."),
        ("coupon_type=999999999", "There is no coupon type #999999999."),
        ("coupon_type=1e9", "“1e9” is no number of a coupon type."),
        ("placed_at=yesterday/", "“yesterday” is no time."),
        ("placed_at=2026-13-45T00:00:00/", "is no time."),
        ("device=" + "x" * 300, "longer than 200 characters"),
        ("device=%00", "characters that cannot be stored"),
        ("recipient=13800138000", "A recipient is named by the keyed hash"),
    ],
)
def test_an_address_that_is_no_scope_says_why(world: World, as_role: AtRole, query: str, sentence: str) -> None:
    response = as_role("risk analyst").get(f"{reverse('admin:orders_freeze_ask')}?{query}")
    assert response.status_code == 200
    assert sentence in text_of(response)


def test_pages_of_what_orders_come_from_lead_here(world: World, as_role: AtRole) -> None:
    for obj, field in (
        (world.restricted, "coupon_type"),
        (world.entry, "entry"),
        (world.batch, "batch"),
        (world.campaign, "campaign"),
    ):
        url = reverse(f"admin:promotions_{obj._meta.model_name}_change", args=[obj.pk])
        text = as_role("risk analyst").get(url).content.decode()
        assert f"/admin/orders/freeze/ask/?{field}={obj.pk}&amp;not.allow_list=yes" in text
        assert "/admin/orders/freeze/ask/" not in as_role("promotions operator").get(url).content.decode()


def test_the_document_is_kept_with_its_hash_and_only_ever_saved(world: World, as_role: AtRole) -> None:
    client, file = as_role("risk analyst"), BytesIO(PDF)
    file.name = "..\\order <b>.pdf"
    sent(client, freeze_url(part("status", "paid")), document=file, names_no_term="", valid_until="2026-07-20T00:00")
    freeze = Freeze.objects.get(legal_reference="PSB-9")
    assert freeze.document.sha256 == freeze.job.approval.payload["document"]["sha256"]
    text = page(as_role("risk lead"), "lib_approval", freeze.job.approval_id)
    for words in ("2026-07-20 00:00:00", freeze.document.sha256[:16], "Public security bureau"):
        assert words in text
    download = as_role("auditor").get(reverse("admin:orders_document_download", args=[freeze.document_id]))
    assert download.content == PDF
    assert download.headers["Content-Disposition"].startswith("attachment")
    assert download.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in download.headers["Content-Security-Policy"]


@pytest.mark.parametrize("content", [b"<html><script>alert(1)</script>", b"MZ executable", b"", b"PK zip"])
def test_what_is_no_document_is_not_kept(world: World, as_role: AtRole, content: bytes) -> None:
    before, file = (Document.objects.count(), Freeze.objects.count()), BytesIO(content)
    file.name = "order.pdf"
    response = sent(as_role("risk analyst"), freeze_url(part("status", "paid")), document=file)
    assert response.status_code == 200
    assert (Document.objects.count(), Freeze.objects.count()) == before


def test_a_refused_request_keeps_no_document(world: World, as_role: AtRole) -> None:
    before, file = Document.objects.count(), BytesIO(PDF)
    file.name = "order.pdf"
    response = sent(as_role("risk analyst"), freeze_url(part("status", "paid")), document=file, previewed="0" * 64)
    assert "What matches has changed since you looked." in text_of(response)
    assert Document.objects.count() == before


def test_taking_away_what_protects_the_honest_is_said(world: World, as_role: AtRole) -> None:
    text = text_of(as_role("risk analyst").get(f"{reverse('admin:orders_freeze_ask')}?status=paid"))
    assert "Allow list: nobody is left out for it." in text
