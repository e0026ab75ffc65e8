"""The SQL of links: what joins, of all rows in a window and of the new ones. All values are bound; tables are constants.

A full run reads (value's hash, customer) as 8-byte integers. 64 bits of hash over 10,000,000 values collide once in 400,000 runs.
"""

# Values that were listed as nobody's since they were stored. The list is short; its patterns stand as LIKE.
JOINS_SOMEBODY = """
   AND translate({value}, ' :-_.', '') <> ALL (%(nobody)s)
   AND NOT translate({value}, ' :-_.', '') LIKE ANY (%(nobody_like)s)
"""

ALL_PAIRS = {
    "device": f"""
SELECT hashtextextended(device, 1), customer_id FROM promotions_claim
 WHERE at > %(since)s AND at <= %(at)s AND device <> '' {JOINS_SOMEBODY.format(value="device")}
UNION ALL
SELECT hashtextextended(device, 1), customer_id FROM orders_order
 WHERE placed_at > %(since)s AND placed_at <= %(at)s AND device <> '' {JOINS_SOMEBODY.format(value="device")}
""",  # noqa: S608
    "recipient": """
SELECT hashtextextended(l.recipient_hash, 2), o.customer_id
  FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id JOIN promotions_customer u ON u.id = o.customer_id
 WHERE l.recipient_hash <> '' AND o.discount_amount > 0 AND o.placed_at > %(since)s AND o.placed_at <= %(at)s
   AND u.phone_hash <> l.recipient_hash
""",
    "payment": """
SELECT hashtextextended(payment_account_hash, 5), customer_id FROM orders_order
 WHERE payment_account_hash <> '' AND discount_amount > 0 AND placed_at > %(since)s AND placed_at <= %(at)s
""",
    "token": """
SELECT c.token_id, c.customer_id FROM promotions_claim c JOIN promotions_coupontype t ON t.id = c.coupon_type_id
 WHERE c.token_id IS NOT NULL AND c.outcome = 'issued' AND t.audience = 'restricted' AND c.at > %(since)s AND c.at <= %(at)s
""",
    "forged": """
SELECT hashtextextended(token_fingerprint, 3), customer_id FROM promotions_claim
 WHERE reason = 'token_forged' AND token_fingerprint <> '' AND at > %(since)s AND at <= %(at)s
""",
}
# Address with the ten minutes of registering, and with the two minutes of ordering: the address must be no hub itself.
ADDRESSES = """
SELECT hashtextextended(o.address, 4), o.customer_id, coalesce(floor(extract(epoch FROM u.registered_at) / 600)::bigint, 0),
       floor(extract(epoch FROM o.placed_at) / 120)::bigint
  FROM orders_order o JOIN promotions_customer u ON u.id = o.customer_id
 WHERE o.address <> '' AND o.discount_amount > 0 AND o.placed_at > %(since)s AND o.placed_at <= %(at)s
"""

