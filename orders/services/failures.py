"""A freeze or a release that came to a stop: what is not held, or not released, while nobody looks. People are told at once."""

from datetime import datetime
from decimal import Decimal

from backoffice.lib.aloud import english
from backoffice.lib.models import Job
from backoffice.lib.sentences import Sentence, gettext_noop
from orders.models import Freeze, Release
from orders.services.scope_kinds import FREEZE_SCOPE, RELEASE_SCOPE
from promotions.services.alarms import Found, raise_alarm
from promotions.states import AlarmCause, Severity

STOPPED = Sentence(gettext_noop("%(act)s came to a stop after %(done)s of %(total)s: %(error)s"))
KINDS: dict[str, type[Freeze] | type[Release]] = {FREEZE_SCOPE.name: Freeze, RELEASE_SCOPE.name: Release}


def tell_of_failure(job: Job, *, at: datetime) -> None:
    """Raise an urgent alarm where the job is of a freeze or a release; one a job until somebody acknowledges it."""
    if job.kind not in KINDS:
        return
    act = KINDS[job.kind]._default_manager.get(job=job)
    told = {"act": english(act), "done": f"{job.done:,}", "total": f"{job.total:,}", "error": _sentence_of(job.error)}
    raise_alarm(
        AlarmCause.FREEZE_FAILED,
        scope=f"{act._meta.model_name}:{act.pk}",
        at=at,
        severity=Severity.URGENT,
        about=act,
        key=f"{act._meta.model_name}_failed:{act.pk}",
        found=Found(value=Decimal(job.total - job.done), detail=STOPPED % told),
    )


def _sentence_of(error: str) -> str:
    """Without the class of the error, which says nothing to who is woken up."""
    return error.partition(": ")[2] or error
