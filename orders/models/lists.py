"""Lists of orders that somebody pasted, uploaded or chose by hand: loaded whole or not at all, and closed from then on."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import never_truncated
from orders.models.guards import NEVER_IGNORED
from orders.states import ListSource

STAYS = """
    RAISE EXCEPTION 'a list of orders stays as it was loaded'
        USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';
"""
LIST_STAYS = pgtrigger.Trigger(
    name="order_list_stays_as_it_came",
    declare=NEVER_IGNORED,
    when=pgtrigger.Before,
    operation=pgtrigger.Update | pgtrigger.Delete,
    func=STAYS.format(name="order_list_stays_as_it_came"),
)
ITEMS_STAY = pgtrigger.Trigger(
    name="order_list_keeps_its_orders",
    declare=NEVER_IGNORED,
    when=pgtrigger.Before,
    operation=pgtrigger.Update | pgtrigger.Delete,
    func=STAYS.format(name="order_list_keeps_its_orders"),
)
# The items come right after their list, in the same transaction, all at once, and are as many as it says. What they point at is
# looked up here, once for all of them: a foreign key would look at each row twice more, which is half of the time of a long list.
# Lists and orders are never deleted, renumbered or emptied, so what was there stays there.
COMES_WHOLE = pgtrigger.Trigger(
    name="order_list_comes_whole",
    declare=NEVER_IGNORED,
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    level=pgtrigger.Statement,
    referencing=pgtrigger.Referencing(new="new_items"),
    func="""
        IF EXISTS (
            SELECT 1 FROM (SELECT DISTINCT order_list_id AS id FROM new_items) n LEFT JOIN orders_orderlist l ON l.id = n.id
            WHERE l.id IS NULL OR (l.count, l.sha256) <> (
                SELECT count(*), encode(sha256(convert_to(string_agg(i.order_id::text, ',' ORDER BY i.order_id), 'UTF8')), 'hex')
                FROM orders_orderlistitem i WHERE i.order_list_id = n.id
            )
        ) OR EXISTS (
            SELECT 1 FROM new_items n WHERE NOT EXISTS (SELECT 1 FROM orders_order o WHERE o.id = n.order_id)
        ) THEN
            RAISE EXCEPTION 'a list of orders comes whole'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'order_list_comes_whole';
        END IF;
        RETURN NULL;
    """,
)
LISTS_ARE_NEVER_TRUNCATED = never_truncated("order_lists_are_never_truncated")


class OrderList(models.Model):
    """Orders named one by one. `count` of them are in it, `unknown` numbers were left out by a person who was told so.

    `sha256` is over the ids of the orders, sorted as numbers and joined by commas, as the hash of a scope is.
    """

    source = models.CharField(_("came"), max_length=8, choices=ListSource)
    name = models.CharField(_("name"), max_length=200, help_text=_("The file it came in, or what it was chosen from."))
    count = models.PositiveIntegerField(_("orders"))
    unknown = models.PositiveIntegerField(_("numbers of no order, left out"), default=0)
    repeated = models.PositiveIntegerField(_("named more than once"), default=0)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    made_by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("list of orders")
        verbose_name_plural = _("lists of orders")
        constraints = [
            models.CheckConstraint(condition=Q(count__gt=0), name="order_list_names_somebody"),
            models.CheckConstraint(condition=Q(sha256__regex="^[0-9a-f]{64}$"), name="order_list_has_a_hash"),
        ]
        triggers = [LIST_STAYS, LISTS_ARE_NEVER_TRUNCATED]

    def __str__(self) -> str:
        return f"{_('list')} #{self.pk}"


class OrderListItem(models.Model):
    """One order of a list. That both are there is what `order_list_comes_whole` looks at."""

    order_list = models.ForeignKey(
        "orders.OrderList",
        models.PROTECT,
        related_name="items",
        db_index=False,
        db_constraint=False,
        verbose_name=_("list of orders"),
    )
    order = models.ForeignKey(
        "orders.Order", models.PROTECT, related_name="+", db_index=False, db_constraint=False, verbose_name=_("order")
    )

    class Meta:
        verbose_name = _("order of a list")
        verbose_name_plural = _("orders of a list")
        constraints = [models.UniqueConstraint(fields=["order_list", "order"], name="order_list_item_once_per_order")]
        triggers = [ITEMS_STAY, COMES_WHOLE, LISTS_ARE_NEVER_TRUNCATED]

    def __str__(self) -> str:
        return str(self.order_id)
