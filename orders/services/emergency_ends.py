"""How an emergency ends: a second person confirms exactly what was asked for, in time, or it falls and what it placed is released.

Approval, emergency, job: locked in this order by whoever ends one, so that exactly one of confirming and falling happens.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib.actors import system_user
from backoffice.lib.aloud import english
from backoffice.lib.approvals import AlreadyDecided, lapse
from backoffice.lib.audit import because
from backoffice.lib.errors import StaleState
from backoffice.lib.jobs import cancel_rest, queue_job, why_not_cancel
from backoffice.lib.models import Approval, Job
from backoffice.lib.outbox import outbox_event, tell
from backoffice.lib.sentences import Sentence, gettext_noop
from orders.models import Emergency, Hold, Release
from orders.scopes.reading import act_aloud
from orders.services.scope_kinds import FREEZE_SCOPE, RELEASE_SCOPE
from orders.services.scopes import check_unchanged, fix_scope
from promotions.services.alarms import Found, raise_alarm
from promotions.states import AlarmCause, Severity

STARTED = outbox_event("freeze.emergency_started", title=gettext_lazy("One person started a freeze alone"))
CONFIRMED = outbox_event("freeze.emergency_confirmed", title=gettext_lazy("An emergency freeze is confirmed"))
FALLEN = outbox_event("freeze.emergency_fallen", title=gettext_lazy("An emergency freeze has fallen"))
OVERDUE = str(Sentence(gettext_noop("no second person confirmed it in time")))
ALL_IT_PLACED = Sentence(
    gettext_noop("all that %(freeze)s placed: an emergency that fell"), is_part=True, is_innermost=True, freeze=act_aloud
)
IS_RELEASED = Sentence(
    gettext_noop("%(freeze)s was started by one person alone and was not confirmed: what it placed is being released."),
    freeze=act_aloud,
)


def confirm(approval: Approval, at: datetime) -> bool:
    """Confirm the emergency that this approval is about; False where it is about none.

    Raises ScopeChanged where scope or terms are no longer what was asked for, StaleState where it has fallen or its time is over.
    """
    emergency = Emergency.objects.select_for_update(of=("self",)).filter(freeze__job__approval=approval).first()
    if emergency is None:
        return False
    check_unchanged(FREEZE_SCOPE, approval)
    rows = Emergency.objects.unconfirmed().filter(pk=emergency.pk, ends_at__gt=at)
    if not rows.update(confirmed_by=approval.decided_by, confirmed_at=at):
        raise StaleState(_("Its time is over: it falls, and what it placed is released. Ask for a freeze the ordinary way."))
    tell(CONFIRMED, payload_of(emergency), at=at)
    return True


def let_fall(approval: Approval, at: datetime) -> bool:
    """The emergency that this approval is about falls at once; False where it is about none."""
    emergency = Emergency.objects.select_related("freeze__job").filter(freeze__job__approval=approval).first()
    if emergency is None:
        return False
    if Emergency.objects.unconfirmed().filter(pk=emergency.pk).update(fallen_at=at):
        _undo(emergency, reason=approval.decision_reason, at=at)
    return True


def end_overdue(at: datetime) -> int:
    """Let fall what nobody confirmed in time. Answers how many fell. Safe to repeat and to run twice at once."""
    overdue = Emergency.objects.overdue(at).order_by("ends_at", "pk").select_related("freeze__job__approval")
    return sum(_lapse(emergency.freeze.job.approval, at) for emergency in overdue)


def payload_of(emergency: Emergency) -> Mapping[str, Any]:
    """What receivers are told: no names, no orders."""
    freeze = emergency.freeze
    return {
        "freeze": freeze.pk,
        "legal_reference": freeze.legal_reference,
        "orders": freeze.job.total,
        "started_at": emergency.started_at.isoformat(),
        "ends_at": emergency.ends_at.isoformat(),
    }


def _lapse(approval: Approval, at: datetime) -> int:
    try:
        lapse(approval, by=system_user(), reason=OVERDUE, at=at)
    except AlreadyDecided:
        return 0  # somebody confirmed it or turned it down at this very moment
    return 1


@transaction.atomic
def _undo(emergency: Emergency, *, reason: str, at: datetime) -> None:
    """Stop the freeze's job after the chunk that is being worked, then release each hold that is open by then, with a result."""
    freeze, who = emergency.freeze, system_user()
    with because(reason, user=who.pk):
        job = Job.objects.select_for_update().get(pk=freeze.job_id)
        if not why_not_cancel(job):
            cancel_rest(job, by=who, reason=reason, at=at)
        placed = Hold.objects.open().filter(freeze=freeze)
        if placed.exists():
            work = Job.objects.create(kind=RELEASE_SCOPE.name, reason=reason, requested_by=who, requested_at=at)
            words = ALL_IT_PLACED % {"freeze": english(freeze)}
            release = Release(freeze=freeze, job=work, legal_reference=freeze.legal_reference, scope_text=words)
            fix_scope(RELEASE_SCOPE, release, placed)
            Emergency.objects.filter(pk=emergency.pk).update(release=release)
            queue_job(work)
    _tell_fallen(emergency, at)


def _tell_fallen(emergency: Emergency, at: datetime) -> None:
    raise_alarm(
        AlarmCause.EMERGENCY_FALLEN,
        scope=f"freeze:{emergency.freeze_id}",
        at=at,
        severity=Severity.URGENT,
        about=emergency.freeze,
        key=f"emergency_fallen:{emergency.pk}",
        found=Found(detail=IS_RELEASED % {"freeze": english(emergency.freeze)}),
    )
    tell(FALLEN, payload_of(emergency), at=at)
