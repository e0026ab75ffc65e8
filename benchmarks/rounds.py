"""What is measured, in rounds that take turns: what disturbs the machine disturbs both sides."""

import argparse
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from django.db import connection

from benchmarks import pgbench, things, wire
from benchmarks.calls import MOST_PER_SECOND, claim_bodies, coupons_in, order_bodies, send
from benchmarks.effort import effort, parent_of
from benchmarks.figures import Round, Side, ratio
from benchmarks.place import Site

Start = Callable[..., AbstractContextManager[Site]]
WARM_UP = 1.5  # seconds
COUNTED = 7  # so many calls make one count of round trips, and so many counts are made
COOL = 100


class Caller:
    """Sends rounds of one kind to one site."""

    def __init__(self, site: Site, secret: str, asked: argparse.Namespace) -> None:
        self.site, self.secret, self.asked = site, secret, asked
        self.database = database_process()

    def call(self, path: str, bodies: Sequence[dict[str, Any]], seconds: float = 0.0) -> tuple[Round, list[str]]:
        before = effort(self.site.pid, self.database)
        seconds = seconds or self.asked.seconds
        done, answers = send(self.site.port, self.secret, path, bodies, callers=self.asked.callers, seconds=seconds)
        return replace(done, effort=effort(self.site.pid, self.database).since(before)), answers

    def noop(self, offers: Sequence[things.Offer], seconds: float = 0.0) -> Round:
        return self.call("/noop/", self._claims(offers, seconds), seconds)[0]

    def claim(self, offers: Sequence[things.Offer], seconds: float = 0.0) -> tuple[Round, list[str]]:
        return self.call("/api/v1/claims/", self._claims(offers, seconds), seconds)

    def order(self, answers: Sequence[str], seconds: float = 0.0) -> Round:
        """Orders that redeem the coupons that these claims gave."""
        return self.call("/api/v1/orders/", order_bodies(coupons_in(answers)), seconds)[0]

    def _claims(self, offers: Sequence[things.Offer], seconds: float) -> list[dict[str, Any]]:
        return claim_bodies(offers, int(MOST_PER_SECOND * (seconds or self.asked.seconds)))


def database_process() -> int:
    """PostgreSQL's first process: the parent of the one that serves us."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = parent_of(cursor.fetchone()[0])
    connection.close()
    return pid


def measure(asked: argparse.Namespace, folder: Path, site: Start) -> None:
    offers, secret = things.offers(1, prefix="HOT"), things.api_key()
    cool = things.offers(COOL, prefix="COOL") if "hot" in asked.parts else []
    connection.close()
    if "trips" in asked.parts:
        count_round_trips(folder, site, secret, offers)
    with site(folder / "gunicorn.log", connections=asked.connections) as started:
        caller = Caller(started, secret, asked)
        if "http" in asked.parts:
            take_turns(caller, offers)
        if "hot" in asked.parts:
            hot_against_cool(caller, offers, cool)
    if "pgbench" in asked.parts:
        print(pgbench.run(folder, offers[0], secret, clients=2 * asked.connections, seconds=asked.seconds))


def take_turns(caller: Caller, offers: Sequence[things.Offer]) -> tuple[Side, Side, Side]:
    """No-op, claim, order, and again."""
    caller.noop(offers, WARM_UP)
    caller.order(caller.claim(offers, WARM_UP)[1], WARM_UP)
    noops, claims, orders = [], [], []
    for _ in range(caller.asked.rounds):
        noops.append(caller.noop(offers))
        claimed, answers = caller.claim(offers)
        claims.append(claimed)
        orders.append(caller.order(answers))
    noop, claim, order = Side("no-op", tuple(noops)), Side("claim", tuple(claims)), Side("order with a coupon", tuple(orders))
    for side in (noop, claim, order):
        print(side.line())
    print(f"claim / no-op {ratio(claim, noop):.2f}   order / no-op {ratio(order, noop):.2f}")
    return noop, claim, order


def hot_against_cool(caller: Caller, hot: Sequence[things.Offer], cool: Sequence[things.Offer]) -> None:
    caller.claim(cool, WARM_UP)
    hots, cools = [], []
    for _ in range(caller.asked.rounds):
        hots.append(caller.claim(hot)[0])
        cools.append(caller.claim(cool)[0])
    one, many = Side("one hot campaign", tuple(hots)), Side(f"{len(cool)} cool ones", tuple(cools))
    print(one.line())
    print(many.line())
    print(f"hot / cool {ratio(one, many):.2f}")


def count_round_trips(folder: Path, site: Start, secret: str, offers: Sequence[things.Offer]) -> dict[str, float]:
    """Round trips of one call between gunicorn and PostgreSQL, everything included: transaction, authentication, idempotency.

    The median of several counts: now and then a process makes a connection or notes when a key was last used.
    """
    counts: dict[str, list[float]] = {"no-op": [], "claim": [], "order": []}
    with wire.counted(folder) as (counter, env), site(folder / "counted.log", env=env) as started:
        caller = Caller(started, secret, argparse.Namespace(callers=1, seconds=30.0))

        def counted(kind: str, path: str, bodies: Sequence[dict[str, Any]]) -> list[str]:
            before = counter.turns
            _, answers = caller.call(path, bodies)
            counts[kind].append((counter.turns - before) / len(bodies))
            return answers

        for _ in range(1 + COUNTED):
            counted("no-op", "/noop/", claim_bodies(offers, COUNTED))
            claims = counted("claim", "/api/v1/claims/", claim_bodies(offers, COUNTED))
            counted("order", "/api/v1/orders/", order_bodies(coupons_in(claims)))
    found = {kind: median(several[1:]) for kind, several in counts.items()}  # the first calls prepare their statements
    print("round trips to the database: " + ", ".join(f"{kind} {trips:.2f}" for kind, trips in found.items()))
    return found
