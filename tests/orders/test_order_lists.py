"""Lists of order numbers and documents: whole or not at all, and never changed."""

from io import BytesIO

import pytest

from backoffice.lib.errors import InvalidInput
from orders.models import Document, OrderList, OrderListItem
from orders.order_files import MOST_ROWS
from orders.services import order_lists
from orders.services.documents import bytes_of, keep_document
from orders.services.order_lists import BadNumbers, list_from_file, list_from_text, list_of_orders
from tests.orders.factories import a_freeze, an_order, everything
from tests.orders.rounds import sql
from tests.orders.test_constraints import refused
from tests.orders.test_freezing import python_hash
from tests.promotions.factories import NOON, the_asker

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7 by order"


def pasted(text, **how):
    return list_from_text(text, by=the_asker(), at=NOON, **how)


def filed(content, **how):
    return list_from_file(BytesIO(content), name="numbers.csv", by=the_asker(), at=NOON, **how)


def named(made):
    return sorted(made.items.values_list("order__ref", flat=True))


def two():
    return an_order(ref="SO-1"), an_order(ref="SO-2")


@pytest.mark.parametrize("text", ["SO-1\nSO-2", "  SO-1 \r\n\r\n\tSO-2\n", "SO-1,SO-2;SO-1", "order\nSO-1\nSO-2", "SO-2，SO-1"])
def test_numbers_are_trimmed_and_counted_once(text):
    made_of = two()
    made = pasted(text)
    assert (named(made), made.count, made.unknown) == (["SO-1", "SO-2"], 2, 0)
    assert made.sha256 == python_hash([order.pk for order in made_of])


@pytest.mark.parametrize(
    "content",
    [
        b"SO-1\nSO-2\n",
        b"\xef\xbb\xbforder\r\nSO-1\r\nSO-2\r\n",
        b'when,"Order"\n2026-01-01,"SO-1"\n2026-01-02, SO-2 \n',
        "金额,订单号\n100,SO-1\n200,SO-2\n".encode(),
        b"SO-1\n\n\nSO-2",
    ],
)
def test_a_file_is_plain_text_or_names_its_column(content):
    two()
    assert named(filed(content)) == ["SO-1", "SO-2"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "No order was named"),
        (b"\n\n", "No order was named"),
        (b"amount,number\n1,SO-1\n", "Line 1: several columns"),
        (b"order,ref\nSO-1,SO-2\n", "Line 1: several columns"),
        (b"SO-1\nSO-9\nSO-8\n", "Line 2: there is no order “SO-9”"),
        (b"SO-1\n" + b"x" * 65 + b"\n", "Line 2: longer than 64"),
        (b"SO-1\n\x00\n", "Line 2"),
        (b"\xff\xfeS\x00O\x00", "Line 1"),
        (b"SO-1\n\xb6\xa9\xb5\xa5\n", "Line 2: contains characters"),
        (b'order\n"SO-1\n', "the quotes do not match"),
        (b"SO-1'; DROP TABLE orders_order; --\n", "there is no order"),
        (b"=HYPERLINK(1)\n", "there is no order"),
        (b"SO-1\\tSO-2\n", "there is no order"),
        (b"\\.\nSO-1\n", "Line 1: there is no order"),
        (b"\\N\n", "there is no order"),
    ],
)
def test_one_wrong_line_loads_nothing(content, sentence):
    two()
    with pytest.raises(InvalidInput) as refusal:
        filed(content)
    assert sentence in str(refusal.value)
    assert not OrderList.objects.exists()
    assert not OrderListItem.objects.exists()


def test_unknown_numbers_are_left_out_only_when_that_was_said_and_counted():
    two()
    made = pasted("SO-1\nSO-8\nSO-9", leaves_out_unknown=True)
    assert (named(made), made.unknown) == (["SO-1"], 2)
    with pytest.raises(InvalidInput, match="No order was named"):
        pasted("SO-8", leaves_out_unknown=True)
    with pytest.raises(BadNumbers):  # what is no number at all is never left out
        pasted("SO-1\n" + "x" * 65, leaves_out_unknown=True)


def test_numbers_named_more_than_once_are_counted_whether_they_are_known_or_not():
    two()
    made = pasted("SO-1\nSO-2\nSO-1\nSO-9\nSO-9\nSO-8", leaves_out_unknown=True)
    assert (named(made), made.unknown, made.repeated) == (["SO-1", "SO-2"], 3, 2)


def test_of_many_wrong_lines_the_first_hundred_are_told_and_all_are_counted():
    with pytest.raises(BadNumbers) as refusal:
        pasted("\n".join(f"SO-{n}" for n in range(250)))
    assert refusal.value.count == 250
    assert len(refusal.value.problems) == 100
    assert "Nothing was loaded: 250 lines are wrong. These are the first 100." in str(refusal.value)


def test_more_than_a_million_numbers_are_refused(monkeypatch):
    assert MOST_ROWS == 1_000_000
    monkeypatch.setattr(order_lists, "MOST_ROWS", 3)
    with pytest.raises(BadNumbers, match="more than 3 numbers"):
        pasted("a\nb\nc\nd")


