"""The statement that stores an order, sent with what redeems its coupons (`backoffice.lib.exchanges`)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from orders.models import Order, OrderLine
from promotions.models import Coupon

OF_ORDER = (
    "ref",
    "placed_at",
    "status",
    "currency",
    "gross_amount",
    "discount_amount",
    "virtual_amount",
    "device",
    "address",
    "payment_account_hash",
    "payment_account_last_four",
    "delivery_phone_hash",
    "delivery_phone_last_four",
    "paid_at",
)
OF_LINE = (
    "position",
    "sku",
    "category",
    "product_category",
    "quantity",
    "amount",
    "discount",
    "recipient_hash",
    "recipient_last_four",
)

# Order, lines and discounts. None of these tables is tracked: an order's own columns say what became of it.
STORE = """
WITH placed AS (
    INSERT INTO orders_order
           (ref, customer_id, placed_at, status, currency, gross_amount, discount_amount, virtual_amount, device, address,
            payment_account_hash, payment_account_last_four, delivery_phone_hash, delivery_phone_last_four,
            refunded_amount, paid_at, cancelled_by, cancel_reason)
    VALUES (%(ref)s::text, (SELECT id FROM promotions_customer WHERE ref = %(customer)s::text), %(placed_at)s::timestamptz,
            %(status)s::text, %(currency)s::text, %(gross_amount)s::numeric, %(discount_amount)s::numeric,
            %(virtual_amount)s::numeric, %(device)s::text, %(address)s::text,
            %(payment_account_hash)s::text, %(payment_account_last_four)s::text, %(delivery_phone_hash)s::text,
            %(delivery_phone_last_four)s::text, 0, %(paid_at)s::timestamptz, '', '')
 RETURNING id
), lines AS (
    INSERT INTO orders_orderline
           (order_id, position, sku, category, product_category, quantity, delivered_quantity, amount, discount,
            recipient_hash, recipient_last_four)
    SELECT placed.id, w.position, w.sku, w.category, w.product_category, w.quantity, 0, w.amount, w.discount,
           w.recipient_hash, w.recipient_last_four
      FROM placed, unnest(%(position)s::int[], %(sku)s::text[], %(category)s::text[], %(product_category)s::text[],
                          %(quantity)s::int[], %(amount)s::numeric[], %(discount)s::numeric[], %(recipient_hash)s::text[],
                          %(recipient_last_four)s::text[])
        AS w(position, sku, category, product_category, quantity, amount, discount, recipient_hash, recipient_last_four)
     ORDER BY w.position
), discounts AS (
    INSERT INTO orders_orderdiscount (order_id, coupon_id, amount)
    SELECT placed.id, w.coupon, w.amount
      FROM placed, unnest(%(coupons)s::bigint[], %(coupon_amounts)s::numeric[]) WITH ORDINALITY AS w(coupon, amount, number)
     ORDER BY w.number
)
SELECT id FROM placed
"""


def store_values(order: Order, lines: Sequence[OrderLine], coupons: Sequence[tuple[Coupon, Decimal]]) -> dict[str, Any]:
    """What STORE asks for."""
    return {
        **{name: getattr(order, name) for name in OF_ORDER},
        **{name: [getattr(line, name) for line in lines] for name in OF_LINE},
        "customer": order.customer.ref,
        "coupons": [coupon.pk for coupon, _amount in coupons],
        "coupon_amounts": [amount for _coupon, amount in coupons],
    }
