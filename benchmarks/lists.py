# ruff: noqa: E402  Django is set up before its models can be imported
"""How long the database takes for the admin's lists, over millions of rows.

    python -m backoffice.embedded throwaway python -m benchmarks.lists --orders 3000000

Needs a database that can be thrown away, and migrates and fills it (`--orders 0` measures what is there already). Each address is
asked for as a superuser through Django, three times; what is printed is how often the database was asked and how long its answers
took in all, of the fastest time and of the first. Claims, coupons and customers are as many as `--orders` says, or a fifth.
"""

import argparse
import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")

import django

django.setup()

from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backoffice.lib.models import Job
from benchmarks.orders_by_sql import filling, make_orders
from benchmarks.things import offers
from orders.models import Freeze, Order
from promotions.models import BudgetSlice, CouponType, CouponTypeSlice, Entry

LIMIT, MOST_QUERIES = 300, 15
# Every third order was held once; of those that are paid the hold is open.
HOLDS = """
INSERT INTO orders_hold
       (order_id, kind, reason, placed_at, placed_by_id, until, freeze_id, released_at, released_by_id,
        release_reason)
SELECT id, CASE WHEN id %% 6 = 0 THEN 'manual' ELSE 'risk' END, 'benchmark', placed_at, %(user)s, NULL,
       CASE WHEN id %% 6 = 0 THEN %(freeze)s::int END, CASE WHEN status <> 'paid' THEN placed_at + interval '1 day' END,
       CASE WHEN status <> 'paid' THEN %(user)s::int END, ''
  FROM orders_order WHERE id %% 3 = 0 ORDER BY id
"""
ITEMS = """
INSERT INTO orders_freezeitem (freeze_id, order_id, result, detail)
SELECT %(freeze)s, id, CASE WHEN id %% 6 = 0 THEN 'held' ELSE 'skipped' END, CASE WHEN id %% 6 = 0 THEN '' ELSE 'held before' END
  FROM orders_order WHERE id %% 3 = 0 ORDER BY id
"""
FLAGS = """
INSERT INTO risk_flag
       (order_id, score, disposition, flagged_at, updated_at, decision, decided_by_id, decided_at, decision_reason)
SELECT id, 40 + id %% 160, CASE id %% 7 WHEN 0 THEN 'organised' WHEN 1 THEN 'swept_along' ELSE 'undetermined' END, placed_at,
       placed_at,
       CASE WHEN status = 'paid' THEN '' ELSE 'cleared' END, CASE WHEN status <> 'paid' THEN %(user)s::int END,
       CASE WHEN status <> 'paid' THEN placed_at END, CASE WHEN status <> 'paid' THEN 'benchmark' ELSE '' END
  FROM orders_order WHERE id %% 5 = 0 ORDER BY id
"""
CLAIMS = """
INSERT INTO promotions_claim
       (at, outcome, reason, customer_id, coupon_type_id, entry_id, token_id, channel, asked_coupon_type, asked_entry,
        token_fingerprint, device, address, phone_hash, phone_segment, is_verified, identity_hash, is_phone_verified,
        has_ordered, region)
SELECT placed_at - interval '1 hour', CASE WHEN id %% 10 = 9 THEN 'refused' ELSE 'issued' END,
       CASE WHEN id %% 10 = 9 THEN 'used_up' ELSE '' END, customer_id, %(coupon_type)s, %(entry)s, NULL, 'app', 'LIST0',
       'LIST0-APP', '', device, address, '', '', true, '', true, NULL, ''
  FROM orders_order ORDER BY id
"""
COUPONS = """
INSERT INTO promotions_coupon
       (code, claim_id, coupon_type_id, customer_id, budget_slice_id, coupon_type_slice_id, face_value, issued_at, valid_until,
        status)
SELECT 'BENCH-' || to_char(id, 'FM000000000'), id, coupon_type_id, customer_id, %(slice)s, %(type_slice)s, 10, at,
       at + interval '30 days', (ARRAY['issued', 'redeemed', 'expired'])[1 + id %% 3]
  FROM promotions_claim WHERE outcome = 'issued' ORDER BY id
"""
DISCOUNTS = """
INSERT INTO orders_orderdiscount (order_id, coupon_id, amount)
SELECT o.id, c.id, 10 FROM orders_order o JOIN promotions_coupon c ON c.claim_id = o.id - %(before)s
 WHERE o.id %% 4 = 0 ORDER BY o.id
"""
DAY = "{0}_from_0=2026-01-10&{0}_to_0=2026-01-11"


