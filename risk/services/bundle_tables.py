# ruff: noqa: S608  statements are made of constants of ours
"""The tables of an evidence bundle, each as one statement that stands in the bundle beside its rows.

Every statement takes `incident` and `as_of`, times are UTC. Phones are their last four digits, recipients their keyed hash: what is
not kept cannot leave. Tokens are named by batch and number, never by a text that claims.
"""

from collections.abc import Mapping

_THEIR_ORDERS = "SELECT m.order_id FROM risk_incidentorder m WHERE m.incident_id = %(incident)s AND m.added_at <= %(as_of)s"
_THEIR_COUPONS = "SELECT m.coupon_id FROM risk_incidentcoupon m WHERE m.incident_id = %(incident)s AND m.added_at <= %(as_of)s"
_THEIR_CLAIMS = f"SELECT c.claim_id FROM promotions_coupon c WHERE c.id IN ({_THEIR_COUPONS}) AND c.claim_id IS NOT NULL"
_THEIR_PEOPLE = "SELECT p.customer_id FROM risk_incidentmember p WHERE p.incident_id = %(incident)s AND p.added_at <= %(as_of)s"
_THEIR_TYPES = f"SELECT c.coupon_type_id FROM promotions_coupon c WHERE c.id IN ({_THEIR_COUPONS})"
_THEIR_TOKENS = f"SELECT l.token_id FROM promotions_claim l WHERE l.id IN ({_THEIR_CLAIMS}) AND l.token_id IS NOT NULL"
_THEIR_HOLDS = f"SELECT h.id FROM orders_hold h WHERE h.order_id IN ({_THEIR_ORDERS}) AND h.placed_at <= %(as_of)s"
_THEIR_FREEZES = f"SELECT DISTINCT i.freeze_id FROM orders_freezeitem i WHERE i.order_id IN ({_THEIR_ORDERS})"

