"""Orders over the API: placed with their coupons, asked for delivery, cancelled."""

import pytest
from rest_framework.renderers import JSONRenderer

from orders.api.orders import OrderOutput
from orders.models import Hold, Order
from orders.services.holding import release_hold
from promotions.models import Coupon, Redemption
from promotions.states import CouponStatus
from tests.api.storefront import a_line_body, an_order_body, is_problem, wrong_fields
from tests.orders.factories import a_cooling_order, a_done_freeze, a_hold, a_plain_coupon, a_restricted_coupon, an_order
from tests.promotions.factories import NOON, the_asker

pytestmark = pytest.mark.django_db


def test_an_order_is_placed_and_its_coupon_redeemed(storefront):
    coupon = a_plain_coupon()
    body = an_order_body(coupon, lines=[a_line_body(amount="70.00"), a_line_body(sku="cup", amount="30")])
    response = storefront.post("orders/", body)
    assert response.status_code == 201
    line = {"category": "goods", "product_category": "", "quantity": 1, "delivered_quantity": 0}
    assert response.json() == {
        "ref": body["ref"],
        "customer": coupon.customer.ref,
        "status": "paid",
        "is_held": False,
        "currency": "CNY",
        "gross_amount": "100.00",
        "discount_amount": "10.00",
        "payable_amount": "90.00",
        "discounts": [{"coupon": coupon.code, "amount": "10.00"}],
        "lines": [
            {**line, "sku": "tea", "amount": "70.00", "discount": "7.00"},
            {**line, "sku": "cup", "amount": "30.00", "discount": "3.00"},
        ],
        "refunded_amount": "0.00",
        "placed_at": "2026-01-20T12:00:00Z",
        "paid_at": "2026-01-20T12:00:00Z",
        "delivered_at": None,
        "completed_at": None,
        "cancelled_at": None,
    }
    assert Coupon.objects.get().status == CouponStatus.REDEEMED


@pytest.mark.parametrize("is_paid", [True, False])
@pytest.mark.parametrize("a_paying_coupon", [a_plain_coupon, a_restricted_coupon])
def test_the_answer_to_an_order_is_to_the_byte_what_reading_it_gives(storefront, a_paying_coupon, is_paid):
    lines = [
        a_line_body(amount="70", product_category="food/tea", quantity=3),
        a_line_body(sku="credit", amount="33.3", category="phone_credit", recipient="13800138000"),
    ]
    body = an_order_body(a_paying_coupon(), lines=lines, paid=is_paid)
    placed = storefront.post("orders/", body)
    assert placed.status_code == 201
    assert placed.content == storefront.get(f"orders/{body['ref']}/").content
    order = Order.objects.for_api().get()
    assert placed.content == JSONRenderer().render(OrderOutput(order).data)


def test_an_order_without_coupons_is_answered_to_the_byte_as_it_is_read(storefront):
    body = an_order_body()
    assert storefront.post("orders/", body).content == storefront.get(f"orders/{body['ref']}/").content


def test_a_restricted_coupon_turned_into_phone_credit_is_held(storefront):
    top_up = a_line_body(category="phone_credit", recipient="13800138000")
    response = storefront.post("orders/", an_order_body(a_restricted_coupon(), lines=[top_up]))
    assert response.status_code == 201
    assert response.json()["is_held"] is True


def test_an_order_placed_twice_is_a_duplicate(storefront):
    body = an_order_body()
    assert storefront.post("orders/", body).status_code == 201
    assert is_problem(storefront.post("orders/", body), 409, "duplicate_order")
    assert Order.objects.count() == 1


def test_a_coupon_of_somebody_else_cannot_pay(storefront):
    response = storefront.post("orders/", an_order_body(a_plain_coupon(), customer="somebody-else"))
    assert is_problem(response, 409, "coupon_refused")
    assert Order.objects.exists() is False
    assert Redemption.objects.exists() is False
    assert Coupon.objects.get().status == CouponStatus.ISSUED


