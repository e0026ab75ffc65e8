# ruff: noqa: E402  Django is set up before its models can be imported
"""How long links take over millions of claims: the night's run, the minute's increment, and plain SQL beside them.

    python -m backoffice.embedded throwaway python -m benchmarks.links --claims 10000000

Needs a database that can be thrown away, and migrates and fills it. A quarter as many customers as claims, a tenth as many orders,
30 days; every 19th of the claims from 500 kiosks that are hubs, 1 % of the customers on farms of 40 accounts, every eighth on the
device of another; then a minute of a thousand claims a second. Memory is the most that this process ever had, without PostgreSQL's.
"""

import argparse
import os
import resource
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")

import django

django.setup()

from django.core.management import call_command
from django.db import connection

from benchmarks.orders_by_sql import AT_ONCE, NEWEST, filling, make_orders
from benchmarks.things import offers
from promotions.models import CouponType, Customer, Entry
from risk.links.running import link_all, link_new

CLAIMS = """
INSERT INTO promotions_claim
       (at, outcome, reason, customer_id, coupon_type_id, entry_id, token_id, channel, asked_coupon_type, asked_entry,
        token_fingerprint, device, address, phone_hash, phone_segment, is_verified, identity_hash, is_phone_verified,
        has_ordered, region)
SELECT %(newest)s::timestamptz - make_interval(secs => (%(claims)s - n) * 2160000.0 / %(claims)s), 'issued', '', %(customer)s + c,
       %(coupon_type)s, %(entry)s, NULL, 'app', 'LINK0', 'LINK0-APP', '',
       CASE WHEN n %% 19 = 0 THEN 'kiosk-' || n / 19 %% 500
            WHEN c %% 100 = 0 THEN 'farm-' || c / 4000
            ELSE 'phone-' || c - CASE WHEN c %% 8 = 0 THEN 1 ELSE 0 END END,
       host(inet '10.0.0.0' + (c %% 400000)), '', '138', true, '', true, NULL, ''
  FROM (SELECT n, n::bigint * 7919 %% %(customers)s AS c FROM generate_series(%(first)s::int, %(last)s::int) AS n) AS made
"""
# A thousand claims a second, on the device of somebody else now and then.
MINUTE = """
INSERT INTO promotions_claim
       (at, outcome, reason, customer_id, coupon_type_id, entry_id, token_id, channel, asked_coupon_type, asked_entry,
        token_fingerprint, device, address, phone_hash, phone_segment, is_verified, identity_hash, is_phone_verified,
        has_ordered, region)
SELECT %(newest)s::timestamptz + make_interval(secs => n / 1000.0), 'issued', '', %(customer)s + c,
       %(coupon_type)s, %(entry)s, NULL, 'app', 'LINK0', 'LINK0-APP', '',
       CASE WHEN n %% 19 = 0 THEN 'kiosk-' || n / 19 %% 500 ELSE 'phone-' || c + CASE WHEN n %% 10 = 0 THEN 1 ELSE 0 END END,
       host(inet '10.0.0.0' + (c %% 400000)), '', '138', true, '', true, NULL, ''
  FROM (SELECT n, (n::bigint * 104729 + 17) %% (%(customers)s - 1) AS c FROM generate_series(1, 60000) AS n) AS made
"""
PLAIN = """
SELECT count(*) FROM (SELECT device FROM promotions_claim WHERE device <> '' AND at > %s
                       GROUP BY device HAVING count(DISTINCT customer_id) BETWEEN 2 AND 50) s
"""


def fill(claims: int) -> dict[str, Any]:
    """Make them. Answers what the statements were given."""
    customers = max(claims // 4, 100)
    make_orders(max(claims // 10, 10), customers=customers)
    with filling("orders_order"), connection.cursor() as cursor:
        cursor.execute("UPDATE orders_order SET discount_amount = 5")
    offer = offers(1, prefix="LINK")[0]
    values = {
        "newest": NEWEST,
        "claims": claims,
        "customers": customers,
        "customer": Customer.objects.filter(ref="c-000000001").values_list("pk", flat=True).get(),
        "coupon_type": CouponType.objects.get(code=offer.coupon_type).pk,
        "entry": Entry.objects.get(code=offer.entry).pk,
    }
    with filling("promotions_claim"), connection.cursor() as cursor:
        for first in range(1, claims + 1, AT_ONCE):
            cursor.execute(CLAIMS, {**values, "first": first, "last": min(first + AT_ONCE - 1, claims)})
    return values


def measure(claims: int, values: dict[str, Any]) -> None:
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(PLAIN, [NEWEST - timedelta(days=30)])
        shared = cursor.fetchone()[0]
    print(f"plain SQL, devices alone, no components: {time.perf_counter() - began:.1f} s ({shared:,} devices join)", flush=True)
    run = link_all(NEWEST)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"full run over {claims:,} claims: {run.seconds:.1f} s, {memory:.2f} GB")
    print(f"  {run.accounts:,} accounts in {run.components:,} components, the largest {run.largest:,}, {run.too_large} too large")
    with filling("promotions_claim"), connection.cursor() as cursor:
        cursor.execute(MINUTE, values)
    run = link_new(NEWEST + timedelta(minutes=1))
    print(f"the increment of a minute with 60,000 claims: {run.seconds:.2f} s ({run.accounts:,} accounts in what it touched)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claims", type=int, default=1_000_000)
    asked = parser.parse_args()
    call_command("migrate", verbosity=0)
    began = time.perf_counter()
    values = fill(asked.claims)
    print(f"filled in {time.perf_counter() - began:.0f} s", flush=True)
    measure(asked.claims, values)


if __name__ == "__main__":
    main()
