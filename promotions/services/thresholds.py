"""Lines are looked at, and crossed once.

What a restricted type crosses acts inside the transaction that crosses it; everything else is found by the scheduled check.

Locks are taken from the owner downwards: coupon type or campaign, then its entry, then threshold, then slices. Whoever presses stop
takes them so, and a claim or redemption that may come to suspend its own type or entry has to do the same (`lock_restricted_type`).
Before all of them come the identities that a claim shows, then its customer's row; after the type, before the slices, the uses of
its rules by rule.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_noop

from backoffice.lib.actors import system_user
from backoffice.lib.aloud import in_english, word
from backoffice.lib.audit import because
from backoffice.lib.automation import is_observing
from backoffice.lib.sentences import Sentence
from backoffice.lib.states import move
from promotions.models import Alarm, Campaign, CouponType, Entry, Threshold
from promotions.models.watch import line_aloud
from promotions.services.alarms import Found, raise_alarm
from promotions.services.built_in_lines import BUILT_IN, arm_built_in
from promotions.services.drawing import draw_line as arm_threshold
from promotions.services.drawing import rearm_threshold
from promotions.services.owners import with_owners
from promotions.services.readings import Reading, read_lines
from promotions.services.redemption_holds import hold_redemptions
from promotions.services.silence import note_what_is_stopped
from promotions.states import (
    CAMPAIGN_GIVING,
    CAMPAIGN_MOVES,
    COUPON_TYPE_MOVES,
    ENTRY_MOVES,
    Audience,
    CampaignStatus,
    CouponTypeStatus,
    EntryStatus,
    LimitKind,
    Metric,
    Severity,
    ThresholdAction,
)

__all__ = [
    "BUILT_IN",
    "arm_built_in",
    "arm_threshold",
    "check_restricted_type",
    "check_thresholds",
    "cross_line",
    "lock_restricted_type",
    "rearm_threshold",
]

CROSSED = Sentence(gettext_noop("the line of %(metric)s was crossed: %(value)s of %(limit)s"), metric=word)
HELD_BY_LINE = Sentence(gettext_noop("%(line)s: crossed"), line=line_aloud)
HELD_SINCE = timedelta(hours=1)
"""How far back orders are held by a line that looks at everything since the start."""
URGENT_METRICS = (Metric.YOUNG_ACCOUNTS_ON_SHARED_TOKENS, Metric.QUICK_CASH_OUTS)
OWNERS = ("campaign__budget", "coupon_type__campaign__budget", "entry__coupon_type__campaign__budget")
WATCHED = (*OWNERS, "batch__entry__coupon_type__campaign__budget", "memory")


def check_thresholds(at: datetime) -> list[Alarm]:
    """Look at every armed line that no transaction looks after by itself. Answers the alarms it raised.

    What should be silent is looked at here everywhere: what the guards of the claim let through no transaction looks for.
    """
    in_transactions = Q(coupon_type__audience=Audience.RESTRICTED) & ~Q(kind=LimitKind.SILENT)
    lines = with_owners(Threshold.objects.armed().exclude(in_transactions).order_by("pk"))
    note_what_is_stopped(lines)
    return _check(lines, at)


def lock_restricted_type(coupon_type_id: int, *, entry_id: int | None = None) -> None:
    """For a transaction that will take from the slices of a restricted type, or from its budget, and then check its lines."""
    CouponType.objects.select_for_update(no_key=True).get(pk=coupon_type_id)
    if entry_id is not None:
        Entry.objects.select_for_update(no_key=True).get(pk=entry_id)


def check_restricted_type(coupon_type_id: int, at: datetime, *, moved: Collection[Metric] = tuple(Metric)) -> list[Alarm]:
    """Look at the lines of one restricted type, its entries and batches, on the metrics that were moved.

    Inside the transaction that may cross them.
    """
    of_type = Q(coupon_type=coupon_type_id) | Q(entry__coupon_type=coupon_type_id) | Q(batch__entry__coupon_type=coupon_type_id)
    lines = Threshold.objects.armed().filter(of_type, metric__in=moved)
    if Metric.REFUSALS not in moved:
        lines = lines.exclude(kind=LimitKind.SILENT)
    return _check(with_owners(lines.order_by("pk")), at)


def cross_line(line: Threshold, reading: Reading, at: datetime) -> Alarm | None:
    """One alarm a crossing, however many see it at once; does what the line says. Answers None where it was crossed already."""
    with transaction.atomic():
        _lock_owner(line)
        with because(crossed_text(line, reading), user=system_user().pk):
            if not Threshold.objects.filter(pk=line.pk, fired_at=None).update(fired_at=at):
                return None
            found = Found(
                value=_storable(reading.value),
                limit=_storable(reading.limit),
                detail=reading.detail,
                threshold=line,
                action=_act(line, at),
            )
            severity = severity_of(line, reading)
            return raise_alarm(line.metric, scope=line.scope, at=at, severity=severity, about=line.watched, found=found)


def crossed_text(line: Threshold, reading: Reading) -> str:
    """Why the line acts, to be kept."""
    with in_english():
        return CROSSED % {"metric": line.get_metric_display(), "value": reading.value, "limit": reading.limit}


def held_text(line: Threshold) -> str:
    """Why the line holds redemptions, to be kept."""
    with in_english():
        return HELD_BY_LINE % {"line": line}


def severity_of(line: Threshold, reading: Reading) -> Severity:
    """Urgent is what acts by itself, what only thieves do, what is issued where nothing should be, and the sum of everything."""
    is_leak = line.kind == LimitKind.SILENT and not reading.limit
    acts = line.action != ThresholdAction.ALARM
    is_urgent = acts or is_leak or line.metric in URGENT_METRICS or line.watched is None
    return Severity.URGENT if is_urgent else Severity.WATCH


def _check(lines: Sequence[Threshold], at: datetime) -> list[Alarm]:
    readings = read_lines(lines, at)
    alarms = [cross_line(line, readings[line.pk], at) for line in lines if readings[line.pk].is_crossed]
    return [alarm for alarm in alarms if alarm is not None]


def _lock_owner(line: Threshold) -> None:
    """The rows that acting may change, from the owner downwards."""
    entry = line.batch.entry if line.batch is not None else line.entry
    coupon_type_id = entry.coupon_type_id if entry is not None else line.coupon_type_id
    if coupon_type_id is not None:
        lock_restricted_type(coupon_type_id, entry_id=entry.pk if entry is not None else None)
    elif line.campaign_id is not None:
        Campaign.objects.select_for_update(no_key=True).get(pk=line.campaign_id)


def _act(line: Threshold, at: datetime) -> ThresholdAction:
    """Do what the line says, and answer what was done."""
    if line.action == ThresholdAction.ALARM or is_observing():
        return ThresholdAction.ALARM
    if line.action == ThresholdAction.HOLD:
        since = at - (line.window or HELD_SINCE)
        hold_redemptions(line.watched, since=since, reason=held_text(line), by=system_user(), at=at)
    else:
        _suspend(line)
    return ThresholdAction(line.action)


def _suspend(line: Threshold) -> None:
    """Stop what the line is about, where it still gives; that it was stopped already is no error. Of a batch it is the entry."""
    if line.coupon_type_id is not None:
        coupon_type = CouponType.objects.get(pk=line.coupon_type_id)
        if coupon_type.status == CouponTypeStatus.LIVE:
            move(coupon_type, CouponTypeStatus.SUSPENDED, COUPON_TYPE_MOVES)
    elif line.campaign_id is not None:
        campaign = Campaign.objects.get(pk=line.campaign_id)
        if campaign.status in CAMPAIGN_GIVING:
            move(campaign, CampaignStatus.PAUSED, CAMPAIGN_MOVES)
    else:
        entry = line.batch.entry if line.batch is not None else line.entry
        if entry is None:
            return
        entry.refresh_from_db(fields=["status"])
        if entry.status == EntryStatus.OPEN:
            move(entry, EntryStatus.SUSPENDED, ENTRY_MOVES)


MOST = Decimal("999999999999.99")


def _storable(value: Decimal) -> Decimal:
    """At most what the column holds: a share of next to nothing can be any number."""
    return min(value, MOST)
