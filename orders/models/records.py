"""Records of freezes and releases that left the house, each signed."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import never_truncated
from orders.states import RecordKind


class ActRecord(models.Model):
    """Somebody took a signed record of a freeze or a release out: which, when, of which bytes. Never changed.

    `file_sha256` is of the whole file as it left, signature included; `results_sha256` of the table of results it speaks of.
    """

    freeze = models.ForeignKey("orders.Freeze", models.PROTECT, related_name="records", null=True, verbose_name=_("freeze"))
    release = models.ForeignKey("orders.Release", models.PROTECT, related_name="records", null=True, verbose_name=_("release"))
    kind = models.CharField(_("as"), max_length=4, choices=RecordKind)
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("by"))
    file_sha256 = models.CharField(_("SHA-256 of the file"), max_length=64)
    results_sha256 = models.CharField(_("SHA-256 of the results"), max_length=64)
    key_id = models.CharField(_("key"), max_length=40)

    class Meta:
        verbose_name = _("record")
        verbose_name_plural = _("records")
        constraints = [
            models.CheckConstraint(
                condition=Q(freeze__isnull=False, release=None) | Q(freeze=None, release__isnull=False), name="record_is_of_one_act"
            ),
            models.CheckConstraint(
                condition=Q(file_sha256__regex="^[0-9a-f]{64}$", results_sha256__regex="^[0-9a-f]{64}$"), name="record_is_hashed"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="record_stays_written", operation=pgtrigger.Update | pgtrigger.Delete),
            never_truncated("records_are_never_truncated"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.get_kind_display()}"
