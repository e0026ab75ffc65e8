from typing import Any

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.lib.audit import never_truncated, tracked
from backoffice.lib.guards import NEVER_IGNORED
from backoffice.lib.states import guard_moves
from risk.querysets import RuleVersionQuerySet
from risk.states import VERSION_MOVES, EvidenceKind, RuleResult, RuleSubject, Strength, VersionStatus

# Who publishes is never who asked: the approval decided in this very transaction names this version, hash and share.
# To let a version act on fewer orders, or on none, needs nobody else.
PUBLISHED_AS_APPROVED = pgtrigger.Trigger(
    name="version_is_published_as_approved",
    declare=NEVER_IGNORED,
    when=pgtrigger.Before,
    operation=pgtrigger.UpdateOf("status", "percent"),
    condition=pgtrigger.Condition("NEW.status = 'published' AND (OLD.status <> 'published' OR NEW.percent > OLD.percent)"),
    func="""
        IF NOT EXISTS (
            SELECT 1 FROM lib_approval a
             WHERE a.action = 'risk.publish_rule' AND a.target = 'risk.ruleversion:' || NEW.id AND a.status = 'approved'
               AND a.decided_in = pg_current_xact_id()::text::bigint AND a.decided_by_id <> a.requested_by_id
               AND a.payload ->> 'hash' = NEW.tree_hash AND (a.payload ->> 'percent')::int = NEW.percent
        ) THEN
            RAISE EXCEPTION 'a rule is published by a second person, as it was asked for'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'version_is_published_as_approved';
        END IF;
        RETURN NEW;
    """,
)
# A value list is never deleted, and not retired while a version that runs names it (`value_lists.py`).
RUNS_ON_LIVE_LISTS = pgtrigger.Trigger(
    name="version_runs_on_live_value_lists",
    declare=[*NEVER_IGNORED, ("_names", "TEXT[]"), ("_live", "BIGINT")],
    when=pgtrigger.Before,
    operation=pgtrigger.UpdateOf("status"),
    condition=pgtrigger.Condition(
        "NEW.status IN ('shadow', 'in_review', 'published') AND NEW.status <> OLD.status"
        " AND jsonb_path_exists(NEW.tree, '$.**.list')"
    ),
    func="""
        _names := ARRAY(SELECT DISTINCT n #>> '{}' FROM jsonb_path_query(NEW.tree, '$.**.list') n);
        PERFORM 1 FROM risk_valuelist l WHERE l.name = ANY (_names) ORDER BY l.id FOR SHARE;
        SELECT count(*) INTO _live FROM risk_valuelist l WHERE l.name = ANY (_names) AND l.ended_at IS NULL;
        IF _live < cardinality(_names) THEN
            RAISE EXCEPTION 'a rule runs only on value lists that are there and not retired'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'version_runs_on_live_value_lists';
        END IF;
        RETURN NEW;
    """,
)
BEGINS_AS_A_DRAFT = pgtrigger.Protect(
    name="version_begins_as_a_draft", operation=pgtrigger.Insert, condition=pgtrigger.Condition("NEW.status <> 'draft'")
)


