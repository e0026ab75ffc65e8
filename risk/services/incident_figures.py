# ruff: noqa: S608  statements are made of constants of ours
"""The figures of an incident: each a statement with parameters that anybody may run again, read-only, as of a time.

Amounts are face value of coupons, in the currency of their campaign or order; what an order was paid with is the discount that the
incident's coupons gave. For every order that is counted once: redeemed = delivered + held + waiting, and recovered is beside them.

- issued: face value of the incident's coupons that were issued by then.
- redeemed: what they paid for orders placed by then, less those that were cancelled or paid back in whole by then.
- delivered: of it, orders delivered in whole by then. It is lost.
- held: of it, orders that an open hold kept from being delivered then. It is saved, as long as it is held.
- waiting: of it, orders that neither were delivered nor held then. It can still be saved.
- recovered: what the coupons had paid for orders that were cancelled, or paid back in whole, by then. It came back.
- refunded: money that went back to customers of the incident's orders by then. It is their own, not the coupons'.
- people: customers by what they are taken for now, and what the orders of each came to.

All but `people` are as of their time, whenever they are run again, as far as the incident had its rows by then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from backoffice.lib.money import ZERO
from risk.models import Incident, IncidentFigure, Snapshot

LONGEST_RUN = "30s"

# One row for each order with what the incident's coupons paid for it, and how it stood at the time.
_STOOD = """
WITH paid AS (
    SELECT o.id, o.customer_id, o.currency, o.gross_amount, o.status, o.cancelled_at,
           coalesce(o.delivered_at, o.completed_at) AS left_at, sum(d.amount) AS amount
      FROM risk_incidentorder m JOIN orders_order o ON o.id = m.order_id JOIN orders_orderdiscount d ON d.order_id = o.id
      JOIN risk_incidentcoupon k ON k.incident_id = m.incident_id AND k.coupon_id = d.coupon_id
     WHERE m.incident_id = %(incident)s AND m.added_at <= %(as_of)s AND k.added_at <= %(as_of)s AND o.placed_at <= %(as_of)s
     GROUP BY o.id
), stood AS (
    SELECT p.*, CASE
           WHEN p.cancelled_at <= %(as_of)s THEN 'recovered'
           WHEN p.status = 'refunded' AND coalesce((SELECT max(r.refunded_at) FROM orders_refund r WHERE r.order_id = p.id),
                                                   p.left_at) <= %(as_of)s THEN 'recovered'
           WHEN p.left_at <= %(as_of)s THEN 'delivered'
           WHEN EXISTS (SELECT FROM orders_hold h WHERE h.order_id = p.id AND h.placed_at <= %(as_of)s
                           AND (h.released_at IS NULL OR h.released_at > %(as_of)s)) THEN 'held'
           ELSE 'waiting' END AS standing
      FROM paid p
)
"""
_SUM = "count(*) AS number, coalesce(sum(amount), 0) AS amount"


def _standing(condition: str) -> str:
    return f"{_STOOD}SELECT currency, {_SUM} FROM stood WHERE {condition} GROUP BY currency ORDER BY currency"


MONEY = ("currency", "number", "amount")
STATEMENTS: Mapping[str, tuple[str, Sequence[str]]] = {
    "issued": (
        """
SELECT g.currency, count(*) AS number, sum(c.face_value) AS amount
  FROM risk_incidentcoupon k JOIN promotions_coupon c ON c.id = k.coupon_id
  JOIN promotions_coupontype t ON t.id = c.coupon_type_id JOIN promotions_campaign g ON g.id = t.campaign_id
 WHERE k.incident_id = %(incident)s AND k.added_at <= %(as_of)s AND c.issued_at <= %(as_of)s
 GROUP BY g.currency ORDER BY g.currency
""",
        MONEY,
    ),
    "redeemed": (_standing("standing <> 'recovered'"), MONEY),
    "delivered": (_standing("standing = 'delivered'"), MONEY),
    "held": (_standing("standing = 'held'"), MONEY),
    "waiting": (_standing("standing = 'waiting'"), MONEY),
    "recovered": (_standing("standing = 'recovered'"), MONEY),
    "refunded": (
        """
SELECT o.currency, count(*) AS number, sum(r.amount) AS amount
  FROM risk_incidentorder m JOIN orders_order o ON o.id = m.order_id JOIN orders_refund r ON r.order_id = o.id
 WHERE m.incident_id = %(incident)s AND m.added_at <= %(as_of)s AND r.refunded_at <= %(as_of)s
 GROUP BY o.currency ORDER BY o.currency
