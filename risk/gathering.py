"""Gathers what is known of an order, in one place and in few statements: see `risk.facts` for what it means.

Every statement that counts reads at most ROWS_READ rows of a value, the newest ones, however hot the value is: that many hold far
more than HUB_CAP accounts wherever the value tells anything. They are plain SQL because they run for every order with a coupon.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from orders.models import Order
from promotions.services.nobody import known_device, known_network
from risk.facts import COUNTED_UP_TO, CROWD_WINDOW, YOUNG, CouponFacts, OrderFacts, RecipientFacts

ROWS_READ = 200
RECIPIENTS_READ = 20
COUPONS_READ = 20

# The same as `risk.facts.CouponFacts.is_tempting`, of a coupon type t.
CAN_PAY_ALONE = "t.minimum_spend <= t.face_value AND coalesce(t.percentage, 100) >= 50"
IS_TEMPTING = f"(t.audience = 'restricted' OR {CAN_PAY_ALONE})"

# One row per coupon, the customer's part the same in each. Token and suspension are looked at for restricted types alone. A token
# was used as often as its counter says: to read no more issued claims than that spares the refused ones that came after. OFFSET 0
# keeps the planner from weighing all orders of nine joins, which takes it longer than the query.
COUPON_COLUMNS = f"""
SELECT u.registered_at, u.phone_hash, u.phone_segment,
       EXISTS (SELECT FROM orders_order p
                WHERE p.customer_id = u.id AND p.status IN ('delivered', 'completed') AND p.delivered_at < c.issued_at
                  AND p.id IS DISTINCT FROM %(order)s
                  AND p.gross_amount > p.discount_amount) AS has_earlier_delivery,
       t.code, t.audience = 'restricted' AS is_restricted,
       {CAN_PAY_ALONE} AS can_pay_alone,
       c.face_value, c.issued_at AS claimed_at,
       c.grant_item_id IS NOT NULL AS is_granted,
       l.entry_id IS NOT NULL AS has_entry, coalesce(e.coupon_type_id = t.id, false) AS entry_is_of_its_type,
       coalesce(l.at >= e.opens_at AND l.at < e.closes_at, false) AS is_within_entry_period,
       l.token_id IS NOT NULL AS has_token, coalesce(k.entry_id = l.entry_id, false) AS token_is_of_its_entry, k.uses,
       CASE WHEN t.audience = 'restricted' THEN (
           SELECT count(DISTINCT s.customer_id)
             FROM (SELECT i.customer_id FROM promotions_claim i
                    WHERE i.token_id = l.token_id AND i.outcome = 'issued' AND i.at <= %(at)s
                    ORDER BY i.at LIMIT least(k.used, %(rows_read)s)) s) END AS customers_on_token,
       CASE WHEN t.audience = 'restricted' THEN (
           SELECT min(a.at) FROM promotions_alarm a JOIN promotions_threshold h ON h.id = a.threshold_id
            WHERE a.action IN ('suspend', 'hold') AND (h.coupon_type_id = t.id OR h.campaign_id = t.campaign_id)
              AND a.at >= c.issued_at AND a.at <= %(at)s) END AS suspended_at,
       (SELECT coalesce(array_agg(DISTINCT r.identity::text), '{{}}')
          FROM promotions_claimflag f JOIN promotions_claimrule r ON r.id = f.rule_id WHERE f.claim_id = l.id) AS rules_crossed
"""  # noqa: S608  made of constants
OF_ORDER = """
  FROM orders_orderdiscount d
  JOIN promotions_coupon c ON c.id = d.coupon_id
"""
OF_CUSTOMER = """
  FROM (SELECT * FROM promotions_coupon n WHERE n.customer_id = %(customer)s AND n.issued_at > %(since)s AND n.issued_at <= %(at)s
         ORDER BY n.issued_at DESC, n.id DESC LIMIT %(coupons_read)s) c
