"""The papers that a freeze or a release stands on, kept where everything else is kept: in the database, with their hash."""

from typing import Any

import pgtrigger
from django.db import models
from django.db.models import CharField, F, Func, IntegerField, Q, Value
from django.utils.translation import gettext_lazy as _

from orders.models.guards import NEVER_IGNORED

MOST_BYTES = 10 * 1024 * 1024
# What is kept, by the bytes it begins with. Nothing that a browser would run; what a file is called says nothing.
MEDIA_TYPES = {"application/pdf": b"%PDF-", "image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
BYTES = Func(F("content"), function="octet_length", output_field=IntegerField())
HASH = Func(Func(F("content"), function="sha256"), Value("hex"), function="encode", output_field=CharField())
STAYS = pgtrigger.Trigger(
    name="document_stays_as_it_came",
    declare=NEVER_IGNORED,
    when=pgtrigger.Before,
    operation=pgtrigger.Update | pgtrigger.Delete,
    func="""
        RAISE EXCEPTION 'a document stays as it came'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'document_stays_as_it_came';
    """,
)


class DocumentManager(models.Manager):
    def get_queryset(self) -> Any:
        """Without the bytes: whoever wants them asks for `content` by name."""
        return super().get_queryset().defer("content")


class Document(models.Model):
    """A file as it came, which never changes: an order of an authority, as a PDF or a picture.

    `sha256` is of the bytes, and the database itself computes whether it is.
    """

    name = models.CharField(_("file"), max_length=200)
    media_type = models.CharField(_("type"), max_length=40)
    size = models.PositiveIntegerField(_("bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    content = models.BinaryField(editable=False)
    uploaded_by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("uploaded by"))
    uploaded_at = models.DateTimeField(_("uploaded at"))

    objects = DocumentManager()

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        base_manager_name = "objects"
        constraints = [
            models.CheckConstraint(condition=Q(media_type__in=sorted(MEDIA_TYPES)), name="document_is_of_a_known_type"),
            models.CheckConstraint(condition=Q(size__gt=0, size__lte=MOST_BYTES), name="document_is_no_larger_than_allowed"),
            models.CheckConstraint(condition=Q(size=BYTES), name="document_is_as_large_as_it_says"),
            models.CheckConstraint(condition=Q(sha256=HASH), name="document_has_the_hash_it_says"),
        ]
        triggers = [STAYS]

    def __str__(self) -> str:
        return self.name
