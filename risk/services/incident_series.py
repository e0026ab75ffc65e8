"""Orders of an incident over time, counted by the database however many there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from risk.models import Incident
from risk.states import Disposition

MOST_POINTS = 60
DELIVERED = "delivered"
ENDS = """
SELECT min(o.placed_at), max(o.placed_at), count(*)
  FROM risk_incidentorder m JOIN orders_order o ON o.id = m.order_id WHERE m.incident_id = %(incident)s
"""
COUNTS = """
SELECT floor(extract(epoch FROM o.placed_at - %(begin)s) / %(width)s)::int AS place, p.disposition AS line, count(*)
  FROM risk_incidentorder m JOIN orders_order o ON o.id = m.order_id
  JOIN risk_incidentmember p ON p.incident_id = m.incident_id AND p.customer_id = o.customer_id
 WHERE m.incident_id = %(incident)s GROUP BY 1, 2
 UNION ALL
SELECT least(floor(extract(epoch FROM o.delivered_at - %(begin)s) / %(width)s)::int, %(last)s), 'delivered', count(*)
  FROM risk_incidentorder m JOIN orders_order o ON o.id = m.order_id
 WHERE m.incident_id = %(incident)s AND o.delivered_at >= %(begin)s GROUP BY 1
"""


@dataclass(frozen=True)
class Series:
    """Spans of one width, the first and the last of them without orders; by disposition how many were placed in each, and how many
    were delivered. What was delivered after the last span is counted in it.
    """

    starts: Sequence[datetime]
    counts: Mapping[str, Sequence[int]]
    orders: int


def orders_over_time(incident: Incident) -> Series | None:
    """None where there is no order. Two queries."""
    with connection.cursor() as cursor:
        cursor.execute(ENDS, {"incident": incident.pk})
        first, last, orders = cursor.fetchone()
        if not orders:
            return None
        width = max((last - first) / MOST_POINTS, timedelta(minutes=1))
        begin, number = first - width, int((last - first) / width) + 3
        values = {"incident": incident.pk, "begin": begin, "width": width.total_seconds(), "last": number - 1}
        cursor.execute(COUNTS, values)
        counts = {line: [0] * number for line in (*Disposition.values, DELIVERED)}
        for place, line, count in cursor.fetchall():
            counts[line][place] += count
    return Series([begin + width * place for place in range(number)], counts, orders)
