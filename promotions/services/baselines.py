"""Looks at departures of coupon types from their own baseline. The arithmetic is in `promotions.cusum`; this reads, keeps and acts.

A minute is looked at once it is over, and only when something was claimed in it: minutes without claims change nothing that could
not be worked out when the next claim comes. So a quiet type costs one probe of an index, and a replay may leave empty slots out.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from promotions import cusum
from promotions.models import Alarm, Threshold, ThresholdMemory
from promotions.services.readings import Reading
from promotions.services.thresholds import cross_line
from promotions.states import LimitKind

GRACE = timedelta(seconds=10)
"""After a minute is over, so long until it is looked at: a claim that began in it may still be committing."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CENT = Decimal("0.01")

# Claims by line and minute since each line was last looked at. One probe of the index on type and time for each line, however many
# there are; a line without claims gives no row.
COUNTS = """
SELECT h.id, (extract(epoch FROM c.at)::bigint / 60) AS minute, count(*)
  FROM promotions_threshold h
  LEFT JOIN promotions_thresholdmemory m ON m.threshold_id = h.id
  JOIN promotions_claim c ON c.coupon_type_id = h.coupon_type_id AND c.outcome = 'issued'
   AND c.at >= coalesce(m.folded_until, '-infinity') AND c.at < %(until)s
 WHERE h.kind = 'baseline'
 GROUP BY 1, 2
"""


def watch_baselines(at: datetime) -> list[Alarm]:
    """Look at the minutes that are over. Answers the alarms raised."""
    until = minute_of(at - GRACE)
    counts = _counts_by_line(time_of(until))
    if not counts:
        return []
    lines = Threshold.objects.filter(pk__in=counts).select_related("memory").order_by("pk")
    return [alarm for line in lines if (alarm := _watch(line, counts[line.pk], until, at)) is not None]


def minute_of(at: datetime) -> int:
    return (at - EPOCH) // MINUTE


def time_of(minute: int) -> datetime:
    return EPOCH + minute * MINUTE


def expected_now(line: Threshold, at: datetime) -> Decimal | None:
    """Claims a minute that its baseline expects at `at`; None while it is still learning."""
    memory = _memory_of(line)
    if memory is None or memory.days < cusum.LEARNING_DAYS:
        return None
    return Decimal(cusum.expected(memory.profile, memory.recent, minute_of(at))).quantize(CENT, ROUND_HALF_UP)


def _counts_by_line(until: datetime) -> dict[int, dict[int, int]]:
    found: dict[int, dict[int, int]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, {"until": until})
        for line_id, minute, count in cursor.fetchall():
            found[line_id][minute] = count
    return found


@transaction.atomic
def _watch(line: Threshold, counts: Mapping[int, int], until: int, at: datetime) -> Alarm | None:
    """Fold the new minutes into the line's memory. A departure crosses it; a crossed line only goes on learning."""
    memory = _memory_of(line) or cusum.begin(min(counts))
    memory, departure = cusum.advance(memory, counts, until, planned=_planned(line, at))
    kept = asdict(memory) | {"profile": [round(height, 3) for height in memory.profile]}
    ThresholdMemory.objects.update_or_create(
        threshold=line, defaults={"folded_until": time_of(max(until, memory.minute)), "baseline": kept}
    )
    if departure is None or line.fired_at is not None:
        return None
    per_minute = Decimal(departure.expected).quantize(CENT, ROUND_HALF_UP)
    excess = Decimal(departure.excess).quantize(CENT, ROUND_HALF_UP)
    detail = _("%(excess)s coupons more than its baseline of %(expected)s a minute grants; the sum is %(sum)s of %(most)s.") % {
        "excess": excess,
        "expected": per_minute,
        "sum": f"{departure.statistic:.1f}",
        "most": f"{cusum.DECISION:.0f}",
    }
    granted = (Decimal(cusum.GRANTED) * per_minute * 10).quantize(CENT, ROUND_HALF_UP)
    ten_minutes = Decimal(sum(counts.get(minute, 0) for minute in range(departure.minute - 9, departure.minute + 1)))
    return cross_line(line, Reading(ten_minutes, granted, True, detail), at)


def _memory_of(line: Threshold) -> cusum.Memory | None:
    row: Any = getattr(line, "memory", None)
    if row is None or not row.baseline:
        return None
    values = row.baseline
    return cusum.Memory(**{**values, "profile": tuple(values["profile"]), "recent": tuple(values["recent"])})


def _planned(line: Threshold, at: datetime) -> float:
    """How many times its baseline the type may reach now, because staff promote it."""
    is_promoted = line.peak_from is not None and line.peak_until is not None and line.peak_from <= at < line.peak_until
    return float(line.peak_factor) if is_promoted and line.kind == LimitKind.BASELINE else 1.0
