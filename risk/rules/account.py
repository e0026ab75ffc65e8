"""Who the customer is, as far as the account tells."""

from backoffice.lib.sentences import Sentence, gettext_noop
from risk.facts import OLD, YOUNG, OrderFacts
from risk.rules.findings import Evidence, Finding, Strength, against, counted, in_favour, rule
from risk.rules.segments import virtual_operator

MADE_TOGETHER_FROM = 5
REGISTERED = Sentence(gettext_noop("The account was registered %(hours)s h before the claim and has no other life"))
VIRTUAL_NUMBER = Sentence(gettext_noop("The phone number is a virtual operator's (%(prefix)s)"))
NUMBER_OF_THINGS = Sentence(gettext_noop("The phone number is of a range for machines, not for people (%(prefix)s)"))
MADE_TOGETHER = Sentence(
    gettext_noop("%(accounts)s accounts on the same code or recipient were registered within 10 minutes of each other")
)
AGED = Sentence(gettext_noop("The account was %(days)s days old"))
DELIVERED_BEFORE = Sentence(gettext_noop("Earlier orders were paid and delivered"))
OWN_NUMBER = Sentence(gettext_noop("All virtual goods go to the customer's own number"))


@rule(Evidence.ACCOUNT)
def made_for_the_night(facts: OrderFacts) -> Finding | None:
    """Registered shortly before it claimed what gangs come for, and nothing was ever delivered to it.

    Weak: every honest newcomer looks like this, at the event itself most of all. Other claims are no other life, since they cost
    nothing.
    """
    age = facts.age_at_claim
    if age is None or age >= YOUNG or facts.has_earlier_delivery or not facts.has_tempting_coupon:
        return None
    hours = round(age.total_seconds() / 3600)
    return against(15, REGISTERED % {"hours": hours}, hours=hours)


@rule(Evidence.ACCOUNT)
def made_in_a_burst(facts: OrderFacts) -> Finding | None:
    """Its account and those of others on the same code or the same recipient were registered within minutes of each other.

    Weak: newcomers register together at an event, and a class does. But it outlives the age that bought accounts have.
    """
    if facts.made_together < MADE_TOGETHER_FROM or not facts.has_tempting_coupon or facts.has_earlier_delivery:
        return None
    return against(15, MADE_TOGETHER % {"accounts": counted(facts.made_together)}, accounts=facts.made_together)


@rule(Evidence.ACCOUNT)
def virtual_operator_number(facts: OrderFacts) -> Finding | None:
    """Supports other evidence and weighs too little to count as a kind: millions of ordinary people have such a number.

    Cards are bought by the thousand for accounts that are made for a night. Who has had his account for a month has had his number
    for as long, and is one of the millions.
    """
    segment = virtual_operator(facts.phone_segment, on=facts.placed_at.date())
    if segment is None or not facts.has_tempting_coupon or (facts.age is not None and facts.age > OLD):
        return None
    if segment.is_for_things:
        return against(5, NUMBER_OF_THINGS % {"prefix": segment.prefix}, prefix=segment.prefix)
    return against(5, VIRTUAL_NUMBER % {"prefix": segment.prefix}, prefix=segment.prefix)


@rule(Evidence.ACCOUNT)
def old_account(facts: OrderFacts) -> Finding | None:
    """Old accounts can be bought, so age alone acquits nobody."""
    if facts.age is None or facts.age <= OLD:
        return None
    return in_favour(15, AGED % {"days": facts.age.days}, days=facts.age.days)


@rule(Evidence.ACCOUNT)
def earlier_delivery(facts: OrderFacts) -> Finding | None:
    if not facts.has_earlier_delivery:
        return None
    return in_favour(20, str(DELIVERED_BEFORE), strength=Strength.STRONG)


@rule(Evidence.CASH_OUT)
def own_number_topped_up(facts: OrderFacts) -> Finding | None:
    """A gang sends the value to a few numbers of its own. From a new account it says less: a rack of SIM cards has numbers too."""
    if not facts.tops_up_own_number_only:
        return None
    text = str(OWN_NUMBER)
    if facts.is_young:
        return in_favour(10, text)
    return in_favour(30, text, strength=Strength.STRONG)
