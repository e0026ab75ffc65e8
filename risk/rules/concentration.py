"""Many accounts that act as one: on a device, a recipient, a payment account, a delivery phone, an address."""

from backoffice.lib.sentences import Sentence, gettext_noop
from risk.facts import HUB_CAP, NEWCOMERS_FROM, OrderFacts, RecipientFacts
from risk.rules.findings import Evidence, Finding, Strength, against, are_nearly_all, counted, explains, rule

SEVERAL = 3
"""A family shares a device, and tops up a grandmother."""
MANY = 5
VERY_MANY = 10
SEVERAL_YOUNG = 3
STRONG_FROM = 50
MANY_ON_ADDRESS = 10
ON_DEVICE = Sentence(gettext_noop("%(accounts)s accounts on one device within 7 days"))
ON_RECIPIENT = Sentence(
    gettext_noop("%(accounts)s accounts topped up one recipient with coupons within 7 days, %(young)s of them new")
)
ON_ADDRESS = Sentence(gettext_noop("%(accounts)s accounts ordered from one network address within 7 days"))
ON_PAYMENT_ACCOUNT = Sentence(gettext_noop("%(accounts)s accounts paid from one payment account within 7 days"))
ON_DELIVERY_PHONE = Sentence(gettext_noop("%(accounts)s accounts had parcels sent to one phone within 7 days"))
CASHING_OUT_ON_ADDRESS = Sentence(
    gettext_noop("Of %(users)s accounts that used such coupons on one network address %(newcomers)s are new and topped up others")
)
HUB = Sentence(gettext_noop("%(what)s: a hub, which joins nobody"))


@rule(Evidence.CONCENTRATION)
def many_accounts_on_one_device(facts: OrderFacts) -> Finding | None:
    """Strong only where a coupon is what gangs come for: in a shop or a library ordinary customers share a device too."""
    return _shared_by(facts.accounts_on_device, facts, ON_DEVICE)


@rule(Evidence.CONCENTRATION)
def many_accounts_topping_up_one_recipient(facts: OrderFacts) -> Finding | None:
    """The strongest link between accounts, for the value really arrives there.

    Therefore the hub cap bounds the counting and the joining, but does not acquit: no default value receives money. It acquits
    where the coupons are ordinary ones, since a crowd may well support one player. Fewer accounts are enough where they are new.
    """
    if facts.accounts_on_recipient < SEVERAL:
        return None
    recipient = max(facts.recipients, key=lambda one: (score_of(one), one.accounts))
    accounts, young = recipient.accounts, recipient.young_accounts
    text = ON_RECIPIENT % {"accounts": counted(accounts), "young": counted(young)}
    if accounts > HUB_CAP and not facts.has_tempting_coupon:
        return explains(HUB % {"what": text}, accounts=accounts, young=young)
    strength = Strength.STRONG if score_of(recipient) >= STRONG_FROM else Strength.WEAK
    return against(score_of(recipient), text, strength=strength, accounts=accounts, young=young)


def score_of(recipient: RecipientFacts) -> int:
    """What it weighs to top up this recipient; strong from STRONG_FROM on."""
    if recipient.accounts >= MANY:
        return 70 if recipient.accounts >= VERY_MANY else 60
    if recipient.young_accounts >= SEVERAL_YOUNG:
        return STRONG_FROM
    return 20 if recipient.accounts >= SEVERAL else 0


@rule(Evidence.CONCENTRATION)
def many_accounts_paid_from_one_account(facts: OrderFacts) -> Finding | None:
    """A payment account is one verified person's, who pays for his family, too. Strong only where a coupon is what gangs come for.

    A company's account, or a service that pays for others, has more than the cap, and is no evidence.
    """
    return _shared_by(facts.accounts_on_payment_account, facts, ON_PAYMENT_ACCOUNT)


@rule(Evidence.CONCENTRATION)
def many_accounts_delivering_to_one_phone(facts: OrderFacts) -> Finding | None:
    """Weak however many they are: a dormitory's porter, a pick-up point and a front desk take in parcels for strangers."""
    accounts = facts.accounts_on_delivery_phone
    if accounts is None or accounts < MANY:
        return None
    text = ON_DELIVERY_PHONE % {"accounts": counted(accounts)}
    if accounts > HUB_CAP:
        return explains(HUB % {"what": text}, accounts=accounts)
    return against(20 if accounts >= VERY_MANY and facts.has_tempting_coupon else 10, text, accounts=accounts)


@rule(Evidence.CONCENTRATION)
def many_accounts_on_one_address(facts: OrderFacts) -> Finding | None:
    """Supports other evidence and weighs too little to count as a kind of its own: offices and dormitories share an address."""
    accounts = facts.accounts_on_address
    if accounts is None or accounts < MANY_ON_ADDRESS:
        return None
    text = ON_ADDRESS % {"accounts": counted(accounts)}
    if accounts > HUB_CAP:
        return explains(HUB % {"what": text}, accounts=accounts)
    return against(5, text, accounts=accounts)


@rule(Evidence.CONCENTRATION)
def newcomers_cashing_out_on_one_address(facts: OrderFacts) -> Finding | None:
    """Whoever does the same as nearly everybody at his address, and that is what honest people behind one address never all do.

    In a dormitory, an office, a studio's network some accounts are new, and some top up a friend; others are old, buy goods, or top
    up themselves. Where nearly all are new, each on a device of its own, and send a coupon's value to somebody else, a rack stands
    behind the address. A swept-along crowd behind a carrier's address is beyond the hub cap, and mixed.
    """
    users, newcomers = facts.coupon_users_on_address, facts.newcomers_cashing_out_on_address
    if newcomers < NEWCOMERS_FROM or not are_nearly_all(newcomers, users):
        return None
    text = CASHING_OUT_ON_ADDRESS % {"newcomers": newcomers, "users": users}
    return against(35, text, strength=Strength.STRONG, newcomers=newcomers, users=users)


def _shared_by(accounts: int | None, facts: OrderFacts, sentence: Sentence) -> Finding | None:
    """What so many accounts on one device, or one purse, weigh."""
    if accounts is None or accounts < SEVERAL:
        return None
    text = sentence % {"accounts": counted(accounts)}
    if accounts > HUB_CAP:
        return explains(HUB % {"what": text}, accounts=accounts)
    if accounts < MANY or not facts.has_tempting_coupon:
        return against(10, text, accounts=accounts)
    return against(60 if accounts >= VERY_MANY else 35, text, strength=Strength.STRONG, accounts=accounts)
