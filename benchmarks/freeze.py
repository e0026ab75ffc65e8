"""A freeze of a third of all orders and its release, by a real Celery worker, beside plain statements that write the same holds.

The plain side inserts as many hold rows, in as many chunks with a commit each, into a table with the same columns, indexes, checks
and foreign keys; without history, results, locks and guards. It runs before and after, and counts as the mean of both.
"""

import argparse
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction

from backoffice.embedded.processes import start
from backoffice.lib import clock
from backoffice.lib.approvals import approve
from backoffice.lib.models import Job
from benchmarks import things
from benchmarks.orders import SCOPE, SMALL_SCOPE, add_other_orders, make_orders, settle
from benchmarks.place import REPOSITORY
from benchmarks.rounds import Caller, Start
from orders.models import Freeze, Order, Release
from orders.models.orders import HELD_ORDER_IS_NOT_DELIVERED
from orders.services.freezing import request_freeze, request_release
from orders.services.scope_kinds import FREEZE_SCOPE, RELEASE_SCOPE

SMALL = 10_000
ROUND = 5.0  # seconds of claims
GATE_TRIES = 4_000
GATE_ROUNDS = 8
DELIVER = "UPDATE orders_order SET status = 'delivered', delivered_at = clock_timestamp() WHERE id = %s"
PLAIN_INSERT = """
    INSERT INTO plain_hold (order_id, kind, reason, placed_at, placed_by_id, freeze_id, release_reason)
    SELECT order_id, 'legal', 'benchmark', clock_timestamp(), %(by)s, %(freeze)s, ''
    FROM orders_freezeitem WHERE id BETWEEN %(first)s AND %(last)s
"""
PLAIN_RELEASE = """
    UPDATE plain_hold SET released_at = clock_timestamp(), released_by_id = %(by)s, release_reason = 'benchmark'
    WHERE id BETWEEN %(first)s AND %(last)s
"""
SLOWEST_CHUNK = """
    SELECT max(gap) FROM (SELECT extract(epoch FROM at - lag(at) OVER (ORDER BY at)) AS gap
        FROM (SELECT DISTINCT {column} AS at FROM orders_hold WHERE freeze_id = %s) AS chunks) AS gaps
"""


