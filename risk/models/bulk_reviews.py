from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked
from backoffice.lib.guards import closed_scope
from backoffice.lib.models import Job
from orders.models.guards import ends_complete, result_comes_once
from risk.querysets import BulkItemQuerySet
from risk.states import BulkResult, Decision, Disposition

JOB_KIND = "bulk_review"


@tracked()
class BulkReview(models.Model):
    """Many flagged orders decided alike, or such a decision taken back: a job over a list that is fixed and hashed.

    `decision` is empty where it takes back what `undoes` decided; `disposition` is empty where each keeps what the rules said.
    """

    job = models.OneToOneField("lib.Job", models.PROTECT, related_name="+", verbose_name=_("job"))
    decision = models.CharField(_("decision"), max_length=10, choices=Decision, blank=True)
    disposition = models.CharField(_("disposition"), max_length=12, choices=Disposition, blank=True)
    scope_text = models.TextField(_("scope"), help_text=_("Which orders, in words."))
    undoes = models.OneToOneField(
        "self", models.PROTECT, related_name="undone_by", null=True, blank=True, verbose_name=_("takes back")
    )

    class Meta:
        verbose_name = _("bulk decision")
        verbose_name_plural = _("bulk decisions")
        ordering = ["-id"]
        permissions = [("decide_in_bulk", _("Can decide many flagged orders at once"))]
        constraints = [
            models.CheckConstraint(
                condition=(~Q(decision="") & Q(undoes=None)) | Q(decision="", disposition="", undoes__isnull=False),
                name="bulk_review_decides_or_takes_back",
            )
        ]

    def __str__(self) -> str:
        return f"{_('bulk decision')} #{self.pk}"


class BulkReviewItem(models.Model):
    """One flagged order of a bulk decision, and what became of it: done + skipped + failed = scope at the end."""

    bulk = models.ForeignKey(
        "risk.BulkReview", models.PROTECT, related_name="items", db_index=False, verbose_name=_("bulk decision")
    )
    flag = models.ForeignKey("risk.Flag", models.PROTECT, related_name="+", verbose_name=_("flagged order"))
    result = models.CharField(_("result"), max_length=8, choices=BulkResult, default=BulkResult.PENDING)
    detail = models.CharField(_("detail"), max_length=300, blank=True)

    objects = BulkItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("order of a bulk decision")
        verbose_name_plural = _("orders of bulk decisions")
        constraints = [
            models.UniqueConstraint(fields=["bulk", "flag"], name="bulk_review_item_once_per_flag"),
            models.CheckConstraint(
                condition=Q(result__in=["pending", "done", "skipped", "failed"]), name="bulk_review_item_result_is_known"
            ),
        ]
        triggers = [
            *closed_scope(name="bulk_review", owner="bulk_id", owners="risk_bulkreview", subject="flag_id"),
            result_comes_once("bulk_review_item"),
        ]

    def __str__(self) -> str:
        return f"{self.flag_id}: {self.get_result_display()}"


class BulkReviewJob(Job):
    """The job of a bulk decision: not done while an order has no result. A proxy, to carry that trigger."""

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = _("job of a bulk decision")
        verbose_name_plural = _("jobs of bulk decisions")
        triggers = [ends_complete(JOB_KIND, items="risk_bulkreviewitem", owner="bulk_id", owners="risk_bulkreview")]
