"""A file of orders in the admin: uploaded, mapped, looked at, loaded; and what a customer's page says of it all."""

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from backoffice.lib.jobs import run_job
from orders.admin.imports import price_text
from orders.models import ImportMapping, Order, OrderImport
from promotions.models import Customer
from tests.admin.conftest import AtRole
from tests.admin.forms import text_of
from tests.admin.world import World

HEAD = "Invoice No,Invoice Date,Customer ID,Stock Code,Quantity,Unit Price\n"
FILE = HEAD + "N1,2025-01-01,guest-0,tea,2,5.00\nCN2,2025-01-02,guest-0,tea,-1,5.00\n"


def uploaded(client, text: str, name: str = "shop.csv"):
    file = SimpleUploadedFile(name, text.encode(), "text/csv")
    return client.post(reverse("admin:orders_orderimport_add"), {"file": file, "encoding": ""}, follow=True)


def mapped(client, found: OrderImport, **changes: str):
    columns = {f"column_{key}": name for key, name in found.settings["columns"].items()}
    asked = {"source": "shop", "currency": "CNY", "time_zone": "Asia/Shanghai", "date_order": "ymd", "decimal_mark": "."}
    url = reverse("admin:orders_orderimport_mapping", args=[found.pk])
    return client.post(url, asked | columns | {"cancellation_mark": "C"} | changes, follow=True)


def test_a_file_is_uploaded_mapped_looked_at_and_loaded(world: World, as_role: AtRole) -> None:
    client = as_role("risk lead")
    page = text_of(uploaded(client, FILE))
    found = OrderImport.objects.latest("pk")
    assert "Which column is what" in page
    assert found.settings["columns"]["placed_at"] == "Invoice Date"
    mapped(client, found, save_as="the shop")
    found.refresh_from_db()
    run_job(found.check_job_id, now=lambda: world.at)
    url = reverse("admin:orders_orderimport_change", args=[found.pk])
    preview = text_of(client.get(url))
    assert "No row is wrong." in preview
    assert "5.00 CNY" in preview
    assert not Order.objects.filter(ref="N1").exists()
    client.post(reverse("admin:orders_orderimport_load", args=[found.pk]), {"reason": "history"})
    found.refresh_from_db()
    run_job(found.job_id, now=lambda: world.at)
    assert Order.objects.get(ref="N1").status == "completed"
    assert "Everything was loaded." in text_of(client.get(url))
    results = client.get(reverse("admin:orders_orderimport_results", args=[found.pk]))
    assert b"CN2" in b"".join(results.streaming_content)
    assert ImportMapping.objects.filter(name="the shop").exists()


def test_what_cannot_be_read_is_a_sentence_on_the_form(world: World, as_role: AtRole) -> None:
    count = OrderImport.objects.count()
    assert "Line 2: the quotes do not match" in text_of(uploaded(as_role("risk lead"), HEAD + '"N1\n'))
    assert OrderImport.objects.count() == count


def test_a_mapping_that_reads_no_file_is_a_sentence_on_the_form(world: World, as_role: AtRole) -> None:
    client = as_role("risk lead")
    uploaded(client, FILE)
    found = OrderImport.objects.latest("pk")
    text = text_of(mapped(client, found, column_sku="", currency="pounds"))
    assert "Say which column is: SKU." in text
    assert "three capital letters" in text
    found.refresh_from_db()
    assert found.status == "read"


def test_wrong_rows_are_shown_by_line_and_bar_the_way(world: World, as_role: AtRole) -> None:
    client = as_role("risk lead")
    uploaded(client, FILE + "N3,2025-02-30,guest-0,tea,1,5.00\n")
    found = OrderImport.objects.latest("pk")
    mapped(client, found)
    found.refresh_from_db()
    run_job(found.check_job_id, now=lambda: world.at)
    text = text_of(client.get(reverse("admin:orders_orderimport_change", args=[found.pk])))
    assert "there is no such date" in text
    assert "1 rows are wrong" in text
    client.post(reverse("admin:orders_orderimport_load", args=[found.pk]), {"reason": "history"})
    found.refresh_from_db()
    assert found.status == "checked"


def checked_by(client, world: World, text: str, **changes: str) -> OrderImport:
    uploaded(client, text)
    found = OrderImport.objects.latest("pk")
    mapped(client, found, **changes)
    found.refresh_from_db()
    run_job(found.check_job_id, now=lambda: world.at)
    return found


def loaded_by(client, world: World, found: OrderImport) -> str:
    client.post(reverse("admin:orders_orderimport_load", args=[found.pk]), {"reason": "history"})
    found.refresh_from_db()
    run_job(found.job_id, now=lambda: world.at)
    return text_of(client.get(reverse("admin:orders_orderimport_change", args=[found.pk])))


