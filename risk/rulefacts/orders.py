"""What is known of an order with coupons when it is placed. Pure."""

from backoffice.lib.sentences import gettext_noop
from risk.rulebook.schema import FactType
from risk.rulefacts.listed import (
    AMOUNT,
    COUPON_TYPE,
    CUSTOMER,
    DELIVERY_PHONE,
    DEVICE,
    NETWORK,
    PAYMENT_ACCOUNT,
    RECIPIENT,
    SEGMENT,
)
from risk.rulefacts.sources import (
    CNY,
    HOURS,
    LISTS,
    MINUTES,
    PERCENT,
    Group,
    hour_of_day,
    hours_between,
    lists_with,
    minutes_between,
)

SOURCE = "orders_order e JOIN promotions_customer u ON u.id = e.customer_id"
AT = "e.placed_at"
JOINS = {
    # The customer as the storefront described him with his last claim before the order: the mirror of him has no other source, and
    # shows by now what was said later.
    "said": """LEFT JOIN LATERAL (
        SELECT l.phone_hash, l.phone_segment, l.is_verified, l.registered_at FROM promotions_claim l
         WHERE l.customer_id = e.customer_id AND l.at <= e.placed_at ORDER BY l.at DESC, l.id DESC LIMIT 1) said ON true""",
    "coupons": """LEFT JOIN LATERAL (
        SELECT count(*) AS coupons, sum(c.face_value) AS face_value, bool_or(t.audience = 'restricted') AS is_restricted,
               bool_or(c.grant_item_id IS NOT NULL) AS is_granted, array_agg(DISTINCT t.code::text) AS codes,
               min(c.issued_at) AS first_claimed_at
          FROM orders_orderdiscount d JOIN promotions_coupon c ON c.id = d.coupon_id
          JOIN promotions_coupontype t ON t.id = c.coupon_type_id WHERE d.order_id = e.id) w ON true""",
    "claim": """LEFT JOIN LATERAL (
        SELECT l.token_id, l.entry_id, l.device, l.address, l.channel, l.coupon_type_id
          FROM orders_orderdiscount d JOIN promotions_coupon c ON c.id = d.coupon_id
          JOIN promotions_claim l ON l.id = c.claim_id WHERE d.order_id = e.id ORDER BY d.id LIMIT 1) k ON true""",
    "recipient": """LEFT JOIN LATERAL (
        SELECT l.recipient_hash AS hash FROM orders_orderline l
         WHERE l.order_id = e.id AND l.recipient_hash <> '' AND l.recipient_hash IS DISTINCT FROM said.phone_hash
         ORDER BY l.amount DESC, l.recipient_hash LIMIT 1) r ON true""",
}

OF_THE_RECIPIENT = ("said", "recipient")
"""Which recipient is another than the customer himself depends on what his number was."""

ORDER = Group(gettext_noop("The order"), gettext_noop("the order as the storefront placed it"))
ORDER.add("order.amount", FactType.NUMBER, gettext_noop("amount of the order"), "e.gross_amount", unit=CNY, holds=AMOUNT)
ORDER.add("order.discount", FactType.NUMBER, gettext_noop("discount by coupons"), "e.discount_amount", unit=CNY, holds=AMOUNT)
ORDER.add(
    "order.paid",
    FactType.NUMBER,
    gettext_noop("what the customer paid himself"),
    "(e.gross_amount - e.discount_amount)",
    unit=CNY,
    holds=AMOUNT,
)
ORDER.add(
    "order.discount_share",
    FactType.NUMBER,
    gettext_noop("share of the discount"),
    "round(100 * e.discount_amount / e.gross_amount, 2)",
    unit=PERCENT,
    hint=gettext_noop("How much of the order coupons paid for, 0 to 100."),
)
ORDER.add(
    "order.virtual_amount",
    FactType.NUMBER,
    gettext_noop("amount of virtual goods"),
    "e.virtual_amount",
    unit=CNY,
    hint=gettext_noop("Phone and game credit: what is gone once it is delivered."),
    holds=AMOUNT,
)
ORDER.add(
    "order.tops_up_others",
    FactType.YES_NO,
    gettext_noop("tops up somebody else"),
    "(r.hash IS NOT NULL)",
    *OF_THE_RECIPIENT,
    hint=gettext_noop("There is a recipient other than the customer's own phone number."),
)
ORDER.add(
    "order.goes_to_own_phone",
    FactType.YES_NO,
    gettext_noop("parcels go to the customer's own phone"),
    "nullif(e.delivery_phone_hash, '') = nullif(said.phone_hash, '')",
    "said",
    hint=gettext_noop("Missing where one of the numbers is unknown."),
)
ORDER.add("order.device", FactType.TEXT, gettext_noop("device of the order"), "nullif(e.device, '')", holds=DEVICE)
ORDER.add("order.address", FactType.TEXT, gettext_noop("network address of the order"), "nullif(e.address, '')", holds=NETWORK)
ONLY_ON_LISTS = gettext_noop("Kept as a keyed hash alone: it can be on a value list, and not be compared.")
ORDER.add(
    "order.recipient",
    FactType.TEXT,
    gettext_noop("recipient of the top-up"),
    "r.hash",
    *OF_THE_RECIPIENT,
    hint=gettext_noop(
        "Other than the customer's own phone; of several the one with the greatest amount. Kept as a keyed hash alone."
    ),
    holds=RECIPIENT,
    is_hashed=True,
)
ORDER.add(
    "order.payment_account",
    FactType.TEXT,
    gettext_noop("payment account"),
    "nullif(e.payment_account_hash, '')",
    hint=ONLY_ON_LISTS,
    holds=PAYMENT_ACCOUNT,
    is_hashed=True,
)
ORDER.add(
    "order.delivery_phone",
    FactType.TEXT,
    gettext_noop("phone that parcels go to"),
    "nullif(e.delivery_phone_hash, '')",
    hint=ONLY_ON_LISTS,
    holds=DELIVERY_PHONE,
    is_hashed=True,
)
ORDER.add("order.placed_at", FactType.MOMENT, gettext_noop("time of the order"), "e.placed_at")
ORDER.add(
    "order.hour",
    FactType.NUMBER,
    gettext_noop("hour of the day"),
    hour_of_day("e.placed_at"),
    hint=gettext_noop("0 to 23, by clocks in China."),
)

