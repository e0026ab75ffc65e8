"""The requests of each kind, and rounds of them sent by `load` from a process of its own."""

import itertools
import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from benchmarks.figures import Round
from benchmarks.place import REPOSITORY
from benchmarks.things import Offer

_names = itertools.count()
MOST_PER_SECOND = 4_000  # so many requests are made ready for each second of a round


def claim_bodies(offers: Sequence[Offer], count: int) -> list[dict[str, Any]]:
    """Claims by customers who were never seen before, dealt out to the offers in turn."""
    name = next(_names)
    return [_claim_body(offers[number % len(offers)], f"c{name}-{number}", number) for number in range(count)]


def order_bodies(coupons: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Orders of two lines, each of which redeems one coupon, given as (code, customer)."""
    return [
        {
            "ref": f"o-{code}",
            "customer": customer,
            "coupons": [code],
            "lines": [
                {"sku": "tea-500g", "category": "goods", "amount": "128.00", "recipient": None},
                {"sku": "cup", "category": "goods", "amount": "19.90", "recipient": None},
            ],
            "device": f"device-{code}",
            "ip": "203.0.113.7",
        }
        for code, customer in coupons
    ]


def send(
    port: int, secret: str, path: str, bodies: Sequence[dict[str, Any]], *, callers: int, seconds: float
) -> tuple[Round, list[str]]:
    """One round: so many callers for so many seconds, or until all bodies are sent. Gives the bodies of the answers too."""
    job = {
        "port": port,
        "secret": secret,
        "path": path,
        "bodies": list(bodies),
        "callers": callers,
        "seconds": seconds,
        "name": f"bench-{next(_names)}",
    }
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    result = json.loads(done.stdout)
    return Round(result["seconds"], tuple(sorted(result["waits"])), result["statuses"]), result["bodies"]


def coupons_in(answers: Sequence[str]) -> list[tuple[str, str]]:
    """The coupons that claims gave, as (code, customer)."""
    given = [json.loads(answer) for answer in answers]
    return [(coupon["code"], coupon["customer"]) for coupon in given if "issued_at" in coupon]


def _claim_body(offer: Offer, customer: str, number: int) -> dict[str, Any]:
    return {
        "coupon_type": offer.coupon_type,
        "channel": "app",
        "entry": offer.entry,
        "token": None,
        "customer": {
            "ref": customer,
            "phone": f"138{number:08d}",
            "verified": True,
            "registered_at": "2018-03-04T10:00:00+08:00",
        },
        "device": f"device-{customer}",
        "ip": f"203.0.{number // 250 % 250}.{number % 250 + 1}",
    }
