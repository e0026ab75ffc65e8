# ruff: noqa: E402  Django is set up before its models can be imported
"""How long a grant takes, beside the plain INSERT … SELECT of the same rows.

    python -m backoffice.embedded throwaway python benchmarks/grant.py --customers 1000000

Needs a database that can be thrown away, and migrates it. The grant is everything from the bytes of the CSV file to the last row:
read, checked, staged, hashed, previewed, approved, and worked by the job in chunks with a commit each. The plain side copies the
same customers, rows of the list, uses of the rule and coupons with four INSERT … SELECT in one transaction, into the same tables
with the same indexes, checks and foreign keys; triggers of ours are switched off for it, and it is given codes that exist already.
"""

import argparse
import io
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")

import django

django.setup()

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction

from backoffice.lib.approvals import approve
from backoffice.lib.jobs import run_job
from promotions.models import CouponType, Grant
from promotions.services.campaigns import create_campaign, request_campaign
from promotions.services.coupon_types import create_coupon_type, request_coupon_type
from promotions.services.grant_lists import draft_from_file
from promotions.services.granting import request_grant

AT = datetime(2026, 1, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
TABLES = ("customer", "grantitem", "ruleuse", "coupon")
# Emptying a table empties all that point at it, and ours refuse that.
EMPTIED = """
WITH RECURSIVE emptied(id) AS (
    SELECT unnest(%s::regclass[])::oid
     UNION
    SELECT c.conrelid FROM pg_constraint c JOIN emptied e ON e.id = c.confrelid WHERE c.contype = 'f'
)
SELECT id::regclass::text FROM emptied
"""


def a_live_type(asker: User, approver: User, customers: int) -> CouponType:
    period = {"starts_at": AT - DAY, "ends_at": AT + 30 * DAY}
    campaign = create_campaign(code="BENCH", name="Bench", owner=asker, budget=Decimal(10 * customers), **period)
    approve(request_campaign(campaign, by=asker, reason="benchmark", at=AT), by=approver, reason="benchmark", at=AT)
    campaign.refresh_from_db()
    coupon_type = create_coupon_type(
        campaign=campaign,
        code="BENCH-10",
        name="10 off",
        audience="online",
        face_value=Decimal(10),
        minimum_spend=Decimal(0),
        claim_from=AT - DAY,
        claim_until=AT + 10 * DAY,
        valid_until=AT + 20 * DAY,
        quantity=customers,
        per_customer=1,
        requires_verified=False,
    )
    approve(request_coupon_type(coupon_type, by=asker, reason="benchmark", at=AT), by=approver, reason="benchmark", at=AT)
    coupon_type.refresh_from_db()
    return coupon_type


def timed(name: str, act: Callable[[], Any]) -> tuple[Any, float]:
    begun = time.perf_counter()
    answer = act()
    seconds = time.perf_counter() - begun
    print(f"  {name:<34} {seconds:8.2f} s", flush=True)
    return answer, seconds


def give(coupon_type: CouponType, asker: User, approver: User, customers: int) -> float:
    """The grant as staff do it. Answers how many seconds it took in all."""
    file = io.BytesIO(("customer\n" + "".join(f"bench-{n:09d}\n" for n in range(customers))).encode())
    draft = lambda: draft_from_file(coupon_type, file, name="bench.csv", by=asker, at=AT)  # noqa: E731
    grant, loaded = timed("file to draft, with its preview", draft)

    def ask_and_approve() -> None:
        approve(request_grant(grant, by=asker, reason="benchmark", at=AT), by=approver, reason="benchmark", at=AT)

    _, approved = timed("asked for and approved", ask_and_approve)
    grant.refresh_from_db()
    _, worked = timed("job", lambda: run_job(grant.job_id, now=lambda: AT))
    tally = Grant.objects.get(pk=grant.pk).items.tally()
    if tally["granted"] != customers:
        raise SystemExit(f"Not everybody was granted: {tally}")
    return loaded + approved + worked


def insert_plainly() -> float:
    """The same rows again, from copies of the tables. Answers how many seconds the four statements took."""
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"CREATE TEMP TABLE made_{table} AS SELECT * FROM promotions_{table} ORDER BY id")
        cursor.execute(EMPTIED, [[f"promotions_{table}" for table in TABLES]])
        emptied = [name for (name,) in cursor.fetchall()]
        for name in emptied:
            cursor.execute(f"ALTER TABLE {name} DISABLE TRIGGER USER")
        cursor.execute("TRUNCATE " + ", ".join(emptied))
        begun = time.perf_counter()
        with transaction.atomic():
            for table in TABLES:
                copy = f"INSERT INTO promotions_{table} SELECT * FROM made_{table}"
                timed(f"INSERT … SELECT {table}", lambda copy=copy: cursor.execute(copy))  # type: ignore[misc]
            timed("deferred foreign keys", lambda: cursor.execute("SET CONSTRAINTS ALL IMMEDIATE"))
        seconds = time.perf_counter() - begun
        for name in emptied:
            cursor.execute(f"ALTER TABLE {name} ENABLE TRIGGER USER")
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=100_000)
    customers = parser.parse_args().customers
    call_command("migrate", verbosity=0)
    asker, approver = User.objects.create(username="asker"), User.objects.create(username="approver", is_superuser=True)
    coupon_type = a_live_type(asker, approver, customers)
    print(f"A grant to {customers:,} customers")
    granted = give(coupon_type, asker, approver, customers)
    print("The same rows, plainly")
    plain = insert_plainly()
    print(
        f"grant {granted:.1f} s, plain {plain:.1f} s: {granted / plain:.2f} times as long; {customers / granted:,.0f} customers/s"
    )


if __name__ == "__main__":
    main()
