# ruff: noqa: S608  statements are made of constants of ours
"""What comes into an incident, as SQL: a step at a time, each in one statement, each row at most once.

Every statement takes `incident`, `at`, `since`, `until` and `most`. Those of anchors take `value` and `anchor` as well.
"""

from risk.states import AddedBecause, AnchorKind

_IN_TIME = "{column} >= %(since)s AND {column} < %(until)s"
_NEW_COUPON = "NOT EXISTS (SELECT FROM risk_incidentcoupon k WHERE k.incident_id = %(incident)s AND k.coupon_id = c.id)"
_NEW_ORDER = "NOT EXISTS (SELECT FROM risk_incidentorder k WHERE k.incident_id = %(incident)s AND k.order_id = o.id)"

_COUPONS = """
INSERT INTO risk_incidentcoupon (incident_id, coupon_id, because, anchor_id, added_at)
SELECT %(incident)s, c.id, '{because}', {anchor}, %(at)s {found} AND {new}
 ORDER BY c.id LIMIT %(most)s ON CONFLICT DO NOTHING
"""
_ORDERS = """
INSERT INTO risk_incidentorder (incident_id, order_id, because, anchor_id, added_at)
SELECT %(incident)s, o.id, '{because}', {anchor}, %(at)s {found} AND {new}
 ORDER BY o.id LIMIT %(most)s ON CONFLICT DO NOTHING
"""
_CLAIMED = f"FROM promotions_coupon c JOIN promotions_claim l ON l.id = c.claim_id WHERE {_IN_TIME.format(column='l.at')}"


def _coupons(because: str, found: str, anchor: str = "%(anchor)s::bigint") -> str:
    return _COUPONS.format(because=because, found=found, anchor=anchor, new=_NEW_COUPON)


def _orders(because: str, found: str, anchor: str = "%(anchor)s::bigint") -> str:
    return _ORDERS.format(because=because, found=found, anchor=anchor, new=_NEW_ORDER)


COUPONS_OF_ANCHOR = {
    AnchorKind.COUPON_TYPE: _coupons(
        AddedBecause.COUPON_TYPE,
        f"FROM promotions_coupon c WHERE c.coupon_type_id = %(value)s::bigint AND {_IN_TIME.format(column='c.issued_at')}",
    ),
    AnchorKind.TOKEN: _coupons(AddedBecause.TOKEN, f"{_CLAIMED} AND l.token_id = %(value)s::bigint"),
    AnchorKind.DEVICE: _coupons(AddedBecause.DEVICE, f"{_CLAIMED} AND l.device = %(value)s AND l.device <> ''"),
}
ORDERS_OF_ANCHOR = {
    AnchorKind.DEVICE: _orders(
        AddedBecause.DEVICE,
        "FROM orders_order o WHERE o.device = %(value)s AND o.device <> '' AND o.discount_amount > 0 AND "
        + _IN_TIME.format(column="o.placed_at"),
    ),
    AnchorKind.RECIPIENT: _orders(
        AddedBecause.RECIPIENT,
        "FROM orders_order o WHERE o.id IN (SELECT l.order_id FROM orders_orderline l WHERE l.recipient_hash = %(value)s"
        " AND l.recipient_hash <> '') AND o.discount_amount > 0 AND " + _IN_TIME.format(column="o.placed_at"),
    ),
}
# What a coupon of the incident paid for, and what else paid for an order that came in for itself. Each leads one step, no further.
ORDERS_OF_COUPONS = _orders(
    AddedBecause.COUPON,
    "FROM orders_order o WHERE o.id IN (SELECT d.order_id FROM orders_orderdiscount d JOIN risk_incidentcoupon m"
    f" ON m.coupon_id = d.coupon_id WHERE m.incident_id = %(incident)s AND m.because <> '{AddedBecause.ORDER}')"
    " AND o.placed_at < %(until)s",
    anchor="NULL",
)
COUPONS_OF_ORDERS = _coupons(
    AddedBecause.ORDER,
    "FROM promotions_coupon c WHERE c.id IN (SELECT d.coupon_id FROM orders_orderdiscount d JOIN risk_incidentorder m"
    f" ON m.order_id = d.order_id WHERE m.incident_id = %(incident)s AND m.because <> '{AddedBecause.COUPON}')",
    anchor="NULL",
)
PEOPLE = """
INSERT INTO risk_incidentmember (incident_id, customer_id, because, added_at, disposition, found, is_overruled, against, in_favour)
SELECT DISTINCT ON (p.customer_id) %(incident)s, p.customer_id, p.because, %(at)s,
       'undetermined', 'undetermined', false, '{}'::varchar[], '{}'::varchar[]
  FROM (SELECT c.customer_id, m.because, 1 AS place FROM risk_incidentcoupon m JOIN promotions_coupon c ON c.id = m.coupon_id
         WHERE m.incident_id = %(incident)s
         UNION ALL
        SELECT o.customer_id, m.because, 2 FROM risk_incidentorder m JOIN orders_order o ON o.id = m.order_id
         WHERE m.incident_id = %(incident)s) p
 WHERE NOT EXISTS (SELECT FROM risk_incidentmember k WHERE k.incident_id = %(incident)s AND k.customer_id = p.customer_id)
 ORDER BY p.customer_id, p.place, p.because
ON CONFLICT DO NOTHING
"""

