import pghistory
import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import kept_events, never_truncated
from backoffice.lib.guards import NEVER_IGNORED
from backoffice.lib.states import guard_moves
from promotions.querysets import ClaimQuerySet, CouponQuerySet
from promotions.states import COUPON_MOVES, Channel, ClaimOutcome, CouponStatus, RefusalReason


class Claim(models.Model):
    """Somebody's attempt to get a coupon, issued or refused, with all that came with it. Part of the ledger: rows never change."""

    at = models.DateTimeField(_("at"))
    outcome = models.CharField(_("outcome"), max_length=8, choices=ClaimOutcome)
    reason = models.CharField(_("reason"), max_length=30, choices=RefusalReason, blank=True)
    customer = models.ForeignKey("promotions.Customer", models.PROTECT, related_name="claims", verbose_name=_("customer"))
    coupon_type = models.ForeignKey(
        "promotions.CouponType", models.PROTECT, related_name="claims", null=True, db_index=False, verbose_name=_("coupon type")
    )
    entry = models.ForeignKey("promotions.Entry", models.PROTECT, related_name="claims", null=True, verbose_name=_("entry"))
    token = models.ForeignKey(
        "promotions.ClaimToken", models.PROTECT, related_name="claims", null=True, db_index=False, verbose_name=_("token")
    )
    channel = models.CharField(_("channel"), max_length=12, choices=Channel)
    asked_coupon_type = models.CharField(_("asked for"), max_length=64)
    asked_entry = models.CharField(_("entry named"), max_length=64, blank=True)
    token_fingerprint = models.CharField(
        _("token's fingerprint"),
        max_length=16,
        blank=True,
        help_text=_("The first 16 digits of the SHA-256 of what was shown."),
    )
    device = models.CharField(_("device"), max_length=200, blank=True)
    address = models.CharField(_("network address"), max_length=45, blank=True)
    phone_hash = models.CharField(max_length=64, blank=True, editable=False)
    phone_segment = models.CharField(_("phone segment"), max_length=4, blank=True)
    is_verified = models.BooleanField(_("verified"), default=False)
    identity_hash = models.CharField(max_length=64, blank=True, default="", editable=False)
    is_phone_verified = models.BooleanField(_("phone verified"), default=False)
    has_ordered = models.BooleanField(_("has ordered before"), null=True, help_text=_("As the storefront said, if it did."))
    region = models.CharField(_("region"), max_length=16, blank=True, default="")
    registered_at = models.DateTimeField(_("registered at"), null=True)

    objects = ClaimQuerySet.as_manager()

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="issued", reason="", entry__isnull=False, coupon_type__isnull=False)
                | (Q(outcome="refused") & ~Q(reason="")),
                name="claim_issued_by_an_entry_or_refused_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["coupon_type", "at"], name="claim_by_type_and_time"),
            models.Index(fields=["at"], name="claim_by_time"),
            models.Index(fields=["device", "at"], name="claim_by_device", condition=~Q(device="")),
            models.Index(fields=["token", "at"], name="claim_by_token", condition=Q(token__isnull=False)),
            models.Index(fields=["address", "at"], name="claim_by_address", condition=~Q(address="")),
            models.Index(fields=["phone_segment", "at"], name="claim_by_segment", condition=~Q(phone_segment="")),
        ]
        triggers = [
            pgtrigger.Protect(name="claim_is_never_changed", operation=pgtrigger.Update | pgtrigger.Delete),
            never_truncated("claims_are_never_truncated"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.asked_coupon_type}"


ONLY_THROUGH_AN_OPEN_ENTRY = pgtrigger.Trigger(
    name="coupon_only_through_an_open_entry",
    declare=NEVER_IGNORED,
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    condition=pgtrigger.Condition("NEW.grant_item_id IS NULL"),
    func="""
        IF NOT EXISTS (
            SELECT 1 FROM promotions_claim c JOIN promotions_entry e ON e.id = c.entry_id
            WHERE c.id = NEW.claim_id AND c.outcome = 'issued' AND c.customer_id = NEW.customer_id
              AND c.coupon_type_id = NEW.coupon_type_id AND e.coupon_type_id = NEW.coupon_type_id
              AND e.status = 'open' AND c.at >= e.opens_at AND c.at < e.closes_at
        ) THEN
            RAISE EXCEPTION 'a coupon exists only through an issued claim by an open entry of its type'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'coupon_only_through_an_open_entry';
        END IF;
        RETURN NEW;
    """,
)

# Once a statement, not once a row: a grant writes thousands of coupons in one.
ONLY_THROUGH_AN_APPROVED_GRANT = pgtrigger.Trigger(
    name="coupon_only_through_an_approved_grant",
    declare=NEVER_IGNORED,
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    level=pgtrigger.Statement,
    referencing=pgtrigger.Referencing(new="new_coupons"),
    func="""
        IF NOT EXISTS (SELECT 1 FROM new_coupons WHERE claim_id IS NULL) THEN RETURN NULL; END IF;  -- what was claimed has its own
        IF EXISTS (
            SELECT 1 FROM new_coupons n
              LEFT JOIN promotions_grantitem i ON i.id = n.grant_item_id
              LEFT JOIN promotions_customer c ON c.id = n.customer_id
             WHERE n.claim_id IS NULL
               AND ((i.result = 'granted' AND i.ref = c.ref) IS NOT TRUE
                    OR (i.grant_id, n.coupon_type_id) NOT IN (
                        SELECT g.id, g.coupon_type_id FROM promotions_grant g
                          JOIN lib_job j ON j.id = g.job_id JOIN lib_approval a ON a.id = j.approval_id
                         WHERE g.status = 'giving' AND j.status = 'running' AND a.status = 'approved'
                           AND a.action = 'promotions.grant' AND a.payload ->> 'scope_hash' = j.scope_hash))
        ) THEN
            RAISE EXCEPTION 'a coupon that nobody claimed exists only through an approved, running grant that names its customer'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'coupon_only_through_an_approved_grant';
        END IF;
        RETURN NULL;
    """,
)


# Who took a coupon out of its customer's hands, and why. Claims and redemptions tell the rest of its life.
TAKEN_OR_GIVEN_BACK = pgtrigger.Condition(
    "OLD.status IS DISTINCT FROM NEW.status AND (NEW.status IN ('voided', 'frozen') OR OLD.status = 'frozen')"
)


@pghistory.track(
    pghistory.UpdateEvent(level=pgtrigger.Row, condition=TAKEN_OR_GIVEN_BACK),
    fields=["coupon_type", "face_value", "status"],
    append_only=True,
    meta=kept_events(),
    model_name="CouponEvent",
    obj_field=pghistory.ObjForeignKey(related_name="events"),
)
class Coupon(models.Model):
    """What an issued claim or a grant gives: worth something to one customer until it is redeemed, expires, or is voided.

    It has one origin: `claim` or `grant_item`. The other is None.
    """

    code = models.CharField(_("code"), max_length=24, unique=True)
    claim = models.OneToOneField("promotions.Claim", models.PROTECT, related_name="coupon", null=True, verbose_name=_("claim"))
    grant_item = models.ForeignKey(
        "promotions.GrantItem", models.PROTECT, related_name="+", null=True, db_index=False, editable=False
    )
    coupon_type = models.ForeignKey("promotions.CouponType", models.PROTECT, related_name="coupons", verbose_name=_("coupon type"))
    customer = models.ForeignKey("promotions.Customer", models.PROTECT, related_name="coupons", verbose_name=_("customer"))
    budget_slice = models.ForeignKey("promotions.BudgetSlice", models.PROTECT, related_name="+", editable=False)
    coupon_type_slice = models.ForeignKey(
        "promotions.CouponTypeSlice", models.PROTECT, related_name="+", editable=False, db_index=False
    )
    entry_slice = models.ForeignKey(
        "promotions.EntrySlice", models.PROTECT, related_name="+", editable=False, db_index=False, null=True
    )
    face_value = models.DecimalField(_("face value"), max_digits=14, decimal_places=2)
    issued_at = models.DateTimeField(_("issued at"))
    valid_until = models.DateTimeField(_("valid until"))
    status = models.CharField(_("status"), max_length=8, choices=CouponStatus, default=CouponStatus.ISSUED)

    objects = CouponQuerySet.as_manager()

    class Meta:
        verbose_name = _("coupon")
        verbose_name_plural = _("coupons")
        permissions = [
            ("void_coupon", _("Can void a coupon, or give a frozen one back")),
            ("freeze_coupon", _("Can freeze a coupon")),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(face_value__gt=0), name="coupon_is_worth_something"),
            models.CheckConstraint(condition=Q(claim=None) ^ Q(grant_item=None), name="coupon_has_one_origin"),
            models.UniqueConstraint(fields=["grant_item"], condition=Q(grant_item__isnull=False), name="coupon_one_per_grant_item"),
        ]
        indexes = [
            models.Index(fields=["valid_until"], name="coupon_to_expire", condition=Q(status="issued")),
            models.Index(fields=["issued_at"], name="coupon_granted_by_time", condition=Q(grant_item__isnull=False)),
            models.Index(fields=["coupon_type", "valid_until"], name="coupon_expired_by_type", condition=Q(status="expired")),
        ]
        triggers = [
            guard_moves("coupon_moves", COUPON_MOVES),
            ONLY_THROUGH_AN_OPEN_ENTRY,
            ONLY_THROUGH_AN_APPROVED_GRANT,
            pgtrigger.ReadOnly(name="coupon_stays_what_was_issued", exclude=["status"]),
            pgtrigger.Protect(name="coupon_is_never_deleted", operation=pgtrigger.Delete),
            never_truncated("coupons_are_never_truncated"),
        ]

    def __str__(self) -> str:
        return self.code


