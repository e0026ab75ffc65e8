"""Evidence grows: the fifth account on a recipient says something about the first four."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from orders.models import Order
from risk.fact_statements import IS_TEMPTING, ROWS_READ
from risk.facts import CROWD_WINDOW, HUB_CAP, IN_STEP_WITHIN, OrderFacts, RecipientFacts
from risk.rules import Finding
from risk.rules.concentration import (
    STRONG_FROM,
    many_accounts_on_one_device,
    many_accounts_paid_from_one_account,
    many_accounts_topping_up_one_recipient,
    newcomers_cashing_out_on_one_address,
    score_of,
)
from risk.rules.timing import newcomers_cashing_out_in_step

MOST_EARLIER_ORDERS = 60
ON_ADDRESS = newcomers_cashing_out_on_one_address.__name__
IN_STEP = newcomers_cashing_out_in_step.__name__
ON_DEVICE = many_accounts_on_one_device.__name__
ON_PAYMENT_ACCOUNT = many_accounts_paid_from_one_account.__name__
ON_RECIPIENT = many_accounts_topping_up_one_recipient.__name__

# Of the newest orders there: those that were assessed, that no reviewer has decided and no rule failed on, and whose finding weighs
# less than `score`; or more than nothing, where a hub takes it back.
UNDECIDED = """
   AND o.id <> %(order)s AND o.placed_at > %(since)s AND o.discount_amount > 0
   AND EXISTS (SELECT FROM risk_assessment a WHERE a.order_id = o.id AND a.error = '')
   AND NOT EXISTS (SELECT FROM risk_flag f WHERE f.order_id = o.id AND f.decision <> '')
   AND EXISTS (SELECT FROM risk_finding n WHERE n.order_id = o.id AND n.rule = %(rule)s
                  AND n.score >= greatest(%(score)s, 1)) = (%(score)s = 0)
 ORDER BY o.id LIMIT %(most)s
"""
EARLIER_ON_RECIPIENT = f"""
SELECT o.id
  FROM (SELECT DISTINCT l.order_id FROM (
           SELECT order_id FROM orders_orderline WHERE recipient_hash = %(value)s AND recipient_hash <> ''
            ORDER BY order_id DESC LIMIT %(rows_read)s) l) newest
  JOIN orders_order o ON o.id = newest.order_id
  JOIN promotions_customer u ON u.id = o.customer_id
 WHERE u.phone_hash <> %(value)s {UNDECIDED}
"""  # noqa: S608  made of constants
EARLIER_WITH = """
SELECT o.id
  FROM (SELECT * FROM orders_order WHERE {column} = %(value)s AND {column} <> '' ORDER BY placed_at DESC LIMIT %(rows_read)s) o
 WHERE EXISTS (SELECT FROM orders_orderdiscount d JOIN promotions_coupon c ON c.id = d.coupon_id
                 JOIN promotions_coupontype t ON t.id = c.coupon_type_id WHERE d.order_id = o.id AND {tempting}) {undecided}
"""
EARLIER_ON_DEVICE = EARLIER_WITH.format(column="device", tempting=IS_TEMPTING, undecided=UNDECIDED)
EARLIER_ON_PAYMENT_ACCOUNT = EARLIER_WITH.format(column="payment_account_hash", tempting=IS_TEMPTING, undecided=UNDECIDED)

# Orders of whoever claimed the same by the same entry, and ordered, both within the minute of this order's.
EARLIER_IN_STEP = f"""
SELECT o.id
  FROM (SELECT DISTINCT near.id
          FROM orders_orderdiscount d
          JOIN promotions_coupon c ON c.id = d.coupon_id
          JOIN promotions_claim mine ON mine.id = c.claim_id,
       LATERAL (SELECT n.customer_id FROM promotions_claim n
                 WHERE n.coupon_type_id = mine.coupon_type_id AND n.entry_id = mine.entry_id AND n.outcome = 'issued'
                   AND n.at BETWEEN mine.at - %(within)s AND mine.at + %(within)s ORDER BY n.at LIMIT %(rows_read)s) beside
          JOIN orders_order near ON near.customer_id = beside.customer_id
           AND near.placed_at BETWEEN %(value)s - %(within)s AND %(value)s + %(within)s
         WHERE d.order_id = %(order)s AND near.virtual_amount > 0) newest
  JOIN orders_order o ON o.id = newest.id
 WHERE true {UNDECIDED}
"""  # noqa: S608  made of constants

EARLIER_ON_ADDRESS = EARLIER_WITH.format(column="address", tempting=f"{IS_TEMPTING} AND o.virtual_amount > 0", undecided=UNDECIDED)

BY_VALUE = {
    ON_ADDRESS: (EARLIER_ON_ADDRESS, "address"),
    ON_DEVICE: (EARLIER_ON_DEVICE, "device"),
    IN_STEP: (EARLIER_IN_STEP, "placed_at"),
    ON_PAYMENT_ACCOUNT: (EARLIER_ON_PAYMENT_ACCOUNT, "payment_account_hash"),
}


def earlier_orders_to_assess(order: Order, facts: OrderFacts, findings: Sequence[Finding], *, at: datetime) -> list[int]:
    """Ids of earlier undecided orders on the same device, recipient, payment account or address, or in step, whose finding weighs
    less than this shows.

    Also the other way round: when a device or an account turns out to be a hub, those that still have the finding. Bounded; and
    since an order that was assessed again weighs the same as this one, it is assessed only once for each step that the evidence
    climbs.
    """
    found: set[int] = set()
    for recipient in facts.recipients:
        if score_of(recipient) >= STRONG_FROM and recipient.accounts <= HUB_CAP:
            found.update(_on_recipient(order, recipient, at))
    for finding in findings:
        if finding.rule in BY_VALUE and (finding.is_strong_evidence or finding.score == 0):
            statement, name = BY_VALUE[finding.rule]
            value = getattr(order, name)
            found.update(_earlier(statement, order, at, value=value, rule=finding.rule, score=finding.score))
    return sorted(found)


def _on_recipient(order: Order, recipient: RecipientFacts, at: datetime) -> list[int]:
    score = score_of(recipient)
    return _earlier(EARLIER_ON_RECIPIENT, order, at, value=recipient.recipient_hash, rule=ON_RECIPIENT, score=score)


def _earlier(statement: str, order: Order, at: datetime, **values: Any) -> list[int]:
    values |= {
        "order": order.pk,
        "since": at - CROWD_WINDOW,
        "rows_read": ROWS_READ,
        "most": MOST_EARLIER_ORDERS,
        "within": IN_STEP_WITHIN,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [row[0] for row in cursor.fetchall()]
