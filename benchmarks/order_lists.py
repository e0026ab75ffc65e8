# ruff: noqa: E402  Django is set up before its models can be imported
"""How long a list of order numbers takes to load, pasted and as a file, beside a plain COPY and INSERT … SELECT of the same rows.

    python -m backoffice.embedded throwaway python -m benchmarks.order_lists --numbers 1000000

Needs a database that can be thrown away, and migrates and fills it. The list is everything from the text to the last row: read,
checked line by line, staged, looked up, hashed and kept. The plain side copies numbers that are known to be right, looks them up
and keeps them in a table with the same columns, indexes and checks, in one transaction. Lists and plain sides take turns.
"""

import argparse
import io
import os
import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")

import django

django.setup()

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction

from benchmarks.orders_by_sql import make_orders
from orders.models import Order
from orders.services.order_lists import list_from_file, list_from_text

AT = datetime(2026, 1, 20, 12, tzinfo=UTC)
PLAIN = "CREATE TABLE plain_item (LIKE orders_orderlistitem INCLUDING ALL)"
STAGE = "CREATE TEMP TABLE plain_number (ref text NOT NULL) ON COMMIT DROP"
FILL = "INSERT INTO plain_item (order_list_id, order_id) SELECT 1, o.id FROM plain_number n JOIN orders_order o ON o.ref = n.ref"


def timed(name: str, act: Callable[[], Any]) -> float:
    """How many seconds it took, which are printed too."""
    begun = time.perf_counter()
    act()
    seconds = time.perf_counter() - begun
    print(f"  {name:<34} {seconds:8.2f} s", flush=True)
    return seconds


def insert_plainly(text: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE plain_item")
        cursor.execute(STAGE)
        with cursor.copy("COPY plain_number FROM STDIN") as copy:
            copy.write(text)
        cursor.execute("ANALYZE plain_number")
        cursor.execute(FILL)


def measure(text: str, rounds: int) -> None:
    """Print the seconds of each round, and the ratio of the fastest of each side."""
    by, file = User.objects.create(username="lists"), text.encode()
    with connection.cursor() as cursor:
        cursor.execute(PLAIN)
    pasted, filed, plain = [], [], []
    for _round in range(rounds):
        pasted.append(timed("pasted", lambda: list_from_text(text, by=by, at=AT)))
        plain.append(timed("plain", lambda: insert_plainly(text)))
        filed.append(timed("a file", lambda: list_from_file(io.BytesIO(file), name="bench.txt", by=by, at=AT)))
    print(f"pasted {min(pasted):.2f} s, a file {min(filed):.2f} s, plain {min(plain):.2f} s: {min(pasted) / min(plain):.2f} times")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--numbers", type=int, default=100_000)
    parser.add_argument("--orders", type=int, default=0, help="so many orders, of which the list names some; by default as many")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    call_command("migrate", verbosity=0)
    orders = max(asked.orders, asked.numbers)
    make_orders(orders, customers=max(orders // 5, 1))
    refs = list(Order.objects.order_by("pk").values_list("ref", flat=True)[: asked.numbers])
    random.Random(2026).shuffle(refs)
    print(f"A list of {asked.numbers:,} of {orders:,} orders")
    measure("\n".join(refs) + "\n", asked.rounds)


if __name__ == "__main__":
    main()
