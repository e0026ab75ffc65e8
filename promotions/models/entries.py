import pghistory
import pgtrigger
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked
from backoffice.lib.states import guard_moves
from promotions.models.slices import derive_is_live, pass_status_on
from promotions.querysets import EntryQuerySet
from promotions.states import BUILT_IN_METRICS, ENTRY_MOVES, Channel, EntryStatus

_ALL_BUILT_IN = ", ".join(f"('{metric}')" for metric in BUILT_IN_METRICS)

# Tokens are asked for as long as it is open; the lines when it opens, since one that alarms later leaves the entry open.
RESTRICTED_ENTRY_IS_GUARDED = pgtrigger.Trigger(
    name="restricted_entry_is_guarded",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    condition=pgtrigger.Condition("NEW.status = 'open'"),
    func=f"""
        IF (SELECT t.audience FROM promotions_coupontype t WHERE t.id = NEW.coupon_type_id) = 'restricted'
           AND (NOT NEW.needs_token OR ((TG_OP = 'INSERT' OR OLD.status <> 'open') AND EXISTS (
               SELECT FROM (VALUES {_ALL_BUILT_IN}) AS wanted(metric)
                WHERE NOT EXISTS (
                    SELECT FROM promotions_threshold h
                     WHERE h.coupon_type_id = NEW.coupon_type_id AND h.is_built_in AND h.metric = wanted.metric
                       AND h.fired_at IS NULL))))
        THEN
            RAISE EXCEPTION 'an entry of a restricted type opens only with tokens, and with the thresholds armed'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'restricted_entry_is_guarded';
        END IF;
        RETURN NEW;
    """,
)


@tracked()
class Entry(models.Model):
    """The only way a coupon type can be claimed. Whatever is not an open entry is closed."""

    coupon_type = models.ForeignKey("promotions.CouponType", models.PROTECT, related_name="entries", verbose_name=_("coupon type"))
    code = models.CharField(_("code"), max_length=60, unique=True)
    channel = models.CharField(_("channel"), max_length=12, choices=Channel)
    opens_at = models.DateTimeField(_("opens at"))
    closes_at = models.DateTimeField(_("closes at"))
    cap = models.PositiveIntegerField(
        _("cap"), validators=[MinValueValidator(1)], help_text=_("At most so many coupons by this entry.")
    )
    needs_token = models.BooleanField(_("needs a token"), default=False)
    status = models.CharField(_("status"), max_length=10, choices=EntryStatus, default=EntryStatus.DRAFT)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        permissions = [
            ("request_entry", _("Can ask for an entry to open or to resume")),
            ("approve_entry", _("Can approve that an entry opens or resumes")),
            ("suspend_entry", _("Can suspend or close an entry")),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(opens_at__lt=F("closes_at")), name="entry_opens_before_it_closes"),
            models.CheckConstraint(condition=Q(cap__gt=0), name="entry_cap_is_positive"),
        ]
        triggers = [
            guard_moves("entry_moves", ENTRY_MOVES),
            RESTRICTED_ENTRY_IS_GUARDED,
            pass_status_on(name="entry_status_to_slices", slice_table="promotions_entryslice", owner_column="entry_id"),
        ]

    def __str__(self) -> str:
        return self.code


class EntrySlice(models.Model):
    """A part of an entry's cap."""

    entry = models.ForeignKey("promotions.Entry", models.CASCADE, related_name="slices")
    number = models.PositiveSmallIntegerField()
    cap = models.PositiveIntegerField()
    issued = models.PositiveIntegerField(default=0)
    is_live = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("slice of an entry")
        verbose_name_plural = _("slices of entries")
        constraints = [
            models.UniqueConstraint(fields=["entry", "number"], name="entry_slice_number_once"),
            models.CheckConstraint(condition=Q(issued__lte=F("cap")), name="entry_slice_never_overshoots"),
        ]
        triggers = [
            derive_is_live(
                name="entry_slice_is_live",
                status_query="SELECT e.status FROM promotions_entry e WHERE e.id = NEW.entry_id",
                giving=[EntryStatus.OPEN],
            )
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}/{self.number}"


TOKEN_BATCH_KEEPS_TO_THE_CAP = pgtrigger.Trigger(
    name="token_batch_keeps_to_the_cap",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.UpdateOf("uses", "entry_id"),
    func="""
        IF EXISTS (SELECT FROM promotions_entry e JOIN promotions_coupontype t ON t.id = e.coupon_type_id
                    WHERE e.id = NEW.entry_id AND NEW.uses > t.uses_per_token)
        THEN
            RAISE EXCEPTION 'a token may be used no more often than its coupon type allows'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'token_batch_keeps_to_the_cap';
        END IF;
        RETURN NEW;
    """,
)


@tracked()
class TokenBatch(models.Model):
    """Signed claim tokens made together for one entry. `count` is how many, `uses` how often each may be used."""

    entry = models.ForeignKey("promotions.Entry", models.PROTECT, related_name="batches", verbose_name=_("entry"))
    code = models.CharField(_("batch"), max_length=40)
    count = models.PositiveIntegerField(_("tokens"), validators=[MinValueValidator(1)])
    uses = models.PositiveIntegerField(_("uses of each"), default=1, validators=[MinValueValidator(1)])
    key_id = models.CharField(_("key id"), max_length=16, help_text=_("Which signing key made them."))
    expires_at = models.DateTimeField(_("expires at"))
    made_at = models.DateTimeField(_("made at"))
    made_by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("made by"))
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

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
        triggers = [TOKEN_BATCH_KEEPS_TO_THE_CAP]

    def __str__(self) -> str:
        return self.code


@pghistory.track(
    pghistory.UpdateEvent(level=pgtrigger.Row, condition=pghistory.AnyChange("revoked_at")),  # its uses are in the claims
    fields=["batch", "number", "revoked_at"],
    append_only=True,
    model_name="ClaimTokenEvent",
    obj_field=pghistory.ObjForeignKey(related_name="events"),
)
class ClaimToken(models.Model):
    """One token of a batch. The text on the QR code is made anew from this row and the signing key; it is not stored."""

    batch = models.ForeignKey("promotions.TokenBatch", models.CASCADE, related_name="tokens", verbose_name=_("batch"))
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

    def __str__(self) -> str:
        return f"{self.batch} #{self.number}"
