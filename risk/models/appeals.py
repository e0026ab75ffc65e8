import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked
from risk.models.queue_guards import ON_APPEALS
from risk.querysets import AppealQuerySet
from risk.states import AppealOutcome


@tracked()
class Appeal(models.Model):
    """A customer objects, through the storefront, to his order being held. Somebody other than who decided the order decides it.

    `contact` is the storefront's own name for how the customer is reached; `words` are what he is told, `reason` is for staff.
    """

    order = models.ForeignKey("orders.Order", models.PROTECT, related_name="+", verbose_name=_("order"))
    text = models.TextField(_("what the customer says"))
    contact = models.CharField(_("contact"), max_length=64, blank=True)
    filed_at = models.DateTimeField(_("filed at"))
    due_at = models.DateTimeField(_("due"))
    outcome = models.CharField(_("outcome"), max_length=8, choices=AppealOutcome, blank=True)
    decided_by = models.ForeignKey(
        "auth.User", models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    words = models.TextField(_("words for the customer"), blank=True)

    objects = AppealQuerySet.as_manager()

    class Meta:
        verbose_name = _("appeal")
        verbose_name_plural = _("appeals")
        ordering = ["-id"]
        permissions = [("decide_appeal", _("Can decide an appeal"))]
        constraints = [
            models.UniqueConstraint(fields=["order"], condition=Q(outcome=""), name="appeal_one_open_per_order"),
            models.CheckConstraint(condition=~Q(text=""), name="appeal_says_something"),
            models.CheckConstraint(
                condition=Q(outcome="", decided_by=None, decided_at=None, reason="", words="")
                | (~Q(outcome="") & Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(reason="") & ~Q(words="")),
                name="appeal_decided_by_whom_when_why_and_in_which_words",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], name="appeal_open", condition=Q(outcome=""))]
        triggers = [
            *ON_APPEALS,
            pgtrigger.ReadOnly(name="appeal_stays_as_filed", exclude=["outcome", "decided_by", "decided_at", "reason", "words"]),
            pgtrigger.Protect(
                name="appeal_is_decided_once", operation=pgtrigger.Update, condition=pgtrigger.Condition("OLD.outcome <> ''")
            ),
            pgtrigger.Protect(name="appeal_is_never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{_('appeal')} #{self.pk}"
