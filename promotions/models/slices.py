"""Hot counters are cut into slices, and each slice row carries whether its owner gives at all.

The guarded update that takes from a slice thereby reads the kill switch in the very row it takes from: a stop that has committed is
seen by every claim that takes after it, however long that claim waited for the row. Nobody writes the flag: a trigger derives it
from the owner's status whenever a slice is written, and another passes a change of the owner's status on to its slices.
"""

from collections.abc import Iterable
from typing import NamedTuple

import pgtrigger


def derive_is_live(*, name: str, status_query: str, giving: Iterable[str]) -> pgtrigger.Trigger:
    """Before a slice is written, set `is_live` from its owner's status; what the statement wrote there does not count.

    `status_query` answers the owner's status for the slice NEW.
    """
    statuses = ", ".join(f"'{status}'" for status in giving)
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("is_live"),
        func=f"NEW.is_live := ({status_query}) IN ({statuses}); RETURN NEW;",
    )


def pass_status_on(*, name: str, slice_table: str, owner_column: str, owners: str = "SELECT NEW.id") -> pgtrigger.Trigger:
    """After an owner's status changed, touch its slices in order, so that the trigger above derives their flag anew."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.After,
        operation=pgtrigger.UpdateOf("status"),
        condition=pgtrigger.Condition("OLD.status IS DISTINCT FROM NEW.status"),
        func=(
            f"PERFORM 1 FROM {slice_table} WHERE {owner_column} IN ({owners}) ORDER BY id FOR UPDATE;"
            f" UPDATE {slice_table} SET is_live = is_live WHERE {owner_column} IN ({owners}); RETURN NULL;"
        ),
    )


class SliceSum(NamedTuple):
    """Which columns of the slices sum to which column of their owner: pairs of (owner's, slices'). Empty means no limit."""

    owner_table: str
    slice_table: str
    owner_column: str
    first: tuple[str, str]
    second: tuple[str, str] | None = None

    @property
    def pairs(self) -> list[tuple[str, str]]:
        return [pair for pair in (self.first, self.second) if pair]


def sums_to_owner(name: str, sums: SliceSum, *, of_owner: bool = False) -> pgtrigger.Trigger:
    """At commit, the slices' limits sum to their owner's, so that nobody widens a slice by itself.

    Fires only where a limit is written, not where something is taken. On the owner's table with `of_owner`, else on the slices'.
    """
    columns = [owners if of_owner else slices for owners, slices in sums.pairs]
    key = "NEW.id" if of_owner else f"CASE WHEN TG_OP = 'DELETE' THEN OLD.{sums.owner_column} ELSE NEW.{sums.owner_column} END"
    differs = " OR ".join(
        f"o.{owners} IS DISTINCT FROM (SELECT CASE WHEN count(*) = count(s.{slices}) THEN sum(s.{slices}) END"
        f" FROM {sums.slice_table} s WHERE s.{sums.owner_column} = o.id)"
        for owners, slices in sums.pairs
    )
    operation = pgtrigger.Insert | pgtrigger.UpdateOf(*columns)
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.After,
        operation=operation if of_owner else operation | pgtrigger.Delete,
        timing=pgtrigger.Deferred,
        func=f"""
            IF EXISTS (SELECT 1 FROM {sums.owner_table} o WHERE o.id = {key} AND ({differs})) THEN
                RAISE EXCEPTION 'the slices do not sum to what their owner has'
                    USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';
            END IF;
            RETURN NULL;
        """,
    )


def overruns_only_where_honoured(name: str, policy_query: str) -> pgtrigger.Trigger:
    """An overrun grows only where the campaign honours its promises. `policy_query` answers the policy for the slice NEW."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("overrun"),
        func=f"""
            IF NEW.overrun > (CASE WHEN TG_OP = 'UPDATE' THEN OLD.overrun ELSE 0 END) AND ({policy_query}) <> 'honour' THEN
                RAISE EXCEPTION 'this campaign refuses what its budget has no room for'
                    USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';
            END IF;
            RETURN NEW;
        """,
    )
