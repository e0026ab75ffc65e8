from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class IdempotencyRecord(models.Model):
    """An answer that was given, so that it can be given again. Kept per API key: no caller can read another's answer."""

    # No index of its own: the unique one begins with it. A statement that was prepared while the table was empty took the short one
    # as readily, and then read every answer of the caller.
    api_key = models.ForeignKey("lib.ApiKey", models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(_("key"), max_length=255)
    fingerprint = models.CharField(_("fingerprint"), max_length=64, help_text=_("SHA-256 of method, path and body."))
    started_at = models.DateTimeField(_("started at"))
    status = models.PositiveSmallIntegerField(_("status"))
    body = models.BinaryField(_("body"))
    content_type = models.CharField(max_length=60)

    class Meta:
        verbose_name = _("idempotency record")
        verbose_name_plural = _("idempotency records")
        constraints = [
            models.UniqueConstraint(fields=["api_key", "key"], name="idempotency_one_answer_per_key"),
            models.CheckConstraint(condition=Q(status__lt=500), name="idempotency_keeps_no_server_error"),
        ]
        indexes = [models.Index(fields=["started_at"], name="idempotency_by_start")]

    def __str__(self) -> str:
        return self.key
