import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.aloud import word
from backoffice.lib.audit import tracked
from backoffice.lib.states import guard_moves, moves


class JobStatus(models.TextChoices):
    REQUESTED = "requested", _("waiting for approval")
    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    PAUSED = "paused", _("paused")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


JOB_MOVES = moves(
    {
        JobStatus.REQUESTED: {JobStatus.QUEUED, JobStatus.CANCELLED},
        JobStatus.QUEUED: {JobStatus.RUNNING, JobStatus.PAUSED, JobStatus.CANCELLED},
        JobStatus.RUNNING: {JobStatus.QUEUED, JobStatus.PAUSED, JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED},
        JobStatus.PAUSED: {JobStatus.QUEUED, JobStatus.CANCELLED},
        JobStatus.DONE: set(),
        JobStatus.FAILED: {JobStatus.QUEUED, JobStatus.CANCELLED},
        JobStatus.CANCELLED: set(),
    }
)


# The table of its history is called as it was when fewer fields were kept: a new name would be a new table, without the old rows.
@tracked(
    fields=["kind", "status", "total", "requested_by", "reason", "scope_hash", "cancelled_at", "cancelled_by", "cancel_reason"],
    model_name="JobKindStatusTotalRequestedByReasonScopeHashEvent",
)
class Job(models.Model):
    """Long work, owned by the database. Celery wakes it up; a worker holds a lease while it works a chunk.

    `done` counts the items that have a result; `cursor` is the last item worked. Both move with each chunk's own commit, so
    a worker that dies anywhere loses nothing and repeats nothing.

    `cancelled_at` says since when nothing more of it is done; it may still run then, to give the rest of its items a result that
    says so. `scope_checked_at` is when the scope was found to be what was approved, since the job was last queued.
    """

    kind = models.CharField(_("kind"), max_length=40)
    status = models.CharField(_("status"), max_length=10, choices=JobStatus, default=JobStatus.REQUESTED)
    reason = models.TextField(_("reason"))
    requested_by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("requested by"))
    requested_at = models.DateTimeField(_("requested at"))
    approval = models.OneToOneField(
        "lib.Approval", models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("approval")
    )
    total = models.PositiveIntegerField(_("items"), default=0)
    done = models.PositiveIntegerField(_("done"), default=0)
    failed_items = models.PositiveIntegerField(_("failed"), default=0)
    scope_hash = models.CharField(_("hash of the scope"), max_length=64, blank=True)
    cursor = models.BigIntegerField(default=0, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    lease_token = models.UUIDField(null=True, editable=False)
    started_at = models.DateTimeField(_("started at"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    error = models.TextField(_("error"), blank=True)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, editable=False)
    cancelled_by = models.ForeignKey(
        "auth.User", models.PROTECT, related_name="+", null=True, editable=False, verbose_name=_("cancelled by")
    )
    cancel_reason = models.TextField(_("why it was cancelled"), blank=True, editable=False)
    scope_checked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(done__lte=F("total")), name="job_done_within_total"),
            models.CheckConstraint(condition=Q(failed_items__lte=F("done")), name="job_failed_within_done"),
            models.CheckConstraint(condition=~Q(status="done") | Q(done=F("total")), name="job_is_done_when_every_item_is"),
            models.CheckConstraint(condition=~Q(status="done") | Q(cancelled_at=None), name="job_cancelled_is_never_done"),
            models.CheckConstraint(
                condition=Q(cancelled_at=None, cancelled_by=None, cancel_reason="")
                | (Q(cancelled_at__isnull=False, cancelled_by__isnull=False) & ~Q(cancel_reason="")),
                name="job_cancelled_by_whom_and_why",
            ),
        ]
        indexes = [
            models.Index(fields=["lease_until"], name="job_open", condition=Q(status__in=["queued", "running"])),
        ]
        triggers = [
            guard_moves("job_moves", JOB_MOVES),
            pgtrigger.Protect(
                name="job_is_cancelled_once",
                operation=pgtrigger.UpdateOf("cancelled_at", "cancelled_by_id", "cancel_reason"),
                condition=pgtrigger.Condition("OLD.cancelled_at IS NOT NULL"),
            ),
        ]

    def __str__(self) -> str:
        return f"{word(self.kind)} #{self.pk}"

    @property
    def is_being_cancelled(self) -> bool:
        """Whether it only gives the rest of its items a result that says that it was cancelled."""
        return self.cancelled_at is not None and self.status in (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.FAILED)

    @property
    def percent_done(self) -> int:
        """0 to 100, whole; a job without items counts as done."""
        return 100 * self.done // self.total if self.total else 100
