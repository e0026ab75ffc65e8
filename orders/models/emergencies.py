"""An emergency: a freeze that one person starts alone, for a day at most, and that a second one confirms or that falls."""

from datetime import timedelta

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked
from orders.models.guards import NEVER_IGNORED
from orders.querysets import EmergencyQuerySet

LONGEST = timedelta(hours=24)

# Across tables a CHECK cannot see: who started it is who asked for the freeze, and who confirmed it is who approved exactly that.
STARTER_ASKED = pgtrigger.Trigger(
    name="emergency_is_of_who_asked",
    declare=NEVER_IGNORED,
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    func="""
        IF NOT EXISTS (
            SELECT 1 FROM orders_freeze f JOIN lib_job j ON j.id = f.job_id
            LEFT JOIN lib_approval a ON a.id = j.approval_id
            WHERE f.id = NEW.freeze_id AND j.requested_by_id = NEW.started_by_id
              AND (NEW.confirmed_by_id IS NULL OR (a.status = 'approved' AND a.decided_by_id = NEW.confirmed_by_id))
        ) THEN
            RAISE EXCEPTION 'an emergency is started by who asked for the freeze, and confirmed by who approved it'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'emergency_is_of_who_asked';
        END IF;
        RETURN NEW;
    """,
)
DECIDED_ONCE = pgtrigger.Trigger(
    name="emergency_is_decided_once",
    declare=NEVER_IGNORED,
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    condition=pgtrigger.Condition(
        "OLD.confirmed_at IS NOT NULL OR (OLD.fallen_at IS NOT NULL AND NEW.fallen_at IS DISTINCT FROM OLD.fallen_at)"
        " OR (OLD.freeze_id, OLD.started_by_id, OLD.started_at, OLD.ends_at)"
        " IS DISTINCT FROM (NEW.freeze_id, NEW.started_by_id, NEW.started_at, NEW.ends_at)"
    ),
    func="""
        RAISE EXCEPTION 'an emergency keeps its terms, and is confirmed or falls once'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'emergency_is_decided_once';
    """,
)


@tracked()
class Emergency(models.Model):
    """Its freeze works before anybody else has agreed. Unconfirmed at `ends_at`, or turned down, it falls: `release` undoes it."""

    freeze = models.OneToOneField("orders.Freeze", models.PROTECT, related_name="emergency", verbose_name=_("freeze"))
    started_by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("started by"))
    started_at = models.DateTimeField(_("started at"))
    ends_at = models.DateTimeField(_("falls at"), help_text=_("Unless a second person confirms it before."))
    confirmed_by = models.ForeignKey(
        "auth.User", models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("confirmed by")
    )
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    fallen_at = models.DateTimeField(_("fell at"), null=True, blank=True)
    release = models.OneToOneField(
        "orders.Release", models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("release")
    )

    objects = EmergencyQuerySet.as_manager()

    class Meta:
        verbose_name = _("emergency")
        verbose_name_plural = _("emergencies")
        permissions = [("start_emergency_freeze", _("Can start a freeze of at most a day alone"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("started_at"), ends_at__lte=F("started_at") + LONGEST),
                name="emergency_lasts_a_day_at_most",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("started_by")),
                name="emergency_never_confirmed_by_who_started_it",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None, confirmed_at=None)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False, confirmed_at__lt=F("ends_at"), fallen_at=None),
                name="emergency_confirmed_in_time_or_not_at_all",
            ),
            models.CheckConstraint(condition=Q(release=None) | Q(fallen_at__isnull=False), name="emergency_released_where_it_fell"),
        ]
        indexes = [
            models.Index(fields=["ends_at"], name="emergency_unconfirmed", condition=Q(confirmed_at=None, fallen_at=None)),
        ]
        triggers = [
            STARTER_ASKED,
            DECIDED_ONCE,
            pgtrigger.Protect(name="emergency_is_never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{_('emergency')} #{self.pk}"
