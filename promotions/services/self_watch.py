"""Alarms about ourselves: a webhook that was switched off because it kept failing."""

from datetime import datetime

from django.utils.translation import gettext_noop

from backoffice.lib.sentences import Sentence
from promotions.models import Alarm
from promotions.services.alarm_messages import webhooks_that_gave_up
from promotions.services.alarms import Found, raise_alarm
from promotions.states import AlarmCause, Severity

SWITCHED_OFF = Sentence(gettext_noop("%(webhook)s kept failing and was switched off. What is told now does not reach it."))


def watch_webhooks(at: datetime) -> list[Alarm]:
    """One alarm for each time a webhook was switched off, whether or not somebody has acknowledged it since."""
    raised = []
    for endpoint in webhooks_that_gave_up():
        if endpoint.switched_off_at is None:
            continue
        key = f"webhook:{endpoint.pk}:{endpoint.switched_off_at.isoformat()}"
        if Alarm.objects.filter(key=key).exists():
            continue
        detail = SWITCHED_OFF % {"webhook": endpoint}
        alarm = raise_alarm(
            AlarmCause.WEBHOOK_GIVEN_UP,
            scope=f"webhook:{endpoint.pk}",
            at=at,
            severity=Severity.WATCH,
            about=endpoint,
            key=key,
            found=Found(detail=detail),
        )
        raised += [alarm] if alarm is not None else []
    return raised
