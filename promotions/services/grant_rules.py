"""Which claim rules bind a grant.

Staff name the customer, so there is no device, address or token to count by: the rules per customer that refuse bind, with those
who claimed counted in, unless the grant gives in addition. Blocks on the customer or his phone, and a type for verified customers
only, bind always.
"""

from typing import Any

from django.utils.translation import gettext_noop

from promotions.models import Grant
from promotions.services.rules import rules_of as rules_of_type
from promotions.states import Identity

# Kept with each row in English and shown in the reader's language.
WHY = {
    "blocked": gettext_noop("an identity is blocked"),
    "not_verified": gettext_noop("the customer is not verified"),
    "has_one": gettext_noop("has one already"),
    "all_given": gettext_noop("the quantity is given away"),
    "type_budget_spent": gettext_noop("the coupon type's own budget is spent"),
    "budget_spent": gettext_noop("the budget is spent"),
    "stopped": gettext_noop("the grant was stopped"),
}


def rules_of(grant: Grant) -> list[int]:
    """The claim rules that a coupon of this grant uses up."""
    if grant.is_in_addition:
        return []
    binding = rules_of_type(grant.coupon_type).that_refuse().filter(identity=Identity.CUSTOMER)
    return list(binding.order_by("pk").values_list("pk", flat=True))


def rule_values(grant: Grant) -> dict[str, Any]:
    """What the statements need to find an obstacle."""
    return {
        "coupon_type": grant.coupon_type_id,
        "campaign": grant.coupon_type.campaign_id,
        "verified_only": grant.coupon_type.requires_verified,
        "rules": rules_of(grant),
    }
