"""A file of orders in the admin: uploaded, mapped, looked at, loaded; and what a customer's page says of it all."""

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from backoffice.lib.jobs import run_job
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


def test_a_customers_page_tells_of_orders_holds_findings_and_what_was_imported(world: World, as_role: AtRole) -> None:
    gang, guest = Customer.objects.get(ref="cat-0"), Customer.objects.get(ref="guest-0")
    page = reverse("admin:promotions_customer_change", args=[gang.pk])
    text = text_of(as_role("risk analyst").get(page))
    for title in ("What the orders come to", "Holds", "Flagged orders", "Findings", "Claims", "Coupons", "Blocks"):
        assert title in text
    assert "Flagged orders" not in text_of(as_role("support").get(page)).replace("Flagged orders waiting", "")
    imported = text_of(as_role("risk lead").get(reverse("admin:promotions_customer_change", args=[guest.pk])))
    assert "Imported beside the orders" in imported
