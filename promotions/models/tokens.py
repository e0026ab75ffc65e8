"""Token batches, their tokens, and who took the texts of which out of the house."""

import pghistory
import pgtrigger
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import kept_events, tracked
from promotions.states import ExportKind

# A batch is locked by its number, not by its row: every claim shares the lock, and a revocation waits its turn for it alone, in a
# queue that lets no later claim pass. See ADR 0009.
BATCH_LOCK = "hashtextextended('token_batch:' || {batch}, 0)"

REVOCATION_WAITS_FOR_CLAIMS = pgtrigger.Trigger(
    name="token_batch_revocation_waits_for_claims",
    when=pgtrigger.Before,
    operation=pgtrigger.UpdateOf("revoked_at"),
    func=f"PERFORM pg_advisory_xact_lock({BATCH_LOCK.format(batch='NEW.id')}); RETURN NEW;",
)
COMPLETE_WITH_EVERY_TOKEN = pgtrigger.Trigger(
    name="token_batch_is_complete_with_every_token",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.UpdateOf("is_complete", "count"),
    condition=pgtrigger.Condition("NEW.is_complete AND NEW.count > 0"),  # none at all is for the CHECK to refuse
    func="""
        IF (SELECT count(*) FROM promotions_claimtoken k WHERE k.batch_id = NEW.id) <> NEW.count THEN
            RAISE EXCEPTION 'a token batch is complete when every one of its tokens is made'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'token_batch_is_complete_with_every_token';
        END IF;
        RETURN NEW;
    """,
)


@tracked()
class TokenBatch(models.Model):
    """Signed claim tokens made together for one entry. `count` is how many, `uses` how often each may be used.

    None of them claims anything, and none can be printed, before all are made: `is_complete`. A large batch is made by `job`.
    """

    entry = models.ForeignKey("promotions.Entry", models.PROTECT, related_name="batches", verbose_name=_("entry"))
    code = models.CharField(_("batch"), max_length=40)
    count = models.PositiveIntegerField(_("tokens"), validators=[MinValueValidator(1)])
    uses = models.PositiveIntegerField(_("uses of each"), default=1, validators=[MinValueValidator(1)])
    key_id = models.CharField(_("key id"), max_length=16, help_text=_("Which signing key made them."))
    expires_at = models.DateTimeField(_("expires at"))
    made_at = models.DateTimeField(_("made at"))
    made_by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("made by"))
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    is_complete = models.BooleanField(_("complete"), default=False)
    job = models.OneToOneField(
        "lib.Job", models.PROTECT, related_name="+", null=True, blank=True, editable=False, verbose_name=_("job")
    )

    class Meta:
        verbose_name = _("token batch")
        verbose_name_plural = _("token batches")
        permissions = [
            ("revoke_tokenbatch", _("Can revoke tokens and batches")),
            ("print_tokenbatch", _("Can print the QR codes of a batch")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["entry", "code"], name="token_batch_code_once_per_entry"),
            models.CheckConstraint(condition=Q(count__gt=0, uses__gt=0), name="token_batch_counts_are_positive"),
        ]
        triggers = [REVOCATION_WAITS_FOR_CLAIMS, COMPLETE_WITH_EVERY_TOKEN]

    def __str__(self) -> str:
        return self.code


@pghistory.track(
    pghistory.UpdateEvent(level=pgtrigger.Row, condition=pghistory.AnyChange("revoked_at")),  # its uses are in the claims
    fields=["batch", "number", "revoked_at"],
    append_only=True,
    meta=kept_events(),
    model_name="ClaimTokenEvent",
    obj_field=pghistory.ObjForeignKey(related_name="events"),
)
class ClaimToken(models.Model):
    """One token of a batch. The text on the QR code is made anew from this row and the signing key; it is not stored."""

    batch = models.ForeignKey(
        "promotions.TokenBatch",
        models.CASCADE,
        related_name="tokens",
        db_index=False,  # the constraint below begins with it
        verbose_name=_("batch"),
    )
    number = models.PositiveIntegerField(_("number"), help_text=_("Counted from 0."))
    nonce = models.BinaryField(max_length=12, editable=False)
    uses = models.PositiveIntegerField(_("uses allowed"))
    used = models.PositiveIntegerField(_("used"), default=0)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("claim token")
        verbose_name_plural = _("claim tokens")
        constraints = [
            models.UniqueConstraint(fields=["batch", "number"], name="claim_token_number_once_per_batch"),
            models.CheckConstraint(condition=Q(used__lte=F("uses")), name="claim_token_never_overused"),
        ]
        indexes = [
            # The pages of a batch ask for what was touched; of a million tokens most were not.
            models.Index(fields=["batch", "-used", "number"], name="claim_token_used", condition=Q(used__gt=0)),
            models.Index(fields=["batch"], name="claim_token_revoked", condition=Q(revoked_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.batch} #{self.number + 1}"


@tracked()
class TokenExport(models.Model):
    """Somebody took the texts of some tokens out of the house, as a file or on paper. Rows never change.

    `first` and `last` are numbers of tokens, counted from 0, both included. Written before the first text leaves.
    """

    batch = models.ForeignKey("promotions.TokenBatch", models.PROTECT, related_name="exports", verbose_name=_("batch"))
    kind = models.CharField(_("as"), max_length=5, choices=ExportKind)
    first = models.PositiveIntegerField(_("first"))
    last = models.PositiveIntegerField(_("last"))
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("by"))
    reason = models.TextField(_("reason"))

    class Meta:
        verbose_name = _("export of tokens")
        verbose_name_plural = _("exports of tokens")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(first__lte=F("last")), name="token_export_first_before_last"),
            models.CheckConstraint(condition=~Q(reason=""), name="token_export_has_a_reason"),
        ]
        triggers = [pgtrigger.Protect(name="token_export_is_never_changed", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.batch} {self.first + 1}–{self.last + 1}"