"""
COUPON_JOINS = """
  JOIN promotions_coupontype t ON t.id = c.coupon_type_id
  LEFT JOIN promotions_claim l ON l.id = c.claim_id
  JOIN promotions_customer u ON u.id = c.customer_id
  LEFT JOIN LATERAL (SELECT x.coupon_type_id, x.opens_at, x.closes_at FROM promotions_entry x
                      WHERE x.id = l.entry_id OFFSET 0) e ON true
  LEFT JOIN LATERAL (SELECT x.uses, x.used, b.entry_id
                       FROM promotions_claimtoken x JOIN promotions_tokenbatch b ON b.id = x.batch_id
                      WHERE x.id = l.token_id OFFSET 0) k ON true
"""
COUPONS = f"{COUPON_COLUMNS}{OF_ORDER}{COUPON_JOINS} WHERE d.order_id = %(order)s ORDER BY d.id"
CLAIMED_COUPONS = f"{COUPON_COLUMNS}{OF_CUSTOMER}{COUPON_JOINS} ORDER BY c.id"
WHERE_CLAIMED = """
SELECT l.device, l.address FROM promotions_coupon c JOIN promotions_claim l ON l.id = c.claim_id
 WHERE c.customer_id = %(customer)s AND c.issued_at > %(since)s AND c.issued_at <= %(at)s
 ORDER BY c.issued_at DESC, c.id DESC LIMIT 1
"""

AROUND = """
SELECT (SELECT count(DISTINCT s.customer_id) FROM (
           (SELECT customer_id FROM promotions_claim
             WHERE device = %(device)s AND device <> '' AND at > %(since)s AND at <= %(at)s
             ORDER BY at DESC LIMIT %(rows_read)s)
           UNION ALL
           (SELECT customer_id FROM orders_order
             WHERE device = %(device)s AND device <> '' AND placed_at > %(since)s AND placed_at <= %(at)s
             ORDER BY placed_at DESC LIMIT %(rows_read)s)) s) AS accounts_on_device,
       (SELECT count(DISTINCT s.customer_id) FROM (
           SELECT customer_id FROM orders_order
            WHERE address = %(address)s AND address <> '' AND placed_at > %(since)s AND placed_at <= %(at)s
            ORDER BY placed_at DESC LIMIT %(rows_read)s) s) AS accounts_on_address
"""

# One row per recipient of the order. Whoever tops up his own number is no account on it.
RECIPIENTS = """
SELECT mine.recipient_hash, crowd.accounts, crowd.young
  FROM (SELECT recipient_hash FROM orders_orderline WHERE order_id = %(order)s AND recipient_hash <> ''
         GROUP BY recipient_hash ORDER BY sum(amount) DESC, recipient_hash LIMIT %(recipients_read)s) mine,
       LATERAL (
           SELECT count(DISTINCT o.customer_id) AS accounts,
                  least(count(DISTINCT o.customer_id) FILTER (WHERE o.placed_at - u.registered_at < %(young)s),
                        count(DISTINCT nullif(o.device, '')) FILTER (WHERE o.placed_at - u.registered_at < %(young)s)) AS young
             FROM (SELECT l.order_id FROM orders_orderline l
                    WHERE l.recipient_hash = mine.recipient_hash AND l.recipient_hash <> ''
                    ORDER BY l.order_id DESC LIMIT %(rows_read)s) newest
             JOIN orders_order o ON o.id = newest.order_id
             JOIN promotions_customer u ON u.id = o.customer_id
            WHERE o.discount_amount > 0 AND o.placed_at > %(since)s AND o.placed_at <= %(at)s
              AND u.phone_hash <> mine.recipient_hash) crowd
