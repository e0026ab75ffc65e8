"""Looks for bursts of entries, networks and phone segments. The arithmetic is in `risk.bursting`; this reads, keeps and spreads.

A minute is looked at once it is over, and only where something was claimed since: minutes without claims change nothing that could
not be worked out when the next claim comes, but that a burst ends in them. After a stop the minutes that were missed are caught up,
so many hours a run.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from django.db import connection, transaction

from promotions import cusum
from promotions.models import Entry
from promotions.services.baselines import GRACE, minute_of, time_of
from promotions.services.nobody import known_network
from risk import bursting
from risk.models import Burst, BurstLook, BurstMemory
from risk.services.assessing import BATCH, assess_again
from risk.states import BurstKind

MOST_MINUTES = 6 * 60
"""Looked at in one run; a site that never looked before begins so far back."""
MOST_WATCHED = 5000
"""Entries, networks and segments that are remembered; beyond it those that were silent longest are forgotten."""
KEEP_SILENT = timedelta(days=30)
SPREAD_WITHIN = timedelta(hours=2)
"""So long after a burst was noticed, orders that were assessed before are looked at again."""
CENT = Decimal("0.01")
LOCK = "SELECT pg_advisory_xact_lock(hashtext('risk_bursts'))"

FIRST_CLAIM = """
SELECT at FROM promotions_claim WHERE at >= %(since)s AND at < %(until)s AND outcome = 'issued' ORDER BY at LIMIT 1
"""

# Issued claims by where and minute: of what is remembered, and of what was busy enough in one of these minutes. Without a kind: all
# of the coupon type. It begins a window early, for the totals; minutes that were looked at before are not counted twice.
COUNTS = """
WITH counted AS (
    SELECT s.kind, s.value, c.coupon_type_id, floor(extract(epoch FROM c.at) / 60)::bigint AS minute, count(*) AS claims
      FROM promotions_claim c
     CROSS JOIN LATERAL (VALUES ('', ''), ('entry', c.entry_id::text), ('network', c.address), ('segment', c.phone_segment))
           AS s (kind, value)
     WHERE c.at >= %(since)s AND c.at < %(until)s AND c.outcome = 'issued' AND (s.kind = '' OR s.value <> '')
     GROUP BY 1, 2, 3, 4),
busy AS (SELECT DISTINCT kind, value, coupon_type_id FROM counted
          WHERE kind <> '' AND claims >= %(watched_from)s AND minute >= %(first)s
         UNION SELECT kind, value, coupon_type_id FROM risk_burstmemory)
SELECT n.kind, n.value, n.coupon_type_id, n.minute, n.claims
  FROM counted n LEFT JOIN busy b USING (kind, value, coupon_type_id)
 WHERE n.kind = '' OR b.kind IS NOT NULL
"""

# Orders that were assessed before the burst they came in was noticed, that may change by it, and that no reviewer has decided.
ASSESSED_BEFORE = """
SELECT DISTINCT o.id
  FROM risk_burst b
  JOIN promotions_claim l ON l.coupon_type_id = b.coupon_type_id AND l.outcome = 'issued'
   AND l.at >= b.began_at AND l.at < coalesce(b.ended_at, b.noticed_at) AND l.at < b.noticed_at
   AND CASE b.kind WHEN 'entry' THEN l.entry_id::text WHEN 'network' THEN l.address ELSE l.phone_segment END = b.value
  JOIN promotions_coupon c ON c.claim_id = l.id
  JOIN orders_orderdiscount d ON d.coupon_id = c.id
  JOIN orders_order o ON o.id = d.order_id AND o.virtual_amount > 0
  JOIN risk_assessment a ON a.order_id = o.id AND a.error = '' AND a.assessed_at < b.noticed_at
 WHERE b.noticed_at > %(spread_since)s AND b.noticed_at <= %(at)s
   AND NOT EXISTS (SELECT FROM risk_flag f WHERE f.order_id = o.id AND f.decision <> '')
 ORDER BY o.id LIMIT %(most)s