def fill(orders: int) -> None:
    """Orders, and one hold, item, flag, claim and coupon for every so many of them."""
    user = User.objects.create(username="lists", is_superuser=True, is_staff=True)
    first = make_orders(orders, customers=max(orders // 5, 1), lines=1)
    offer = offers(1, prefix="LIST")[0]
    now = datetime.now(UTC)
    job = Job.objects.create(kind="freeze", reason="benchmark", requested_by=user, requested_at=now, total=orders // 3)
    freeze = Freeze.objects.create(job=job, kind="manual", scope_text="every third order")
    coupon_type = CouponType.objects.select_related("campaign__budget").get(code=offer.coupon_type)
    values = {
        "user": user.pk,
        "freeze": freeze.pk,
        "coupon_type": coupon_type.pk,
        "entry": Entry.objects.get(code=offer.entry).pk,
        "slice": BudgetSlice.objects.filter(budget=coupon_type.campaign.budget).earliest("pk").pk,
        "type_slice": CouponTypeSlice.objects.filter(coupon_type=coupon_type).earliest("pk").pk,
        "before": first - 1,
    }
    tables = {
        "orders_hold": HOLDS,
        "orders_freezeitem": ITEMS,
        "risk_flag": FLAGS,
        "promotions_claim": CLAIMS,
        "promotions_coupon": COUPONS,
        "orders_orderdiscount": DISCOUNTS,
    }
    for table, statement in tables.items():
        with filling(table), connection.cursor() as cursor:
            cursor.execute(statement, values)
        print(f"filled {table}", flush=True)


def lists() -> Mapping[str, Mapping[str, str]]:
    """By list, by what is asked of it, the address's query."""
    middle: Any = Order.objects.order_by("pk").select_related("customer")[Order.objects.count() // 2]
    ref, customer, far = middle.ref, middle.customer.ref, "p=1000"
    freeze = Freeze.objects.earliest("pk").pk
    kind = CouponType.objects.get(code="LIST0").pk
    return {
        "orders_order": {
            "first page": "",
            "page 1,000": far,
            "state": "status__exact=paid",
            "held": "held=any",
            "virtual": "virtual=yes",
            "a day": DAY.format("placed_at"),
            "paid by a type": f"coupon_type={kind}",
            "three filters": "status__exact=paid&held=none&virtual=yes",
            "three filters, page 200": "status__exact=paid&held=none&virtual=yes&p=200",
            "cancelled, page 1,000": f"status__exact=cancelled&{far}",
            "held, page 1,000": f"held=any&{far}",
            "search an order": f"q={ref}",
            "search a customer": f"q={customer}",
            "search four digits": "q=0042",
        },
        "orders_hold": {
            "first page": "",
            "page 1,000": far,
            "open": "state=open",
            "kind": "kind__exact=manual",
            "kind, page 1,000": f"kind__exact=manual&{far}",
            "a day": DAY.format("placed_at"),
            "search an order": f"q={ref}",
            "search a customer": f"q={customer}",
        },
        "orders_freezeitem": {
            "of a freeze": f"freeze={freeze}",
            "of a freeze, page 1,000": f"freeze={freeze}&{far}",
            "held": f"freeze={freeze}&result__exact=held",
            "held, page 1,000": f"freeze={freeze}&result__exact=held&{far}",
            "failed": f"freeze={freeze}&result__exact=failed",
            "search an order": f"q={ref}",
        },
        "risk_flag": {
            "first page": "",
            "page 1,000": far,
            "waiting": "decision=waiting",
            "organised": "disposition__exact=organised",
            "held": "held=any",
            "can be saved": "decision=waiting&order_status=placed",
            "virtual": "virtual=yes",
            "a day": DAY.format("flagged_at"),
            "search an order": f"q={ref}",
            "search a customer": f"q={customer}",
        },
        "promotions_claim": {
            "first page": "",
            "page 1,000": far,
            "refused": "outcome__exact=refused",
            "refused, page 1,000": f"outcome__exact=refused&{far}",
            "a type": f"coupon_type={kind}",
            "a day": DAY.format("at"),
            "search a customer": f"q={customer}",
            "search a device": f"q={middle.device or 'device-4'}",
        },
        "promotions_coupon": {
            "first page": "",
            "page 1,000": far,
            "state": "status__exact=redeemed",
            "state, page 1,000": f"status__exact=redeemed&{far}",
            "a type": f"coupon_type={kind}",
            "a day": DAY.format("issued_at"),
            "search a code": "q=BENCH-000000042",
            "search a customer": f"q={customer}",
        },
        "promotions_customer": {
            "first page": "",
            "page 1,000": far,
            "verified": "is_verified__exact=1",
            "verified, page 1,000": f"is_verified__exact=1&{far}",
            "a day": DAY.format("first_seen_at"),
            "search": f"q={customer}",
            "search four digits": "q=0042",
        },
    }


def measured(client: Client, url: str) -> tuple[int, float, float, list[dict[str, str]]]:
    """How often the database was asked, its milliseconds at the fastest and at the first time, and the queries of the fastest."""
    seen = []
    for _time in range(3):
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            status = client.get(url).status_code
        if status != 200:
            raise SystemExit(f"{url} answered {status}")
        seen.append((1000 * sum(float(query["time"]) for query in queries), list(queries)))
    fastest = min(seen, key=lambda pair: pair[0])
    return len(fastest[1]), fastest[0], seen[0][0], fastest[1]


def addresses(wanted: str) -> Iterator[tuple[str, str, str]]:
    for name, asked in lists().items():
        for what, query in asked.items():
            if wanted in f"{name} {what}":
                yield name, what, f"{reverse(f'admin:{name}_changelist')}?{query}"


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--only", default="", help="a part of the names of what is measured")
    parser.add_argument("--explain", action="store_true", help="print the slowest query of whatever is too slow")
    asked = parser.parse_args(given)
    if asked.orders:
        call_command("migrate", verbosity=0)
        fill(asked.orders)
    logging.disable(logging.WARNING)
    client = Client()
    client.force_login(User.objects.get(username="lists"))
    client.get(reverse("admin:index"))
    worst = 0.0
    print(f"{'list':<22}{'asked':<28}{'queries':>8}{'ms':>9}{'first':>9}")
    for name, what, url in addresses(asked.only):
        count, fastest, first, queries = measured(client, url)
        is_bad = fastest > LIMIT or count > MOST_QUERIES
        print(f"{name:<22}{what:<28}{count:>8}{fastest:>9.0f}{first:>9.0f}{'  <<<' if is_bad else ''}", flush=True)
        worst = max(worst, fastest)
        if is_bad and asked.explain:
            print("\n".join(f"{q['time']} {q['sql']}" for q in sorted(queries, key=lambda q: -float(q["time"]))[:2]))
    print(f"worst {worst:.0f} ms of {LIMIT}")


if __name__ == "__main__":
    main()