# Devices and recipients of orders of people called organised, with how many accounts share them in the incident's time, and the
# first order that has each. Those with more than the cap are hubs: shown, and not followed.
VALUES_OF_ORGANISED = """
WITH theirs AS (
    SELECT o.id, o.device FROM risk_incidentorder m JOIN orders_order o ON o.id = m.order_id
      JOIN risk_incidentmember p ON p.incident_id = m.incident_id AND p.customer_id = o.customer_id
     WHERE m.incident_id = %(incident)s AND p.disposition = 'organised'
), shared AS (
    SELECT 'device' AS kind, t.device AS value, min(t.id) AS found_on, '' AS shown FROM theirs t WHERE t.device <> '' GROUP BY 2
     UNION ALL
    SELECT 'recipient', l.recipient_hash, min(t.id), min(l.recipient_last_four)
      FROM theirs t JOIN orders_orderline l ON l.order_id = t.id WHERE l.recipient_hash <> '' GROUP BY 2
)
SELECT s.kind, s.value, s.found_on, s.shown,
       CASE s.kind
       WHEN 'device' THEN (SELECT count(DISTINCT q.customer_id) FROM (
           SELECT o.customer_id FROM orders_order o WHERE o.device = s.value AND o.device <> ''
              AND o.placed_at >= %(since)s AND o.placed_at < %(until)s LIMIT %(read)s) q)
       ELSE (SELECT count(DISTINCT q.customer_id) FROM (
           SELECT o.customer_id FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id
            WHERE l.recipient_hash = s.value AND l.recipient_hash <> ''
              AND o.placed_at >= %(since)s AND o.placed_at < %(until)s LIMIT %(read)s) q)
       END AS accounts
  FROM shared s
 WHERE NOT EXISTS (SELECT FROM risk_incidentanchor a
                    WHERE a.incident_id = %(incident)s AND a.kind = s.kind AND a.value = s.value)
 ORDER BY s.found_on, s.kind LIMIT %(most)s
"""

COUNTS = """
UPDATE risk_incident SET grown_at = %(at)s,
       orders = (SELECT count(*) FROM risk_incidentorder m WHERE m.incident_id = %(incident)s),
       coupons = (SELECT count(*) FROM risk_incidentcoupon m WHERE m.incident_id = %(incident)s),
       customers = (SELECT count(*) FROM risk_incidentmember m WHERE m.incident_id = %(incident)s)
 WHERE id = %(incident)s
RETURNING grown_at, orders, coupons, customers
"""
