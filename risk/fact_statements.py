"""The SQL by which facts are gathered. Plain, because it runs for every order with a coupon.

Every statement that counts reads at most ROWS_READ rows of a value, the newest ones, however hot the value is: that many hold far
more than HUB_CAP accounts wherever the value tells anything.
"""

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
       CASE WHEN t.audience = 'restricted' THEN (
           SELECT min(i.public_at) FROM risk_incident i
            WHERE i.public_at IS NOT NULL AND i.opened_at <= %(at)s
              AND EXISTS (SELECT FROM risk_incidentanchor a WHERE a.incident_id = i.id AND a.dropped_at IS NULL
                             AND (a.kind, a.value) IN (('coupon_type', t.id::text), ('token', l.token_id::text)))
           ) END AS went_public_at,
       CASE WHEN t.audience = 'restricted' AND k.used > 1 THEN (
           SELECT count(DISTINCT s.customer_id)
             FROM (SELECT i.customer_id, i.registered_at FROM promotions_claim i
                    WHERE i.token_id = l.token_id AND i.outcome = 'issued' AND i.at <= %(at)s
                    ORDER BY i.at DESC LIMIT %(rows_read)s) s
            WHERE s.registered_at BETWEEN u.registered_at - %(made_within)s AND u.registered_at + %(made_within)s
           ) END AS made_together,
       l.entry_id, c.coupon_type_id,
       (SELECT coalesce(array_agg(DISTINCT r.identity::text), '{{}}')
          FROM promotions_claimflag f JOIN promotions_claimrule r ON r.id = f.rule_id WHERE f.claim_id = l.id) AS rules_crossed,
       (SELECT coalesce(array_agg(DISTINCT b.kind::text ORDER BY b.kind::text), '{{}}')
          FROM risk_burst b
         WHERE b.coupon_type_id = l.coupon_type_id AND b.noticed_at <= %(at)s AND b.began_at <= l.at
           AND (b.ended_at IS NULL OR b.end_noticed_at > %(at)s OR l.at < b.ended_at)
           AND (b.kind, b.value) IN (('entry', l.entry_id::text), ('network', l.address), ('segment', l.phone_segment))) AS bursts
"""  # noqa: S608  made of constants
OF_ORDER = """
  FROM orders_orderdiscount d
  JOIN promotions_coupon c ON c.id = d.coupon_id
"""
# What paid for an order that a reviewer cleared has been judged by a person, and is no evidence any more.
NOT_CLEARED = """
   AND NOT EXISTS (SELECT FROM orders_orderdiscount p JOIN risk_flag f ON f.order_id = p.order_id
                    WHERE p.coupon_id = {coupon}.id AND f.decision = 'cleared')
"""
OF_CUSTOMER = f"""
  FROM (SELECT * FROM promotions_coupon n WHERE n.customer_id = %(customer)s AND n.issued_at > %(since)s AND n.issued_at <= %(at)s
         {NOT_CLEARED.format(coupon="n")}
         ORDER BY n.issued_at DESC, n.id DESC LIMIT %(coupons_read)s) c
"""  # noqa: S608  made of constants
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
WHERE_CLAIMED = f"""
SELECT l.device, l.address FROM promotions_coupon c JOIN promotions_claim l ON l.id = c.claim_id
 WHERE c.customer_id = %(customer)s AND c.issued_at > %(since)s AND c.issued_at <= %(at)s
 {NOT_CLEARED.format(coupon="c")}
 ORDER BY c.issued_at DESC, c.id DESC LIMIT 1
"""  # noqa: S608  made of constants

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

# An order that did what `OrderFacts.cashes_out_new` says, but for its coupon: of the order `{order}` and its customer u.
CASHES_OUT_NEW = """{order}.virtual_amount > 0 AND {order}.placed_at - u.registered_at <= %(old)s
               AND EXISTS (SELECT FROM orders_orderline l
                            WHERE l.order_id = {order}.id AND l.recipient_hash NOT IN ('', u.phone_hash))"""

# Of the accounts that paid from this address with coupons which gangs come for: how many, and how many of them were new and
# topped up somebody else, each on another device.
CASHING_OUT_ON_ADDRESS = f"""
SELECT count(DISTINCT o.customer_id),
       least(count(DISTINCT o.customer_id) FILTER (WHERE o.cashes_out),
             count(DISTINCT nullif(o.device, '')) FILTER (WHERE o.cashes_out))
  FROM (SELECT n.customer_id, n.device,
               {CASHES_OUT_NEW.format(order="n")} AS cashes_out
          FROM (SELECT id, customer_id, device, virtual_amount, placed_at FROM orders_order
                 WHERE address = %(address)s AND address <> '' AND placed_at > %(since)s AND placed_at <= %(at)s
                   AND discount_amount > 0
                 ORDER BY placed_at DESC LIMIT %(rows_read)s) n
          JOIN promotions_customer u ON u.id = n.customer_id
         WHERE EXISTS (SELECT FROM orders_orderdiscount d JOIN promotions_coupon c ON c.id = d.coupon_id
                         JOIN promotions_coupontype t ON t.id = c.coupon_type_id
                        WHERE d.order_id = n.id AND {IS_TEMPTING})) o
