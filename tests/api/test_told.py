"""Payment, refunds, completion and parcels over the API."""

from decimal import Decimal

import pytest

from orders.models import Notice, Order
from tests.api.storefront import a_line_body, an_order_body, is_problem, wrong_fields
from tests.orders.factories import a_hold, an_order

pytestmark = pytest.mark.django_db


def test_an_order_is_paid_delivered_in_parcels_and_completed(storefront):
    body = an_order_body(paid=False, lines=[a_line_body(quantity=2), a_line_body(sku="pot")])
    path = f"orders/{body['ref']}/"
    assert storefront.post("orders/", body).json()["status"] == "placed"
    assert is_problem(storefront.post(path + "delivery/"), 409, "order_not_paid")
    assert storefront.post(path + "payment/").json()["status"] == "paid"
    parcel = {"delivery": "d1", "lines": [{"line": 1, "quantity": 1}]}
    shown = storefront.post(path + "delivery/", parcel).json()
    assert (shown["status"], [line["delivered_quantity"] for line in shown["lines"]]) == ("partly_delivered", [1, 0])
    assert storefront.post(path + "completion/").status_code == 202
    assert storefront.post(path + "delivery/").json()["status"] == "delivered"
    assert storefront.post(path + "completion/").json()["status"] == "completed"


def test_what_comes_too_early_is_kept_and_said_to_be(storefront):
    for path, body in {
        "payment": {"paid_at": "2026-01-20T11:00:00Z"},
        "cancellation": {"reason": "no"},
        "completion": {},
        "refunds": {"refund": "r1", "amount": "10.00", "cause": "dispute"},
    }.items():
        response = storefront.post(f"orders/later/{path}/", body)
        assert (response.status_code, response.json()) == (202, {"kept": True})
    assert Notice.objects.waiting().count() == 4
    assert Order.objects.exists() is False


def test_a_refund_is_booked_once(storefront):
    order = an_order()
    body = {"refund": "r1", "amount": "30.00", "cause": "customer"}
    for _ in range(2):
        assert storefront.post(f"orders/{order.ref}/refunds/", body).json()["refunded_amount"] == "30.00"
    assert is_problem(storefront.post(f"orders/{order.ref}/refunds/", body | {"amount": "31.00"}), 409, "reference_reused")
    assert is_problem(
        storefront.post(f"orders/{order.ref}/refunds/", body | {"refund": "r2", "amount": "70.01"}), 409, "too_much_refunded"
    )
    order.refresh_from_db()
    assert order.refunded_amount == Decimal("30.00")


def test_a_held_order_is_neither_refunded_nor_completed(storefront):
    order = an_order()
    a_hold(order)
    body = {"refund": "r1", "amount": "30.00", "cause": "customer"}
    assert is_problem(storefront.post(f"orders/{order.ref}/refunds/", body), 409, "order_held")
    assert is_problem(storefront.post(f"orders/{order.ref}/completion/"), 409, "order_held")


def test_a_payment_from_the_future_is_refused(storefront):
    order = an_order()
    response = storefront.post(f"orders/{order.ref}/payment/", {"paid_at": "2026-01-21T12:00:00Z"})
    assert is_problem(response, 422, "invalid_input")


@pytest.mark.parametrize(
    "body",
    [{"delivery": "d1"}, {"lines": [{"line": 1, "quantity": 1}]}, {"delivery": "d1", "lines": [{"line": 1, "quantity": 1}] * 2}],
)
def test_a_parcel_without_its_lines_or_with_one_twice_cannot_be_meant(storefront, body):
    order = an_order()
    assert is_problem(storefront.post(f"orders/{order.ref}/delivery/", body), 422, "invalid_input")
    order.refresh_from_db()
    assert order.status == "paid"


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"delivery": "d1", "lines": [{"line": 0, "quantity": 1}]}, {"#/lines/0/line": "min_value"}),
        ({"delivery": "d1", "lines": [{"line": 1, "quantity": True}]}, {"#/lines/0/quantity": "invalid"}),
        ({"delivery": "d1", "lines": [{"line": 1, "quantity": "1"}]}, {"#/lines/0/quantity": "invalid"}),
    ],
)
def test_a_parcel_is_named_with_what_is_in_it(storefront, body, pointers):
    order = an_order()
    assert set(wrong_fields(storefront.post(f"orders/{order.ref}/delivery/", body)).values()) == set(pointers.values())
    order.refresh_from_db()
    assert order.status == "paid"
