"""Claim rules: added to drafts, and to what is live by a second person.

What a rule says never changes. It is ended and another one added: that one counts from then on, which its request says in words.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from backoffice.lib.aloud import in_english, word
from backoffice.lib.approvals import approvable, request_approval
from backoffice.lib.display import duration_text
from backoffice.lib.errors import DomainError, InvalidInput
from backoffice.lib.models import Approval
from backoffice.lib.sentences import Sentence
from promotions.models import Campaign, ClaimRule, CouponType
from promotions.services.campaigns import save_valid
from promotions.services.lifecycle import target_of
from promotions.states import Identity, RuleAction

Owner = Campaign | CouponType
OWNERS: dict[str, type[Owner]] = {"promotions.campaign": Campaign, "promotions.coupontype": CouponType}
DRAFTED = ("draft", "in_review")
OVER = "ended"
LIMIT = Sentence(
    "at most %(limit)s coupon per %(identity)s",  # marked below
    plural="at most %(limit)s coupons per %(identity)s",
    count="limit",
    is_part=True,
    is_innermost=True,
    identity=word,
)
WITHIN = Sentence(gettext_noop("%(rule)s within %(window)s"), is_part=True)
TOGETHER = Sentence(gettext_noop("%(rule)s, all types of the campaign together"), is_part=True)
BEYOND = Sentence(gettext_noop("%(rule)s; beyond: %(action)s"), is_part=True, action=word)
GETS = Sentence(gettext_noop("%(owner)s gets a claim rule: %(rule)s. Claims from then on are counted, not those before."))
LOSES = Sentence(gettext_noop("%(owner)s loses a claim rule: %(rule)s."))


def add_rule(owner: Owner, *, identity: str, window: timedelta | None, limit: int, action: str = RuleAction.REFUSE) -> ClaimRule:
    """One more claim rule for a draft. Raises InvalidInput."""
    if owner.status != "draft":
        raise InvalidInput(_("Rules can be added to a draft. What is live is changed by a new approval."))
    rule = _new_rule(owner, identity=identity, window=window, limit=limit, action=action)
    save_valid(rule)
    return rule


def remove_rule(rule: ClaimRule) -> None:
    """Take a rule out of a draft. Raises InvalidInput for what is no draft."""
    if owner_of(rule).status != "draft":
        raise InvalidInput(_("A rule of what is no longer a draft is ended by a new approval."))
    rule.delete()


def owner_of(rule: ClaimRule) -> Owner:
    owner = rule.coupon_type or rule.campaign
    if owner is None:
        raise DomainError(_("A rule belongs to a campaign or a coupon type."))
    return owner


def rules_of(coupon_type: CouponType) -> Any:
    """All rules that hold for claims of a type: its own and its campaign's."""
    return ClaimRule.objects.in_force().filter(coupon_type=coupon_type) | ClaimRule.objects.in_force().filter(
        campaign=coupon_type.campaign_id
    )


def rule_text(rule: ClaimRule) -> str:
    """A rule in words, for example "at most 2 coupons per device within 10 minutes, otherwise refuse"."""
    values = {"limit": rule.limit, "identity": Identity(rule.identity).label}
    text = ngettext("at most %(limit)s coupon per %(identity)s", "at most %(limit)s coupons per %(identity)s", rule.limit) % values
    if rule.window:
        text = _(WITHIN.template) % {"rule": text, "window": duration_text(rule.window)}
    if rule.campaign_id:
        text = _(TOGETHER.template) % {"rule": text}
    return _(BEYOND.template) % {"rule": text, "action": RuleAction(rule.action).label}


def request_rule(
    owner: Owner, *, identity: str, window: timedelta | None, limit: int, action: str, by: Any, reason: str, at: datetime
) -> Approval:
    """Ask that a rule is added to what is live or stopped. Raises DomainError for a draft, and for what has ended."""
    _check_running(owner)
    rule = _new_rule(owner, identity=identity, window=window, limit=limit, action=action)
    with in_english():
        summary = GETS % {"owner": owner, "rule": rule_text(rule)}
    return request_approval(
        action=f"{_kind(owner)}.add_rule",
        target=target_of(owner),
        summary=summary,
        payload={"rule": _terms(rule)},
        reason=reason,
        by=by,
        at=at,
    )