def test_the_mapping_shows_what_stands_in_each_column(world: World, as_role: AtRole) -> None:
    page = text_of(uploaded(as_role("risk lead"), HEAD + "N1,2025-01-01,,tea,2,5.00\nN1,2025-01-01,guest-0,tea,2,5.00\n"))
    for shown in ("How shop.csv is read", "Invoice No · N1", "Customer ID · guest-0", "Unit Price · 5.00"):
        assert shown in page


def test_what_failed_is_shown_before_what_was_skipped(world: World, as_role: AtRole) -> None:
    client = as_role("risk lead")
    found = checked_by(client, world, FILE)
    client.post(reverse("admin:orders_orderimport_load", args=[found.pk]), {"reason": "history"})
    url = reverse("admin:orders_orderimport_change", args=[found.pk])
    assert "Nothing so far." in text_of(client.get(url))
    found.refresh_from_db()
    run_job(found.job_id, now=lambda: world.at)
    again = FILE.replace("tea,-1", "cup,-1")
    page = loaded_by(client, world, checked_by(client, world, again)).partition("Not loaded, and why")[2]
    assert page.index("there already, and different") < page.index("there already, and the same")


def test_rows_that_were_left_out_are_shown_also_when_the_rest_is_loaded(world: World, as_role: AtRole) -> None:
    client = as_role("risk lead")
    found = checked_by(client, world, FILE + "N3,2025-02-30,guest-0,tea,1,5.00\n", leaves_out_wrong="on")
    page = loaded_by(client, world, found)
    assert "there is no such date" in page
    assert "Everything was loaded." not in page


def test_the_mapping_is_a_page_and_opens_in_no_dialog(world: World, as_role: AtRole) -> None:
    client = as_role("risk lead")
    uploaded(client, FILE)
    found = OrderImport.objects.latest("pk")
    page = client.get(reverse("admin:orders_orderimport_change", args=[found.pk])).content.decode()
    url = reverse("admin:orders_orderimport_mapping", args=[found.pk])
    assert f'href="{url}"' in page
    assert f'hx-get="{url}"' not in page


def test_an_order_says_which_file_it_came_from_and_what_its_lines_are_called(world: World, as_role: AtRole) -> None:
    client, head = as_role("risk lead"), HEAD.replace("Quantity", "Description,Quantity")
    found = checked_by(client, world, head + "N7,2025-01-01,guest-0,tea,Green tea of spring,2,5.00\n")
    loaded_by(client, world, found)
    page = text_of(client.get(reverse("admin:orders_order_change", args=[Order.objects.get(ref="N7").pk])))
    assert f"Imported from shop line 2 of import #{found.pk}" in page
    assert "Green tea of spring" in page
    ours = Order.objects.filter(imported_from="").first()
    assert "Imported from" not in text_of(client.get(reverse("admin:orders_order_change", args=[ours.pk])))


@pytest.mark.parametrize("model", ["importrow", "importedinvoice"])
def test_a_list_of_one_import_says_which(model: str, world: World, as_role: AtRole) -> None:
    client = as_role("risk lead")
    one, other = checked_by(client, world, FILE), checked_by(client, world, FILE.replace("N1", "N9"))
    page = text_of(client.get(f"{reverse(f'admin:orders_{model}_changelist')}?order_import={one.pk}"))
    assert f"import: import #{one.pk} · shop.csv" in page
    assert ("N1" in page, "N9" in page) == (True, False)
    assert other.pk != one.pk


@pytest.mark.parametrize(
    ("price", "text"), [("5", "5.00"), ("1234.5", "1,234.50"), ("0.001200", "0.0012"), ("12.340000", "12.34"), (None, "–")]
)
def test_a_price_is_written_without_the_zeros_of_its_column(price: str | None, text: str) -> None:
    assert price_text(None if price is None else Decimal(price)) == text


def test_a_customers_page_tells_of_orders_holds_findings_and_what_was_imported(world: World, as_role: AtRole) -> None:
    gang, guest = Customer.objects.get(ref="cat-0"), Customer.objects.get(ref="guest-0")
    page = reverse("admin:promotions_customer_change", args=[gang.pk])
    text = text_of(as_role("risk analyst").get(page))
    for title in ("What the orders come to", "Holds", "Flagged orders", "Findings", "Claims", "Coupons", "Blocks"):
        assert title in text
    assert "Flagged orders" not in text_of(as_role("support").get(page)).replace("Flagged orders waiting", "")
    imported = text_of(as_role("risk lead").get(reverse("admin:promotions_customer_change", args=[guest.pk])))
    assert "Imported beside the orders" in imported
