import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked
from orders.models.guards import NEVER_IGNORED
from orders.models.hold_guards import LOOKING_FURTHER
from orders.querysets import HoldQuerySet
from orders.states import HoldKind

# Statement level: a freeze places thousands of holds at once. Locks the orders in the order of their ids, and looks at
# each as it is once it has the lock. (A WHERE instead of the FILTER would be moved inside, and only what it finds be locked.)
DELIVERED_ORDER_TAKES_NO_HOLD = pgtrigger.Trigger(
    name="delivered_order_takes_no_hold",
    declare=NEVER_IGNORED,
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    level=pgtrigger.Statement,
    referencing=pgtrigger.Referencing(new="new_holds"),
    func="""
        IF 0 < (
            SELECT count(*) FILTER (WHERE released_at IS NULL AND status NOT IN ('placed', 'paid', 'partly_delivered'))
            FROM (
                SELECT o.status, n.released_at FROM orders_order o JOIN new_holds n ON n.order_id = o.id
                ORDER BY o.id FOR NO KEY UPDATE OF o
            ) AS locked
        ) THEN
            RAISE EXCEPTION 'an order that is delivered, cancelled or refunded cannot be held'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'delivered_order_takes_no_hold';
        END IF;
        RETURN NULL;
    """,
)

# A hold that was released, moved or deleted could otherwise open or close the gate behind everybody's back.
HOLD_STAYS_WHAT_IT_IS = pgtrigger.Trigger(
    name="hold_stays_what_it_is",
    declare=NEVER_IGNORED,
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    condition=pgtrigger.Condition(
        "OLD.order_id <> NEW.order_id OR OLD.kind <> NEW.kind OR OLD.freeze_id IS DISTINCT FROM NEW.freeze_id"
        " OR (OLD.released_at IS NOT NULL AND NEW.released_at IS DISTINCT FROM OLD.released_at)"
    ),
    func="""
        RAISE EXCEPTION 'a hold keeps its order, kind and freeze, and once released it stays released'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'hold_stays_what_it_is';
    """,
)
HOLD_IS_NEVER_DELETED = pgtrigger.Trigger(
    name="hold_is_never_deleted",
    declare=NEVER_IGNORED,
    when=pgtrigger.Before,
    operation=pgtrigger.Delete,
    func="""
        RAISE EXCEPTION 'a hold is released, never deleted'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'hold_is_never_deleted';
    """,
)


@tracked(unindexed=("order", "freeze", "placed_by", "released_by"))
class Hold(models.Model):
    """A row that forbids delivery. Several kinds may be open on one order, one of each."""

    order = models.ForeignKey("orders.Order", models.PROTECT, related_name="holds", verbose_name=_("order"))
    kind = models.CharField(_("kind"), max_length=8, choices=HoldKind)
    reason = models.TextField(_("reason"))
    placed_at = models.DateTimeField(_("placed at"))
    placed_by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("placed by"))
    until = models.DateTimeField(_("until"), null=True, blank=True, help_text=_("A cooling-off hold ends by itself at this time."))
    freeze = models.ForeignKey(
        "orders.Freeze", models.PROTECT, related_name="holds", null=True, blank=True, db_index=False, verbose_name=_("freeze")
    )
    released_at = models.DateTimeField(_("released at"), null=True, blank=True)
    released_by = models.ForeignKey(
        "auth.User", models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("released by")
    )
    release_reason = models.TextField(_("reason of the release"), blank=True)

    objects = HoldQuerySet.as_manager()

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        permissions = [
            ("place_hold", _("Can hold an order")),
            ("release_hold", _("Can release a hold that is not a legal one")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["order", "kind"], condition=Q(released_at=None), name="hold_one_open_per_kind"),
            models.CheckConstraint(
                condition=Q(released_at=None, released_by=None) | Q(released_at__isnull=False, released_by__isnull=False),
                name="hold_release_has_time_and_person",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="hold_has_a_reason"),
            models.CheckConstraint(condition=~Q(kind="cooling") | Q(until__isnull=False), name="hold_cooling_ends_by_itself"),
            models.CheckConstraint(condition=~Q(kind="legal") | Q(freeze__isnull=False), name="hold_legal_has_a_freeze"),
            models.CheckConstraint(condition=~Q(kind="legal") | Q(until=None), name="hold_legal_never_ends_by_itself"),
        ]
        indexes = [
            models.Index(fields=["until"], name="hold_to_release", condition=Q(released_at=None, kind="cooling")),
            models.Index(fields=["freeze", "id"], name="hold_by_freeze", condition=Q(freeze__isnull=False)),
        ]
        triggers = [DELIVERED_ORDER_TAKES_NO_HOLD, HOLD_STAYS_WHAT_IT_IS, HOLD_IS_NEVER_DELETED, *LOOKING_FURTHER]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.order}"