def request_rule_end(rule: ClaimRule, *, by: Any, reason: str, at: datetime) -> Approval:
    """Ask that a rule of what is live or stopped counts no more. Raises DomainError where that was done, or for the last bound."""
    owner = owner_of(rule)
    _check_running(owner)
    _check_can_end(rule)
    with in_english():
        summary = LOSES % {"owner": owner, "rule": rule_text(rule)}
    return request_approval(
        action=f"{_kind(owner)}.end_rule",
        target=target_of(owner),
        summary=summary,
        payload={"rule": rule.pk, "terms": _terms(rule)},
        reason=reason,
        by=by,
        at=at,
    )


def check_bounds(coupon_type: CouponType) -> None:
    """What the trigger `unbounded_type_stays_a_draft` says, in words, before it is asked for. Raises InvalidInput."""
    if rules_of(coupon_type).that_refuse().exists():
        return
    if coupon_type.is_restricted:
        raise InvalidInput(_("A restricted coupon type needs a claim rule that refuses: how many for one customer, or device."))
    if coupon_type.minimum_spend == 0 and coupon_type.quantity is None:
        raise InvalidInput(_("A coupon without minimum spend needs a claim rule that refuses, or a quantity."))


def _new_rule(owner: Owner, **terms: Any) -> ClaimRule:
    if isinstance(owner, Campaign):
        return ClaimRule(campaign=owner, **terms)
    return ClaimRule(coupon_type=owner, **terms)


def _terms(rule: ClaimRule) -> dict[str, Any]:
    """What the approval says of a rule, and what the database compares with it. The window in whole seconds."""
    seconds = int(rule.window.total_seconds()) if rule.window else None
    return {"identity": str(rule.identity), "limit": rule.limit, "window": seconds, "action": str(rule.action)}


def _kind(owner: Owner) -> str:
    return "promotions.campaign" if isinstance(owner, Campaign) else "promotions.coupon_type"


def _check_running(owner: Owner) -> None:
    if owner.status in DRAFTED:
        raise DomainError(_("This is a draft: change its rules there."))
    if owner.status == OVER:
        raise DomainError(_("%s has ended.") % owner)


def _check_can_end(rule: ClaimRule) -> None:
    """No live type may be left that nothing bounds."""
    if rule.ended_at is not None:
        raise DomainError(_("This rule has ended already."))
    owner = owner_of(rule)
    kinds = owner.coupon_types.filter(status="live") if isinstance(owner, Campaign) else [owner]
    for kind in kinds:
        rest = rules_of(kind).that_refuse().exclude(pk=rule.pk)
        if kind.minimum_spend == 0 and kind.quantity is None and not rest.exists():
            raise DomainError(_("%s has no minimum spend and no quantity: this rule is all that bounds it.") % kind)


def _owner_named(approval: Approval) -> Owner:
    """The campaign or type that an approval is about, locked. Raises DomainError where it has ended in the meantime."""
    label, _sep, pk = approval.target.rpartition(":")
    owner: Owner = OWNERS[label]._default_manager.select_for_update(no_key=True).get(pk=int(pk))
    _check_running(owner)
    return owner


@approvable("promotions.campaign.add_rule", permission="promotions.approve_campaign")
@approvable("promotions.coupon_type.add_rule", permission="promotions.approve_coupontype")
@transaction.atomic
def _add(approval: Approval, at: datetime) -> None:
    terms = approval.payload["rule"]
    window = timedelta(seconds=terms["window"]) if terms["window"] else None
    rule = _new_rule(_owner_named(approval), **{**terms, "window": window}, added_by=approval)
    save_valid(rule)


@approvable("promotions.campaign.end_rule", permission="promotions.approve_campaign")
@approvable("promotions.coupon_type.end_rule", permission="promotions.approve_coupontype")
@transaction.atomic
def _end(approval: Approval, at: datetime) -> None:
    _owner_named(approval)
    rule = ClaimRule.objects.select_related("coupon_type", "campaign").get(pk=approval.payload["rule"])
    _check_can_end(rule)
    ClaimRule.objects.filter(pk=rule.pk, ended_at=None).update(ended_at=at, ended_by=approval)
