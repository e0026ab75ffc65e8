"""Rules of staff, written and published through the services."""

from typing import Any

from backoffice.lib.approvals import approve
from risk.models import Rule, RuleVersion
from risk.services.rules import draft_version, make_rule, put_in_shadow, request_publication
from tests.promotions.factories import NOON, number, the_approver, the_asker

BIG_DISCOUNT: dict[str, Any] = {"fact": "order.discount", "is": "at_least", "value": "50"}
DEVICE_IN_USE: dict[str, Any] = {"fact": "orders.distinct.device.24h", "is": "at_least", "value": "2"}


def a_rule(**fields: Any) -> Rule:
    values = {"name": f"rule-{number()}", "purpose": "finds what a test looks for", "subject": "order"}
    return make_rule(**{**values, **fields}, by=the_asker(), at=NOON)


def a_draft(rule: Rule | None = None, *, tree: Any = None, **fields: Any) -> RuleVersion:
    values = {"evidence": "cash_out", "strength": "weak", "score": 30, "text": "a great discount"}
    tree = tree or {"all": [BIG_DISCOUNT]}
    return draft_version(rule or a_rule(), tree=tree, **{**values, **fields}, by=the_asker(), reason="a test", at=NOON)


def in_shadow(rule: Rule | None = None, **fields: Any) -> RuleVersion:
    return put_in_shadow(a_draft(rule, **fields), by=the_asker(), reason="watch it", at=NOON)


def published(rule: Rule | None = None, *, percent: int = 100, **fields: Any) -> RuleVersion:
    version = in_shadow(rule, **fields)
    approval = request_publication(version, percent=percent, by=the_asker(), reason="it is good", at=NOON)
    approve(approval, by=the_approver(), reason="looked at", at=NOON)
    version.refresh_from_db()
    return version
