"""Lines are drawn, crossed once, and armed again by a person.

What a restricted type crosses acts inside the transaction that crosses it; everything else is found by the scheduled check.

Locks are taken from the owner downwards: coupon type or campaign, then threshold, then slices. Whoever presses stop takes them so,
and a claim or redemption that may come to suspend its own type has to do the same (`lock_restricted_type`). Before all of them come
the identities that a claim shows, then its customer's row, and after the type, before the slices, the uses of its rules by rule.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import structlog
from django.db import transaction

from backoffice.lib.actors import system_user
from backoffice.lib.audit import because
from backoffice.lib.automation import is_observing
from backoffice.lib.errors import DomainError, InvalidInput, StaleState
from backoffice.lib.states import move
from promotions.models import Alarm, Campaign, CouponType, Threshold
from promotions.services.campaigns import save_valid
from promotions.services.measures import measure
from promotions.states import (
    CAMPAIGN_GIVING,
    CAMPAIGN_MOVES,
    COUPON_TYPE_MOVES,
    Audience,
    CampaignStatus,
    CouponTypeStatus,
    Metric,
    ThresholdAction,
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class BuiltIn:
    """A line that every restricted type gets before an entry of it can open."""

    metric: Metric
    window: timedelta
    limit: int
    action: ThresholdAction


# How much of this an event in a studio shows by itself: guests register on the spot, but with a card of their own; a few of
# them buy credit for their own phone, hours later. Ten within ten minutes, by a card that goes from hand to hand, is no studio.
BUILT_IN = (
    BuiltIn(Metric.TOKEN_REFUSALS, timedelta(minutes=10), 1, ThresholdAction.ALARM),
    BuiltIn(Metric.CUSTOMERS_ON_ONE_TOKEN, timedelta(minutes=10), 30, ThresholdAction.ALARM),
    BuiltIn(Metric.YOUNG_ACCOUNTS_ON_SHARED_TOKENS, timedelta(minutes=10), 10, ThresholdAction.SUSPEND),
    BuiltIn(Metric.QUICK_CASH_OUTS, timedelta(minutes=10), 10, ThresholdAction.SUSPEND),
)


def arm_threshold(
    *,
    scope: Campaign | CouponType | Literal["platform"],
    metric: str,
    window: timedelta | None,
    limit: Decimal,
    action: str,
    is_built_in: bool = False,
) -> Threshold:
    """Draw a line. Raises InvalidInput for a limit that is not positive, or for suspending the whole platform."""
    if not limit.is_finite() or limit <= 0 or (window is not None and window <= timedelta(0)):
        raise InvalidInput("A threshold needs a limit above zero, and a window above zero or none.")
    if scope == "platform" and action == ThresholdAction.SUSPEND:
        raise InvalidInput("A threshold of the whole platform can alarm; it cannot suspend everything at once.")
    threshold = Threshold(
        campaign=scope if isinstance(scope, Campaign) else None,
        coupon_type=scope if isinstance(scope, CouponType) else None,
        metric=metric,
        window=window,
        limit=limit,
        action=action,
        is_built_in=is_built_in,
    )
    save_valid(threshold)
    return threshold


def arm_built_in(coupon_type: CouponType) -> None:
    """Arm the lines that no restricted type may be without; those that were crossed are armed again."""
    for line in BUILT_IN:
        known = Threshold.objects.filter(coupon_type=coupon_type, metric=line.metric, is_built_in=True)
        if not known.exists():
            arm_threshold(
                scope=coupon_type,
                metric=line.metric,
                window=line.window,
                limit=Decimal(line.limit),
                action=line.action,
                is_built_in=True,
            )
        known.filter(fired_at__isnull=False).update(fired_at=None)


def rearm_threshold(threshold: Threshold, *, by: Any, reason: str, at: datetime) -> Threshold:
    """Arm a crossed line again. Needs a reason. Raises StaleState where it is armed already."""
    if not reason.strip():
        raise DomainError("Give a reason: a line was crossed, and is drawn anew.")
    with because(reason, user=by.pk):
        if not Threshold.objects.filter(pk=threshold.pk, fired_at__isnull=False).update(fired_at=None):
            raise StaleState("This threshold is armed already.")
    threshold.fired_at = None
    return threshold


def check_thresholds(at: datetime) -> list[Alarm]:
    """Look at every armed line that no transaction looks after by itself. Answers the alarms it raised."""
    lines = Threshold.objects.armed().exclude(coupon_type__audience=Audience.RESTRICTED)
    return _check(lines.select_related("campaign", "coupon_type").order_by("pk"), at)


def lock_restricted_type(coupon_type_id: int) -> None:
    """For a transaction that will take from the slices of a restricted type, or from its budget, and then check its lines."""
    CouponType.objects.select_for_update(no_key=True).get(pk=coupon_type_id)


def check_restricted_type(coupon_type_id: int, at: datetime, *, moved: Collection[Metric] = tuple(Metric)) -> list[Alarm]:
    """Look at the lines of one restricted type on the metrics that were moved, inside the transaction that may cross them."""
    lines = Threshold.objects.armed().filter(coupon_type=coupon_type_id, metric__in=moved)
    return _check(lines.select_related("coupon_type").order_by("pk"), at)


def acknowledge_alarm(alarm: Alarm, *, by: Any, note: str, at: datetime) -> Alarm:
    """Somebody has seen it and says what was done. Raises StaleState where somebody else was first."""
    if not note.strip():
        raise DomainError("Say what was done, or why nothing was.")
    with because(note, user=by.pk):
        rows = Alarm.objects.filter(pk=alarm.pk, acknowledged_at=None)
        if not rows.update(acknowledged_by=by, acknowledged_at=at, note=note):
            raise StaleState("Somebody else has acknowledged this alarm already.")
    alarm.refresh_from_db()
    return alarm


def _check(lines: Any, at: datetime) -> list[Alarm]:
    alarms = []
    for line in lines:
        value = measure(line, at)
        if value >= line.limit:
            alarm = _cross(line, value, at)
            if alarm is not None:
                alarms.append(alarm)
    return alarms


@transaction.atomic
def _cross(line: Threshold, value: Decimal, at: datetime) -> Alarm | None:
    """One alarm a crossing, however many see it at once; suspends where the line says so."""
    owner = _locked_owner(line)
    with because(f"{line.get_metric_display()}: {value} of {line.limit}", user=system_user().pk):
        if not Threshold.objects.filter(pk=line.pk, fired_at=None).update(fired_at=at):
            return None
        action = ThresholdAction.ALARM
        if line.action == ThresholdAction.SUSPEND and not is_observing():
            _suspend(owner)
            action = ThresholdAction.SUSPEND
        log.warning(
            "threshold_crossed",
            scope=line.scope,
            metric=line.metric,
            value=str(value),
            limit=str(line.limit),
            action=action,
        )
        return Alarm.objects.create(
            threshold=line, at=at, scope=line.scope, cause=line.metric, value=value, limit=line.limit, action=action
        )


def _locked_owner(line: Threshold) -> CouponType | Campaign | None:
    if line.coupon_type_id is not None:
        return CouponType.objects.select_for_update(no_key=True).get(pk=line.coupon_type_id)
    if line.campaign_id is not None:
        return Campaign.objects.select_for_update(no_key=True).get(pk=line.campaign_id)
    return None


def _suspend(owner: CouponType | Campaign | None) -> None:
    """Stop what the line is about, where it still gives; that it was stopped already is no error."""
    if isinstance(owner, CouponType) and owner.status == CouponTypeStatus.LIVE:
        move(owner, CouponTypeStatus.SUSPENDED, COUPON_TYPE_MOVES)
    elif isinstance(owner, Campaign) and owner.status in CAMPAIGN_GIVING:
        move(owner, CampaignStatus.PAUSED, CAMPAIGN_MOVES)
