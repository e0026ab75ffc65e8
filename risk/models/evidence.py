"""Evidence bundles: signed archives of an incident, made by a job, kept in pieces, and every one that left the house noted."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked
from risk.models.incident_scope import stays

IS_HASH = "^[0-9a-f]{64}$"


@tracked()
class EvidenceBundle(models.Model):
    """One archive of an incident as of one time. It is there once its job is done; then it never changes.

    `size` and `sha256` are of the whole archive, which is put together from its files' pieces whenever it is taken out.
    """

    incident = models.ForeignKey("risk.Incident", models.PROTECT, related_name="bundles", verbose_name=_("incident"))
    job = models.OneToOneField("lib.Job", models.PROTECT, related_name="+", verbose_name=_("job"))
    reference = models.CharField(_("reference of the authority"), max_length=200, blank=True)
    as_of = models.DateTimeField(_("as of"))
    asked_by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("asked by"))
    reason = models.TextField(_("reason"))
    contents = models.JSONField(_("files"), help_text=_("What its files are called, in their order, manifest and seal left out."))
    size = models.PositiveBigIntegerField(_("bytes"), null=True, editable=False)
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True, default="", editable=False)
    key_id = models.CharField(_("key"), max_length=40, blank=True, default="", editable=False)
    sealed_at = models.DateTimeField(_("sealed at"), null=True, editable=False)

    class Meta:
        verbose_name = _("evidence bundle")
        verbose_name_plural = _("evidence bundles")
        ordering = ["-pk"]
        default_permissions = ("view",)
        permissions = [("take_evidencebundle", _("Can make and take out evidence bundles"))]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="bundle_has_a_reason"),
            models.CheckConstraint(
                condition=Q(sealed_at=None, size=None, sha256="", key_id="")
                | (Q(sealed_at__isnull=False, size__isnull=False, sha256__regex=IS_HASH) & ~Q(key_id="")),
                name="bundle_is_sealed_as_a_whole",
            ),
            models.CheckConstraint(condition=Q(sealed_at=None) | Q(sealed_at__gte=F("as_of")), name="bundle_sealed_after_its_time"),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="bundle_only_gets_sealed", exclude=["size", "sha256", "key_id", "sealed_at"]),
            pgtrigger.Protect(
                name="bundle_is_sealed_once", operation=pgtrigger.Update, condition=pgtrigger.Q(old__sealed_at__isnull=False)
            ),
            pgtrigger.Protect(name="bundle_is_never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{_('evidence bundle')} #{self.pk}"


class BundleFile(models.Model):
    """A file of a bundle: how it is called in the archive, what it holds, and how its pieces are packed."""

    bundle = models.ForeignKey("risk.EvidenceBundle", models.PROTECT, related_name="files", db_index=False)
    number = models.PositiveIntegerField(_("number"))
    name = models.CharField(_("file"), max_length=200)
    rows = models.PositiveBigIntegerField(_("rows"), null=True)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    crc32 = models.PositiveBigIntegerField()
    size = models.PositiveBigIntegerField(_("bytes"))
    packed_size = models.PositiveBigIntegerField()

    class Meta:
        verbose_name = _("file of a bundle")
        verbose_name_plural = _("files of bundles")
        ordering = ["bundle", "number"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["bundle", "number"], name="bundle_file_number_once"),
            models.UniqueConstraint(fields=["bundle", "name"], name="bundle_file_name_once"),
            models.CheckConstraint(condition=Q(sha256__regex=IS_HASH), name="bundle_file_is_hashed"),
        ]
        triggers = [stays("bundle_file_stays")]

    def __str__(self) -> str:
        return self.name


class BundlePiece(models.Model):
    """Some of the packed bytes of a file, in their order."""

    file = models.ForeignKey("risk.BundleFile", models.PROTECT, related_name="pieces", db_index=False)
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        verbose_name = _("piece of a bundle")
        verbose_name_plural = _("pieces of bundles")
        ordering = ["file", "number"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["file", "number"], name="bundle_piece_number_once")]
        triggers = [stays("bundle_piece_stays")]

    def __str__(self) -> str:
        return f"{self.file_id}/{self.number}"


class BundleDownload(models.Model):
    """Somebody took an evidence bundle out of the house. Written before its first byte leaves; rows stay."""

    bundle = models.ForeignKey("risk.EvidenceBundle", models.PROTECT, related_name="downloads", verbose_name=_("bundle"))
    by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))
    reason = models.TextField(_("for whom"))

    class Meta:
        verbose_name = _("download of a bundle")
        verbose_name_plural = _("downloads of bundles")
        ordering = ["-pk"]
        default_permissions = ("view",)
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="bundle_download_has_a_reason")]
        triggers = [stays("bundle_download_stays")]

    def __str__(self) -> str:
        return f"#{self.pk}"
