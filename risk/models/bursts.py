"""Entries, networks and phone segments that give out far more than is usual, and what is remembered of each to tell."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked
from risk.querysets import BurstQuerySet
from risk.states import BurstKind


@tracked(unindexed=["coupon_type"])
class Burst(models.Model):
    """One entry, network or segment gave out far more coupons of a type than is usual there.

    It is evidence only from `noticed_at` on, and its end only from `end_noticed_at` on, so that facts can be gathered again as they
    were. `value` is what claims hold of it, of an entry the id; `shown` is what staff read. `usual` and `peak` are claims a minute.
    """

    kind = models.CharField(_("kind"), max_length=7, choices=BurstKind)
    value = models.CharField(_("value"), max_length=45)
    shown = models.CharField(_("where"), max_length=64)
    coupon_type = models.ForeignKey(
        "promotions.CouponType", models.PROTECT, related_name="+", db_index=False, verbose_name=_("coupon type")
    )
    began_at = models.DateTimeField(_("since"))
    noticed_at = models.DateTimeField(_("noticed at"), db_index=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)
    end_noticed_at = models.DateTimeField(_("end noticed at"), null=True)
    claims = models.PositiveIntegerField(_("coupons claimed"))
    usual = models.DecimalField(_("usual a minute"), max_digits=10, decimal_places=2)
    peak = models.PositiveIntegerField(_("most in a minute"))
    calm = models.PositiveIntegerField(_("over at so few in ten minutes"))

    objects = BurstQuerySet.as_manager()

    class Meta:
        verbose_name = _("burst")
        verbose_name_plural = _("bursts")
        ordering = ["-id"]
        indexes = [models.Index(fields=["coupon_type", "kind", "value"], name="burst_by_where")]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "value", "coupon_type"], condition=Q(ended_at=None), name="burst_one_open_per_key"
            ),
            models.CheckConstraint(condition=~Q(value=""), name="burst_is_somewhere"),
            models.CheckConstraint(condition=Q(noticed_at__gt=F("began_at")), name="burst_is_noticed_after_it_began"),
            models.CheckConstraint(
                condition=Q(ended_at=None, end_noticed_at=None)
                | Q(ended_at__isnull=False, end_noticed_at__isnull=False)
                & Q(ended_at__gt=F("began_at"), end_noticed_at__gte=F("noticed_at"), end_noticed_at__gt=F("ended_at")),
                name="burst_ends_before_that_is_noticed",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="burst_only_grows_and_ends", exclude=["claims", "peak", "ended_at", "end_noticed_at"]),
            pgtrigger.Protect(
                name="burst_ends_once", operation=pgtrigger.Update, condition=pgtrigger.Q(old__ended_at__isnull=False)
            ),
            pgtrigger.Protect(name="burst_is_never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.shown}"


class BurstMemory(models.Model):
    """What is remembered of an entry, a network or a segment that was busy once. Dropped when it has been silent for long."""

    kind = models.CharField(max_length=7, choices=BurstKind)
    value = models.CharField(max_length=45)
    coupon_type = models.ForeignKey("promotions.CouponType", models.CASCADE, related_name="+")
    folded_until = models.DateTimeField(db_index=True)
    baseline = models.JSONField()

    class Meta:
        verbose_name = _("baseline of bursts")
        verbose_name_plural = _("baselines of bursts")
        constraints = [models.UniqueConstraint(fields=["kind", "value", "coupon_type"], name="burst_memory_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class BurstLook(models.Model):
    """Up to when claims were looked at for bursts. One row."""

    until = models.DateTimeField()

    class Meta:
        verbose_name = _("look for bursts")
        verbose_name_plural = _("looks for bursts")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="burst_look_is_one")]

    def __str__(self) -> str:
        return f"{self.until:%Y-%m-%d %H:%M}"
