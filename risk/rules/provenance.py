"""Where the coupons came from."""

from datetime import timedelta

from backoffice.lib.sentences import Sentence, gettext_noop
from risk.facts import CouponFacts, OrderFacts
from risk.rules.findings import Evidence, Finding, Strength, against, counted, rule

LEAKED_FROM = 5
"""So many customers by one token of a restricted type, and it goes from hand to hand."""

BEFORE_SUSPENSION = timedelta(hours=1)
SHARED_DEVICE_FROM = 3
NO_ENTRY = Sentence(gettext_noop("claimed without an entry"), is_part=True)
OTHER_ENTRY = Sentence(gettext_noop("claimed by an entry of another coupon type"), is_part=True)
ENTRY_SHUT = Sentence(gettext_noop("claimed while its entry was not open"), is_part=True)
NO_TOKEN = Sentence(gettext_noop("a restricted coupon claimed without a token"), is_part=True)
OTHER_TOKEN = Sentence(gettext_noop("claimed by a token of another entry"), is_part=True)
BROKEN = Sentence(gettext_noop("%(type)s: %(link)s"), is_part=True)
BY_ONE_TOKEN = Sentence(gettext_noop("%(customers)s customers claimed a restricted coupon by the same token"))
SUSPENDED_AFTER = Sentence(
    gettext_noop("%(type)s was suspended %(minutes)s minutes after this claim, and it pays for virtual goods")
)
BEYOND_A_RULE = Sentence(gettext_noop("claimed beyond what a claim rule allows without a flag, counted by %(identities)s"))


@rule(Evidence.PROVENANCE)
def unknown_provenance(facts: OrderFacts) -> Finding | None:
    """The database lets no such coupon exist; where one is found, somebody went round it."""
    for coupon in facts.coupons:
        broken = _broken_link(coupon)
        if broken:
            return against(
                60,
                BROKEN % {"type": coupon.coupon_type, "link": broken},
                strength=Strength.STRONG,
                coupon_type=coupon.coupon_type,
                broken=broken,
            )
    return None


@rule(Evidence.PROVENANCE)
def leaked_token(facts: OrderFacts) -> Finding | None:
    """Weak: whoever is swept along shares the token with the gang, and a poster's code is shared by design."""
    customers = max((coupon.customers_on_token for coupon in facts.coupons if coupon.is_restricted), default=0)
    if customers < LEAKED_FROM:
        return None
    return against(15, BY_ONE_TOKEN % {"customers": counted(customers)}, customers=customers)


@rule(Evidence.PROVENANCE)
def claimed_before_suspension(facts: OrderFacts) -> Finding | None:
    """A restricted coupon, claimed in the last hour before an alarm suspended its type, goes out as virtual goods.

    Whoever was there before the alarm is among those who set it off, and too few of them are known by then to show a pattern. So
    these few orders wait for a reviewer (see `weighing`): it is better to ask a person about the minutes before a suspension than
    to deliver them when the cooling-off is over. It says nothing about ordinary coupons, about goods, or about customers who top
    up their own number from a device of their own. A guest with a card of his own is asked about only where the account is young
    or others top up the same recipient, for cards that can be used once can be stolen too.
    """
    for coupon in facts.coupons:
        if _is_just_before_suspension(coupon) and _leaves_for_others(facts) and not _is_guest_with_own_card(coupon, facts):
            minutes = round((coupon.suspended_at - coupon.claimed_at).total_seconds() / 60)  # type: ignore[operator]
            text = SUSPENDED_AFTER % {"type": coupon.coupon_type, "minutes": minutes}
            return against(30, text, coupon_type=coupon.coupon_type, minutes=minutes)
    return None


@rule(Evidence.PROVENANCE)
def crossed_a_claim_rule(facts: OrderFacts) -> Finding | None:
    """A claim rule flagged the claim. Weak and light: whoever wrote the rule chose to issue, and a household crosses one too."""
    crossed = sorted({identity for coupon in facts.coupons for identity in coupon.rules_crossed})
    if not crossed:
        return None
    return against(5, BEYOND_A_RULE % {"identities": ", ".join(crossed)}, counted_by=crossed)


def _broken_link(coupon: CouponFacts) -> str:
    if coupon.is_granted:
        return ""
    if not coupon.has_entry:
        return str(NO_ENTRY)
    if not coupon.entry_is_of_its_type:
        return str(OTHER_ENTRY)
    if not coupon.is_within_entry_period:
        return str(ENTRY_SHUT)
    if coupon.is_restricted and not coupon.has_token:
        return str(NO_TOKEN)
    if coupon.has_token and not coupon.token_is_of_its_entry:
        return str(OTHER_TOKEN)
    return ""


def _is_just_before_suspension(coupon: CouponFacts) -> bool:
    if not coupon.is_restricted or coupon.is_granted or coupon.suspended_at is None:
        return False
    return timedelta(0) <= coupon.suspended_at - coupon.claimed_at <= BEFORE_SUSPENSION


def _leaves_for_others(facts: OrderFacts) -> bool:
    """Virtual goods for somebody else, or for the own number of an account that shares its device."""
    return facts.tops_up_others or bool(facts.virtual_amount and (facts.accounts_on_device or 0) >= SHARED_DEVICE_FROM)


def _is_guest_with_own_card(coupon: CouponFacts, facts: OrderFacts) -> bool:
    return not coupon.came_by_shared_token and not facts.is_young and facts.accounts_on_recipient < 2