# Who else is on the values of what came since the last run: one row per value and customer, of a value at most its cap and one.
NEW_GROUPS = {
    "device": """
WITH fresh AS (SELECT device FROM promotions_claim WHERE at > %(fresh)s AND at <= %(at)s AND device <> ''
               UNION SELECT device FROM orders_order WHERE placed_at > %(fresh)s AND placed_at <= %(at)s AND device <> '')
SELECT f.device, s.customer_id FROM fresh f CROSS JOIN LATERAL (
    SELECT DISTINCT n.customer_id FROM (
        (SELECT customer_id FROM promotions_claim WHERE device = f.device AND device <> '' AND at > %(since)s AND at <= %(at)s
          ORDER BY at DESC LIMIT %(rows_read)s)
        UNION ALL
        (SELECT customer_id FROM orders_order WHERE device = f.device AND device <> '' AND placed_at > %(since)s
            AND placed_at <= %(at)s ORDER BY placed_at DESC LIMIT %(rows_read)s)) n LIMIT %(most)s) s
""",
    "recipient": """
WITH fresh AS (SELECT DISTINCT l.recipient_hash AS value FROM orders_order o JOIN orders_orderline l ON l.order_id = o.id
                WHERE o.placed_at > %(fresh)s AND o.placed_at <= %(at)s AND o.discount_amount > 0 AND l.recipient_hash <> '')
SELECT f.value, s.customer_id FROM fresh f CROSS JOIN LATERAL (
    SELECT DISTINCT o.customer_id
      FROM (SELECT order_id FROM orders_orderline WHERE recipient_hash = f.value AND recipient_hash <> ''
             ORDER BY order_id DESC LIMIT %(rows_read)s) l
      JOIN orders_order o ON o.id = l.order_id JOIN promotions_customer u ON u.id = o.customer_id
     WHERE o.discount_amount > 0 AND o.placed_at > %(since)s AND o.placed_at <= %(at)s AND u.phone_hash <> f.value
     LIMIT %(most)s) s
""",
    "payment": """
WITH fresh AS (SELECT DISTINCT payment_account_hash AS value FROM orders_order
                WHERE placed_at > %(fresh)s AND placed_at <= %(at)s AND discount_amount > 0 AND payment_account_hash <> '')
SELECT f.value, s.customer_id FROM fresh f CROSS JOIN LATERAL (
    SELECT DISTINCT n.customer_id FROM (
        SELECT customer_id FROM orders_order
         WHERE payment_account_hash = f.value AND payment_account_hash <> '' AND discount_amount > 0
           AND placed_at > %(since)s AND placed_at <= %(at)s
         ORDER BY placed_at DESC LIMIT %(rows_read)s) n LIMIT %(most)s) s
""",
    "token": """
WITH fresh AS (SELECT DISTINCT c.token_id AS value FROM promotions_claim c JOIN promotions_coupontype t ON t.id = c.coupon_type_id
                WHERE c.at > %(fresh)s AND c.at <= %(at)s AND c.token_id IS NOT NULL AND c.outcome = 'issued'
                  AND t.audience = 'restricted')
SELECT f.value::text, s.customer_id FROM fresh f CROSS JOIN LATERAL (
    SELECT DISTINCT n.customer_id
      FROM (SELECT customer_id FROM promotions_claim WHERE token_id = f.value AND outcome = 'issued' AND at > %(since)s
               AND at <= %(at)s ORDER BY at DESC LIMIT %(rows_read)s) n LIMIT %(most)s) s
""",
    "together": """
WITH fresh AS (SELECT DISTINCT address FROM orders_order
                WHERE placed_at > %(fresh)s AND placed_at <= %(at)s AND address <> '' AND discount_amount > 0),
crowd AS (SELECT f.address, s.customer_id, s.placed_at, u.registered_at
            FROM fresh f CROSS JOIN LATERAL (
                SELECT customer_id, placed_at FROM orders_order
                 WHERE address = f.address AND address <> '' AND discount_amount > 0
                   AND placed_at > %(since)s AND placed_at <= %(at)s
                 ORDER BY placed_at DESC LIMIT %(rows_read)s) s
            JOIN promotions_customer u ON u.id = s.customer_id),
few AS (SELECT address FROM crowd GROUP BY address HAVING count(DISTINCT customer_id) BETWEEN 2 AND %(cap)s)
SELECT DISTINCT 'r' || c.address || floor(extract(epoch FROM c.registered_at) / 600), c.customer_id
  FROM crowd c JOIN few USING (address) WHERE c.registered_at IS NOT NULL
UNION
SELECT DISTINCT 'o' || c.address || floor(extract(epoch FROM c.placed_at) / 120), c.customer_id
  FROM crowd c JOIN few USING (address)
""",
}
# What was forged has no index by its fingerprint; the night's run joins by it.

# The smaller numbers go into the largest component: `moves` maps each old component to its new one.
MOVE = """
UPDATE risk_linkedaccount a SET component = m.new
  FROM unnest(%(old)s::bigint[], %(new)s::bigint[]) AS m (old, new) WHERE a.component = m.old AND m.old <> m.new
"""
ADD = """
INSERT INTO risk_linkedaccount (customer_id, component)
SELECT * FROM unnest(%(customers)s::bigint[], %(components)s::bigint[]) AS n (customer_id, component)
    ON CONFLICT (customer_id) DO UPDATE SET component = excluded.component
"""
NOTE_HUBS = """
INSERT INTO risk_linkhub (kind, value, accounts, seen_at)
SELECT %(kind)s, n.value, n.accounts, %(at)s FROM unnest(%(values)s::text[], %(accounts)s::int[]) AS n (value, accounts)
    ON CONFLICT (kind, value) DO UPDATE SET accounts = greatest(risk_linkhub.accounts, excluded.accounts),
                                        seen_at = excluded.seen_at
"""
SIZES = """
SELECT coalesce(sum(n), 0), count(*), coalesce(max(n), 0), count(*) FILTER (WHERE n > %(most)s)
  FROM (SELECT count(*) AS n FROM risk_linkedaccount
         WHERE %(touched)s::bigint[] IS NULL OR component = ANY (%(touched)s::bigint[]) GROUP BY component) s
"""
TEXT_OF_HUB = {
    "device": "SELECT device FROM promotions_claim WHERE customer_id = %s AND hashtextextended(device, 1) = %s"
    " UNION SELECT device FROM orders_order WHERE customer_id = %s AND hashtextextended(device, 1) = %s LIMIT 1",
    "recipient": "SELECT l.recipient_hash FROM orders_order o JOIN orders_orderline l ON l.order_id = o.id"
    " WHERE o.customer_id = %s AND hashtextextended(l.recipient_hash, 2) = %s LIMIT 1",
    "payment": "SELECT payment_account_hash FROM orders_order"
    " WHERE customer_id = %s AND hashtextextended(payment_account_hash, 5) = %s LIMIT 1",
    "forged": "SELECT token_fingerprint FROM promotions_claim"
    " WHERE customer_id = %s AND hashtextextended(token_fingerprint, 3) = %s LIMIT 1",
}
