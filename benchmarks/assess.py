# ruff: noqa: E402  Django is set up before its models can be imported
"""How long the database takes to assess an order among millions of claims, hot keys included.

    python -m backoffice.embedded throwaway python -m benchmarks.assess --claims 10000000 --orders 2000

Needs a database that can be thrown away, and migrates and fills it as `benchmarks.links` does. Besides, half of the orders assessed
are hot in every way: one token of a restricted type, one device, one recipient and one address, each with `--hot` claims or orders.
What is printed is the time in the database of one assessment, all its statements together, without that of Python.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")

import django

django.setup()

from django.core.management import call_command
from django.db import connection

from benchmarks.links import fill
from benchmarks.orders_by_sql import NEWEST, filling
from promotions.models import BudgetSlice, CouponType, CouponTypeSlice, Entry
from risk.services.assessing import assess_order

LIMIT = 30  # milliseconds
# The newest orders with a coupon each. Of the hot ones everything is shared.
CLAIMS = """
INSERT INTO promotions_claim
       (at, outcome, reason, customer_id, coupon_type_id, entry_id, token_id, channel, asked_coupon_type, asked_entry,
        token_fingerprint, device, address, phone_hash, phone_segment, is_verified, identity_hash, is_phone_verified,
        has_ordered, region, registered_at)
SELECT o.placed_at - interval '1 minute', 'issued', '', o.customer_id, %(coupon_type)s, %(entry)s,
       %(token)s, 'app', 'LINK0', o.ref, '', o.device, o.address, '', '138', true, '', true, NULL, '', u.registered_at
  FROM orders_order o JOIN promotions_customer u ON u.id = o.customer_id WHERE o.id > %(after)s
"""
COUPONS = """
INSERT INTO promotions_coupon
       (code, claim_id, coupon_type_id, customer_id, budget_slice_id, coupon_type_slice_id, entry_slice_id, face_value, issued_at,
        valid_until, status)
SELECT 'A-' || c.asked_entry, c.id, c.coupon_type_id, c.customer_id, %(slice)s, %(type_slice)s, NULL, 10, c.at,
       c.at + interval '30 days', 'redeemed' FROM promotions_claim c WHERE c.token_id = %(token)s
"""
DISCOUNTS = """
INSERT INTO orders_orderdiscount (order_id, coupon_id, amount)
SELECT o.id, c.id, 5 FROM orders_order o JOIN promotions_coupon c ON c.code = 'A-' || o.ref
"""
HOT_ORDERS = """
UPDATE orders_order SET device = 'the hot device', address = '203.0.113.7', virtual_amount = gross_amount,
       placed_at = %(newest)s::timestamptz - make_interval(secs => (%(last)s - id) * 3600.0 / %(hot)s)
 WHERE id > %(after)s AND id %% 2 = 0
"""
HOT_LINES = """
UPDATE orders_orderline SET recipient_hash = md5('the hot recipient'), category = 'phone_credit'
 WHERE order_id > %(after)s AND order_id %% 2 = 0
"""
RESTRICTED = """
UPDATE promotions_coupontype SET audience = 'restricted', requires_verified = true, uses_per_token = 1000000
 WHERE id = %(coupon_type)s
"""
TOKEN = """
WITH batch AS (
    INSERT INTO promotions_tokenbatch (entry_id, code, count, uses, key_id, expires_at, made_at, made_by_id, is_complete)
    VALUES (%(entry)s, 'HOT', 1, 1000000, 'bench', now() + interval '1 year', now(), %(user)s, true) RETURNING id)
INSERT INTO promotions_claimtoken (batch_id, number, nonce, uses, used)
SELECT id, 0, '\\x00', 1000000, %(hot)s FROM batch RETURNING id
"""


def make_hot(hot: int) -> None:
    """The newest `hot` orders paid with coupons of one token; every second of them shares all it has."""
    coupon_type = CouponType.objects.select_related("campaign__budget").get(code="LINK0")
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM orders_order")
        last = cursor.fetchone()[0]
    values: dict[str, Any] = {
        "newest": NEWEST,
        "last": last,
        "hot": hot,
        "after": last - hot,
        "coupon_type": coupon_type.pk,
        "entry": Entry.objects.get(coupon_type=coupon_type).pk,
        "slice": BudgetSlice.objects.filter(budget=coupon_type.campaign.budget).earliest("pk").pk,
        "type_slice": CouponTypeSlice.objects.filter(coupon_type=coupon_type).earliest("pk").pk,
    }
    past_triggers = filling("promotions_coupontype", "promotions_tokenbatch", "promotions_claimtoken")
    with past_triggers, connection.cursor() as cursor:
        cursor.execute("INSERT INTO auth_user (username, password, is_superuser, is_staff, is_active, first_name, last_name, email,"
                       " date_joined) VALUES ('bench', '', true, true, true, '', '', '', now()) RETURNING id")  # fmt: skip
        values["user"] = cursor.fetchone()[0]
        cursor.execute(RESTRICTED, values)
        cursor.execute(TOKEN, values)
        values["token"] = cursor.fetchone()[0]
    for tables, statement in (
        (("orders_order",), HOT_ORDERS),
        (("orders_orderline",), HOT_LINES),
        (("promotions_claim",), CLAIMS),
        (("promotions_coupon",), COUPONS),
        (("orders_orderdiscount",), DISCOUNTS),
    ):
        with filling(*tables), connection.cursor() as cursor:
            cursor.execute(statement, values)


def measure(orders: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, id %% 2 = 0 FROM orders_order ORDER BY id DESC LIMIT %s", [orders])
        chosen = cursor.fetchall()
    times: dict[bool, list[float]] = {True: [], False: []}
    for order_id, is_hot in chosen:
        spent = 0.0

        def timed(execute: Any, *args: Any) -> Any:
            nonlocal spent
            began = time.perf_counter()
            try:
                return execute(*args)
            finally:
                spent += time.perf_counter() - began

        with connection.execute_wrapper(timed):
            assess_order(order_id, at=NEWEST)
        times[is_hot].append(1000 * spent)
    for is_hot, found in times.items():
        found.sort()
        name = "hot keys" if is_hot else "ordinary"
        p50, p99 = found[len(found) // 2], found[int(len(found) * 0.99)]
        print(f"{name}: {len(found):,} orders, median {p50:.1f} ms, p99 {p99:.1f} ms, most {found[-1]:.1f} ms (limit {LIMIT})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claims", type=int, default=1_000_000)
    parser.add_argument("--hot", type=int, default=20_000, help="orders paid by coupons of one token, half of them hot")
    parser.add_argument("--orders", type=int, default=2_000, help="how many of them are assessed")
    asked = parser.parse_args()
    call_command("migrate", verbosity=0)
    fill(asked.claims)
    make_hot(min(asked.hot, asked.claims // 10))
    measure(asked.orders)


if __name__ == "__main__":
    main()