"""


class Where(NamedTuple):
    kind: str
    value: str
    coupon_type: int


Counts = dict[Where, dict[int, int]]


def watch_bursts(at: datetime) -> int:
    """Look at the minutes that are over, and again at orders that came in a burst before it was noticed.

    Answers how many bursts were found.
    """
    found = _look(at)
    values: dict[str, Any] = {"at": at, "spread_since": at - SPREAD_WITHIN, "most": BATCH}
    with connection.cursor() as cursor:
        cursor.execute(ASSESSED_BEFORE, values)
        order_ids = [row[0] for row in cursor.fetchall()]
    assess_again(order_ids, at=at)
    return found


@transaction.atomic
def _look(at: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
    until = minute_of(at - GRACE)
    first = _first_minute(until)
    open_bursts = {Where(one.kind, one.value, one.coupon_type_id): one for one in Burst.objects.open()}
    if first is None and not open_bursts:
        return 0
    until = until if first is None else min(until, first + MOST_MINUTES)
    counts = {} if first is None else _counts(first, until)
    found = _follow_all(counts, open_bursts, until, at)
    if first is not None:
        BurstLook.objects.update_or_create(pk=1, defaults={"until": time_of(until)})
        _forget(until)
    return found


def _first_minute(until: int) -> int | None:
    """The minute of the first claim that was not looked at; None where there is none."""
    last = BurstLook.objects.values_list("until", flat=True).first()
    since = last or time_of(until - MOST_MINUTES)
    with connection.cursor() as cursor:
        cursor.execute(FIRST_CLAIM, {"since": since, "until": time_of(until)})
        row = cursor.fetchone()
    return minute_of(row[0]) if row else None


def _counts(first: int, until: int) -> Counts:
    since = time_of(first - bursting.WINDOW)
    values: dict[str, Any] = {"since": since, "until": time_of(until), "first": first, "watched_from": bursting.WATCHED_FROM}
    found: Counts = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, values)
        for kind, value, coupon_type, minute, claims in cursor.fetchall():
            found[Where(kind, value, coupon_type)][minute] = claims
    return found


def _follow_all(counts: Counts, open_bursts: Mapping[Where, Burst], until: int, at: datetime) -> int:
    """Fold the minutes into each memory. What was neither claimed nor ended is left unwritten. Answers the bursts that began."""
    counts = {where: seen for where, seen in counts.items() if _is_somewhere(where)}
    wheres = sorted({*(where for where in counts if where.kind), *open_bursts})
    memories = _memories(wheres)
    kept, began = [], []
    for where in wheres:
        running, seen = open_bursts.get(where), counts.get(where, {})
        memory = memories.get(where) or bursting.begin(_busy_from(seen, until))
        before = _pure(running) if running else None
        totals = counts.get(Where("", "", where.coupon_type), {})
        memory, bursts = bursting.follow(where.kind, memory, before, seen, totals, until)
        if running is not None:
            _keep_running(running, bursts.pop(0), at)
        if seen or (running is not None and running.ended_at is not None):
            kept.append(_memory_row(where, memory))
        began += [(where, burst) for burst in bursts]
    _keep_memories(kept)
    _keep_begun(began, at)
    return len(began)


def _is_somewhere(where: Where) -> bool:
    """Addresses that were listed as nobody's join nobody, and burst nowhere."""
    return where.kind != BurstKind.NETWORK or bool(known_network(where.value.removesuffix("/64")))


def _busy_from(counts: Mapping[int, int], until: int) -> int:
    return min((minute for minute, claims in counts.items() if claims >= bursting.WATCHED_FROM), default=until)


def _memories(wheres: list[Where]) -> dict[Where, cusum.Memory]:
    rows = BurstMemory.objects.filter(
        value__in={where.value for where in wheres}, coupon_type__in={where.coupon_type for where in wheres}
    )
    return {Where(row.kind, row.value, row.coupon_type_id): _memory(row) for row in rows}


def _memory(row: BurstMemory) -> cusum.Memory:
    values = row.baseline
    return cusum.Memory(**{**values, "profile": tuple(values["profile"]), "recent": tuple(values["recent"])})


def _memory_row(where: Where, memory: cusum.Memory) -> BurstMemory:
    baseline = asdict(memory) | {"profile": [round(height, 3) for height in memory.profile]}
    return BurstMemory(
        kind=where.kind,
        value=where.value,
        coupon_type_id=where.coupon_type,
        folded_until=time_of(memory.minute),
        baseline=baseline,
    )


def _keep_memories(rows: list[BurstMemory]) -> None:
    BurstMemory.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["kind", "value", "coupon_type"],
        update_fields=["folded_until", "baseline"],
    )


def _pure(row: Burst) -> bursting.Burst:
    return bursting.Burst(minute_of(row.began_at), row.claims, float(row.usual), row.peak, row.calm)


def _keep_running(row: Burst, burst: bursting.Burst, at: datetime) -> None:
    if burst == _pure(row):
        return
    row.claims, row.peak = burst.claims, burst.peak
    if burst.ended is not None:
        row.ended_at, row.end_noticed_at = time_of(burst.ended), at
    row.save(update_fields=["claims", "peak", "ended_at", "end_noticed_at"])


def _keep_begun(began: list[tuple[Where, bursting.Burst]], at: datetime) -> None:
    codes = dict(
        Entry.objects.filter(pk__in=[where.value for where, _ in began if where.kind == BurstKind.ENTRY]).values_list("pk", "code")
    )
    Burst.objects.bulk_create(
        Burst(
            kind=where.kind,
            value=where.value,
            shown=codes[int(where.value)] if where.kind == BurstKind.ENTRY else where.value,
            coupon_type_id=where.coupon_type,
            began_at=time_of(burst.began),
            noticed_at=at,
            ended_at=None if burst.ended is None else time_of(burst.ended),
            end_noticed_at=None if burst.ended is None else at,
            claims=burst.claims,
            usual=Decimal(burst.usual).quantize(CENT, ROUND_HALF_UP),
            peak=burst.peak,
            calm=burst.calm,
        )
        for where, burst in began
    )


def _forget(until: int) -> None:
    """What was silent for long, and beyond the most that are remembered what was silent longest."""
    BurstMemory.objects.filter(folded_until__lt=time_of(until) - KEEP_SILENT).delete()
    if BurstMemory.objects.count() > MOST_WATCHED:
        kept = BurstMemory.objects.order_by("-folded_until", "-pk").values("pk")[:MOST_WATCHED]
        BurstMemory.objects.exclude(pk__in=list(kept.values_list("pk", flat=True))).delete()
