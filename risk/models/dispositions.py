"""What somebody is called, organised or swept along, by what evidence, and by whom where a person overruled it."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import never_truncated, tracked
from risk.querysets import CustomerDispositionQuerySet, OverruleQuerySet
from risk.states import Disposition

STANDS_AS_OVERRULED = pgtrigger.Trigger(
    name="disposition_stands_as_overruled",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    condition=pgtrigger.Condition("NEW.overrule_id IS NOT NULL"),
    func="""
        IF NOT EXISTS (SELECT FROM risk_overrule o WHERE o.id = NEW.overrule_id AND o.customer_id = NEW.customer_id
                          AND o.disposition = NEW.disposition) THEN
            RAISE EXCEPTION 'a disposition that was overruled is what the reviewer said'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'disposition_stands_as_overruled';
        END IF;
        RETURN NEW;
    """,
)


class Overrule(models.Model):
    """A person says otherwise than the evidence of a customer, and why. Rows never change: the newest stands.

    `disposition` is empty where a person takes an earlier one back: then it is again what the evidence says. `was` is what stood
    before.
    """

    customer = models.ForeignKey(
        "promotions.Customer", models.PROTECT, related_name="+", db_index=False, verbose_name=_("customer")
    )
    disposition = models.CharField(_("is taken for"), max_length=12, choices=Disposition, blank=True)
    was = models.CharField(_("was taken for"), max_length=12, choices=Disposition)
    reason = models.TextField(_("reason"))
    by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))

    objects = OverruleQuerySet.as_manager()

    class Meta:
        verbose_name = _("overruled disposition")
        verbose_name_plural = _("overruled dispositions")
        ordering = ["-id"]
        permissions = [("overrule_disposition", _("Can overrule what somebody is called"))]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="overrule_has_a_reason"),
            models.CheckConstraint(condition=~Q(disposition=F("was")), name="overrule_says_otherwise"),
        ]
        indexes = [models.Index(fields=["customer", "-id"], name="overrule_by_customer")]
        triggers = [
            pgtrigger.Protect(name="overrule_is_never_changed", operation=pgtrigger.Update | pgtrigger.Delete),
            never_truncated("overrules_are_never_truncated"),
        ]

    def __str__(self) -> str:
        return f"{self.customer}: {self.get_disposition_display() or _('as the evidence says')}"


@tracked(unindexed=("customer", "overrule"))
class CustomerDisposition(models.Model):
    """What a customer is called as of `disposed_at`, over all that was found on his orders, or on his coupons where he has none.

    `found` is what the evidence says, `disposition` what stands: the same, unless a reviewer overruled it. `against` and
    `in_favour` hold the heaviest finding of each rule, as it was: [{"rule", "evidence", "strength", "score", "text", "order"}],
    `order` the reference of the order it was found on, empty for his claims.
    """

    customer = models.OneToOneField("promotions.Customer", models.PROTECT, related_name="+", verbose_name=_("customer"))
    disposition = models.CharField(_("looks"), max_length=12, choices=Disposition)
    found = models.CharField(_("by the evidence"), max_length=12, choices=Disposition)
    score = models.SmallIntegerField(_("score"), help_text=_("What speaks against the customer less what speaks for him."))
    against = models.JSONField(_("against"), default=list)
    in_favour = models.JSONField(_("in favour"), default=list)
    overrule = models.ForeignKey(
        "risk.Overrule", models.PROTECT, related_name="+", null=True, db_index=False, verbose_name=_("overruled")
    )
    disposed_at = models.DateTimeField(_("as of"))

    objects = CustomerDispositionQuerySet.as_manager()

    class Meta:
        verbose_name = _("disposition of a customer")
        verbose_name_plural = _("dispositions of customers")
        ordering = ["-score", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(disposition=F("found")) | Q(overrule__isnull=False), name="disposition_is_found_or_overruled"
            )
        ]
        indexes = [models.Index(fields=["disposition", "-score", "id"], name="disposition_by_score")]
        triggers = [STANDS_AS_OVERRULED]

    def __str__(self) -> str:
        return f"{self.customer}: {self.get_disposition_display()}"
