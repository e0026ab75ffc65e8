"""Orders by the million, made in SQL straight into a scratch database: in the states and with the lines that a busy week leaves.

What services would check is not checked here, and triggers of ours and foreign keys are off meanwhile; both are on again, and the
foreign keys checked, before anything is measured.
"""

from typing import Any

from django.db import connection

from benchmarks.orders_by_sql import filling

SCOPE, SMALL_SCOPE, OTHERS = "198.51.100.7", "198.51.100.8", "203.0.113.9"
BATCH = 250_000
TABLES = ("promotions_customer", "orders_order", "orders_orderline")
CUSTOMERS = """
    INSERT INTO promotions_customer (ref, phone_hash, phone_segment, phone_last_four, is_verified, first_seen_at, has_ordered,
        identity_hash, is_phone_verified)
    SELECT 'bench-' || n, md5('phone' || n), '138', lpad((n %% 10000)::text, 4, '0'), true, now() - interval '30 days', true, '',
        true
    FROM generate_series(%(first)s / 3, %(last)s / 3) AS n ON CONFLICT DO NOTHING
"""
# Of three orders one lies in the scope that is frozen; of those four in ten are paid top-ups, one in twenty is not paid yet. Of the
# others most are delivered.
ORDERS = """
    INSERT INTO orders_order (ref, customer_id, placed_at, status, currency, gross_amount, discount_amount, virtual_amount, device,
        address, refunded_amount, paid_at, delivery_asked_at, delivered_at, cancelled_by, cancel_reason)
    SELECT 'bench-' || n, c.id, now() - interval '7 days' + n * interval '0.1 seconds', status, 'CNY', 120, 100,
        CASE WHEN n %% 10 < 4 THEN 120 ELSE 0 END, 'device-' || n / 5,
        CASE WHEN n %% 3 = 0 AND n <= %(scope_until)s THEN %(scope)s
             WHEN n <= %(scope_until)s OR n > %(small_until)s THEN %(others)s ELSE %(small)s END,
        0, CASE WHEN status <> 'placed' THEN now() END, CASE WHEN status = 'delivered' THEN now() END,
        CASE WHEN status = 'delivered' THEN now() END, '', ''
    FROM (
        SELECT n, CASE WHEN n %% 20 = 19 THEN 'placed'
            WHEN n %% 3 = 0 OR n BETWEEN %(scope_until)s + 1 AND %(small_until)s OR n %% 10 = 9 THEN 'paid'
            ELSE 'delivered' END AS status
        FROM generate_series(%(first)s, %(last)s) AS n
    ) AS made JOIN promotions_customer c ON c.ref = 'bench-' || n / 3
    ORDER BY n
"""
LINES = """
    INSERT INTO orders_orderline (order_id, position, sku, category, product_category, quantity, delivered_quantity, amount,
        discount, recipient_hash, recipient_last_four)
    SELECT o.id, 1, 'bench', CASE WHEN o.virtual_amount > 0 THEN 'phone_credit' ELSE 'goods' END, '', 1,
        CASE WHEN o.status = 'delivered' THEN 1 ELSE 0 END, 120, 100,
        CASE WHEN o.virtual_amount > 0 THEN md5('recipient' || o.id / 7) ELSE '' END, ''
    FROM orders_order o WHERE o.id > %(after)s ORDER BY o.id
"""


def make_orders(count: int, *, small: int) -> None:
    """Make so many orders, a third of them in SCOPE; the last `small` of them lie in SMALL_SCOPE instead."""
    with filling(*TABLES), connection.cursor() as cursor:
        for first in range(1, count + 1, BATCH):
            terms = {"scope": SCOPE, "small": SMALL_SCOPE, "others": OTHERS, "scope_until": count - small, "small_until": count}
            _make(cursor, {**terms, "first": first, "last": min(first + BATCH - 1, count)})
    settle()


def add_other_orders(first: int, last: int) -> None:
    """More orders outside every scope, numbered from `first` to `last`."""
    with filling(*TABLES), connection.cursor() as cursor:
        for start in range(first, last + 1, BATCH):
            terms = {"scope": SCOPE, "small": SMALL_SCOPE, "others": OTHERS, "scope_until": 0, "small_until": 0}
            _make(cursor, {**terms, "first": start, "last": min(start + BATCH - 1, last)})
    settle()


def make_few_orders(count: int) -> None:
    """So many, all in SMALL_SCOPE, with every guard on: for tests."""
    terms = {"scope": SCOPE, "small": SMALL_SCOPE, "others": OTHERS, "scope_until": 0, "small_until": count}
    with connection.cursor() as cursor:
        _make(cursor, {**terms, "first": 1, "last": count})


def settle() -> None:
    """Statistics, hint bits and a checkpoint, so that no side of a comparison pays for what was there before it."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
        checkpoint()


def checkpoint() -> None:
    """Begin each side with the same distance to the next one. A role that may not is spared it."""
    from django.db import ProgrammingError

    try:
        with connection.cursor() as cursor:
            cursor.execute("CHECKPOINT")
    except ProgrammingError:
        pass


def _make(cursor: Any, terms: dict[str, Any]) -> None:
    cursor.execute("SELECT coalesce(max(id), 0) FROM orders_order")
    after = cursor.fetchone()[0]
    cursor.execute(CUSTOMERS, terms)
    cursor.execute(ORDERS, terms)
    cursor.execute(LINES, {"after": after})
