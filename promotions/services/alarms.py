"""Alarms are raised once, and acknowledged by a person who says what was done."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from backoffice.lib.audit import because
from backoffice.lib.errors import DomainError, StaleState
from promotions.models import Alarm
from promotions.services.alarm_messages import announce, announce_acknowledgement
from promotions.states import Severity, ThresholdAction

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Found:
    """What an alarm says beside its cause: the value that was found and what it should have been, and a text for staff.

    Amounts are in the currency of what the alarm is about. `threshold` where a line was crossed, `action` what was done by itself.
    """

    value: Decimal | None = None
    limit: Decimal | None = None
    detail: str = ""
    threshold: Any = None
    action: str = ThresholdAction.ALARM


def raise_alarm(
    cause: str,
    *,
    scope: str,
    at: datetime,
    severity: str = Severity.WATCH,
    about: Model | None = None,
    key: str = "",
    found: Found | None = None,
) -> Alarm | None:
    """Raise an alarm, in the caller's transaction where there is one. `cause` is a Metric or an AlarmCause.

    `scope` says in a word where: "platform", "campaign:CODE". `about` is the row that the alarm's page leads to. With a `key` the
    alarm is raised once: answers None where one with this key still waits to be acknowledged.
    """
    found = found or Found()
    alarm = Alarm(
        threshold=found.threshold,
        at=at,
        scope=scope,
        target=f"{about._meta.label_lower}:{about.pk}" if about is not None else "",
        cause=cause,
        severity=severity,
        value=found.value,
        limit=found.limit,
        action=found.action,
        detail=found.detail,
        key=key,
    )
    if key and Alarm.objects.unacknowledged().filter(key=key).exists():
        return None
    try:
        with transaction.atomic():
            alarm.save(force_insert=True)
            announce(alarm)
    except IntegrityError:
        if not Alarm.objects.unacknowledged().filter(key=key).exclude(key="").exists():
            raise
        return None  # somebody else was first
    log.warning(
        "alarm_raised", scope=scope, cause=str(cause), severity=str(severity), value=str(found.value), limit=str(found.limit)
    )
    return alarm


def acknowledge_alarm(alarm: Alarm, *, by: Any, note: str, at: datetime) -> Alarm:
    """Somebody has seen it and says what was done. Raises StaleState where somebody else was first."""
    if not note.strip():
        raise DomainError(_("Say what was done, or why nothing was."))
    with transaction.atomic(), because(note, user=by.pk):
        rows = Alarm.objects.filter(pk=alarm.pk, acknowledged_at=None)
        if not rows.update(acknowledged_by=by, acknowledged_at=at, note=note):
            raise StaleState(_("Somebody else has acknowledged this alarm already."))
        alarm.refresh_from_db()
        announce_acknowledgement(alarm)
    return alarm
