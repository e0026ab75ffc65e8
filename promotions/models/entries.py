import pgtrigger
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked
from backoffice.lib.states import guard_moves
from promotions.models.approved import ENTRY_NARROWS, stays_as_approved
from promotions.models.slices import SliceSum, derive_is_live, pass_status_on, sums_to_owner
from promotions.querysets import EntryQuerySet
from promotions.states import BUILT_IN_METRICS, ENTRY_MOVES, Channel, EntryStatus

ENTRY_SUM = SliceSum("promotions_entry", "promotions_entryslice", "entry_id", ("cap", "cap"))
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
                     WHERE h.coupon_type_id = NEW.coupon_type_id AND h.is_built_in AND h.metric = wanted.metric)))
             OR ((TG_OP = 'INSERT' OR OLD.status <> 'open') AND EXISTS (
               SELECT FROM promotions_threshold h
                WHERE h.coupon_type_id = NEW.coupon_type_id AND h.is_built_in AND h.fired_at IS NOT NULL)))
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
            stays_as_approved("entry_stays_as_approved", "promotions.entry", ENTRY_NARROWS),
            sums_to_owner("entry_is_the_sum_of_its_slices", ENTRY_SUM, of_owner=True),
            RESTRICTED_ENTRY_IS_GUARDED,
            pass_status_on(name="entry_status_to_slices", slice_table="promotions_entryslice", owner_column="entry_id"),
        ]

    def __str__(self) -> str:
        return self.code


class EntrySlice(models.Model):
    """A part of an entry's cap."""

    entry = models.ForeignKey("promotions.Entry", models.CASCADE, related_name="slices", db_index=False)
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
            sums_to_owner("entry_slices_sum_to_the_cap", ENTRY_SUM),
            derive_is_live(
                name="entry_slice_is_live",
                status_query="SELECT e.status FROM promotions_entry e WHERE e.id = NEW.entry_id",
                giving=[EntryStatus.OPEN],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}/{self.number}"
