"""What is known of a claim when it is made. Pure."""

from backoffice.lib.sentences import gettext_noop
from risk.rulebook.schema import FactType
from risk.rulefacts.listed import COUPON_TYPE, CUSTOMER, DEVICE, ENTRY, NETWORK, REGION, SEGMENT
from risk.rulefacts.sources import CHANNELS, HOURS, LISTS, Group, hour_of_day, hours_between, lists_with

SOURCE = "promotions_claim e"
AT = "e.at"
JOINS = {
    "type": "LEFT JOIN promotions_coupontype t ON t.id = e.coupon_type_id",
    "customer": "JOIN promotions_customer u ON u.id = e.customer_id",
}

CLAIM = Group(gettext_noop("The claim"), gettext_noop("the claim as the storefront sent it"))
CLAIM.add("claim.is_issued", FactType.YES_NO, gettext_noop("a coupon was issued"), "(e.outcome = 'issued')")
CLAIM.add("claim.channel", FactType.TEXT, gettext_noop("channel"), "nullif(e.channel, '')", choices=CHANNELS)
CLAIM.add(
    "claim.coupon_type", FactType.TEXT, gettext_noop("coupon type asked for"), "nullif(e.asked_coupon_type, '')", holds=COUPON_TYPE
)
CLAIM.add(
    "claim.entry",
    FactType.TEXT,
    gettext_noop("entry named"),
    "nullif(e.asked_entry, '')",
    hint=gettext_noop("The entry's code."),
    holds=ENTRY,
)
CLAIM.add("claim.customer", FactType.TEXT, gettext_noop("customer of the claim"), "u.ref", "customer", holds=CUSTOMER)
CLAIM.add(
    "claim.is_restricted", FactType.YES_NO, gettext_noop("the coupon type is restricted"), "(t.audience = 'restricted')", "type"
)
CLAIM.add("claim.has_token", FactType.YES_NO, gettext_noop("a token was shown"), "(e.token_fingerprint <> '')")
CLAIM.add("claim.device", FactType.TEXT, gettext_noop("device of the claim"), "nullif(e.device, '')", holds=DEVICE)
CLAIM.add("claim.address", FactType.TEXT, gettext_noop("network address of the claim"), "nullif(e.address, '')", holds=NETWORK)
CLAIM.add("claim.region", FactType.TEXT, gettext_noop("region"), "nullif(e.region, '')", holds=REGION)
CLAIM.add("claim.phone_segment", FactType.TEXT, gettext_noop("phone segment"), "nullif(e.phone_segment, '')", holds=SEGMENT)
CLAIM.add("claim.is_verified", FactType.YES_NO, gettext_noop("the customer is verified"), "e.is_verified")
CLAIM.add("claim.is_phone_verified", FactType.YES_NO, gettext_noop("the phone is verified"), "e.is_phone_verified")
CLAIM.add(
    "claim.has_ordered",
    FactType.YES_NO,
    gettext_noop("the customer has ordered before"),
    "e.has_ordered",
    hint=gettext_noop("Missing where the storefront has not said."),
)
CLAIM.add(
    "claim.age",
    FactType.NUMBER,
    gettext_noop("age of the account"),
    hours_between("e.registered_at", "e.at"),
    unit=HOURS,
    hint=gettext_noop("From registration to the claim. Missing where the storefront has not said when the account was made."),
)
CLAIM.add("claim.at", FactType.MOMENT, gettext_noop("time of the claim"), "e.at")
CLAIM.add(
    "claim.hour",
    FactType.NUMBER,
    gettext_noop("hour of the day"),
    hour_of_day("e.at"),
    hint=gettext_noop("0 to 23, by clocks in China."),
)
CLAIM.add(
    "claim.lists",
    FactType.TEXTS,
    gettext_noop("lists the customer is on"),
    lists_with("customer", "x.customer_id = e.customer_id", "true", AT),
    choices=LISTS,
)
GROUPS = (CLAIM,)
