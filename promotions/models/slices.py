"""Hot counters are cut into slices, and each slice row carries whether its owner gives at all.

The guarded update that takes from a slice thereby reads the kill switch in the very row it takes from: a stop that has committed is
seen by every claim that takes after it, however long that claim waited for the row. Nobody writes the flag: a trigger derives it
from the owner's status whenever a slice is written, and another passes a change of the owner's status on to its slices.
"""

from collections.abc import Iterable

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