def test_a_selection_becomes_a_list():
    one, _other = two()
    made = list_of_orders(everything().filter(pk=one.pk), name="by hand", by=the_asker(), at=NOON)
    assert (named(made), made.source) == (["SO-1"], "chosen")
    for nobody in (everything().none(), everything().filter(ref="SO-9")):
        with pytest.raises(InvalidInput):
            list_of_orders(nobody, name="nobody", by=the_asker(), at=NOON)


def test_a_list_stays_as_it_came():
    one, other = two()
    made = list_of_orders(everything().filter(pk=one.pk), name="by hand", by=the_asker(), at=NOON)
    add = "INSERT INTO orders_orderlistitem (order_list_id, order_id) VALUES (%s, %s)"
    refused("order_list_comes_whole", lambda: sql(add, made.pk, other.pk))
    refused("order_list_item_once_per_order", lambda: sql(add, made.pk, one.pk))
    refused("order_list_keeps_its_orders", lambda: OrderListItem.objects.update(order=other))
    refused("order_list_keeps_its_orders", lambda: OrderListItem.objects.all().delete())
    refused("order_list_stays_as_it_came", lambda: sql("UPDATE orders_orderlist SET name = 'another'"))
    refused("order_list_stays_as_it_came", lambda: sql("DELETE FROM orders_orderlist"))
    refused("order_list_stays_as_it_came", lambda: sql("UPDATE orders_orderlist SET id = id + 1"))


def test_a_list_that_says_another_hash_or_number_gets_no_items():
    one, _other = two()
    values = {"source": "pasted", "name": "x", "made_by": the_asker(), "made_at": NOON}
    for wrong in ({"count": 2, "sha256": python_hash([one.pk])}, {"count": 1, "sha256": "0" * 64}):
        empty = OrderList.objects.create(**values, **wrong)
        refused("order_list_comes_whole", lambda empty=empty: OrderListItem.objects.create(order_list=empty, order=one))
    OrderListItem.objects.create(order_list=OrderList.objects.create(**values, count=1, sha256=python_hash([one.pk])), order=one)


def test_a_list_names_only_orders_that_there_are_and_no_item_is_without_its_list():
    one = an_order()
    values = {"source": "pasted", "name": "x", "made_by": the_asker(), "made_at": NOON}
    nowhere = OrderList.objects.create(**values, count=2, sha256=python_hash([one.pk, 999_999]))
    add = "INSERT INTO orders_orderlistitem (order_list_id, order_id) VALUES (%s, %s), (%s, %s)"
    refused("order_list_comes_whole", lambda: sql(add, nowhere.pk, one.pk, nowhere.pk, 999_999))
    refused("order_list_comes_whole", lambda: OrderListItem.objects.create(order_list_id=999_999, order=one))


def test_the_orders_of_a_list_stay_there_under_their_key():
    one, _other = two()
    pasted("SO-1")
    refused("order_is_never_deleted", lambda: sql("DELETE FROM orders_orderline; DELETE FROM orders_order"))
    refused("order_keeps_its_key", lambda: everything().filter(pk=one.pk).update(id=999_999))


def kept(content=PDF, name="order.pdf"):
    return keep_document(BytesIO(content), name=name, by=the_asker(), at=NOON)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(PDF, "application/pdf"), (b"\x89PNG\r\n\x1a\n...", "image/png"), (b"\xff\xd8\xff\xe0...", "image/jpeg")],
)
def test_a_document_is_known_by_its_bytes_and_comes_back_as_it_came(content, media_type):
    document = kept(content, name="order.exe")
    assert (document.media_type, document.size) == (media_type, len(content))
    assert bytes_of(document) == content


@pytest.mark.parametrize(
    "content", [b"", b"<svg onload=alert(1)>", b"MZ", b"PK\x03\x04", b" %PDF-1.7", b"%PDF-" + b"x" * 10 * 1024**2]
)
def test_what_is_of_no_known_type_or_too_large_is_refused(content):
    with pytest.raises(InvalidInput):
        kept(content)
    assert not Document.objects.exists()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\papers\\order.pdf", "order.pdf"),
        ("a\x00b\n.pdf", "ab.pdf"),
        ("", "document"),
        ("x/", "document"),
    ],
)
def test_a_name_is_only_shown(name, shown):
    assert kept(name=name).name == shown


def test_a_document_stays_as_it_came():
    kept()
    refused("document_stays_as_it_came", lambda: sql("UPDATE orders_document SET name = 'another'"))
    refused("document_stays_as_it_came", lambda: sql("DELETE FROM orders_document"))


@pytest.mark.parametrize(
    ("column", "value", "constraint"),
    [
        ("sha256", "0" * 64, "document_has_the_hash_it_says"),
        ("content", b"%PDF-forged", "document_has_the_hash_it_says"),
        ("size", 3, "document_is_as_large_as_it_says"),
        ("media_type", "text/html", "document_is_of_a_known_type"),
    ],
)
def test_no_row_says_another_hash_size_or_type_than_it_has(column, value, constraint):
    document = kept()
    values = {name: getattr(document, name) for name in ("name", "media_type", "size", "sha256", "uploaded_by", "uploaded_at")}
    values |= {"content": PDF, column: value}
    if column == "content":
        values["size"] = len(value)
    refused(constraint, lambda: Document.objects.create(**values))


def test_the_second_person_approves_this_very_document():
    an_order()
    freeze = a_freeze(document=kept())
    assert freeze.job.approval.payload["document"] == {"name": "order.pdf", "sha256": kept().sha256}
