"""Alarms are told: to the admin by being there, to people by e-mail, to programs by webhook; and again where nobody answers.

What is told holds no personal data: which line, where, how far, what was done.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib.aloud import aloud
from backoffice.lib.display import time_text
from backoffice.lib.models import WebhookEndpoint
from backoffice.lib.outbox import Address, outbox_event, tell
from promotions.models import Alarm, AlarmRecipient, EscalationStep
from promotions.models.watch import scope_words
from promotions.states import Severity, ThresholdAction, cause_label

SUBJECT = gettext_lazy("%(severity)s: %(scope)s, %(cause)s")


def write_mail(payload: Mapping[str, Any]) -> tuple[str, str]:
    """Subject and text of an alarm's e-mail, in the language that is active."""
    words = {
        "severity": Severity(payload["severity"]).label,
        "scope": scope_words(payload["scope"]),
        "cause": cause_label(payload["cause"]),
    }
    subject = "[Holdfast] " + SUBJECT % words
    lines = [
        SUBJECT % words,
        _("When: %(at)s") % {"at": time_text(datetime.fromisoformat(payload["at"]))},
        _("Value: %(value)s, limit: %(limit)s") % {"value": payload["value"] or "–", "limit": payload["limit"] or "–"},
        _("Done by itself: %(action)s") % {"action": ThresholdAction(payload["action"]).label},
    ]
    if payload.get("detail"):
        lines.append(aloud(payload["detail"], is_ours=True))
    if payload.get("step"):
        lines.append(_("Nobody has acknowledged it yet: escalation step %(step)s.") % {"step": payload["step"]})
    lines += ["", payload["url"] or _("Look at it in the back office, under Watch → Alarms.")]
    return subject, "\n".join(str(line) for line in lines)


RAISED = outbox_event("alarm.raised", title=gettext_lazy("An alarm is raised"), write_mail=write_mail)
ESCALATED = outbox_event("alarm.escalated", title=gettext_lazy("An alarm waits too long"), write_mail=write_mail)
ACKNOWLEDGED = outbox_event("alarm.acknowledged", title=gettext_lazy("An alarm is acknowledged"))


def announce(alarm: Alarm) -> None:
    """Tell of a new alarm, in the transaction that raised it."""
    tell(RAISED, payload_of(alarm), at=alarm.at, addresses=recipients(alarm, step=0))


def announce_acknowledgement(alarm: Alarm) -> None:
    """Tell programs that somebody has dealt with it."""
    if alarm.acknowledged_at is not None:
        tell(ACKNOWLEDGED, payload_of(alarm), at=alarm.acknowledged_at)


def escalate_alarms(at: datetime) -> int:
    """Tell of alarms that wait for longer than a step allows. Each step once for each alarm; answers how many steps were taken."""
    taken = 0
    for step in EscalationStep.objects.filter(is_active=True).order_by("number"):
        waiting = Alarm.objects.unacknowledged().filter(escalation__lt=step.number, at__lte=at - step.after)
        if step.severity == Severity.URGENT:
            waiting = waiting.filter(severity=Severity.URGENT)
        for alarm_id in waiting.order_by("at", "pk").values_list("pk", flat=True):
            taken += _escalate(alarm_id, step.number, at)
    return taken


def payload_of(alarm: Alarm, *, step: int = 0) -> dict[str, Any]:
    """What receivers are told. Amounts are decimal strings in the currency of what the alarm is about."""
    path = reverse("admin:promotions_alarm_change", args=[alarm.pk])
    return {
        "id": alarm.pk,
        "at": alarm.at.isoformat(),
        "scope": alarm.scope,
        "cause": str(alarm.cause),
        "severity": str(alarm.severity),
        "value": None if alarm.value is None else f"{alarm.value:f}",
        "limit": None if alarm.limit is None else f"{alarm.limit:f}",
        "action": str(alarm.action),
        "detail": alarm.detail,
        "step": step,
        "acknowledged_at": alarm.acknowledged_at.isoformat() if alarm.acknowledged_at else None,
        "url": f"{settings.HOLDFAST_SITE_URL}{path}" if settings.HOLDFAST_SITE_URL else "",
    }


def recipients(alarm: Alarm, *, step: int) -> list[Address]:
    """Who gets an e-mail of this alarm at this step."""
    rows = AlarmRecipient.objects.filter(is_active=True, step=step).order_by("pk")
    if alarm.severity != Severity.URGENT:
        rows = rows.filter(severity=Severity.WATCH)
    return [Address(row.address, row.language) for row in rows]


def webhooks_that_gave_up() -> list[WebhookEndpoint]:
    """Webhooks that were switched off because they kept failing."""
    return list(WebhookEndpoint.objects.filter(switched_off_at__isnull=False).order_by("pk"))


@transaction.atomic
def _escalate(alarm_id: int, step: int, at: datetime) -> bool:
    rows = Alarm.objects.unacknowledged().filter(pk=alarm_id, escalation__lt=step)
    if not rows.update(escalation=step, escalated_at=at):
        return False
    alarm = Alarm.objects.get(pk=alarm_id)
    tell(ESCALATED, payload_of(alarm, step=step), at=at, addresses=recipients(alarm, step=step))
    return True