def test_a_coupon_of_somebody_else_and_one_that_never_was_read_alike(storefront):
    coupon = a_plain_coupon()
    foreign = storefront.post("orders/", an_order_body(coupons=[coupon.code])).content.decode()
    missing = storefront.post("orders/", an_order_body(coupons=["NO-SUCH-COUPON"])).content.decode()
    assert foreign.replace(coupon.code, "") == missing.replace("NO-SUCH-COUPON", "")


def test_a_top_up_without_a_recipient_is_refused(storefront):
    response = storefront.post("orders/", an_order_body(lines=[a_line_body(category="game_credit")]))
    assert is_problem(response, 422, "invalid_input")


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("0", "invalid"),
        ("0.00", "invalid"),
        ("-1.00", "invalid"),
        ("-0", "invalid"),
        ("007.00", "invalid"),
        ("0.0", "invalid"),
        ("1.001", "invalid"),
        ("10000000000.00", "invalid"),
        ("1e3", "invalid"),
        ("NaN", "invalid"),
        ("Infinity", "invalid"),
        ("1_000", "invalid"),
        ("٣.00", "invalid"),
        ("１０", "invalid"),
        (" 1.00", "invalid"),
        ("1.00\n", "invalid"),
        ("1.", "invalid"),
        ("", "invalid"),
        (100, "invalid"),
        (99.9, "invalid"),
        (True, "invalid"),
        (None, "null"),
        (["1.00"], "invalid"),
    ],
)
def test_an_amount_is_a_positive_decimal_text(storefront, amount, code):
    for path in ("orders/", "quotes/"):
        body = an_order_body(lines=[a_line_body(), a_line_body(amount=amount)])
        if path == "quotes/":
            body = {name: body[name] for name in ("customer", "coupons", "lines")}
        assert wrong_fields(storefront.post(path, body)) == {"#/lines/1/amount": code}
    assert Order.objects.exists() is False


@pytest.mark.parametrize("raw", [b"NaN", b"Infinity", b"-Infinity"])
def test_a_number_that_is_none_is_no_json(storefront, raw):
    response = storefront.post("orders/", raw=b'{"ref": "o1", "amount": %s}' % raw)
    assert is_problem(response, 400, "parse_error")


def test_the_largest_order_fits(storefront):
    lines = [a_line_body(amount="9999999999.99") for _ in range(100)]
    response = storefront.post("orders/", an_order_body(lines=lines))
    assert response.json()["gross_amount"] == "999999999999.00"


@pytest.mark.parametrize(
    ("field", "value", "pointer", "code"),
    [
        ("lines", [], "#/lines", "empty"),
        ("lines", None, "#/lines", "null"),
        ("lines", {"0": a_line_body()}, None, None),
        ("lines", "tea", "#/lines", "not_a_list"),
        ("lines", [a_line_body()] * 101, "#/lines", "max_length"),
        ("lines", ["tea"], "#/lines/0", "invalid"),
        ("lines", [a_line_body(category="gold")], "#/lines/0/category", "invalid_choice"),
        ("lines", [a_line_body(discount="1.00")], "#/lines/0/discount", "unknown_field"),
        ("lines", [a_line_body(sku="s" * 65)], "#/lines/0/sku", "max_length"),
        ("lines", [a_line_body(recipient=13800138000)], "#/lines/0/recipient", "invalid"),
        ("coupons", ["A", "A"], "#/coupons", "twice"),
        ("coupons", "A", "#/coupons", "not_a_list"),
        ("coupons", [7], "#/coupons/0", "invalid"),
        ("coupons", ["C" * 25], "#/coupons/0", "max_length"),
        ("coupons", [str(n) for n in range(21)], "#/coupons", "max_length"),
        ("ref", "o/1", "#/ref", "pattern"),
        ("customer", None, "#/customer", "null"),
        ("status", "delivered", "#/status", "unknown_field"),
        ("is_held", False, "#/is_held", "unknown_field"),
        ("placed_at", "2020-01-01T00:00:00Z", "#/placed_at", "unknown_field"),
        ("discount_amount", "99.00", "#/discount_amount", "unknown_field"),
    ],
)
def test_a_field_of_another_kind_is_refused(storefront, field, value, pointer, code):
    response = storefront.post("orders/", an_order_body() | {field: value})
    if pointer is None:
        assert is_problem(response, 400, "parse_error")
    else:
        assert wrong_fields(response) == {pointer: code}
    assert Order.objects.exists() is False