BUYER = Group(gettext_noop("The customer"), gettext_noop("what the storefront says of the customer"))
BUYER.add("customer.ref", FactType.TEXT, gettext_noop("customer"), "u.ref", holds=CUSTOMER)
BUYER.add(
    "customer.age",
    FactType.NUMBER,
    gettext_noop("age of the account"),
    hours_between("said.registered_at", "e.placed_at"),
    "said",
    unit=HOURS,
    hint=gettext_noop("From registration to the order. Missing where the storefront has not said when the account was made."),
)
BUYER.add("customer.is_verified", FactType.YES_NO, gettext_noop("the customer is verified"), "said.is_verified", "said")
BUYER.add(
    "customer.phone_segment",
    FactType.TEXT,
    gettext_noop("phone segment"),
    "nullif(said.phone_segment, '')",
    "said",
    hint=gettext_noop("The first four digits of the phone number, such as 1700."),
    holds=SEGMENT,
)
BUYER.add(
    "customer.has_earlier_delivery",
    FactType.YES_NO,
    gettext_noop("had a paid order delivered before"),
    """EXISTS (SELECT FROM orders_order p WHERE p.customer_id = e.customer_id AND p.delivered_at < e.placed_at
        AND p.id <> e.id AND p.gross_amount > p.discount_amount)""",
)

COUPON = Group(gettext_noop("The coupons"), gettext_noop("the coupons that pay for the order"))
COUPON.add(
    "coupon.types",
    FactType.TEXTS,
    gettext_noop("coupon types"),
    "w.codes",
    "coupons",
    hint=gettext_noop("Codes of coupon types."),
    holds=COUPON_TYPE,
)
COUPON.add("coupon.is_restricted", FactType.YES_NO, gettext_noop("a coupon is of a restricted type"), "w.is_restricted", "coupons")
COUPON.add("coupon.is_granted", FactType.YES_NO, gettext_noop("a coupon was given by staff"), "w.is_granted", "coupons")
COUPON.add(
    "coupon.face_value",
    FactType.NUMBER,
    gettext_noop("face value of the coupons"),
    "w.face_value",
    "coupons",
    unit=CNY,
    holds=AMOUNT,
)
COUPON.add(
    "coupon.minutes_since_claim",
    FactType.NUMBER,
    gettext_noop("time from claim to order"),
    minutes_between("w.first_claimed_at", "e.placed_at"),
    "coupons",
    unit=MINUTES,
    hint=gettext_noop("From the first claim of its coupons."),
)
COUPON.add("coupon.has_token", FactType.YES_NO, gettext_noop("claimed with a token"), "(k.token_id IS NOT NULL)", "claim")
COUPON.add(
    "coupon.same_device",
    FactType.YES_NO,
    gettext_noop("claimed and ordered from one device"),
    "nullif(e.device, '') = nullif(k.device, '')",
    "claim",
    hint=gettext_noop("Missing where one of the devices is unknown."),
)

ON_LISTS = Group(gettext_noop("Lists"), gettext_noop("allow, grey and block list as they stood then"))
ON_LISTS.add(
    "lists.customer",
    FactType.TEXTS,
    gettext_noop("lists the customer is on"),
    lists_with("customer", "x.customer_id = e.customer_id", "true", AT),
    choices=LISTS,
)
ON_LISTS.add(
    "lists.device",
    FactType.TEXTS,
    gettext_noop("lists the device is on"),
    lists_with("device", "x.value = e.device AND x.value <> ''", "e.device <> ''", AT),
    choices=LISTS,
)
ON_LISTS.add(
    "lists.recipient",
    FactType.TEXTS,
    gettext_noop("lists the recipient is on"),
    lists_with("recipient", "x.value = r.hash AND x.value <> ''", "r.hash IS NOT NULL", AT),
    *OF_THE_RECIPIENT,
    choices=LISTS,
)
GROUPS = (ORDER, BUYER, COUPON, ON_LISTS)
