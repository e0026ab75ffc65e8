"""The headline of everything that holds orders: how many honest customers it held, and for how long."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection

WEEK = timedelta(days=7)

# A customer counts as called organised where a reviewer confirmed an order of his, where he is called so over all that was found on
# him, or where an incident takes him for it; of the last two only a person's word counts where a reviewer cleared an order of his.
# Cooling-off is part of a purchase that was announced, and no suspicion.
HELD_HONEST = """
WITH held AS (
    SELECT o.customer_id, o.id, h.placed_at AS begun, least(coalesce(h.released_at, %(at)s), %(at)s) AS ended
      FROM orders_hold h JOIN orders_order o ON o.id = h.order_id
     WHERE o.placed_at >= %(since)s AND o.placed_at < %(at)s AND o.imported_from = ''
       AND h.kind <> 'cooling' AND h.placed_at <= %(at)s
), honest AS (
    SELECT h.customer_id, max(h.hours) AS hours
      FROM (SELECT customer_id, id, extract(epoch FROM max(ended) - min(begun)) / 3600 AS hours
              FROM held GROUP BY customer_id, id) h,
           LATERAL (SELECT EXISTS (SELECT FROM orders_order o JOIN risk_flag f ON f.order_id = o.id
                                    WHERE o.customer_id = h.customer_id AND f.decision = 'cleared') AS is_cleared) c
     WHERE NOT EXISTS (SELECT FROM orders_order o JOIN risk_flag f ON f.order_id = o.id
                        WHERE o.customer_id = h.customer_id AND f.decision = 'confirmed')
       AND NOT EXISTS (SELECT FROM risk_customerdisposition d WHERE d.customer_id = h.customer_id AND d.disposition = 'organised'
                          AND (d.overrule_id IS NOT NULL OR NOT is_cleared))
       AND NOT EXISTS (SELECT FROM risk_incidentmember p WHERE p.customer_id = h.customer_id AND p.disposition = 'organised'
                          AND (p.is_overruled OR NOT is_cleared))
     GROUP BY h.customer_id
)
SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY hours), max(hours),
       (SELECT count(*) FROM (SELECT DISTINCT o.customer_id FROM orders_order o
                               WHERE o.placed_at >= %(since)s AND o.placed_at < %(at)s AND o.imported_from = '') q)
  FROM honest
"""


@dataclass(frozen=True)
class HonestHeld:
    """As of one time, over the days before it.

    `held` customers had an order placed in this time under any hold but cooling-off, and nobody called them organised: neither
    rules nor a reviewer, nor an incident. `customers` had an order placed in it. `median_hours` and `longest_hours` are of the time
    each of the held waited: of his order that was held longest, from its first hold to its last release, or until now.
    """

    held: int
    customers: int
    median_hours: Decimal
    longest_hours: Decimal

    @property
    def per_thousand(self) -> Decimal | None:
        """Honest customers held per 1,000 customers with orders; None without any."""
        return Decimal(1000 * self.held) / self.customers if self.customers else None


def honest_held(at: datetime, *, within: timedelta = WEEK) -> HonestHeld:
    """One query; it reads the holds and the orders of that time alone."""
    with connection.cursor() as cursor:
        cursor.execute(HELD_HONEST, {"at": at, "since": at - within})
        held, median, longest, customers = cursor.fetchone()
    return HonestHeld(held, customers, _hours(median), _hours(longest))


def _hours(value: float | Decimal | None) -> Decimal:
    return Decimal(str(value or 0)).quantize(Decimal("0.1"))
