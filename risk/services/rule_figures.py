"""How a rule does: how often it hits, how right reviewers find it, whom it hits, with which rules together, and what it costs."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from risk.models import RuleVersion

PERIOD = timedelta(days=30)
MOST_RUNS = 100_000
RUNS = """
SELECT count(*), count(*) FILTER (WHERE s.result = 'hit'), count(*) FILTER (WHERE s.result = 'unknown'),
       count(*) FILTER (WHERE s.result = 'error'), count(*) FILTER (WHERE s.result = 'snoozed'),
       avg(s.ns) / 1000, percentile_cont(0.99) WITHIN GROUP (ORDER BY s.ns) / 1000
  FROM (SELECT r.versions, r.results, r.nanoseconds FROM risk_rulerun r WHERE r.at > %(since)s ORDER BY r.at DESC LIMIT %(most)s) n,
       unnest(n.versions, n.results, n.nanoseconds) AS s(version, result, ns)
 WHERE s.version = %(version)s
"""
HITS = """
SELECT count(DISTINCT h.order_id), count(DISTINCT o.customer_id),
       count(DISTINCT h.order_id) FILTER (WHERE f.decision = 'confirmed'),
       count(DISTINCT h.order_id) FILTER (WHERE f.decision = 'cleared')
  FROM (SELECT order_id FROM risk_rulehit WHERE version_id = %(version)s AND result = 'hit' AND at > %(since)s
         ORDER BY at DESC LIMIT %(most)s) h
  JOIN orders_order o ON o.id = h.order_id LEFT JOIN risk_flag f ON f.order_id = h.order_id
"""
OVERLAP = """
SELECT d.rule, count(*) FROM (SELECT DISTINCT order_id FROM (SELECT order_id FROM risk_rulehit
         WHERE version_id = %(version)s AND result = 'hit' AND at > %(since)s ORDER BY at DESC LIMIT %(most)s) n) h
  JOIN risk_finding d ON d.order_id = h.order_id AND d.score > 0 AND d.rule <> %(name)s
 GROUP BY d.rule ORDER BY count(*) DESC, d.rule LIMIT 10
"""


def figures_of(version: RuleVersion, *, at: datetime) -> dict[str, Any]:
    """Of the last PERIOD, at most MOST_RUNS runs. Precision is None where reviewers decided nothing that it hit; times in µs."""
    values: dict[str, Any] = {"version": version.pk, "since": at - PERIOD, "most": MOST_RUNS, "name": f"rule:{version.rule.name}"}
    with connection.cursor() as cursor:
        cursor.execute(RUNS, values)
        runs, hits, unknown, errors, snoozed, mean, slowest = cursor.fetchone()
        cursor.execute(HITS, values)
        orders, customers, confirmed, cleared = cursor.fetchone()
        cursor.execute(OVERLAP, values)
        overlap = cursor.fetchall()
    decided = confirmed + cleared
    return {
        "runs": runs,
        "hits": hits,
        "unknown": unknown,
        "errors": errors,
        "snoozed": snoozed,
        "hit_rate": hits / runs if runs else None,
        "mean": mean,
        "slowest": slowest,
        "orders": orders,
        "customers": customers,
        "precision": confirmed / decided if decided else None,
        "decided": decided,
        "overlap": overlap,
    }