def measure(asked: argparse.Namespace, folder: Path, site: Start) -> None:
    small = min(SMALL, asked.orders // 30)
    _timed(f"{asked.orders:,} orders made", lambda: make_orders(asked.orders, small=small))
    User.objects.create(username="asker")
    User.objects.create(username="approver", is_superuser=True)
    with _worker(folder / "worker.log") as worker:
        short, short_took = _freeze(SMALL_SCOPE)
        short_each = short_took / short.job.total
        freeze, took = _beside_plain()
        each = took / freeze.job.total
        print(f"per order, {freeze.job.total:,} against {short.job.total:,}: {each / short_each:.2f} ({1e6 * each:.0f} µs)")
        _gate(freeze, asked)
        _release_beside_plain(freeze)
        _claims_beside(asked, folder, site)
        print(f"worker: at most {worker():.0f} MB, all its processes together")


def _beside_plain() -> tuple[Freeze, float]:
    _plain_table()
    freeze = _ask_for(SCOPE)
    before = _plain_insert(freeze)
    settle()
    took = _approve_and_wait(freeze)
    after = _plain_insert(freeze)
    plain = (before + after) / 2
    print(f"freeze of {freeze.job.total:,}: {took:.1f} s; plain {before:.1f} s and {after:.1f} s: {took / plain:.2f} times as long")
    print(f"slowest chunk of {FREEZE_SCOPE.chunk:,}: {_one(SLOWEST_CHUNK.format(column='placed_at'), freeze.pk):.3f} s")
    return freeze, took


def _release_beside_plain(freeze: Freeze) -> None:
    settle()
    before = _plain_chunks(PLAIN_RELEASE, "plain_hold", {"by": _asker().pk}, RELEASE_SCOPE.chunk)
    took, release = _release(freeze)
    _plain_insert(freeze)
    settle()
    after = _plain_chunks(PLAIN_RELEASE, "plain_hold", {"by": _asker().pk}, RELEASE_SCOPE.chunk)
    ratio = 2 * took / (before + after)
    print(f"release of {release.job.total:,}: {took:.1f} s; plain {before:.1f} s and {after:.1f} s: {ratio:.2f} times as long")
    slowest = _one(SLOWEST_CHUNK.format(column="released_at"), freeze.pk)
    print(f"slowest chunk of the release, of {RELEASE_SCOPE.chunk:,}: {slowest:.3f} s")


def _claims_beside(asked: argparse.Namespace, folder: Path, site: Start) -> None:
    """Claims over HTTP: rounds before a freeze of the same scope, and rounds while it runs."""
    offers, secret = things.offers(1, prefix="FREEZE"), things.api_key()
    with site(folder / "web.log", connections=asked.connections) as answering:
        caller = Caller(answering, secret, asked)
        caller.claim(offers, 2.0)
        quiet = [caller.claim(offers, ROUND)[0] for _ in range(3)]
        freeze, during = _ask_for(SCOPE), []
        work = threading.Thread(target=_approve_and_wait, args=(freeze,))
        work.start()
        while work.is_alive():
            during.append(caller.claim(offers, ROUND)[0])
        work.join()
    during = during[:-1] or during  # the last one outlived the freeze
    before, beside = (statistics.median(one.rate for one in rounds) for rounds in (quiet, during))
    waits = sorted(wait for one in during for wait in one.waits)
    p99 = waits[int(len(waits) * 0.99) - 1]
    print(f"claims: {before:.0f}/s alone, {beside:.0f}/s beside the freeze: {beside / before:.2f}; p99 {p99:.3f} s")


def _gate(freeze: Freeze, asked: argparse.Namespace) -> None:
    """What the gate adds to the delivery of an order: the same UPDATE of an order each, with the gate's trigger and without it."""
    if asked.gate_orders > asked.orders:
        _timed(f"{asked.gate_orders:,} orders made", lambda: add_other_orders(asked.orders + 1, asked.gate_orders))
        settle()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM orders_order o WHERE status = 'paid' AND address <> %s"
            " AND NOT EXISTS (SELECT 1 FROM orders_hold h WHERE h.order_id = o.id) ORDER BY md5(id::text) LIMIT %s",
            [SCOPE, GATE_TRIES],
        )
        free = [order_id for (order_id,) in cursor.fetchall()]
    rounds = [free[place::GATE_ROUNDS] for place in range(GATE_ROUNDS)]
    waits: dict[bool, list[float]] = {True: [], False: []}
    for place, order_ids in enumerate(rounds):
        is_guarded = place % 2 == 0
        waits[is_guarded] += _deliveries(order_ids, is_guarded=is_guarded)
    holds = _one("SELECT count(*) FROM orders_hold WHERE freeze_id = %s AND released_at IS NULL", freeze.pk)
    (middle, worst), (bare, bare_worst) = (_percentiles(waits[is_guarded]) for is_guarded in (True, False))
    print(
        f"delivery with {Order.objects.count():,} orders and {holds:,} open holds: {middle:.3f} ms with the gate and {bare:.3f} ms"
        f" without, so that it costs {middle - bare:.3f} ms; p99 {worst:.3f} ms and {bare_worst:.3f} ms"
    )


def _deliveries(order_ids: Sequence[int], *, is_guarded: bool) -> list[float]:
    """Seconds of each delivery, each in a transaction of its own that is rolled back: the next round finds the same orders."""
    waits = []
    with transaction.atomic(), connection.cursor() as cursor:
        if not is_guarded:
            cursor.execute(f"ALTER TABLE orders_order DISABLE TRIGGER {HELD_ORDER_IS_NOT_DELIVERED.get_pgid(Order)}")
        for order_id in order_ids:
            begun = time.perf_counter()
            cursor.execute(DELIVER, [order_id])
            waits.append(time.perf_counter() - begun)
        transaction.set_rollback(True)
    return waits


def _percentiles(waits: list[float]) -> tuple[float, float]:
    """The middle and the 99th of a hundred, in milliseconds."""
    ordered = sorted(waits)
    return 1000 * statistics.median(ordered), 1000 * ordered[int(len(ordered) * 0.99) - 1]


