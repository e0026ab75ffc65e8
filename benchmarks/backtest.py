"""Backtests over many claims: python -m benchmarks.backtest --claims 5000000 --day 720000 --listed 100000

Makes a throw-away database with claims by one statement, then tries an event-local rule on all of them, a rule with a count over
one day on the claims of one day, and on the same day rules that ask whether a device, or a network, is on a value list of so many.
Prints the median of a few rounds, and a bare count of the same rows beside it.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.place import servers

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
LOCAL = {
    "all": [
        {"fact": "claim.is_issued", "is": "no"},
        {"fact": "claim.phone_segment", "is": "one_of", "values": ["1700", "1701", "1710"]},
        {"any": [{"fact": "claim.age", "is": "less", "value": "24"}, {"not": {"fact": "claim.is_verified", "is": "yes"}}]},
    ]
}
ON_DEVICES = {"fact": "claim.device", "is": "on_list", "list": "devices"}
ON_NETWORKS = {
    "all": [
        {"fact": "claim.address", "is": "on_list", "list": "networks"},
        {"fact": "claim.phone_segment", "is": "equal", "value": "1700"},
    ]
}
VELOCITY = {"fact": "claims.count.device.24h", "is": "at_least", "value": "5"}
# Claims at an even pace; one device in fifty makes a tenth of them. Refused ones need no entry and no coupon.
FILL = """
INSERT INTO promotions_claim (at, outcome, reason, customer_id, channel, asked_coupon_type, asked_entry, token_fingerprint, device,
       address, phone_hash, phone_segment, is_verified, identity_hash, is_phone_verified, region, registered_at)
SELECT %(begin)s::timestamptz + n * %(span)s::interval / %(claims)s, 'refused', 'all_given', %(customer)s, 'app', 'TV-100', '', '',
       'device' || CASE WHEN n %% 10 = 0 THEN n %% 997 ELSE n END, '203.0.113.7', '',
       (ARRAY['1380', '1700', '1390', '1350'])[1 + n %% 4],
       n %% 3 > 0, '', true, '', %(begin)s::timestamptz - (n %% 4000) * interval '1 hour'
  FROM generate_series(1, %(claims)s) n
"""
LIST = """
INSERT INTO risk_valuelistitem (value_list_id, value, shown, reason, created_by_id, created_at, end_reason)
SELECT %(list)s, value, value, 'seen', %(by)s, %(at)s, ''
  FROM (SELECT {value} AS value FROM generate_series(1, %(listed)s) n) v
"""
DEVICES = "'device' || n * 7"
NETWORKS = "CASE n WHEN 1 THEN '203.0.113.0/24' ELSE '10.' || n / 65536 || '.' || n / 256 %% 256 || '.' || n %% 256 || '/32' END"


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backtest", description=__doc__)
    parser.add_argument("--claims", type=int, default=500_000, help="so many claims, over a month")
    parser.add_argument("--day", type=int, default=72_000, help="so many claims on one more day")
    parser.add_argument("--listed", type=int, default=10_000, help="so many values on each value list")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args(sys.argv[1:] if given is None else given)
    with servers():
        os.environ["DJANGO_SETTINGS_MODULE"] = "backoffice.settings"
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        measure(asked)


def measure(asked: argparse.Namespace) -> None:
    day = BEGIN + timedelta(days=60)
    fill(asked.claims, BEGIN, timedelta(days=30))
    fill(asked.day, day, timedelta(days=1))
    try_one("event-local rule", LOCAL, asked.claims, BEGIN, timedelta(days=31), asked.rounds)
    try_one("one-day velocity rule", VELOCITY, asked.day, day, timedelta(days=2), asked.rounds)
    put_on_lists(asked.listed)
    try_one(f"device on a list of {asked.listed:,}", ON_DEVICES, asked.day, day, timedelta(days=2), asked.rounds)
    try_one(f"network on a list of {asked.listed:,}", ON_NETWORKS, asked.day, day, timedelta(days=2), asked.rounds)


def fill(claims: int, begin: datetime, span: timedelta) -> None:
    from django.db import connection

    from promotions.models import Customer

    customer, _ = Customer.objects.get_or_create(ref="c", defaults={"first_seen_at": BEGIN})
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"begin": begin, "span": span, "claims": claims, "customer": customer.pk})
        cursor.execute("VACUUM ANALYZE promotions_claim")


def put_on_lists(listed: int) -> None:
    from django.contrib.auth.models import User
    from django.db import connection

    from risk.services.value_lists import make_list

    by, at = User.objects.create(username="lister"), BEGIN - timedelta(days=1)
    for name, holds, value in (("devices", "device", DEVICES), ("networks", "network", NETWORKS)):
        made = make_list(name=name, purpose="to be measured", holds=holds, by=by, at=at)
        with connection.cursor() as cursor:
            cursor.execute(LIST.format(value=value), {"list": made.pk, "by": by.pk, "at": at, "listed": listed})
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE risk_valuelistitem")


def try_one(name: str, said: Any, claims: int, since: datetime, span: timedelta, rounds: int) -> None:
    from django.db import connection, transaction

    from risk.backtesting import try_rule
    from risk.rulebook import parse
    from risk.rulefacts import BOOKS

    tree = parse(said, BOOKS["claim"].schema)

    def backtest() -> Any:
        with transaction.atomic():
            return try_rule("claim", tree, since=since, until=since + span)

    def count() -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM promotions_claim WHERE at >= %s AND at < %s", [since, since + span])

    found = backtest()
    if found.judged != claims or not 0 < found.hits < claims:
        raise SystemExit(f"{name}: {found.judged} judged and {found.hits} hits of {claims}")
    took, bare = median(backtest, rounds), median(count, rounds)
    print(f"{name}: {took:.2f} s over {claims:,} claims, {found.hits:,} hits (a bare count {bare:.2f} s, ratio {took / bare:.1f})")


def median(call: Callable[[], Any], rounds: int) -> float:
    times = []
    for _round in range(rounds):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


if __name__ == "__main__":
    main()