"""


class CouponRow(NamedTuple):
    """What COUPONS answers."""

    registered_at: datetime | None
    phone_hash: str
    phone_segment: str
    has_earlier_delivery: bool
    code: str
    is_restricted: bool
    can_pay_alone: bool
    face_value: Any
    claimed_at: datetime
    is_granted: bool
    has_entry: bool
    entry_is_of_its_type: bool
    is_within_entry_period: bool
    has_token: bool
    token_is_of_its_entry: bool
    token_uses_allowed: int | None
    customers_on_token: int | None
    suspended_at: datetime | None
    rules_crossed: list[str]


def gather_facts(order: Order, *, at: datetime) -> OrderFacts | None:
    """What is known of the order as of `at`; None for an order without coupons, which costs no query."""
    if not order.discount_amount:
        return None
    values = _values(order, at)
    coupons = [CouponRow(*row) for row in _rows(COUPONS, values)]
    if not coupons:
        return None
    customer = coupons[0]
    on_device, on_address = _rows(AROUND, values)[0]
    recipients = _recipients(values) if order.virtual_amount else []
    others = [recipient for recipient in recipients if recipient.recipient_hash != customer.phone_hash]
    return OrderFacts(
        at=at,
        placed_at=order.placed_at,
        registered_at=customer.registered_at,
        phone_segment=customer.phone_segment,
        has_earlier_delivery=all(row.has_earlier_delivery for row in coupons),
        coupons=tuple(_coupon(row) for row in coupons),
        virtual_amount=order.virtual_amount,
        tops_up_own_number_only=bool(recipients) and not others,
        accounts_on_device=_capped(on_device) if values["device"] else None,
        recipients=tuple(others),
        accounts_on_address=_capped(on_address) if values["address"] else None,
    )


def gather_claim_facts(customer_id: int, *, at: datetime) -> OrderFacts | None:
    """What is known of somebody who claimed and has not ordered, as if he ordered nothing now; None without a coupon of late."""
    values = {"customer": customer_id, "order": None, "coupons_read": COUPONS_READ, **_window(at)}
    coupons = [CouponRow(*row) for row in _rows(CLAIMED_COUPONS, values)]
    if not coupons:
        return None
    device, address = next(iter(_rows(WHERE_CLAIMED, values)), ("", ""))
    values |= {"device": known_device(device), "address": known_network(address.removesuffix("/64"))}
    on_device, on_address = _rows(AROUND, values)[0]
    return OrderFacts(
        at=at,
        placed_at=max(row.claimed_at for row in coupons),
        registered_at=coupons[0].registered_at,
        phone_segment=coupons[0].phone_segment,
        has_earlier_delivery=all(row.has_earlier_delivery for row in coupons),
        coupons=tuple(_coupon(row) for row in coupons),
        virtual_amount=Decimal(0),
        tops_up_own_number_only=False,
        accounts_on_device=_capped(on_device) if values["device"] else None,
        recipients=(),
        accounts_on_address=_capped(on_address) if values["address"] else None,
    )


def _values(order: Order, at: datetime) -> dict[str, Any]:
    """Values that were listed as nobody's since the order was placed join nobody either."""
    return {
        "order": order.pk,
        "device": known_device(order.device),
        "address": known_network(order.address.removesuffix("/64")),
        "recipients_read": RECIPIENTS_READ,
        **_window(at),
    }


def _window(at: datetime) -> dict[str, Any]:
    return {"at": at, "since": at - CROWD_WINDOW, "young": YOUNG, "rows_read": ROWS_READ}


def _rows(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def _coupon(row: CouponRow) -> CouponFacts:
    return CouponFacts(
        coupon_type=row.code,
        is_restricted=row.is_restricted,
        can_pay_alone=row.can_pay_alone,
        face_value=row.face_value,
        claimed_at=row.claimed_at,
        is_granted=row.is_granted,
        has_entry=row.has_entry,
        entry_is_of_its_type=row.entry_is_of_its_type,
        is_within_entry_period=row.is_within_entry_period,
        has_token=row.has_token,
        token_is_of_its_entry=row.token_is_of_its_entry,
        token_uses_allowed=row.token_uses_allowed,
        customers_on_token=_capped(row.customers_on_token or 0),
        suspended_at=row.suspended_at,
        rules_crossed=tuple(row.rules_crossed),
    )


def _recipients(values: Mapping[str, Any]) -> list[RecipientFacts]:
    return [
        RecipientFacts(recipient_hash, _capped(accounts), _capped(young))
        for recipient_hash, accounts, young in _rows(RECIPIENTS, values)
    ]


def _capped(count: int) -> int:
    return min(count, COUNTED_UP_TO)
