"""What one rule of seven conditions costs with its trace, beside the same in plain Python: python -m benchmarks.rules"""

import argparse
import sys
import timeit
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from risk.rulebook import compile_tree, parse
from risk.rulefacts import BOOKS

RULE = {
    "all": [
        {"fact": "order.virtual_amount", "is": "more", "value": "0"},
        {"fact": "order.discount_share", "is": "at_least", "value": "80"},
        {"fact": "customer.age", "is": "less", "value": "72"},
        {"fact": "coupon.minutes_since_claim", "is": "at_most", "value": "30"},
        {"fact": "customer.phone_segment", "is": "one_of", "values": ["1700", "1701", "1710"]},
        {
            "any": [
                {"fact": "orders.distinct.device.24h", "is": "at_least", "value": "5"},
                {"fact": "orders.distinct.recipient.24h", "is": "at_least", "value": "5"},
            ]
        },
    ]
}
FACTS: dict[str, Any] = {
    "order.virtual_amount": Decimal("100.00"),
    "order.discount_share": Decimal("99.60"),
    "customer.age": Decimal("4.25"),
    "coupon.minutes_since_claim": Decimal("1.50"),
    "customer.phone_segment": "1700",
    "orders.distinct.device.24h": 2,
    "orders.distinct.recipient.24h": 9,
}
SEGMENTS = frozenset({"1700", "1701", "1710"})
NONE, SHARE, AGE, MINUTES, MANY = Decimal(0), Decimal(80), Decimal(72), Decimal(30), Decimal(5)


def plain(facts: dict[str, Any]) -> bool | None:
    """The same by hand: it stops at the first condition that fails, keeps nothing, and breaks where a fact is missing."""
    return (
        facts["order.virtual_amount"] > NONE
        and facts["order.discount_share"] >= SHARE
        and facts["customer.age"] < AGE
        and facts["coupon.minutes_since_claim"] <= MINUTES
        and facts["customer.phone_segment"] in SEGMENTS
        and (facts["orders.distinct.device.24h"] >= MANY or facts["orders.distinct.recipient.24h"] >= MANY)
    )


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rules", description=__doc__)
    parser.add_argument("--times", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args(sys.argv[1:] if given is None else given)
    compiled = compile_tree(parse(RULE, BOOKS["order"].schema))
    said = compiled.evaluate(FACTS)
    if said.result != "hit" or not plain(FACTS):
        raise SystemExit("the rule and the function do not say the same")
    costs = {
        name: sorted(timeit.repeat(call, number=asked.times, repeat=asked.rounds))[asked.rounds // 2] / asked.times * 1e6
        for name, call in (("with trace", lambda: compiled.evaluate(FACTS)), ("plain Python", lambda: plain(FACTS)))
    }
    for name, cost in costs.items():
        print(f"{name:14}{cost:8.2f} µs (median of {asked.rounds} rounds of {asked.times:,})")
    print(f"ratio         {costs['with trace'] / costs['plain Python']:8.1f}")


if __name__ == "__main__":
    main()
