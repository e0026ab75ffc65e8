"""Lists of values that rules refer to, and what is on them. Nothing to do with the grey and the block list, which name people."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import never_truncated, tracked
from backoffice.lib.guards import NEVER_IGNORED
from risk.models.lists import ENDED, Ending, only_ends
from risk.querysets import EndingQuerySet, ValueListQuerySet
from risk.states import ValueSort

# Whoever retires a list locks its row, and whoever lets a version run locks the rows of the lists that it names: the second of them
# sees what the first has done.
NOT_RETIRED_WHILE_IN_USE = pgtrigger.Trigger(
    name="value_list_in_use_is_not_retired",
    declare=NEVER_IGNORED,
    when=pgtrigger.Before,
    operation=pgtrigger.UpdateOf("ended_at"),
    condition=pgtrigger.Q(new__ended_at__isnull=False),
    func="""
        IF EXISTS (
            SELECT 1 FROM risk_ruleversion v
             WHERE v.status IN ('shadow', 'in_review', 'published')
               AND jsonb_path_exists(v.tree, '$.** ? (@.list == $name)', jsonb_build_object('name', NEW.name))
        ) THEN
            RAISE EXCEPTION 'a rule that runs refers to this value list'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'value_list_in_use_is_not_retired';
        END IF;
        RETURN NEW;
    """,
)
NOT_ON_A_RETIRED_LIST = pgtrigger.Trigger(
    name="retired_value_list_takes_nothing",
    declare=NEVER_IGNORED,
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    level=pgtrigger.Statement,
    referencing=pgtrigger.Referencing(new="new_items"),
    func="""
        PERFORM 1 FROM risk_valuelist l WHERE l.id IN (SELECT n.value_list_id FROM new_items n) FOR SHARE;
        IF EXISTS (
            SELECT 1 FROM risk_valuelist l
             WHERE l.id IN (SELECT n.value_list_id FROM new_items n) AND l.ended_at IS NOT NULL
        ) THEN
            RAISE EXCEPTION 'a retired value list takes nothing in'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'retired_value_list_takes_nothing';
        END IF;
        RETURN NULL;
    """,
)


@tracked()
class ValueList(Ending):
    """Values of one sort that staff keep under a name, for rules to refer to. Ended, it is retired: no new rule may name it."""

    name = models.SlugField(
        _("name"),
        max_length=50,
        unique=True,
        help_text=_("Short, of letters, digits and hyphens. Rules refer to it; it never changes."),
    )
    purpose = models.TextField(_("purpose"), help_text=_("What belongs on it, for whoever meets it in a year."))
    holds = models.CharField(
        _("holds"), max_length=15, choices=ValueSort, help_text=_("Which sort of value. It decides which facts fit the list.")
    )

    objects = ValueListQuerySet.as_manager()

    class Meta:
        verbose_name = _("value list")
        verbose_name_plural = _("value lists")
        permissions = [("retire_valuelist", _("Can retire a value list"))]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="value_list_has_a_name"),
            models.CheckConstraint(condition=ENDED, name="value_list_retired_by_whom_when_and_why"),
        ]
        triggers = [
            *only_ends("value_list"),
            NOT_RETIRED_WHILE_IN_USE,
            never_truncated("value_lists_are_never_truncated"),
        ]

    def __str__(self) -> str:
        return self.name


@tracked(unindexed=["created_by", "ended_by"])
class ValueListItem(Ending):
    """A value on a list, from when it was put there until it expires or is taken off.

    `value` is spelled as the facts of orders are, of a recipient, a payment account or a delivery phone the keyed hash; `shown` is
    what staff may see of it.
    """

    value_list = models.ForeignKey("risk.ValueList", models.PROTECT, related_name="items", verbose_name=_("value list"))
    value = models.CharField(_("value"), max_length=200)
    shown = models.CharField(_("value"), max_length=200)
    reason = models.TextField(_("reason"))
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True, help_text=_("Empty: until somebody takes it off."))

    objects = EndingQuerySet.as_manager()

    class Meta:
        verbose_name = _("value on a list")
        verbose_name_plural = _("values on lists")
        ordering = ["-id"]
        default_permissions = ("add", "view")
        permissions = [("end_valuelistitem", _("Can take a value off a value list"))]
        indexes = [models.Index(fields=["value", "value_list"], name="value_list_item_by_value")]
        constraints = [
            models.UniqueConstraint(
                fields=["value_list", "value"], condition=Q(ended_at=None), name="value_list_item_one_open_per_value"
            ),
            models.CheckConstraint(condition=~Q(value="") & ~Q(shown=""), name="value_list_item_has_a_value"),
            models.CheckConstraint(condition=~Q(reason=""), name="value_list_item_has_a_reason"),
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(expires_at__gt=F("created_at")), name="value_list_item_expires_after_it_begins"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("created_at")), name="value_list_item_ends_after_it_begins"
            ),
            models.CheckConstraint(condition=ENDED, name="value_list_item_ended_by_whom_when_and_why"),
        ]
        triggers = [
            *only_ends("value_list_item"),
            NOT_ON_A_RETIRED_LIST,
            never_truncated("value_list_items_are_never_truncated"),
        ]

    def __str__(self) -> str:
        return f"{self.value_list}: {self.shown}"