""",
        MONEY,
    ),
    "people": (
        _STOOD
        + """
SELECT p.disposition, count(DISTINCT p.customer_id) AS number, coalesce(s.currency, '') AS currency,
       coalesce(sum(s.amount) FILTER (WHERE s.standing <> 'recovered'), 0) AS redeemed,
       coalesce(sum(s.amount) FILTER (WHERE s.standing = 'delivered'), 0) AS delivered,
       coalesce(sum(s.amount) FILTER (WHERE s.standing = 'held'), 0) AS held
  FROM risk_incidentmember p LEFT JOIN stood s ON s.customer_id = p.customer_id
 WHERE p.incident_id = %(incident)s AND p.added_at <= %(as_of)s
 GROUP BY p.disposition, s.currency ORDER BY p.disposition, s.currency
""",
        ("disposition", "number", "currency", "redeemed", "delivered", "held"),
    ),
}
LABELS: Mapping[str, Any] = {
    "issued": _("Face value issued"),
    "redeemed": _("Redeemed"),
    "delivered": _("Delivered: lost"),
    "held": _("Held: saved"),
    "waiting": _("Neither: can still be saved"),
    "recovered": _("Recovered: cancelled or paid back"),
    "refunded": _("Refunded to customers"),
    "people": _("People"),
}
MEANINGS: Mapping[str, Any] = {
    "issued": _("Face value of the coupons issued by then."),
    "redeemed": _("What they paid for orders, less cancelled ones."),
    "delivered": _("Of it, orders delivered in whole by then."),
    "held": _("Of it, orders that a hold kept from being delivered then."),
    "waiting": _("Of it, orders neither delivered nor held then."),
    "recovered": _("What they had paid for orders cancelled, or paid back in whole."),
    "refunded": _("Money that went back to the customers: their own, not the coupons'."),
    "people": _("Customers, by what they are taken for."),
}


@dataclass(frozen=True)
class Money:
    currency: str
    number: int
    amount: Decimal


def take_snapshot(incident: Incident, *, by: Any, at: datetime) -> Snapshot:
    """Run every statement as of `at`, in one transaction, and keep what each answered."""
    parameters = {"incident": incident.pk, "as_of": at.astimezone(UTC).isoformat()}
    with transaction.atomic():
        snapshot = Snapshot.objects.create(incident=incident, as_of=at, by=by)
        IncidentFigure.objects.bulk_create(
            IncidentFigure(
                snapshot=snapshot,
                name=name,
                statement=statement.strip(),
                parameters=parameters,
                columns=list(columns),
                rows=run_read_only(statement, parameters),
            )
            for name, (statement, columns) in STATEMENTS.items()
        )
    return snapshot


def run_again(figure: IncidentFigure) -> list[list[Any]]:
    """What the kept statement answers now, for the time it was as of. It can change nothing, and not run for long."""
    return run_read_only(figure.statement, figure.parameters)


def run_read_only(statement: str, parameters: Mapping[str, Any]) -> list[list[Any]]:
    """The rows, with amounts as text. PostgreSQL itself refuses to write meanwhile; both settings end with the savepoint."""
    with transaction.atomic(), connection.cursor() as cursor:
        savepoint = transaction.savepoint()
        cursor.execute(f"SET LOCAL transaction_read_only = on; SET LOCAL statement_timeout = '{LONGEST_RUN}'")
        cursor.execute(statement, dict(parameters))
        rows = [[str(value) if isinstance(value, Decimal) else value for value in row] for row in cursor.fetchall()]
        transaction.savepoint_rollback(savepoint)
    return rows


def latest_figures(incident: Incident) -> dict[str, IncidentFigure]:
    """The figures of the newest snapshot, by name, with their snapshot; empty before the first."""
    newest = Snapshot.objects.filter(incident=incident).order_by("-pk").values("pk")[:1]
    figures = IncidentFigure.objects.filter(snapshot__in=newest).select_related("snapshot__by").order_by("pk")
    return {figure.name: figure for figure in figures}


def money_of(figure: IncidentFigure) -> list[Money]:
    """A figure of money, one row a currency."""
    return [Money(currency, number, Decimal(amount)) for currency, number, amount in figure.rows]


def amount_of(figure: IncidentFigure, currency: str) -> Decimal:
    return next((row.amount for row in money_of(figure) if row.currency == currency), ZERO)