@tracked()
class Rule(models.Model):
    """A rule that staff wrote. What it says stands in its versions."""

    name = models.SlugField(
        _("name"),
        max_length=50,
        unique=True,
        help_text=_("Short, of letters, digits and hyphens. Findings carry it; it never changes."),
    )
    purpose = models.TextField(_("purpose"), help_text=_("What it is to find, for whoever meets it in a year."))
    subject = models.CharField(_("judges"), max_length=5, choices=RuleSubject, default=RuleSubject.ORDER)
    created_by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("made by"))
    created_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        triggers = [
            pgtrigger.ReadOnly(name="rule_keeps_its_name", exclude=["purpose"]),
            pgtrigger.Protect(name="rule_is_never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.name


@tracked()
class RuleVersion(models.Model):
    """What a rule said at one time: never rewritten. A change is a new version.

    `tree` is its syntax tree (`risk.rulebook.tree`); `tree_hash` is over the tree and everything else that a hit would do.
    """

    rule = models.ForeignKey("risk.Rule", models.PROTECT, related_name="versions", verbose_name=_("rule"))
    number = models.PositiveIntegerField(_("version"))
    status = models.CharField(_("status"), max_length=9, choices=VersionStatus, default=VersionStatus.DRAFT)
    tree = models.JSONField(_("conditions"))
    tree_hash = models.CharField(_("hash"), max_length=64)
    evidence = models.CharField(_("kind of evidence"), max_length=14, choices=EvidenceKind)
    strength = models.CharField(_("strength"), max_length=6, choices=Strength)
    score = models.SmallIntegerField(_("score"), help_text=_("Negative where it speaks for the customer."))
    text = models.CharField(_("finding"), max_length=200, help_text=_("The sentence that reviewers read on an order it hits."))
    percent = models.PositiveSmallIntegerField(
        _("share"),
        default=100,
        help_text=_("Percent of the orders on which a published version acts; on the others it is watched."),
    )
    made_by = models.ForeignKey("auth.User", models.PROTECT, related_name="+", verbose_name=_("written by"))
    made_at = models.DateTimeField(_("written at"))
    shadow_at = models.DateTimeField(_("in shadow since"), null=True, editable=False)
    published_at = models.DateTimeField(_("published at"), null=True, editable=False)
    retired_at = models.DateTimeField(_("retired at"), null=True, editable=False)

    objects = RuleVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of a rule")
        verbose_name_plural = _("versions of rules")
        ordering = ["-id"]
        permissions = [
            ("shadow_rule", _("Can put a rule into shadow and ask for its publication")),
            ("publish_rule", _("Can publish a rule that somebody else asked for")),
            ("retire_rule", _("Can narrow or retire a rule")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["rule", "number"], name="rule_version_once_per_number"),
            models.UniqueConstraint(fields=["rule"], condition=Q(status="published"), name="rule_has_one_published_version"),
            models.UniqueConstraint(
                fields=["rule"], condition=Q(status__in=["shadow", "in_review"]), name="rule_has_one_version_in_shadow"
            ),
            models.CheckConstraint(condition=Q(percent__gte=1, percent__lte=100), name="rule_version_share_is_a_percentage"),
            models.CheckConstraint(condition=Q(score__gte=-100, score__lte=100), name="rule_version_score_within_100"),
            models.CheckConstraint(condition=Q(tree_hash__regex="^[0-9a-f]{64}$"), name="rule_version_is_hashed"),
            models.CheckConstraint(condition=~Q(text=""), name="rule_version_says_what_it_found"),
        ]
        triggers = [
            guard_moves("version_moves", VERSION_MOVES),
            BEGINS_AS_A_DRAFT,
            PUBLISHED_AS_APPROVED,
            RUNS_ON_LIVE_LISTS,
            pgtrigger.ReadOnly(
                name="version_is_never_rewritten", exclude=["status", "percent", "shadow_at", "published_at", "retired_at"]
            ),
            pgtrigger.Protect(name="version_is_never_deleted", operation=pgtrigger.Delete),
            never_truncated("versions_are_never_truncated"),
        ]

    def __str__(self) -> str:
        return f"{self.rule} v{self.number}"

    @property
    def runs(self) -> bool:
        return self.status in (VersionStatus.SHADOW, VersionStatus.IN_REVIEW, VersionStatus.PUBLISHED)


class RuleRun(models.Model):
    """One look at one order with all rules that run: which, what each said, and how long it took. Short-lived (see `tasks`).

    The arrays run side by side. Kept per order and not per rule, so that a hundred rules cost one row.
    """

    order = models.ForeignKey("orders.Order", models.CASCADE, related_name="+", db_index=False, verbose_name=_("order"))
    at = models.DateTimeField(_("at"))
    versions: Any = ArrayField(models.BigIntegerField(), verbose_name=_("versions"))
    results: Any = ArrayField(models.CharField(max_length=7), verbose_name=_("results"))
    nanoseconds: Any = ArrayField(models.IntegerField(), verbose_name=_("nanoseconds"))

    class Meta:
        verbose_name = _("run of the rules")
        verbose_name_plural = _("runs of the rules")
        indexes = [models.Index(fields=["at"], name="rule_run_by_time")]

    def __str__(self) -> str:
        return f"#{self.pk}"


class RuleHit(models.Model):
    """What a rule said of an order that was not a plain miss, with its explanation as it was then: kept for good, never rewritten.

    `explanation` holds what every node of the version's tree said (`trace`), and the facts with their values as of `as_of`; the
    tree itself is the version's, which is never rewritten nor deleted. The same words about the same order are kept once, however
    often it is looked at.
    """

    order = models.ForeignKey("orders.Order", models.PROTECT, related_name="+", verbose_name=_("order"))
    version = models.ForeignKey("risk.RuleVersion", models.PROTECT, related_name="+", db_index=False, verbose_name=_("rule"))
    result = models.CharField(_("result"), max_length=7, choices=RuleResult)
    acted = models.BooleanField(_("acted"), help_text=_("Published, and the order lay in its share; else it was only watched."))
    explanation = models.JSONField(_("explanation"))
    digest = models.CharField(max_length=64, editable=False)
    as_of = models.DateTimeField(_("facts as of"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("hit of a rule")
        verbose_name_plural = _("hits of rules")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "version", "digest"], name="rule_hit_once_for_the_same_words"),
            models.CheckConstraint(condition=~Q(result="miss"), name="rule_hit_is_not_a_miss"),
        ]
        indexes = [models.Index(fields=["version", "-at"], name="rule_hit_by_version_and_time")]
        triggers = [
            pgtrigger.Protect(name="rule_hit_is_kept_for_good", operation=pgtrigger.Update | pgtrigger.Delete),
            never_truncated("rule_hits_are_never_truncated"),
        ]

    def __str__(self) -> str:
        return f"{self.version} → {self.order_id}"
