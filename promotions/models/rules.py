import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import tracked
from promotions.querysets import ClaimRuleQuerySet
from promotions.states import Identity, RuleAction

MOST_COUNTED = 1_000  # so many times at most stand in one row of RuleUse, which every claim of that identity writes anew

# A draft's rules come and go; the approval of the draft covers them. From then on a rule is added or ended by an approval of its
# own, and the database compares it with what that approval says.
ADDED_AND_ENDED_BY_APPROVAL = pgtrigger.Trigger(
    name="claim_rule_only_in_a_draft_or_by_approval",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
    declare=[("rule", "promotions_claimrule"), ("owner", "text"), ("owner_status", "text"), ("is_approved", "boolean")],
    func="""
        IF TG_OP = 'DELETE' THEN rule := OLD; ELSE rule := NEW; END IF;
        IF rule.campaign_id IS NULL THEN
            owner := 'promotions.coupontype:' || rule.coupon_type_id;
            SELECT t.status INTO owner_status FROM promotions_coupontype t WHERE t.id = rule.coupon_type_id;
        ELSE
            owner := 'promotions.campaign:' || rule.campaign_id;
            SELECT c.status INTO owner_status FROM promotions_campaign c WHERE c.id = rule.campaign_id;
        END IF;
        is_approved := EXISTS (
            SELECT 1 FROM lib_approval a
             WHERE a.status = 'approved' AND a.target = owner
               AND CASE TG_OP
                   WHEN 'INSERT' THEN a.id = rule.added_by_id AND a.action LIKE '%.add_rule'
                        AND a.payload->'rule' = jsonb_build_object('identity', rule.identity, 'limit', rule."limit",
                            'window', extract(epoch FROM rule."window")::bigint, 'action', rule.action)
                   WHEN 'UPDATE' THEN a.id = rule.ended_by_id AND a.action LIKE '%.end_rule'
                        AND a.payload->'rule' = to_jsonb(rule.id)
                   ELSE false END);
        IF owner_status IS NOT NULL AND owner_status NOT IN ('draft', 'in_review') AND NOT is_approved THEN
            RAISE EXCEPTION 'rules of what is no longer a draft change only by an approval that says so'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'claim_rule_only_in_a_draft_or_by_approval';
        END IF;
        IF TG_OP = 'DELETE' THEN RETURN OLD; ELSE RETURN NEW; END IF;
    """,
)


@tracked()
class ClaimRule(models.Model):
    """At most `limit` coupons for one identity within a sliding window: of one coupon type, or of all types of a campaign together.

    At its limit a rule refuses, or issues and flags. A claim that lacks the identity is refused, or flagged. What a rule says never
    changes: it is ended, and another one added, which counts from then on.
    """

    campaign = models.ForeignKey(
        "promotions.Campaign", models.CASCADE, related_name="rules", null=True, blank=True, verbose_name=_("campaign")
    )
    coupon_type = models.ForeignKey(
        "promotions.CouponType", models.CASCADE, related_name="rules", null=True, blank=True, verbose_name=_("coupon type")
    )
    identity = models.CharField(_("counted by"), max_length=10, choices=Identity)
    limit = models.PositiveSmallIntegerField(
        _("limit"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_COUNTED)],
        help_text=_("So many coupons for each of them."),
    )
    window = models.DurationField(
        _("within"), null=True, blank=True, help_text=_("For example 00:10:00, or 1 00:00:00 for a day. Empty for ever.")
    )
    action = models.CharField(_("then"), max_length=6, choices=RuleAction, default=RuleAction.REFUSE)
    added_by = models.ForeignKey("lib.Approval", models.PROTECT, related_name="+", null=True, editable=False)
    ended_by = models.ForeignKey("lib.Approval", models.PROTECT, related_name="+", null=True, editable=False)
    ended_at = models.DateTimeField(_("ended at"), null=True, editable=False)

    objects = ClaimRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("claim rule")
        verbose_name_plural = _("claim rules")
        constraints = [
            models.CheckConstraint(
                condition=Q(campaign=None, coupon_type__isnull=False) | Q(campaign__isnull=False, coupon_type=None),
                name="claim_rule_of_a_campaign_or_of_a_type",
            ),
            models.UniqueConstraint(
                fields=["campaign", "coupon_type", "identity", "window", "action"],
                condition=Q(ended_at=None),
                nulls_distinct=False,
                name="claim_rule_once_per_identity_window_and_action",
                violation_error_message=_("There is a rule for the same identity, time and action already."),
            ),
            models.CheckConstraint(condition=Q(limit__gt=0), name="claim_rule_limit_is_positive"),
            models.CheckConstraint(condition=Q(window=None) | Q(window__gt="0"), name="claim_rule_window_is_positive"),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None) | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="claim_rule_ended_by_an_approval",
            ),
        ]
        triggers = [
            ADDED_AND_ENDED_BY_APPROVAL,
            pgtrigger.ReadOnly(name="claim_rule_stays_what_was_approved", exclude=["ended_at", "ended_by"]),
        ]

    def __str__(self) -> str:
        return f"{self.limit} × {self.get_identity_display()}"


class RuleUse(models.Model):
    """When one identity took under one rule: the guarded counter of that rule.

    Holds at most `limit` times where the rule refuses, the newest `limit` and one more where it flags.
    """

    rule = models.ForeignKey("promotions.ClaimRule", models.CASCADE, related_name="+", db_index=False)
    identity = models.CharField(max_length=200)
    times = ArrayField(models.DateTimeField())

    class Meta:
        verbose_name = _("use of a rule")
        verbose_name_plural = _("uses of rules")
        constraints = [models.UniqueConstraint(fields=["rule", "identity"], name="rule_use_one_row_per_identity")]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.identity}"


class ClaimFlag(models.Model):
    """An issued claim crossed a rule that flags, or lacks what that rule counts by. Part of the ledger: rows never change.

    It is promotions' own fact, for risk to weigh: no order waits for it.
    """

    claim = models.ForeignKey("promotions.Claim", models.PROTECT, related_name="flags", verbose_name=_("claim"))
    rule = models.ForeignKey("promotions.ClaimRule", models.PROTECT, related_name="+", verbose_name=_("claim rule"))
    is_identity_missing = models.BooleanField(_("identity missing"), default=False)

    class Meta:
        verbose_name = _("claim flag")
        verbose_name_plural = _("claim flags")
        constraints = [models.UniqueConstraint(fields=["claim", "rule"], name="claim_flag_once_per_rule")]
        triggers = [pgtrigger.Protect(name="claim_flag_is_never_changed", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"#{self.claim_id}: {self.rule}"
