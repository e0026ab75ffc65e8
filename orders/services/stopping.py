"""Bulk work that somebody stops: paused and gone on with, or cancelled for good. What has a result keeps it.

Before it is approved a request is taken back instead; so all of this is about work that was let begin.
"""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from backoffice.lib.approvals import NotAllowed
from backoffice.lib.audit import because
from backoffice.lib.errors import StaleState
from backoffice.lib.jobs import cancel_rest, pause_job, queue_job
from backoffice.lib.models import Job, JobStatus
from orders.models import Emergency, Freeze, OrderImport, Release
from orders.services.texts import checked_prose
from orders.states import ImportStatus

Work = Freeze | Release | OrderImport
STOP_FREEZE, STOP_IMPORT = "orders.stop_freeze", "orders.load_orderimport"
STANDING_STILL = (JobStatus.PAUSED, JobStatus.FAILED)


def pause_work(work: Work, *, by: Any, reason: str, at: datetime) -> Job:
    """Stop after the chunk that is being worked, until somebody lets it go on.

    Raises NotAllowed, InvalidInput without a reason, and StaleState where nothing runs or it was cancelled.
    """
    return pause_job(_job(work, by), by=by, reason=checked_prose(reason, _("the reason")), at=at)


def resume_work(work: Work, *, by: Any, reason: str, at: datetime) -> Job:
    """Let what stands still go on where it stopped; of a freeze or a release it is checked first that it is what was approved.

    Raises NotAllowed, InvalidInput without a reason, and StaleState where nothing stands still.
    """
    job, reason = _job(work, by), checked_prose(reason, _("the reason"))
    if job.status not in STANDING_STILL:
        raise StaleState(_("Nothing stands still here."))
    with because(reason, user=by.pk, job=job.pk):
        return queue_job(job)


def cancel_work(work: Work, *, by: Any, reason: str, at: datetime) -> Job:
    """Do nothing more of it, for good: once the chunk that is being worked is committed nothing more is held, released or loaded.

    What was done stays done and is counted. The job gives each of the rest the result "skipped", with the reason that it was
    cancelled, and then ends. Raises NotAllowed, InvalidInput without a reason, and StaleState before it was approved, once it has
    ended, where nothing is left, and for the release of an emergency that fell: nobody approved that those orders stay held.
    """
    job = _job(work, by)
    if isinstance(work, Release) and Emergency.objects.filter(release=work).exists():
        raise StaleState(_("It lets go what an emergency held that nobody confirmed: that is not cancelled."))
    if isinstance(work, OrderImport) and work.status != ImportStatus.LOADING:
        raise StaleState(_("Nothing is being loaded. Discard the file instead."))
    return cancel_rest(job, by=by, reason=checked_prose(reason, _("the reason")), at=at)


def job_of(work: Work) -> Job | None:
    """The job that works it: of a file its loading, and before that its check; None where none was ever asked for."""
    return (work.job or work.check_job) if isinstance(work, OrderImport) else work.job


def _job(work: Work, by: Any) -> Job:
    """The job as it is now, for a person who may stop it."""
    if not by.has_perm(STOP_IMPORT if isinstance(work, OrderImport) else STOP_FREEZE):
        raise NotAllowed(_("You do not have the right to stop this work or to let it go on."))
    job = job_of(work)
    if job is None:
        raise StaleState(_("Nothing works at it."))
    return Job.objects.get(pk=job.pk)