TABLES: Mapping[str, str] = {
    "members": """
SELECT u.ref AS customer, p.disposition, p.found AS by_the_evidence, p.is_overruled, array_to_string(p.against, ' ') AS against,
       array_to_string(p.in_favour, ' ') AS in_favour, p.because AS in_the_incident_because, p.added_at, u.registered_at,
       u.is_verified, u.phone_segment, u.phone_last_four, r.disposition AS ruled, r.reason AS ruled_because, r.at AS ruled_at,
       w.username AS ruled_by
  FROM risk_incidentmember p JOIN promotions_customer u ON u.id = p.customer_id
  LEFT JOIN LATERAL (SELECT * FROM risk_ruling x WHERE x.member_id = p.id AND x.at <= %(as_of)s
                      ORDER BY x.id DESC LIMIT 1) r ON true
  LEFT JOIN auth_user w ON w.id = r.by_id
 WHERE p.incident_id = %(incident)s AND p.added_at <= %(as_of)s ORDER BY p.id
""",
    "claims": f"""
SELECT l.id AS claim, l.at, l.outcome, l.reason, u.ref AS customer, t.code AS coupon_type, e.code AS entry, l.channel,
       b.code AS token_batch, k.number + 1 AS token_number, l.token_fingerprint, l.device, l.address, l.phone_segment, l.region,
       l.registered_at
  FROM promotions_claim l JOIN promotions_customer u ON u.id = l.customer_id
  LEFT JOIN promotions_coupontype t ON t.id = l.coupon_type_id LEFT JOIN promotions_entry e ON e.id = l.entry_id
  LEFT JOIN promotions_claimtoken k ON k.id = l.token_id LEFT JOIN promotions_tokenbatch b ON b.id = k.batch_id
 WHERE l.id IN ({_THEIR_CLAIMS}) ORDER BY l.id
""",
    "refused_claims": f"""
SELECT l.id AS claim, l.at, l.reason, u.ref AS customer, l.asked_coupon_type, l.asked_entry, l.channel, l.token_fingerprint,
       l.device, l.address
  FROM promotions_claim l JOIN promotions_customer u ON u.id = l.customer_id JOIN risk_incident i ON i.id = %(incident)s
 WHERE l.customer_id IN ({_THEIR_PEOPLE}) AND l.outcome = 'refused' AND l.at >= i.since AND l.at <= %(as_of)s
   AND (i.until IS NULL OR l.at < i.until) ORDER BY l.id
""",
    "coupons": """
SELECT c.code AS coupon, t.code AS coupon_type, u.ref AS customer, c.claim_id AS claim, c.face_value, g.currency, c.issued_at,
       c.valid_until, c.status, m.because AS in_the_incident_because, m.added_at
  FROM risk_incidentcoupon m JOIN promotions_coupon c ON c.id = m.coupon_id
  JOIN promotions_coupontype t ON t.id = c.coupon_type_id JOIN promotions_campaign g ON g.id = t.campaign_id
  JOIN promotions_customer u ON u.id = c.customer_id
 WHERE m.incident_id = %(incident)s AND m.added_at <= %(as_of)s ORDER BY c.id
""",
    "orders": """
SELECT o.ref AS "order", u.ref AS customer, o.placed_at, o.status, o.currency, o.gross_amount, o.discount_amount, o.virtual_amount,
       o.refunded_amount, o.device, o.address, o.paid_at, o.delivery_asked_at, o.delivered_at, o.completed_at, o.cancelled_at,
       o.cancelled_by, o.cancel_reason, f.disposition AS looks, f.score, f.decision, f.decision_reason, f.decided_at,
       m.because AS in_the_incident_because, m.added_at
  FROM risk_incidentorder m JOIN orders_order o ON o.id = m.order_id JOIN promotions_customer u ON u.id = o.customer_id
  LEFT JOIN risk_flag f ON f.order_id = o.id
 WHERE m.incident_id = %(incident)s AND m.added_at <= %(as_of)s ORDER BY o.id
""",
    "lines": f"""
SELECT o.ref AS "order", l.position, l.sku, l.category, l.quantity, l.delivered_quantity, l.amount, l.discount, l.recipient_hash,
       l.recipient_last_four
  FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id
 WHERE l.order_id IN ({_THEIR_ORDERS}) ORDER BY l.order_id, l.position
""",
    "payments": f"""
SELECT o.ref AS "order", c.code AS coupon, d.amount, o.currency
  FROM orders_orderdiscount d JOIN orders_order o ON o.id = d.order_id JOIN promotions_coupon c ON c.id = d.coupon_id
 WHERE d.order_id IN ({_THEIR_ORDERS}) ORDER BY d.order_id, d.id
""",
    "refunds": f"""
SELECT o.ref AS "order", r.ref AS refund, r.amount, o.currency, r.cause, r.goods_returned, r.reason, r.refunded_at
  FROM orders_refund r JOIN orders_order o ON o.id = r.order_id
 WHERE r.order_id IN ({_THEIR_ORDERS}) AND r.refunded_at <= %(as_of)s ORDER BY r.id
""",
    "holds": f"""
SELECT h.id AS hold, o.ref AS "order", h.kind, h.reason, h.placed_at, p.username AS placed_by, h.until, h.freeze_id AS freeze,
       h.released_at, r.username AS released_by, h.release_reason
  FROM orders_hold h JOIN orders_order o ON o.id = h.order_id LEFT JOIN auth_user p ON p.id = h.placed_by_id
  LEFT JOIN auth_user r ON r.id = h.released_by_id
 WHERE h.id IN ({_THEIR_HOLDS}) ORDER BY h.id
""",
    "freezes": f"""
SELECT z.id AS freeze, z.kind, z.legal_reference, z.authority, z.valid_until, z.scope_text, j.status, j.total, j.scope_hash,
       j.requested_at, q.username AS requested_by, a.decided_at, w.username AS decided_by, d.name AS document,
       d.sha256 AS document_sha256
  FROM orders_freeze z JOIN lib_job j ON j.id = z.job_id LEFT JOIN lib_approval a ON a.id = j.approval_id
  LEFT JOIN auth_user q ON q.id = j.requested_by_id LEFT JOIN auth_user w ON w.id = a.decided_by_id
  LEFT JOIN orders_document d ON d.id = z.document_id
 WHERE z.id IN ({_THEIR_FREEZES}) AND j.requested_at <= %(as_of)s ORDER BY z.id
""",
    "findings": f"""
SELECT o.ref AS "order", n.rule, n.evidence, n.strength, n.score, n.text AS finding, n.values, n.found_at
  FROM risk_finding n JOIN orders_order o ON o.id = n.order_id
 WHERE n.order_id IN ({_THEIR_ORDERS}) AND n.found_at <= %(as_of)s ORDER BY n.order_id, n.id
""",
    "alarms": f"""
SELECT a.id AS alarm, a.at, a.scope, a.cause, a.severity, a.value, a."limit", a.action AS done_by_itself, a.detail,
       w.username AS acknowledged_by, a.acknowledged_at, a.note
  FROM promotions_alarm a LEFT JOIN promotions_threshold h ON h.id = a.threshold_id
  LEFT JOIN promotions_tokenbatch b ON b.id = h.batch_id LEFT JOIN promotions_entry e ON e.id = coalesce(h.entry_id, b.entry_id)
  LEFT JOIN auth_user w ON w.id = a.acknowledged_by_id
 WHERE (a.id = (SELECT i.alarm_id FROM risk_incident i WHERE i.id = %(incident)s)
        OR coalesce(h.coupon_type_id, e.coupon_type_id) IN ({_THEIR_TYPES})
        OR h.campaign_id IN (SELECT t.campaign_id FROM promotions_coupontype t WHERE t.id IN ({_THEIR_TYPES})))
   AND a.at >= (SELECT i.since FROM risk_incident i WHERE i.id = %(incident)s) AND a.at <= %(as_of)s ORDER BY a.id
""",
    "tokens": f"""
SELECT e.code AS entry, e.channel, b.code AS token_batch, k.number + 1 AS token_number, k.uses, k.used, k.revoked_at,
       b.made_at, w.username AS made_by, b.expires_at, b.revoked_at AS batch_revoked_at
  FROM promotions_claimtoken k JOIN promotions_tokenbatch b ON b.id = k.batch_id JOIN promotions_entry e ON e.id = b.entry_id
  LEFT JOIN auth_user w ON w.id = b.made_by_id
 WHERE k.id IN ({_THEIR_TOKENS}) ORDER BY k.id
""",
    "anchors": """
SELECT a.kind, a.shown, a.is_hub, a.accounts, o.ref AS found_on, a.reason, a.added_at, w.username AS added_by, a.dropped_at,
       a.drop_reason
  FROM risk_incidentanchor a LEFT JOIN orders_order o ON o.id = a.found_on_id LEFT JOIN auth_user w ON w.id = a.added_by_id
 WHERE a.incident_id = %(incident)s AND a.added_at <= %(as_of)s ORDER BY a.id
""",
    "notes": """
SELECT n.at, w.username AS by, n.text FROM risk_incidentnote n LEFT JOIN auth_user w ON w.id = n.by_id
 WHERE n.incident_id = %(incident)s AND n.at <= %(as_of)s ORDER BY n.id
""",
    "audit": f"""
SELECT v.at, v.what, v.subject, v.event, w.username AS who, v.metadata ->> 'reason' AS reason,
       v.metadata ->> 'request_id' AS request, v.after
  FROM (
    SELECT x.pgh_created_at AS at, 'incident' AS what, x.pgh_obj_id AS subject, x.pgh_label AS event, x.pgh_id AS place,
           jsonb_build_object('status', x.status, 'severity', x.severity, 'owner', x.owner_id, 'public_at', x.public_at) AS after,
           y.metadata
      FROM risk_incidentevent x LEFT JOIN pghistory_context y ON y.id = x.pgh_context_id WHERE x.pgh_obj_id = %(incident)s
     UNION ALL
    SELECT x.pgh_created_at, 'hold', x.pgh_obj_id, x.pgh_label, x.pgh_id,
           jsonb_build_object('order', x.order_id, 'kind', x.kind, 'released_at', x.released_at), y.metadata
      FROM orders_holdevent x LEFT JOIN pghistory_context y ON y.id = x.pgh_context_id WHERE x.pgh_obj_id IN ({_THEIR_HOLDS})
     UNION ALL
    SELECT x.pgh_created_at, 'flagged order', x.order_id, x.pgh_label, x.pgh_id,
           jsonb_build_object('score', x.score, 'disposition', x.disposition, 'decision', x.decision), y.metadata
      FROM risk_flagevent x LEFT JOIN pghistory_context y ON y.id = x.pgh_context_id WHERE x.order_id IN ({_THEIR_ORDERS})
     UNION ALL
    SELECT x.pgh_created_at, 'freeze', x.pgh_obj_id, x.pgh_label, x.pgh_id,
           jsonb_build_object('kind', x.kind, 'legal_reference', x.legal_reference), y.metadata
      FROM orders_freezeevent x LEFT JOIN pghistory_context y ON y.id = x.pgh_context_id WHERE x.pgh_obj_id IN ({_THEIR_FREEZES})
     UNION ALL
    SELECT x.pgh_created_at, 'coupon type', x.pgh_obj_id, x.pgh_label, x.pgh_id, jsonb_build_object('status', x.status), y.metadata
      FROM promotions_coupontypeevent x LEFT JOIN pghistory_context y ON y.id = x.pgh_context_id
     WHERE x.pgh_obj_id IN ({_THEIR_TYPES})
  ) v LEFT JOIN auth_user w ON w.id::text = v.metadata ->> 'user'
 ORDER BY v.at, v.what, v.place
""",
}
