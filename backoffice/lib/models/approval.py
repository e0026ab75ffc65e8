import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.aloud import aloud
from backoffice.lib.audit import never_truncated, tracked

# What was asked is never rewritten, a decision is made once, and the row remembers the transaction that approved it: what may only
# be changed by an approval is changed in that transaction or not at all.
STAYS_AS_ASKED = pgtrigger.Trigger(
    name="approval_stays_as_asked",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    func="""
        IF (CASE WHEN TG_OP = 'INSERT' THEN NEW.status <> 'pending'
                ELSE OLD.status <> 'pending'
                  OR (OLD.action, OLD.target, OLD.summary, OLD.payload, OLD.payload_hash, OLD.reason,
                      OLD.requested_by_id, OLD.requested_at)
                     IS DISTINCT FROM
                     (NEW.action, NEW.target, NEW.summary, NEW.payload, NEW.payload_hash, NEW.reason,
                      NEW.requested_by_id, NEW.requested_at)
           END)
        THEN
            RAISE EXCEPTION 'an approval stays as it was asked, and is decided once'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'approval_stays_as_asked';
        END IF;
        NEW.decided_in := CASE WHEN NEW.status = 'approved' THEN pg_current_xact_id()::text::bigint END;
        RETURN NEW;
    """,
)


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

    decided_in = models.BigIntegerField(null=True, editable=False)  # the transaction that approved it, written by the trigger

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
        triggers = [
            STAYS_AS_ASKED,
            pgtrigger.Protect(name="approval_is_never_deleted", operation=pgtrigger.Delete),
            never_truncated("approvals_are_never_truncated"),
        ]

    def __str__(self) -> str:
        return aloud(self.summary)