def test_an_order_can_be_read(storefront, django_assert_num_queries):
    order = an_order(coupons=(a_plain_coupon(),))
    storefront.get(f"orders/{order.ref}/")
    with django_assert_num_queries(5):  # the key, the order, its lines, its discounts, their coupons
        response = storefront.get(f"orders/{order.ref}/")
    assert response.status_code == 200
    assert response.json()["ref"] == order.ref


@pytest.mark.parametrize("path", ["orders/nowhere/", "orders/nowhere/delivery/"])
def test_an_order_that_never_was_is_not_found(storefront, path):
    response = storefront.get(path) if path.endswith("nowhere/") else storefront.post(path)
    assert is_problem(response, 404, "order_not_found")


def test_an_order_without_holds_is_delivered_once(storefront):
    order = an_order()
    first, second = (storefront.post(f"orders/{order.ref}/delivery/") for _ in range(2))
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    assert first.json()["status"] == "delivered"


def test_a_held_order_is_not_delivered_and_that_it_was_asked_for_is_kept(storefront):
    order = a_cooling_order()
    assert is_problem(storefront.post(f"orders/{order.ref}/delivery/"), 409, "order_held")
    order.refresh_from_db()
    assert (order.status, order.delivery_asked_at) == ("paid", NOON)


def test_why_an_order_is_held_is_not_told(storefront):
    for order in (held := [a_cooling_order(), an_order()]):
        if order is held[1]:
            a_hold(order, reason="known gang")
    texts = {storefront.post(f"orders/{order.ref}/delivery/").content.decode().replace(order.ref, "") for order in held}
    assert len(texts) == 1


def test_a_released_order_is_delivered_when_asked_under_a_new_key(storefront):
    order = an_order()
    hold = a_hold(order)
    path = f"orders/{order.ref}/delivery/"
    assert is_problem(storefront.post(path, key="first"), 409, "order_held")
    release_hold(hold, by=the_asker(), reason="test", at=NOON)
    assert is_problem(storefront.post(path, key="first"), 409, "order_held")
    assert storefront.post(path, key="second").status_code == 200


def test_a_body_where_none_is_asked_for_is_refused(storefront):
    order = an_order()
    assert wrong_fields(storefront.post(f"orders/{order.ref}/delivery/", {"force": True})) == {"#/force": "unknown_field"}
    order.refresh_from_db()
    assert order.status == "paid"


def test_no_body_at_all_will_do_for_a_delivery(storefront):
    assert storefront.post(f"orders/{an_order().ref}/delivery/", raw=b"").status_code == 200


def test_a_cancelled_order_gives_its_coupon_back(storefront):
    coupon = a_plain_coupon()
    order = an_order(coupons=(coupon,))
    response = storefront.post(f"orders/{order.ref}/cancellation/", {"reason": "changed my mind"})
    assert (response.status_code, response.json()["status"]) == (200, "cancelled")
    coupon.refresh_from_db()
    assert coupon.status == CouponStatus.ISSUED


def test_a_delivered_order_is_not_cancelled(storefront):
    order = an_order()
    storefront.post(f"orders/{order.ref}/delivery/")
    assert is_problem(storefront.post(f"orders/{order.ref}/cancellation/"), 409, "order_is_final")


def test_an_order_under_a_legal_hold_is_not_cancelled(storefront):
    order = an_order()
    a_done_freeze()
    assert is_problem(storefront.post(f"orders/{order.ref}/cancellation/"), 409, "order_held")
    assert Hold.objects.open().count() == 1
