"""The scope of an incident: its orders, its coupons, its people. Each row says when it came in and why."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.guards import NEVER_IGNORED
from risk.querysets import IncidentMemberQuerySet
from risk.states import AddedBecause, Disposition


def closed_incident_takes_nothing_in(name: str) -> pgtrigger.Trigger:
    """Statement level: a check takes in thousands at once. The share of the row's lock waits for whoever closes it meanwhile."""
    return pgtrigger.Trigger(
        name=name,
        declare=NEVER_IGNORED,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        level=pgtrigger.Statement,
        referencing=pgtrigger.Referencing(new="taken_in"),
        func=f"""
            IF 0 < (
                SELECT count(*) FILTER (WHERE status = 'closed')
                FROM (SELECT i.status FROM risk_incident i
                       WHERE i.id IN (SELECT incident_id FROM taken_in) ORDER BY i.id FOR SHARE OF i) AS locked
            ) THEN
                RAISE EXCEPTION 'a closed incident takes nothing in'
                    USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';
            END IF;
            RETURN NULL;
        """,
    )


def stays(name: str) -> pgtrigger.Trigger:
    return pgtrigger.Protect(name=name, operation=pgtrigger.Update | pgtrigger.Delete)


def _incident(related: str) -> models.ForeignKey:
    return models.ForeignKey("risk.Incident", models.PROTECT, related_name=related, db_index=False, verbose_name=_("incident"))


def _anchor() -> models.ForeignKey:
    return models.ForeignKey(
        "risk.IncidentAnchor", models.PROTECT, related_name="+", null=True, blank=True, db_index=False, verbose_name=_("anchor")
    )


class IncidentOrder(models.Model):
    """An order belongs to an incident: since when, and why. Rows stay."""

    incident = _incident("+")
    order = models.ForeignKey("orders.Order", models.PROTECT, related_name="+", verbose_name=_("order"))
    because = models.CharField(_("because"), max_length=11, choices=AddedBecause)
    anchor = _anchor()
    added_at = models.DateTimeField(_("added at"))

    class Meta:
        verbose_name = _("order of an incident")
        verbose_name_plural = _("orders of incidents")
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(fields=["incident", "order"], name="incident_order_once")]
        triggers = [closed_incident_takes_nothing_in("incident_order_not_of_a_closed_one"), stays("incident_order_stays")]

    def __str__(self) -> str:
        return str(self.order_id)


class IncidentCoupon(models.Model):
    """A coupon belongs to an incident: since when, and why. Rows stay."""

    incident = _incident("+")
    coupon = models.ForeignKey("promotions.Coupon", models.PROTECT, related_name="+", verbose_name=_("coupon"))
    because = models.CharField(_("because"), max_length=11, choices=AddedBecause)
    anchor = _anchor()
    added_at = models.DateTimeField(_("added at"))

    class Meta:
        verbose_name = _("coupon of an incident")
        verbose_name_plural = _("coupons of incidents")
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(fields=["incident", "coupon"], name="incident_coupon_once")]
        triggers = [closed_incident_takes_nothing_in("incident_coupon_not_of_a_closed_one"), stays("incident_coupon_stays")]

    def __str__(self) -> str:
        return str(self.coupon_id)


# What a reviewer said last holds, whatever the rules find afterwards; and nobody writes it past the rulings.
RULING_HOLDS = pgtrigger.Trigger(
    name="incident_member_is_as_ruled",
    declare=NEVER_IGNORED,
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    condition=pgtrigger.Condition("NEW.is_overruled"),
    func="""
        IF NEW.disposition IS DISTINCT FROM (
            SELECT r.disposition FROM risk_ruling r WHERE r.member_id = NEW.id ORDER BY r.id DESC LIMIT 1
        ) THEN
            RAISE EXCEPTION 'a member of an incident is overruled by a ruling alone'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'incident_member_is_as_ruled';
        END IF;
        RETURN NEW;
    """,
)
RULING_STAYS = pgtrigger.Trigger(
    name="incident_member_stays_overruled",
    declare=NEVER_IGNORED,
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    condition=pgtrigger.Condition(
        "((OLD.is_overruled AND NOT NEW.is_overruled) OR OLD.incident_id <> NEW.incident_id OR OLD.customer_id <> NEW.customer_id)"
    ),
    func="""
        RAISE EXCEPTION 'a member of an incident stays who it is, and what a reviewer ruled stays ruled'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'incident_member_stays_overruled';
    """,
)


class IncidentMember(models.Model):
    """A customer in an incident, and what he is taken for.

    `found` is what the evidence says, `disposition` what holds: the same, unless a reviewer overruled it. `against` and
    `in_favour` name the rules that spoke either way, on whichever of his orders in the incident.
    """

    incident = _incident("members")
    customer = models.ForeignKey("promotions.Customer", models.PROTECT, related_name="+", verbose_name=_("customer"))
    because = models.CharField(_("because"), max_length=11, choices=AddedBecause)
    added_at = models.DateTimeField(_("added at"))
    disposition = models.CharField(_("disposition"), max_length=12, choices=Disposition, default=Disposition.UNDETERMINED)
    found = models.CharField(_("by the evidence"), max_length=12, choices=Disposition, default=Disposition.UNDETERMINED)
    is_overruled = models.BooleanField(_("overruled"), default=False)
    against = ArrayField(models.CharField(max_length=60), verbose_name=_("against"), default=list, blank=True)
    in_favour = ArrayField(models.CharField(max_length=60), verbose_name=_("in favour"), default=list, blank=True)
    judged_at = models.DateTimeField(_("judged at"), null=True)

    objects = IncidentMemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("person in an incident")
        verbose_name_plural = _("people in incidents")
        default_permissions = ("view",)
        permissions = [("overrule_incidentmember", _("Can overrule what a customer of an incident is taken for"))]
        constraints = [
            models.UniqueConstraint(fields=["incident", "customer"], name="incident_member_once"),
            models.CheckConstraint(
                condition=Q(is_overruled=True) | Q(disposition=F("found")), name="incident_member_as_found_or_overruled"
            ),
        ]
        indexes = [models.Index(fields=["incident", "disposition", "id"], name="incident_member_by_looks")]
        triggers = [
            closed_incident_takes_nothing_in("incident_member_not_of_a_closed_one"),
            RULING_HOLDS,
            RULING_STAYS,
            pgtrigger.Protect(name="incident_member_is_never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return str(self.customer)


# The member follows in the same statement; its own triggers say whether it may.
RULING_IS_FOLLOWED = pgtrigger.Trigger(
    name="ruling_is_followed",
    declare=NEVER_IGNORED,
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    func="""
        UPDATE risk_incidentmember SET disposition = NEW.disposition, is_overruled = true WHERE id = NEW.member_id;
        RETURN NULL;
    """,
)


class Ruling(models.Model):
    """A reviewer says what a customer is to be taken for, against or with the evidence. Rows stay; the last holds."""

    member = models.ForeignKey("risk.IncidentMember", models.PROTECT, related_name="rulings", verbose_name=_("customer"))
    was = models.CharField(_("was"), max_length=12, choices=Disposition)
    disposition = models.CharField(_("is to be taken for"), max_length=12, choices=Disposition)
    reason = models.TextField(_("reason"))
    by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("ruling")
        verbose_name_plural = _("rulings")
        ordering = ["-pk"]
        default_permissions = ("view",)
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="ruling_has_a_reason")]
        triggers = [RULING_IS_FOLLOWED, stays("ruling_stays")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.get_disposition_display()}"
