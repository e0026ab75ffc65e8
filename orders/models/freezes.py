import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked
from backoffice.lib.models import Job
from orders.models.guards import NEVER_IGNORED, closed_scope, ends_complete, result_comes_once, runs_by_approval
from orders.models.terms import TERM_MOVES_BY_APPROVAL
from orders.querysets import ItemQuerySet
from orders.states import HoldKind, ItemResult


def keeps_its_scope(name: str) -> pgtrigger.Trigger:
    """What was asked for stays readable as it was asked, also once it was worked: the words, the data and the document."""
    return pgtrigger.Trigger(
        name=name,
        declare=NEVER_IGNORED,
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("scope", "scope_text", "document_id"),
        condition=pgtrigger.Condition(
            "OLD.scope IS DISTINCT FROM NEW.scope OR OLD.scope_text IS DISTINCT FROM NEW.scope_text"
            " OR OLD.document_id IS DISTINCT FROM NEW.document_id"
        ),
        func=f"""
            RAISE EXCEPTION 'what was asked for stays as it was asked'
                USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';
        """,
    )


@tracked()
class Freeze(models.Model):
    """A bulk hold as a legal act: a scope, snapshotted and hashed, under a reference, asked for by one and approved by another.

    The ids are fixed in its items when it is asked for; the job works exactly those.
    """

    job = models.OneToOneField("lib.Job", models.PROTECT, related_name="+", verbose_name=_("job"))
    kind = models.CharField(
        _("kind of hold"),
        max_length=8,
        choices=[(HoldKind.LEGAL, HoldKind.LEGAL.label), (HoldKind.MANUAL, HoldKind.MANUAL.label)],
    )
    legal_reference = models.CharField(_("legal reference"), max_length=200, blank=True)
    authority = models.CharField(_("authority"), max_length=200, blank=True)
    valid_until = models.DateTimeField(
        _("valid until"),
        null=True,
        blank=True,
        help_text=_("When the term of the order or request runs out. Empty: it names none."),
    )
    scope_text = models.TextField(_("scope"), help_text=_("What was asked for, in words."))
    document = models.ForeignKey(
        "orders.Document", models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("document")
    )
    scope = models.JSONField(_("scope as data"), default=dict, blank=True, help_text=_("The same as data: which conditions hold."))

    class Meta:
        verbose_name = _("freeze")
        verbose_name_plural = _("freezes")
        permissions = [
            ("request_freeze", _("Can ask for a freeze or a release")),
            ("approve_freeze", _("Can approve a freeze or a release")),
            ("stop_freeze", _("Can pause, resume or cancel a freeze or a release")),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(kind="legal") | ~Q(legal_reference=""), name="freeze_legal_has_a_reference"),
            models.CheckConstraint(condition=Q(kind__in=["legal", "manual"]), name="freeze_kind_is_legal_or_manual"),
        ]
        triggers = [TERM_MOVES_BY_APPROVAL, keeps_its_scope("freeze_keeps_its_scope")]

    def __str__(self) -> str:
        return f"{_('freeze')} #{self.pk} {self.legal_reference}".strip()


class FreezeItem(models.Model):
    """One order of a freeze's scope, and what became of it: held + skipped + failed = scope at the end."""

    freeze = models.ForeignKey("orders.Freeze", models.PROTECT, related_name="items", db_index=False, verbose_name=_("freeze"))
    order = models.ForeignKey("orders.Order", models.PROTECT, related_name="+", verbose_name=_("order"))
    result = models.CharField(_("result"), max_length=8, choices=ItemResult, default=ItemResult.PENDING)
    detail = models.CharField(_("detail"), max_length=200, blank=True)

    objects = ItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("order of a freeze")
        verbose_name_plural = _("orders of a freeze")
        constraints = [
            models.UniqueConstraint(fields=["freeze", "order"], name="freeze_item_once_per_order"),
            models.CheckConstraint(
                condition=Q(result__in=["pending", "held", "skipped", "failed"]), name="freeze_item_result_is_known"
            ),
        ]
        triggers = [
            *closed_scope(name="freeze_scope", owner="freeze_id", owners="orders_freeze", subject="order_id"),
            result_comes_once("freeze_item"),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}: {self.result}"


@tracked()
class Release(models.Model):
    """Undoes a freeze, whole or in part. It touches only the holds that this freeze placed."""

    freeze = models.ForeignKey("orders.Freeze", models.PROTECT, related_name="releases", verbose_name=_("freeze"))
    job = models.OneToOneField("lib.Job", models.PROTECT, related_name="+", verbose_name=_("job"))
    legal_reference = models.CharField(_("legal reference"), max_length=200, blank=True)
    scope_text = models.TextField(_("scope"))
    document = models.ForeignKey(
        "orders.Document", models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("document")
    )
    scope = models.JSONField(_("scope as data"), default=dict, blank=True, help_text=_("The same as data: which conditions hold."))

    class Meta:
        verbose_name = _("release")
        verbose_name_plural = _("releases")
        triggers = [keeps_its_scope("release_keeps_its_scope")]

    def __str__(self) -> str:
        return f"{_('release')} #{self.pk}"


class ReleaseItem(models.Model):
    """One hold of a release's scope, and what became of it."""

    release = models.ForeignKey("orders.Release", models.PROTECT, related_name="items", db_index=False, verbose_name=_("release"))
    hold = models.ForeignKey("orders.Hold", models.PROTECT, related_name="+", verbose_name=_("hold"))
    result = models.CharField(_("result"), max_length=8, choices=ItemResult, default=ItemResult.PENDING)
    detail = models.CharField(_("detail"), max_length=200, blank=True)

    objects = ItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("hold of a release")
        verbose_name_plural = _("holds of a release")
        constraints = [
            models.UniqueConstraint(fields=["release", "hold"], name="release_item_once_per_hold"),
            models.CheckConstraint(
                condition=Q(result__in=["pending", "released", "skipped", "failed"]),
                name="release_item_result_is_known",
            ),
        ]
        triggers = [
            *closed_scope(name="release_scope", owner="release_id", owners="orders_release", subject="hold_id"),
            result_comes_once("release_item"),
        ]

    def __str__(self) -> str:
        return f"{self.hold_id}: {self.result}"


# What one person may start alone, and what undoes it where nobody confirms it.
IS_AN_EMERGENCY = "EXISTS (SELECT 1 FROM orders_emergency e WHERE e.freeze_id = o.id)"
UNDOES_A_FALLEN_ONE = "EXISTS (SELECT 1 FROM orders_emergency e WHERE e.freeze_id = o.freeze_id AND e.fallen_at IS NOT NULL)"


class ScopeJob(Job):
    """The job of a freeze or a release: it runs by its approval, and does not end while an item of its scope has no result.

    A proxy, to carry those triggers.
    """

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = _("job of a freeze or a release")
        verbose_name_plural = _("jobs of freezes and releases")
        triggers = [
            ends_complete("freeze", items="orders_freezeitem", owner="freeze_id", owners="orders_freeze", cancelled_too=True),
            ends_complete("release", items="orders_releaseitem", owner="release_id", owners="orders_release", cancelled_too=True),
            runs_by_approval("freeze", owners="orders_freeze", unless=IS_AN_EMERGENCY),
            runs_by_approval("release", owners="orders_release", unless=UNDOES_A_FALLEN_ONE),
        ]
