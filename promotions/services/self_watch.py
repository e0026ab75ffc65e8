"""Alarms about ourselves: a webhook that was switched off because it kept failing, checks that stand still, and triggers of the
database that are off.
"""

from datetime import datetime

from django.utils.translation import gettext_noop

from backoffice.lib.guarding import guards_off
from backoffice.lib.schedules import checks_standing_still
from backoffice.lib.sentences import Sentence
from promotions.models import Alarm
from promotions.services.alarm_messages import webhooks_that_gave_up
from promotions.services.alarms import Found, raise_alarm
from promotions.states import AlarmCause, Severity

SOME = 5  # so many are named
STAND_STILL = Sentence(gettext_noop("No run of %(checks)s was finished in time. What they watch over is not watched."))
GUARDS = Sentence(
    gettext_noop("Triggers that are missing, disabled or altered: %(count)s, among them %(some)s. What they refuse is let in.")
)
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


def watch_checks(at: datetime) -> Alarm | None:
    """An urgent alarm where scheduled checks stand still, one until somebody acknowledges it. Whoever runs this must not depend on
    beat, or not alone (`backoffice.watchman`).
    """
    late = checks_standing_still(at)
    if not late:
        return None
    detail = STAND_STILL % {"checks": _some(late)}
    return _about_the_site(AlarmCause.CHECKS_STAND_STILL, detail, at)


def watch_guards(at: datetime) -> Alarm | None:
    """An urgent alarm where the database does not guard what this code says it does, one until somebody acknowledges it."""
    off = guards_off()
    if not off:
        return None
    detail = GUARDS % {"count": len(off), "some": _some(off)}
    return _about_the_site(AlarmCause.GUARDS_OFF, detail, at)


def _about_the_site(cause: AlarmCause, detail: str, at: datetime) -> Alarm | None:
    return raise_alarm(cause, scope="platform", at=at, severity=Severity.URGENT, key=str(cause), found=Found(detail=detail))


def _some(names: list[str]) -> str:
    return ", ".join(names[:SOME]) + (" …" if len(names) > SOME else "")
