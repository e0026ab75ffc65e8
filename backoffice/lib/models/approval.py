from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked


class ApprovalStatus(models.TextChoices):
    PENDING = "pending", _("waiting")
    APPROVED = "approved", _("approved")
    REJECTED = "rejected", _("rejected")
    WITHDRAWN = "withdrawn", _("withdrawn")


@tracked()
class Approval(models.Model):
    """One person asks for something that needs a second one. Who asks is never who approves, no role excepted.

    `payload` is exactly what would be done; `payload_hash` is its SHA-256. What was approved is what runs: the action is given this
    payload and nothing else, and refuses where the world no longer matches it.
    """

    action = models.CharField(_("action"), max_length=60)
    target = models.CharField(_("target"), max_length=120, help_text=_("What it is about, as app.model:id."))
    summary = models.TextField(_("what would be done"))
    payload = models.JSONField(_("payload"), default=dict)
    payload_hash = models.CharField(_("hash"), max_length=64)
    reason = models.TextField(_("reason"))
    status = models.CharField(_("status"), max_length=10, choices=ApprovalStatus, default=ApprovalStatus.PENDING)
    requested_by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("requested by"))
    requested_at = models.DateTimeField(_("requested at"))
    decided_by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", null=True, verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decision_reason = models.TextField(_("reason of the decision"), blank=True)

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["action", "target"],
                condition=Q(status="pending"),
                name="approval_one_pending_per_action_and_target",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | Q(status="withdrawn") | ~Q(decided_by=F("requested_by")),
                name="approval_never_by_the_one_who_asked",
            ),
            models.CheckConstraint(
                condition=Q(status="pending", decided_by=None, decided_at=None)
                | (~Q(status="pending") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="approval_decision_has_person_and_time",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="approval_has_a_reason"),
            models.CheckConstraint(condition=Q(payload_hash__regex="^[0-9a-f]{64}$"), name="approval_payload_is_hashed"),
        ]

    def __str__(self) -> str:
        return self.summary