def _freeze(scope: str) -> tuple[Freeze, float]:
    freeze = _ask_for(scope)
    settle()
    return freeze, _approve_and_wait(freeze)


def _ask_for(scope: str) -> Freeze:
    terms = {"kind": "legal", "legal_reference": "BENCH-1", "authority": "bench", "scope_text": "bench", "reason": "benchmark"}
    orders = Order.objects.filter(address=scope)
    freeze, _ = _timed("asked for", lambda: request_freeze(orders, by=_asker(), at=clock.now(), **terms))  # type: ignore[arg-type]
    return freeze


def _release(freeze: Freeze) -> tuple[float, Release]:
    terms = {"scope_text": "all", "reason": "benchmark", "legal_reference": "BENCH-2"}
    release = request_release(freeze, holds=None, by=_asker(), at=clock.now(), **terms)
    settle()
    return _approve_and_wait(release), release


def _approve_and_wait(act: Freeze | Release) -> float:
    """Approve it, and wait until the worker has done it. Answers its seconds, from the first lease to the end."""
    approve(act.job.approval, by=User.objects.get(username="approver"), reason="benchmark", at=clock.now())
    while True:
        job = Job.objects.get(pk=act.job_id)
        if job.status == "failed":
            raise SystemExit(job.error)
        if job.status == "done" and job.started_at and job.finished_at:
            tally = act.items.all().tally()
            if tally["held"] + tally["released"] != job.total:
                raise SystemExit(f"Not all was held or released: {tally}")
            return (job.finished_at - job.started_at).total_seconds()
        time.sleep(0.1)


def _plain_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE plain_hold (LIKE orders_hold INCLUDING ALL)")
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'orders_hold'::regclass AND contype = 'f'"
        )
        for (definition,) in cursor.fetchall():
            cursor.execute(f"ALTER TABLE plain_hold ADD {definition}")


def _plain_insert(freeze: Freeze) -> float:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE plain_hold")
    terms = {"by": _asker().pk, "freeze": freeze.pk}
    return _plain_chunks(PLAIN_INSERT, f"orders_freezeitem WHERE freeze_id = {freeze.pk}", terms, FREEZE_SCOPE.chunk)


def _plain_chunks(statement: str, rows: str, terms: dict[str, Any], chunk: int) -> float:
    first, last = _one(f"SELECT min(id) FROM {rows}"), _one(f"SELECT max(id) FROM {rows}")
    begun = time.perf_counter()
    with connection.cursor() as cursor:
        for start_at in range(first, last + 1, chunk):
            cursor.execute(statement, {**terms, "first": start_at, "last": min(start_at + chunk - 1, last)})
    return time.perf_counter() - begun


@contextmanager
def _worker(log: Path) -> Iterator[Callable[[], float]]:
    """A worker as `make run` starts it. Gives what answers its most memory so far: PSS of all its processes, in MB."""
    argv = [sys.executable, "-m", "celery", "--quiet", "--app=backoffice.celery", "worker", "--concurrency=2"]
    service = start("worker", [*argv, "--without-gossip", "--without-mingle"], log=log, env=dict(os.environ), cwd=REPOSITORY)
    seen, ended = [0.0], threading.Event()

    def watch() -> None:
        while not ended.wait(1.0):
            seen.append(_memory(service.process.pid))

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield lambda: max(seen)
    finally:
        ended.set()
        service.stop()


def _memory(pid: int) -> float:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        pss = Path(f"/proc/{pid}/smaps_rollup").read_text().split("Pss:")[1].split()[0]
    except OSError:
        return 0.0
    return int(pss) / 1024 + sum(_memory(int(child)) for child in children)


def _one(query: str, *params: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return cursor.fetchone()[0]


def _asker() -> User:
    return User.objects.get(username="asker")


def _timed(what: str, act: Callable[[], Any]) -> tuple[Any, float]:
    begun = time.perf_counter()
    answer = act()
    took = time.perf_counter() - begun
    print(f"  {what}: {took:.1f} s", flush=True)
    return answer, took