"""  # noqa: S608  made of constants

# Accounts that paid from the same account, and that had parcels sent to the same number. Its owner is no account on it.
SHARED_PURSES = """
SELECT (SELECT count(DISTINCT s.customer_id) FROM (
           SELECT customer_id FROM orders_order
            WHERE payment_account_hash = %(payment_account)s AND payment_account_hash <> '' AND discount_amount > 0
              AND placed_at > %(since)s AND placed_at <= %(at)s ORDER BY placed_at DESC LIMIT %(rows_read)s) s),
       (SELECT count(DISTINCT s.customer_id) FROM (
           SELECT customer_id FROM orders_order
            WHERE delivery_phone_hash = %(delivery_phone)s AND delivery_phone_hash <> '' AND discount_amount > 0
              AND placed_at > %(since)s AND placed_at <= %(at)s ORDER BY placed_at DESC LIMIT %(rows_read)s) s
          JOIN promotions_customer u ON u.id = s.customer_id WHERE u.phone_hash <> %(delivery_phone)s)
"""

# One row per recipient of the order. Whoever tops up his own number is no account on it.
RECIPIENTS = """
SELECT mine.recipient_hash, crowd.accounts, crowd.young, crowd.made
  FROM (SELECT recipient_hash FROM orders_orderline WHERE order_id = %(order)s AND recipient_hash <> ''
         GROUP BY recipient_hash ORDER BY sum(amount) DESC, recipient_hash LIMIT %(recipients_read)s) mine,
       LATERAL (
           SELECT count(DISTINCT o.customer_id) AS accounts,
                  least(count(DISTINCT o.customer_id) FILTER (WHERE o.placed_at - u.registered_at < %(young)s),
                        count(DISTINCT nullif(o.device, '')) FILTER (WHERE o.placed_at - u.registered_at < %(young)s)) AS young,
                  count(DISTINCT o.customer_id) FILTER (WHERE u.registered_at BETWEEN
                      %(registered_at)s::timestamptz - %(made_within)s AND %(registered_at)s::timestamptz + %(made_within)s) AS made
             FROM (SELECT l.order_id FROM orders_orderline l
                    WHERE l.recipient_hash = mine.recipient_hash AND l.recipient_hash <> ''
                    ORDER BY l.order_id DESC LIMIT %(rows_read)s) newest
             JOIN orders_order o ON o.id = newest.order_id
             JOIN promotions_customer u ON u.id = o.customer_id
            WHERE o.discount_amount > 0 AND o.placed_at > %(since)s AND o.placed_at <= %(at)s
              AND u.phone_hash <> mine.recipient_hash) crowd
"""

# Others who claimed within a minute, of them who also ordered within the minute of this order, and of these again, where this order
# is such a one itself (`does_it_too`), the new accounts that topped up somebody else. OFFSET 0 keeps the two from being merged,
# which would read the orders once for each count.
IN_STEP = f"""
SELECT count(DISTINCT s.device) FILTER (WHERE s.cashes_out IS NOT NULL),
       count(DISTINCT s.customer_id),
       count(DISTINCT s.device) FILTER (WHERE s.cashes_out)
  FROM (SELECT n.customer_id, n.device, (
           SELECT bool_or(%(does_it_too)s AND {CASHES_OUT_NEW.format(order="o")})
             FROM orders_order o JOIN promotions_customer u ON u.id = o.customer_id
            WHERE o.customer_id = n.customer_id AND o.discount_amount > 0
              AND o.placed_at BETWEEN %(placed_at)s - %(within)s AND least(%(placed_at)s + %(within)s, %(at)s)) AS cashes_out
  FROM (SELECT c.customer_id, c.device FROM promotions_claim c
         WHERE c.coupon_type_id = %(coupon_type)s AND c.entry_id = %(entry)s AND c.outcome = 'issued'
           AND c.at BETWEEN %(claimed_at)s - %(within)s AND least(%(claimed_at)s + %(within)s, %(at)s)
         ORDER BY c.at LIMIT %(rows_read)s) n
         WHERE n.customer_id <> %(customer)s AND n.device <> '' AND n.device <> %(device)s OFFSET 0) s
"""  # noqa: S608  made of constants
