"""When things were done: together with others, to the minute. A crowd moves together too, and does not all do the same. Pure."""

from backoffice.lib.sentences import Sentence, gettext_noop
from risk.facts import OrderFacts
from risk.rules.findings import Evidence, Finding, Strength, against, are_nearly_all, in_favour, rule

IN_STEP_FROM = 8
"""So many others, each on another device, who claimed and ordered within the same minutes."""

IN_STEP = Sentence(
    gettext_noop("%(others)s of %(crowd)s others who claimed by the same entry within a minute also ordered within the same minute")
)
RACK_IN_STEP = Sentence(
    gettext_noop(
        "%(others)s others claimed and ordered within the same minutes, %(newcomers)s of them new accounts that topped up others"
    )
)
IN_A_BURST = Sentence(gettext_noop("Claimed while far more than usual was claimed by its entry, network or phone segment"))
AFTER_PUBLIC = Sentence(gettext_noop("Claimed %(minutes)s min after the code of %(type)s had gone public"))


@rule(Evidence.TIMING)
def lockstep(facts: OrderFacts) -> Finding | None:
    """Two acts of each in the same short windows: claim and order, by the same entry, of the same type.

    Counted is only whoever has a device of his own, since sharing one is evidence already, and only where at least half of those
    who claimed in that minute kept step: of a flash crowd a few always do. Once the code was public, people are told of it at the
    same moment, and it only supports.
    """
    if facts.in_step < IN_STEP_FROM or 2 * facts.in_step < facts.claimed_together or not facts.has_tempting_coupon:
        return None
    text = IN_STEP % {"others": facts.in_step, "crowd": facts.claimed_together}
    return against(5 if facts.came_after_public else 10, text, others=facts.in_step, crowd=facts.claimed_together)


@rule(Evidence.TIMING)
def newcomers_cashing_out_in_step(facts: OrderFacts) -> Finding | None:
    """Whoever does within the same two minutes as nearly all others there, and that is what no crowd all does.

    People who are told of a code at the same moment, on a screen or in a chat, come together as well. But some of them have old
    accounts, some buy goods, most top up their own number. Where nearly all are new, each on a device of its own, and send the
    value to somebody else, a machine is at work. Once the code was public it is not counted: then newcomers come in crowds.
    """
    others, newcomers = facts.in_step, facts.newcomers_in_step
    if newcomers < IN_STEP_FROM or not are_nearly_all(newcomers, others):
        return None
    if 2 * others < facts.claimed_together or facts.came_after_public:
        return None
    text = RACK_IN_STEP % {"others": others, "newcomers": newcomers}
    return against(35, text, strength=Strength.STRONG, others=others, newcomers=newcomers)


@rule(Evidence.TIMING)
def claimed_in_a_burst(facts: OrderFacts) -> Finding | None:
    """Supports other evidence and weighs too little to count as a kind: a festival and a TV show burst, too.

    Of the kind of acts in step, since a burst is the same minutes counted once more, and whoever was swept along came in the same
    burst as the gang. Said only of a new account that turned a tempting coupon into value for somebody else, before staff said that
    the code was public: of all others in the crowd there is nothing to support.
    """
    where = sorted({kind for coupon in facts.coupons if coupon.is_tempting for kind in coupon.bursts})
    if not where or not facts.cashes_out_new or facts.has_earlier_delivery or facts.came_after_public:
        return None
    return against(5, str(IN_A_BURST), where=where)


@rule(Evidence.TIMING)
def arrived_after_public(facts: OrderFacts) -> Finding | None:
    """Staff have said, in an incident, when the code went public. Whoever came later may have read of it, as thousands did."""
    if not facts.came_after_public:
        return None
    late = max(facts.after_public, key=lambda coupon: coupon.claimed_at)
    minutes = round((late.claimed_at - late.went_public_at).total_seconds() / 60)  # type: ignore[operator]
    return in_favour(15, AFTER_PUBLIC % {"minutes": minutes, "type": late.coupon_type}, minutes=minutes)
