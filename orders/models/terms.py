"""The term of a legal freeze: warned of before it runs out, complained of every day afterwards, extended by two persons."""

import pgtrigger
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked
from orders.models.guards import NEVER_IGNORED

MOST_DAYS = 365

# A term is what the authority's paper says: it moves by a second person's approval of the new paper, and by nothing else.
TERM_MOVES_BY_APPROVAL = pgtrigger.Trigger(
    name="freeze_term_moves_by_approval",
    declare=NEVER_IGNORED,
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    condition=pgtrigger.Condition("OLD.valid_until IS DISTINCT FROM NEW.valid_until"),
    func="""
        IF NOT EXISTS (
            SELECT 1 FROM lib_approval a JOIN orders_termextension e ON e.approval_id = a.id
            WHERE e.freeze_id = NEW.id AND e.valid_until = NEW.valid_until AND a.action = 'orders.freeze.extend'
              AND a.status = 'approved' AND a.decided_in = pg_current_xact_id()::text::bigint
        ) THEN
            RAISE EXCEPTION 'the term of a freeze is extended by an approval of its own'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'freeze_term_moves_by_approval';
        END IF;
        RETURN NEW;
    """,
)


@tracked()
class TermReminder(models.Model):
    """So many days before the term of a legal freeze runs out, people are told."""

    days = models.PositiveSmallIntegerField(
        _("days before the end"), unique=True, validators=[MinValueValidator(1), MaxValueValidator(MOST_DAYS)]
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("reminder of terms")
        verbose_name_plural = _("reminders of terms")
        ordering = ["-days"]
        constraints = [models.CheckConstraint(condition=Q(days__gte=1, days__lte=MOST_DAYS), name="term_reminder_is_within_a_year")]

    def __str__(self) -> str:
        return str(self.days)


class TermWarning(models.Model):
    """People were told that this term ends in `days_left` days; nought or less once it has run out: then one for each day."""

    freeze = models.ForeignKey(
        "orders.Freeze", models.PROTECT, related_name="term_warnings", db_index=False, verbose_name=_("freeze")
    )
    valid_until = models.DateTimeField(_("valid until"))
    days_left = models.SmallIntegerField(_("days left"))
    warned_at = models.DateTimeField(_("warned at"))
    open_holds = models.PositiveIntegerField(_("open holds"))

    class Meta:
        verbose_name = _("warning of a term")
        verbose_name_plural = _("warnings of terms")
        constraints = [models.UniqueConstraint(fields=["freeze", "valid_until", "days_left"], name="term_warning_once")]
        triggers = [pgtrigger.Protect(name="term_warning_stays_written", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.freeze_id}: {self.days_left}"


class TermExtension(models.Model):
    """A longer term for a freeze, under a new paper of the authority. Asked for by one, approved by another."""

    freeze = models.ForeignKey("orders.Freeze", models.PROTECT, related_name="extensions", verbose_name=_("freeze"))
    before = models.DateTimeField(_("valid until, before"), null=True)
    valid_until = models.DateTimeField(_("valid until"))
    legal_reference = models.CharField(_("legal reference"), max_length=200)
    authority = models.CharField(_("authority"), max_length=200, blank=True)
    document = models.ForeignKey(
        "orders.Document", models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("document")
    )
    approval = models.OneToOneField("lib.Approval", models.PROTECT, related_name="+", verbose_name=_("approval"))

    class Meta:
        verbose_name = _("extension of a term")
        verbose_name_plural = _("extensions of terms")
        constraints = [
            models.CheckConstraint(condition=Q(valid_until__gt=F("before")), name="term_extension_is_longer"),
            models.CheckConstraint(condition=~Q(legal_reference=""), name="term_extension_has_a_reference"),
        ]
        triggers = [pgtrigger.Protect(name="term_extension_stays_as_asked", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.freeze_id}: {self.legal_reference}"
