"""Writing rules: a rule, its versions, shadow, publication by a second person, narrowing, retiring."""

import hashlib
import json
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from backoffice.lib.approvals import approvable, request_approval
from backoffice.lib.audit import because
from backoffice.lib.errors import DomainError, InvalidInput, StaleState
from backoffice.lib.models import Approval
from backoffice.lib.sentences import Sentence
from backoffice.lib.states import move
from orders.services.texts import checked_prose
from promotions.services.campaigns import save_valid
from risk.models import Rule, RuleVersion
from risk.rulebook import Node, RuleNotUnderstood, parse, to_json
from risk.rulefacts import BOOKS
from risk.services.value_lists import check_live, known_lists, names_in
from risk.states import VERSION_MOVES, VersionStatus

PUBLISH = "risk.publish_rule"
SUMMARY = Sentence(gettext_noop("Publish the rule %(rule)s, version %(number)s, on %(percent)s%% of the orders"))


@transaction.atomic
def make_rule(*, name: str, purpose: str, subject: str, by: Any, at: datetime) -> Rule:
    """A rule that says nothing yet. Raises InvalidInput for a name that is taken or none."""
    rule = Rule(name=name, purpose=purpose, subject=subject, created_by=by, created_at=at)
    save_valid(rule)
    return rule


@transaction.atomic
def draft_version(
    rule: Rule, *, tree: Any, evidence: str, strength: str, score: int, text: str, by: Any, reason: str, at: datetime
) -> RuleVersion:
    """A new version of the rule; older drafts of it are retired. Raises InvalidInput where the tree cannot be understood."""
    reason = checked_prose(reason, "the reason")
    node = understood(tree, rule.subject)
    rule = Rule.objects.select_for_update().get(pk=rule.pk)
    says = {"tree": to_json(node), "evidence": evidence, "strength": strength, "score": score, "text": text.strip()}
    number = (rule.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    version = RuleVersion(rule=rule, number=number, tree_hash=hash_of(rule, says), made_by=by, made_at=at, **says)
    with because(reason, user=by.pk):
        rule.versions.filter(status=VersionStatus.DRAFT).update(status=VersionStatus.RETIRED, retired_at=at)
        save_valid(version)
    return version


def understood(tree: Any, subject: str) -> Node:
    """Raises InvalidInput with every problem, in the reader's language."""
    try:
        return parse(tree, BOOKS[subject].schema, known_lists())
    except RuleNotUnderstood as error:
        raise InvalidInput(" ".join(_(problem.sentence) % problem.values for problem in error.problems)) from error


def hash_of(rule: Rule, says: dict[str, Any]) -> str:
    """SHA-256 over everything that a hit would do, in canonical JSON."""
    canonical = json.dumps([rule.name, rule.subject, says], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


@transaction.atomic
def put_in_shadow(version: RuleVersion, *, by: Any, reason: str, at: datetime) -> RuleVersion:
    """From now on it judges every order and acts on none; the version that was in shadow is retired.

    Raises StaleState where another version is in review, or a value list that it names was retired.
    """
    version = _locked(version)
    check_live(names_in(version.tree))
    with because(reason, user=by.pk):
        for other in version.rule.versions.filter(status__in=(VersionStatus.SHADOW, VersionStatus.IN_REVIEW)).exclude(
            pk=version.pk
        ):
            if other.status == VersionStatus.IN_REVIEW:
                raise StaleState(_("%s is in review. Decide about it, or take the request back first.") % other)
            move(other, VersionStatus.RETIRED, VERSION_MOVES, retired_at=at)
        return move(version, VersionStatus.SHADOW, VERSION_MOVES, shadow_at=at)


@transaction.atomic
def request_publication(version: RuleVersion, *, percent: int = 100, by: Any, reason: str, at: datetime) -> Approval:
    """Ask a second person to let the version act, or to let a published one act on more orders. It stays in shadow meanwhile.

    Raises StaleState where it is neither in shadow nor published, InvalidInput for a share that does not widen it.
    """
    version = _locked(version)
    if not 1 <= percent <= 100:
        raise InvalidInput(_("The share is 1 to 100 percent."))
    if version.status == VersionStatus.PUBLISHED:
        if percent <= version.percent:
            raise InvalidInput(_("It acts on so many orders already. To narrow it needs nobody else."))
    else:
        with because(reason, user=by.pk):
            move(version, VersionStatus.IN_REVIEW, VERSION_MOVES)
    return request_approval(
        action=PUBLISH,
        target=f"risk.ruleversion:{version.pk}",
        summary=SUMMARY % {"rule": version.rule.name, "number": version.number, "percent": percent},
        payload={"version": version.pk, "hash": version.tree_hash, "percent": percent},
        reason=reason,
        by=by,
        at=at,
    )


def _publish(approval: Approval, at: datetime) -> None:
    """The version that acted before is retired in the same transaction. Raises DomainError where it is not what was asked for."""
    version = _locked(RuleVersion.objects.get(pk=approval.payload["version"]))
    if version.tree_hash != approval.payload["hash"]:
        raise DomainError(_("This is not the version that was asked for. Ask anew."))
    percent = approval.payload["percent"]
    if version.status == VersionStatus.PUBLISHED:
        RuleVersion.objects.filter(pk=version.pk, status=VersionStatus.PUBLISHED).update(percent=percent)
        return
    for other in version.rule.versions.published().exclude(pk=version.pk):
        move(other, VersionStatus.RETIRED, VERSION_MOVES, retired_at=at)
    move(version, VersionStatus.PUBLISHED, VERSION_MOVES, percent=percent, published_at=at)


def _back_to_shadow(approval: Approval, at: datetime) -> None:
    version = _locked(RuleVersion.objects.get(pk=approval.payload["version"]))
    if version.status == VersionStatus.IN_REVIEW:
        move(version, VersionStatus.SHADOW, VERSION_MOVES)


approvable(PUBLISH, permission="risk.publish_rule", on_reject=_back_to_shadow)(_publish)


@transaction.atomic
def narrow(version: RuleVersion, *, percent: int, by: Any, reason: str, at: datetime) -> RuleVersion:
    """A published version acts on fewer orders, at once. Raises InvalidInput for a share that is not smaller."""
    version = _locked(version)
    if version.status != VersionStatus.PUBLISHED:
        raise StaleState(_("Only a published version acts on orders."))
    if not 1 <= percent < version.percent:
        raise InvalidInput(_("A smaller share than %s percent. To act on more orders asks for a second person.") % version.percent)
    with because(reason, user=by.pk):
        RuleVersion.objects.filter(pk=version.pk).update(percent=percent)
    version.percent = percent
    return version


@transaction.atomic
def retire(version: RuleVersion, *, by: Any, reason: str, at: datetime) -> RuleVersion:
    """The version judges nothing any more. Raises StaleState for one in review: its request is taken back first."""
    version = _locked(version)
    with because(reason, user=by.pk):
        return move(version, VersionStatus.RETIRED, VERSION_MOVES, retired_at=at)


def _locked(version: RuleVersion) -> RuleVersion:
    """The version as it is now. Whoever changes the versions of a rule locks the rule first."""
    Rule.objects.select_for_update().get(pk=version.rule_id)
    return RuleVersion.objects.select_related("rule").get(pk=version.pk)
