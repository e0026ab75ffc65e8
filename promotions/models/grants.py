import pgtrigger
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked
from backoffice.lib.guards import NEVER_IGNORED, closed_scope
from backoffice.lib.states import guard_moves
from promotions.querysets import GrantItemQuerySet
from promotions.states import GRANT_MOVES, GrantResult, GrantSource, GrantStatus, VoidResult

LONGEST_REF = 64

LIST_IS_CLOSED = """
    RAISE EXCEPTION 'what was asked for stays as it was asked: the list is closed'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'grant_list_is_closed';
"""
CLOSED_LIST = (
    pgtrigger.Trigger(
        name="grant_list_is_closed",
        declare=NEVER_IGNORED,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        level=pgtrigger.Statement,
        referencing=pgtrigger.Referencing(new="new_items"),
        func=f"""
            IF EXISTS (
                SELECT 1 FROM (SELECT DISTINCT grant_id AS id FROM new_items) n
                JOIN promotions_grant g ON g.id = n.id WHERE g.status <> 'draft'
            ) THEN {LIST_IS_CLOSED} END IF;
            RETURN NULL;
        """,
    ),
    pgtrigger.Trigger(
        name="grant_list_keeps_its_items",
        declare=NEVER_IGNORED,
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("grant_id", "number", "ref") | pgtrigger.Delete,
        func=LIST_IS_CLOSED,
    ),
)


@tracked(exclude=["preview"])
class Grant(models.Model):
    """Coupons of one type, given by staff to a list of customers: asked for by one, approved by another, worked by a job.

    The list is fixed in its items while it is a draft, and hashed when it is asked for; the job works exactly those. `amount` is
    what it costs at most, in the campaign's currency. `scope` is how the list came about, as data; `scope_text` in words.
    """

    coupon_type = models.ForeignKey("promotions.CouponType", models.PROTECT, related_name="grants", verbose_name=_("coupon type"))
    source = models.CharField(_("customers from"), max_length=6, choices=GrantSource)
    scope_text = models.TextField(_("scope"), help_text=_("Who is given a coupon, in words."))
    scope = models.JSONField(default=dict, editable=False)
    is_in_addition = models.BooleanField(
        _("in addition"),
        default=False,
        help_text=_("Also to customers who have as many coupons of this type as they may claim."),
    )
    count = models.PositiveIntegerField(_("customers"), validators=[MinValueValidator(1)])
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)
    list_hash = models.CharField(_("hash of the list"), max_length=64, editable=False)
    preview = models.JSONField(default=dict, editable=False)
    status = models.CharField(_("status"), max_length=10, choices=GrantStatus, default=GrantStatus.DRAFT)
    made_by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made at"))
    job = models.OneToOneField("lib.Job", models.PROTECT, related_name="+", null=True, verbose_name=_("job"))

    class Meta:
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        permissions = [
            ("request_grant", _("Can ask for a grant, or for voiding one")),
            ("approve_grant", _("Can approve a grant, or voiding one")),
            ("stop_grant", _("Can stop a grant")),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(count__gt=0), name="grant_is_to_somebody"),
            models.CheckConstraint(condition=Q(list_hash__regex="^[0-9a-f]{64}$"), name="grant_list_is_hashed"),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "discarded"]) | Q(job__isnull=False), name="grant_asked_for_has_a_job"
            ),
        ]
        triggers = [
            guard_moves("grant_moves", GRANT_MOVES),
            pgtrigger.Protect(
                name="grant_stays_what_was_asked",
                operation=pgtrigger.UpdateOf("coupon_type_id", "is_in_addition", "count", "amount", "list_hash"),
                condition=pgtrigger.Condition("OLD.status <> 'draft'"),
            ),
        ]

    def __str__(self) -> str:
        return f"{_('grant')} #{self.pk}"


class GrantItem(models.Model):
    """One customer of a grant's list, and what became of him: granted + skipped + failed = count at the end.

    `number` is his line in the file, counted from 1 after the header, and otherwise his place in the list. Our mirror of him is
    made when the job comes to him, so a draft leaves no trace among the customers.
    """

    id = models.BigAutoField(primary_key=True)
    grant = models.ForeignKey("promotions.Grant", models.PROTECT, related_name="items", db_index=False, verbose_name=_("grant"))
    number = models.PositiveIntegerField(_("row"))
    ref = models.CharField(_("customer"), max_length=LONGEST_REF)
    customer = models.ForeignKey("promotions.Customer", models.PROTECT, related_name="+", null=True, db_index=False)
    result = models.CharField(_("result"), max_length=8, choices=GrantResult, default=GrantResult.PENDING)
    detail = models.CharField(_("why"), max_length=200, blank=True)

    objects = GrantItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer of a grant")
        verbose_name_plural = _("customers of grants")
        constraints = [
            models.UniqueConstraint(fields=["grant", "number"], name="grant_item_once_per_row"),
            models.UniqueConstraint(fields=["grant", "ref"], name="grant_item_once_per_customer"),
            models.CheckConstraint(
                condition=Q(result__in=["pending", "granted", "skipped", "failed"]), name="grant_item_result_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(result="granted") | Q(customer__isnull=False), name="grant_item_granted_to_a_customer"
            ),
        ]
        triggers = [
            *CLOSED_LIST,
            pgtrigger.Protect(
                name="grant_item_result_comes_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.result <> 'pending'"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref}: {self.get_result_display()}"


@tracked()
class GrantVoid(models.Model):
    """Undoes a grant: voids those of its coupons that are still issued, and gives their money back to the budget."""

    grant = models.ForeignKey("promotions.Grant", models.PROTECT, related_name="voids", verbose_name=_("grant"))
    job = models.OneToOneField("lib.Job", models.PROTECT, related_name="+", verbose_name=_("job"))
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)

    class Meta:
        verbose_name = _("void of a grant")
        verbose_name_plural = _("voids of grants")

    def __str__(self) -> str:
        return f"{_('void')} #{self.pk}"


class GrantVoidItem(models.Model):
    """One coupon of a grant that is voided, and what became of it: voided + lost + skipped + failed = coupons at the end."""

    void = models.ForeignKey("promotions.GrantVoid", models.PROTECT, related_name="items", db_index=False, verbose_name=_("void"))
    coupon = models.ForeignKey("promotions.Coupon", models.PROTECT, related_name="+", db_index=False, verbose_name=_("coupon"))
    result = models.CharField(_("result"), max_length=8, choices=VoidResult, default=VoidResult.PENDING)
    detail = models.CharField(_("why"), max_length=200, blank=True)

    objects = GrantItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("coupon of a voided grant")
        verbose_name_plural = _("coupons of voided grants")
        constraints = [
            models.UniqueConstraint(fields=["void", "coupon"], name="grant_void_item_once_per_coupon"),
            models.CheckConstraint(
                condition=Q(result__in=["pending", "voided", "lost", "skipped", "failed"]), name="grant_void_item_result_is_known"
            ),
        ]
        triggers = [
            *closed_scope(name="grant_void", owner="void_id", owners="promotions_grantvoid", subject="coupon_id"),
            pgtrigger.Protect(
                name="grant_void_item_result_comes_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.result <> 'pending'"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.coupon_id}: {self.get_result_display()}"
