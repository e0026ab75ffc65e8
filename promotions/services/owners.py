"""What many lines are drawn for, read at once.

Each kind of row is read by itself, and once however many lines and rows above them share it. One statement over all of it joins
fifteen tables, which the planner weighs anew each time; a prefetch for each path reads the same campaigns four times.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from promotions.models import Campaign, CouponType, Entry, Threshold, ThresholdMemory, TokenBatch


def with_owners(lines: QuerySet[Threshold]) -> list[Threshold]:
    """The lines, each with its campaign, type, entry or batch, with all that stands above that, and with its memory.

    Of the memory, what a baseline has learned is left where it is: it is long, and only the baselines' own check reads it.
    """
    found = list(lines)
    if not found:
        return found
    batches = _rows(TokenBatch.objects.all(), (line.batch_id for line in found))
    entries = _rows(Entry.objects.all(), (row.entry_id for row in (*found, *batches.values())))
    coupon_types = _rows(CouponType.objects.all(), (row.coupon_type_id for row in (*found, *entries.values())))
    campaigns = _rows(Campaign.objects.select_related("budget"), (row.campaign_id for row in (*found, *coupon_types.values())))
    memories = ThresholdMemory.objects.defer("baseline").in_bulk([line.pk for line in found], field_name="threshold_id")
    _hand_out("campaign", campaigns, (*found, *coupon_types.values()))
    _hand_out("coupon_type", coupon_types, (*found, *entries.values()))
    _hand_out("entry", entries, (*found, *batches.values()))
    _hand_out("batch", batches, found)
    for line in found:
        line._state.fields_cache["memory"] = memories.get(line.pk)
    return found


def _rows(rows: QuerySet[Any], wanted: Iterable[int | None]) -> dict[Any, Any]:
    keys = {key for key in wanted if key is not None}
    return rows.in_bulk(keys) if keys else {}


def _hand_out(name: str, owners: dict[Any, Any], rows: Iterable[Any]) -> None:
    for row in rows:
        key = getattr(row, f"{name}_id")
        setattr(row, name, owners[key] if key is not None else None)
