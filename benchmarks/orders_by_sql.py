"""Orders by the million, made by SQL alone: for benchmarks of whatever stands on them.

Straight into the tables, past services and triggers, in a database that is thrown away afterwards. What is made is as it would be
after years of trade: most of it completed, the newest tenth paid and waiting, a tenth with virtual goods, every customer with a few
orders. Two runs with the same numbers make the same rows. Every constraint of the tables holds; foreign keys are looked at once, at
the end.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

NEWEST = datetime(2026, 1, 20, tzinfo=UTC)
AT_ONCE = 500_000

CUSTOMERS = """
INSERT INTO promotions_customer
       (ref, phone_hash, phone_segment, phone_last_four, identity_hash, is_verified, is_phone_verified, has_ordered, first_seen_at,
        registered_at)
SELECT 'c-' || to_char(n, 'FM000000000'), md5('phone' || n), '138', to_char(n %% 10000, 'FM0000'), '',
       n %% 3 <> 0, n %% 3 <> 0, true, %(newest)s::timestamptz - make_interval(mins => n),
       %(newest)s::timestamptz - make_interval(mins => n)
  FROM generate_series(%(first)s::int, %(last)s::int) AS n
"""
# Order n is the n-th oldest. `paid` of the newest are not delivered yet.
ORDERS = """
INSERT INTO orders_order
       (ref, customer_id, placed_at, status, currency, gross_amount, discount_amount, virtual_amount, device, address,
        refunded_amount, paid_at, delivered_at, completed_at, cancelled_at, cancelled_by, cancel_reason)
SELECT 'b-' || to_char(n, 'FM000000000'), %(customer)s::bigint + n::bigint * 7919 %% %(customers)s, at, status, 'CNY',
       %(lines)s * (10 + n %% 90), 0, CASE WHEN n %% 10 = 0 THEN 10 + n %% 90 ELSE 0 END,
       CASE WHEN n %% 4 = 0 THEN 'device-' || n %% 1000003 ELSE '' END, host(inet '10.0.0.0' + (n %% 4000000)),
       0, at, CASE WHEN status = 'completed' THEN at + interval '2 days' END,
       CASE WHEN status = 'completed' THEN at + interval '9 days' END,
       CASE WHEN status = 'cancelled' THEN at + interval '1 hour' END,
       CASE WHEN status = 'cancelled' THEN 'customer' ELSE '' END, ''
  FROM (SELECT n, %(newest)s::timestamptz - make_interval(secs => 10.0 * (%(orders)s - n)) AS at,
               CASE WHEN n > %(orders)s - %(paid)s THEN 'paid' WHEN n %% 25 = 0 THEN 'cancelled' ELSE 'completed' END AS status
          FROM generate_series(%(first)s::int, %(last)s::int) AS n) AS made
"""
LINES = """
INSERT INTO orders_orderline
       (order_id, position, sku, category, product_category, quantity, delivered_quantity, amount, discount, recipient_hash,
        recipient_last_four)
SELECT o.id, p, 'sku-' || o.id * 31 %% 50000, CASE WHEN is_virtual THEN 'phone_credit' ELSE 'goods' END, '', 1 + o.id %% 3,
       CASE WHEN o.status = 'completed' THEN 1 + o.id %% 3 ELSE 0 END, o.gross_amount / %(lines)s, 0,
       CASE WHEN is_virtual THEN md5('recipient' || o.id %% 200003) ELSE '' END,
       CASE WHEN is_virtual THEN to_char(o.id %% 10000, 'FM0000') ELSE '' END
  FROM (SELECT *, id - %(before)s AS n FROM orders_order WHERE id > %(before)s + %(first)s - 1 AND id <= %(before)s + %(last)s) AS o
 CROSS JOIN generate_series(1, %(lines)s::int) AS p
 CROSS JOIN LATERAL (SELECT o.virtual_amount > 0 AND p = 1) AS v(is_virtual)
"""
INDEXES = """
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
  FROM pg_index i
 WHERE i.indrelid = ANY(%s::regclass[]) AND NOT i.indisunique AND NOT i.indisprimary
"""
FOREIGN_KEYS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
  FROM pg_constraint WHERE conrelid = ANY(%s::regclass[]) AND contype = 'f'
"""


def make_customers(count: int) -> int:
    """So many customers, `c-000000001` and on, with consecutive ids. Answers the first id."""
    first = 1 + _last_id("promotions_customer")
    with filling("promotions_customer"):
        _in_parts(CUSTOMERS, count)
    return first


def make_orders(count: int, *, customers: int, lines: int = 1, waiting: float = 0.1) -> int:
    """So many customers and orders, `b-000000001` and on, the last the newest. Answers the first order's id; ids are consecutive.

    `lines` is of each order, `waiting` the share of the newest that is paid and not delivered. Amounts are CNY.
    """
    customer, before = make_customers(customers), _last_id("orders_order")
    values = {"customer": customer, "customers": customers, "orders": count, "lines": lines, "paid": round(count * waiting)}
    with filling("orders_order", "orders_orderline"):
        _in_parts(ORDERS, count, **values)
        _in_parts(LINES, count, lines=lines, before=before)
    return before + 1


@contextmanager
def filling(*tables: str) -> Iterator[None]:
    """Rows go in without our triggers, foreign keys or plain indexes; these are made anew at the end, and the tables analysed."""
    with connection.cursor() as cursor:
        cursor.execute(INDEXES, [list(tables)])
        indexes = cursor.fetchall()
        cursor.execute(FOREIGN_KEYS, [list(tables)])
        keys = cursor.fetchall()
        _each(cursor, "DROP INDEX {}", indexes)
        _each(cursor, "ALTER TABLE {} DROP CONSTRAINT {}", keys)
        _each(cursor, "ALTER TABLE {} DISABLE TRIGGER USER", [(table,) for table in tables])
        try:
            yield
        finally:
            _each(cursor, "ALTER TABLE {} ENABLE TRIGGER USER", [(table,) for table in tables])
            cursor.execute("SET maintenance_work_mem = '256MB'")
            _each(cursor, "{1}", indexes)
            _each(cursor, "ALTER TABLE {} ADD CONSTRAINT {} {}", keys)
            cursor.execute("RESET maintenance_work_mem")
        _each(cursor, "VACUUM (ANALYZE) {}", [(table,) for table in tables])


def _each(cursor: Any, statement: str, rows: Sequence[Sequence[str]]) -> None:
    for row in rows:
        cursor.execute(statement.format(*row))


def _in_parts(statement: str, count: int, **values: Any) -> None:
    for first in range(1, count + 1, AT_ONCE):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values | {"newest": NEWEST, "first": first, "last": min(first + AT_ONCE - 1, count)})


def _last_id(table: str) -> int:
    """What ids begin after: of a table that rows were rolled back from, its sequence has moved on."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {table}_id_seq")
        return int(cursor.fetchone()[0])
