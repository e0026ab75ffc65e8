from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked


@tracked()
class ListExport(models.Model):
    """Somebody took rows of a list out of the house: which list, narrowed down how, and how many rows.

    Written before the first row leaves. `rows` stays empty where the download was broken off.
    """

    by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("by"))
    model = models.CharField(_("list"), max_length=100, help_text=_("As app.model."))
    query = models.TextField(_("filters in the address"), blank=True)
    words = models.TextField(_("filters in words"), blank=True)
    asked_at = models.DateTimeField(_("asked at"))
    rows = models.PositiveIntegerField(_("rows"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-pk"]
        default_permissions = ("view",)
        permissions = [("export_rows", _("Can export lists"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(rows=None, finished_at=None) | Q(rows__isnull=False, finished_at__isnull=False),
                name="list_export_counts_its_rows_at_the_end",
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.model}"
