"""How the value leaves."""

from datetime import timedelta

from backoffice.lib.sentences import Sentence, gettext_noop
from risk.facts import OrderFacts
from risk.rules.findings import Evidence, Finding, against, rule

QUICK = timedelta(minutes=30)
"""Short enough to be a plan and not a second thought. Honest customers are quick too, so it is weak."""
CASHED_OUT = Sentence(gettext_noop("Turned into virtual goods for somebody else %(minutes)s min after the claim"))


@rule(Evidence.CASH_OUT)
def quick_cash_out(facts: OrderFacts) -> Finding | None:
    """A coupon turned into virtual goods for somebody else within minutes of its claim.

    With an ordinary coupon the customer pays most of it himself, which makes it a poor way to move money out: that weighs half.
    """
    if not facts.tops_up_others:
        return None
    tempting = [coupon for coupon in facts.coupons if coupon.is_tempting]
    waited = min(facts.placed_at - coupon.claimed_at for coupon in tempting or facts.coupons)
    if waited > QUICK:
        return None
    minutes = max(round(waited.total_seconds() / 60), 1)
    text = CASHED_OUT % {"minutes": minutes}
    return against(20 if tempting else 10, text, minutes=minutes, amount=str(facts.virtual_amount))
