"""Whether the value of a fact is on a value list, as of a time, in SQL. Pure.

The same core reads it of one order that is assessed and of a past month, so both see the same. It is one probe of an index, however
long the list is: a list is never loaded.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from risk.rulebook import Fact, FactType, Membership, Schema

DEVICE, NETWORK, SEGMENT, CUSTOMER, REGION = "device", "network", "segment", "customer", "region"
RECIPIENT, PAYMENT_ACCOUNT, DELIVERY_PHONE = "recipient", "payment_account", "delivery_phone"
COUPON_TYPE, ENTRY, AMOUNT = "coupon_type", "entry", "amount"
HASHED = frozenset({RECIPIENT, PAYMENT_ACCOUNT, DELIVERY_PHONE})
"""Sorts of which only a keyed hash is kept, in facts and in lists alike."""

WIDEST, NARROWEST = {4: 16, 6: 32}, {4: 32, 6: 64}
"""The networks that a list may hold, by the version of their addresses: each width is one more probe."""
IN_FORCE = "x.created_at <= {at} AND (x.expires_at IS NULL OR x.expires_at > {at}) AND (x.ended_at IS NULL OR x.ended_at > {at})"


def _around(version: int) -> str:
    """The networks around an address, each by an expression of its own: a subquery that makes them takes half as long again."""
    widths = range(WIDEST[version], NARROWEST[version] + 1)
    return f"ARRAY[{', '.join(f'set_masklen({{column}}::cidr, {width})::text' for width in widths)}]"


# An address is on a list by itself or by any network around it. What is no address is on none.
AROUND = f"""= ANY (CASE WHEN NOT pg_input_is_valid({{column}}, 'cidr') THEN '{{{{}}}}'
    WHEN family({{column}}::cidr) = 4 THEN {_around(4)} ELSE {_around(6)} END)"""
MATCHES = {NETWORK: AROUND, AMOUNT: "= trim_scale({column})::text"}


@dataclass(slots=True)
class LookUps:
    """A column for each membership by its key, and the names of the lists as parameters."""

    columns: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)


def look_ups(
    memberships: Collection[Membership], schema: Schema, columns: Mapping[str, str], *, at: str, names_item: bool = False
) -> LookUps:
    """Whether the facts that lie in `columns` were on the lists at `at`: true, false, or null where the fact is missing.

    With `names_item` the item's id in place of true, and 0 in place of false.
    """
    found = LookUps()
    for place, asked in enumerate(sorted(memberships)):
        column, name = columns[asked.fact], f"l{place}"
        item = _item_of(schema[asked.fact], column, f"%({name})s", at)
        said = f"coalesce(({item} ORDER BY x.id LIMIT 1), 0)" if names_item else f"EXISTS ({item})"
        found.columns[asked.key] = f"CASE WHEN {column} IS NOT NULL THEN {said} END"
        found.values[name] = asked.list_name
    return found


def _item_of(fact: Fact, column: str, list_name: str, at: str) -> str:
    """The list is found once a statement, the item by list and value."""
    of_list = f"x.value_list_id = (SELECT v.id FROM risk_valuelist v WHERE v.name = {list_name})"  # noqa: S608
    match = "= ANY ({column})" if fact.type == FactType.TEXTS else MATCHES.get(fact.holds, "= {column}")
    is_value = f"x.value {match.format(column=column)}"
    return f"SELECT x.id FROM risk_valuelistitem x WHERE {of_list} AND {is_value} AND {IN_FORCE.format(at=at)}"  # noqa: S608
