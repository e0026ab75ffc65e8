"""What should be silent: ended, closed, expired, stopped, outside its hours. Nothing is issued there, and hardly anybody knocks.

Refused claims say themselves that they knocked at something silent (`SILENT_REASONS`). Issued ones cannot be, since the claim's own
statements guard against them; this watches the guards, by other means: it reads the hours of what issued, and compares how much was
issued by what is stopped with how much it was when it was first seen stopped.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q

from promotions.models import Claim, Threshold, ThresholdMemory
from promotions.services.measures import issued_by, scope_of
from promotions.states import CampaignStatus, CouponTypeStatus, EntryStatus, LimitKind

STOPPED_ENTRIES = (EntryStatus.SUSPENDED, EntryStatus.CLOSED)
STOPPED_TYPES = (CouponTypeStatus.SUSPENDED, CouponTypeStatus.ENDED)
STOPPED_CAMPAIGNS = (CampaignStatus.PAUSED, CampaignStatus.ENDED)
OUTSIDE_HOURS = (
    Q(at__lt=F("entry__opens_at"))
    | Q(at__gte=F("entry__closes_at"))
    | Q(at__lt=F("coupon_type__claim_from"))
    | Q(at__gte=F("coupon_type__claim_until"))
    | Q(at__lt=F("coupon_type__campaign__starts_at"))
    | Q(at__gte=F("coupon_type__campaign__ends_at"))
)
KEYS = {"campaign": "coupon_type__campaign", "coupon_type": "coupon_type", "entry": "entry", "batch": "token__batch"}


def leaked(lines: Sequence[Threshold], at: datetime) -> dict[int, int]:
    """By line, how many coupons were issued within its window outside the hours of entry, type or campaign, and how many by what is
    stopped since it was first seen stopped.
    """
    longest = max(line.window or timedelta(0) for line in lines)
    rows = Claim.objects.issued().filter(at__gt=at - longest, at__lte=at).filter(OUTSIDE_HOURS)
    found = list(rows.values("at", *KEYS.values()))
    stopped = [line for line in lines if _known(line) is not None and is_stopped(line)]
    issued = issued_by(stopped)
    since_stopped = {line.pk: max(0, issued[line.pk] - (_known(line) or 0)) for line in stopped}
    return {line.pk: sum(_concerns(row, line, at) for row in found) + since_stopped.get(line.pk, 0) for line in lines}


def note_what_is_stopped(lines: Sequence[Threshold]) -> None:
    """Remember how much was issued by what is seen stopped for the first time; forget it where it gives again.

    Follows the status alone, which only an act changes: so nothing is written while nothing happens.
    """
    silent = [line for line in lines if line.kind == LimitKind.SILENT]
    fresh = [line for line in silent if is_stopped(line) and _known(line) is None]
    for pk, issued in issued_by(fresh).items():
        ThresholdMemory.objects.update_or_create(threshold_id=pk, defaults={"issued_when_silenced": issued})
    gives_again = [line.pk for line in silent if _known(line) is not None and not is_stopped(line)]
    if gives_again:
        ThresholdMemory.objects.filter(threshold__in=gives_again).update(issued_when_silenced=None)


def is_stopped(line: Threshold) -> bool:
    """Whether what the line is drawn for was stopped or has ended, by its status: time alone stops nothing here."""
    entry = line.batch.entry if line.batch is not None else line.entry
    coupon_type = entry.coupon_type if entry is not None else line.coupon_type
    campaign = coupon_type.campaign if coupon_type is not None else line.campaign
    return bool(
        (line.batch is not None and line.batch.revoked_at)
        or (entry is not None and entry.status in STOPPED_ENTRIES)
        or (coupon_type is not None and coupon_type.status in STOPPED_TYPES)
        or (campaign is not None and campaign.status in STOPPED_CAMPAIGNS)
    )


def _known(line: Threshold) -> int | None:
    memory: ThresholdMemory | None = getattr(line, "memory", None)
    return memory.issued_when_silenced if memory is not None else None


def _concerns(row: dict[str, Any], line: Threshold, at: datetime) -> bool:
    name, key = scope_of(line)
    return row["at"] > at - (line.window or timedelta(0)) and (key is None or row[KEYS[name]] == key)
