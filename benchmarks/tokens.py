"""How long a batch of tokens takes to make, beside a plain COPY of the same rows, to export, and to revoke.

    python -m backoffice.embedded throwaway python benchmarks/tokens.py --count 1000000

The COPY goes into a table with the same columns, indexes and checks, but without foreign keys and history.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
COLUMNS = "batch_id, number, nonce, uses, used"
PLAIN = "CREATE TABLE plain_tokens (LIKE promotions_claimtoken INCLUDING ALL)"


def seconds_of(act: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    answer = act()
    return time.perf_counter() - begun, answer


def copy_plainly(cursor: Any, batch_id: int) -> float:
    """Read the rows of a batch first, then time the COPY alone."""
    query = f"COPY (SELECT {COLUMNS} FROM promotions_claimtoken WHERE batch_id = {batch_id}) TO STDOUT (FORMAT binary)"
    with cursor.copy(query) as source:
        rows = [bytes(part) for part in source]
    cursor.execute(PLAIN)
    begun = time.perf_counter()
    with cursor.copy(f"COPY plain_tokens ({COLUMNS}) FROM STDIN (FORMAT binary)") as target:
        target.write(b"".join(rows))
    return time.perf_counter() - begun


def measure(count: int) -> None:
    from django.db import connection

    from backoffice.lib import clock
    from backoffice.lib.jobs import run_job
    from promotions.services.token_exports import csv_of, take_out
    from promotions.services.tokens import order_token_batch, revoke_batch
    from tests.promotions.factories import NOON, a_restricted_type, an_entry, the_asker

    terms = {"uses": 1, "expires_at": None, "reason": "benchmark", "by": the_asker(), "at": NOON}
    batch = order_token_batch(entry=an_entry(coupon_type=a_restricted_type()), code="BENCH", count=count, **terms)
    made, _ = seconds_of(lambda: run_job(batch.job_id, now=clock.now))
    with connection.cursor() as cursor:
        copied = copy_plainly(cursor.cursor, batch.pk)
    why = {"reason": "benchmark", "by": the_asker(), "at": NOON}
    export = take_out(batch, kind="csv", first=0, last=count - 1, **why)
    exported, size = seconds_of(lambda: sum(len(part) for part in csv_of(export)))
    revoked, _ = seconds_of(lambda: revoke_batch(batch, **why))
    print(f"{count:,} tokens made by the job in {made:.1f} s ({count / made:,.0f}/s)")
    print(f"plain COPY of the same rows in {copied:.1f} s; the job takes {made / copied:.2f} times as long")
    print(f"exported as CSV in {exported:.1f} s ({count / exported:,.0f}/s, {size / 1e6:,.0f} MB)")
    print(f"revoked as a batch in {1000 * revoked:.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000)
    asked = parser.parse_args()
    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    measure(asked.count)


if __name__ == "__main__":
    main()
