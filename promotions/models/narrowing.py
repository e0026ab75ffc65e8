"""What narrows a coupon type down: the lines of a basket it looks at, and the hours at which it can be claimed."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked
from promotions.states import Category, ScopeBy, ScopeSide, Weekday


def change_with_drafts_only(name: str, status_query: str) -> pgtrigger.Trigger:
    """What was approved with its owner stays as it was approved. `status_query` answers the owner's status for the row r."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        declare=[("r", "RECORD")],
        func=f"""
            IF TG_OP = 'DELETE' THEN r := OLD; ELSE r := NEW; END IF;
            IF ({status_query}) <> 'draft' THEN
                RAISE EXCEPTION 'scope and hours change while their owner is a draft'
                    USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';
            END IF;
            RETURN r;
        """,
    )


@tracked()
class ScopeLine(models.Model):
    """One line of a coupon type's scope: what takes part in minimum spend and discount, or is left out of both.

    Without a line that takes part, everything does. What is left out stays out, whatever else names it.
    """

    coupon_type = models.ForeignKey("promotions.CouponType", models.CASCADE, related_name="scope", verbose_name=_("coupon type"))
    side = models.CharField(_("these lines"), max_length=8, choices=ScopeSide, default=ScopeSide.INCLUDED)
    by = models.CharField(_("named by"), max_length=16, choices=ScopeBy)
    value = models.CharField(
        _("is"),
        max_length=64,
        help_text=_(
            "As the storefront writes it. A star at the end stands for whatever follows: TEA-* is every SKU that begins so."
        ),
    )

    class Meta:
        verbose_name = _("line of the scope")
        verbose_name_plural = _("scope")
        constraints = [
            models.UniqueConstraint(fields=["coupon_type", "by", "value"], name="scope_line_once_per_coupon_type"),
            models.CheckConstraint(condition=Q(value__regex=r"^[^*]+\*?$"), name="scope_line_names_something"),
            models.CheckConstraint(
                condition=~Q(by=ScopeBy.CATEGORY) | Q(value__in=Category.values), name="scope_line_category_is_known"
            ),
        ]
        triggers = [
            change_with_drafts_only(
                "scope_line_changes_with_drafts_only",
                "SELECT t.status FROM promotions_coupontype t WHERE t.id = r.coupon_type_id",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_side_display()}: {self.get_by_display()} {self.value}"


@tracked()
class OpeningHours(models.Model):
    """Hours of the week at which a coupon type, or one entry, can be claimed, in its campaign's time zone.

    Without any it is open round the clock. Hours that end at or before they begin run past midnight.
    """

    coupon_type = models.ForeignKey(
        "promotions.CouponType", models.CASCADE, related_name="hours", null=True, blank=True, verbose_name=_("coupon type")
    )
    entry = models.ForeignKey(
        "promotions.Entry", models.CASCADE, related_name="hours", null=True, blank=True, verbose_name=_("entry")
    )
    weekdays = ArrayField(models.PositiveSmallIntegerField(choices=Weekday), verbose_name=_("on"))
    opens = models.TimeField(_("from"))
    closes = models.TimeField(_("until"), help_text=_("Up to this minute. Earlier than the beginning means: on the next day."))

    class Meta:
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")
        constraints = [
            models.CheckConstraint(
                condition=Q(coupon_type=None, entry__isnull=False) | Q(coupon_type__isnull=False, entry=None),
                name="opening_hours_have_one_owner",
            ),
            models.CheckConstraint(
                condition=Q(weekdays__len__gt=0, weekdays__contained_by=list(Weekday.values)), name="opening_hours_days_are_known"
            ),
        ]
        triggers = [
            change_with_drafts_only(
                "opening_hours_change_with_drafts_only",
                "SELECT coalesce((SELECT t.status FROM promotions_coupontype t WHERE t.id = r.coupon_type_id),"
                " (SELECT e.status FROM promotions_entry e WHERE e.id = r.entry_id))",
            )
        ]

    def __str__(self) -> str:
        days = ", ".join(str(Weekday(day).label) for day in sorted(self.weekdays))
        return f"{days} {self.opens:%H:%M}–{self.closes:%H:%M}"