class Redemption(models.Model):
    """A coupon paid for a part of an order. Part of the ledger: only `returned_at` is ever written afterwards, once."""

    coupon = models.ForeignKey("promotions.Coupon", models.PROTECT, related_name="redemptions", verbose_name=_("coupon"))
    coupon_type = models.ForeignKey("promotions.CouponType", models.PROTECT, related_name="+", verbose_name=_("coupon type"))
    order_ref = models.CharField(_("order"), max_length=64, db_index=True)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)
    virtual_amount = models.DecimalField(
        _("of it on virtual goods"),
        max_digits=14,
        decimal_places=2,
        default=0,
        help_text=_("Phone credit, game credit."),
    )
    at = models.DateTimeField(_("at"))
    claimed_at = models.DateTimeField(_("claimed at"))
    returned_at = models.DateTimeField(_("returned at"), null=True)

    class Meta:
        verbose_name = _("redemption")
        verbose_name_plural = _("redemptions")
        constraints = [
            models.UniqueConstraint(fields=["coupon"], condition=Q(returned_at=None), name="redemption_one_open_per_coupon"),
            models.CheckConstraint(condition=Q(amount__gte=0, virtual_amount__gte=0), name="redemption_never_negative"),
            models.CheckConstraint(condition=Q(virtual_amount__lte=F("amount")), name="redemption_virtual_is_a_part_of_it"),
        ]
        indexes = [
            models.Index(fields=["coupon_type", "at"], name="redemption_by_type_and_time"),
            models.Index(
                fields=["coupon_type", "returned_at"],
                name="redemption_returned_by_type",
                condition=Q(returned_at__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="redemption_only_comes_back", exclude=["returned_at"]),
            pgtrigger.Protect(
                name="redemption_comes_back_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__returned_at__isnull=False),
            ),
            pgtrigger.Protect(name="redemption_is_never_deleted", operation=pgtrigger.Delete),
            never_truncated("redemptions_are_never_truncated"),
        ]

    def __str__(self) -> str:
        return f"{self.coupon_id} → {self.order_ref}"
