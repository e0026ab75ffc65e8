from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.aloud import aloud
from risk.querysets import AssessmentQuerySet
from risk.states import EvidenceKind, Strength


class Assessment(models.Model):
    """An order was looked at, and when last. An order without one was left by a lost message.

    `error` says which rules failed, or what kept the order from being assessed at all; it is then tried again.
    """

    order = models.OneToOneField("orders.Order", models.CASCADE, related_name="+", verbose_name=_("order"))
    assessed_at = models.DateTimeField(_("assessed at"))
    error = models.TextField(_("error"), blank=True)

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("assessment")
        verbose_name_plural = _("assessments")
        indexes = [models.Index(fields=["assessed_at"], name="assessment_to_retry", condition=~Q(error=""))]

    def __str__(self) -> str:
        return str(self.order_id)


class Finding(models.Model):
    """A rule's result on an order, with the values as they were at that time. What speaks for the customer is one too."""

    order = models.ForeignKey("orders.Order", models.CASCADE, related_name="+", verbose_name=_("order"))
    rule = models.CharField(_("rule"), max_length=60)
    evidence = models.CharField(_("kind of evidence"), max_length=14, choices=EvidenceKind)
    strength = models.CharField(_("strength"), max_length=6, choices=Strength)
    score = models.SmallIntegerField(_("score"), help_text=_("Negative where it speaks for the customer."))
    text = models.TextField(_("finding"))
    values = models.JSONField(_("values"), default=dict)
    found_at = models.DateTimeField(_("found at"))

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        ordering = ["order_id", "-score", "rule"]
        constraints = [models.UniqueConstraint(fields=["order", "rule"], name="finding_once_per_order_and_rule")]

    def __str__(self) -> str:
        return aloud(self.text, is_ours=True)
