"""The statements of the claim. Each guard stands in the WHERE of the statement that takes; no row back means refused."""

# Everything that is known of the door somebody knocks at, and whether one of the identities he shows is blocked, in one round trip.
# The entry is looked up by its own code and may belong to another type; the caller tells.
DOOR = """
SELECT t.id AS coupon_type_id, t.audience = 'restricted' AS is_restricted, t.requires_verified, t.face_value, t.valid_until,
       t.status AS coupon_type_status, t.claim_from, t.claim_until,
       c.status AS campaign_status, c.starts_at, c.ends_at, b.id AS budget_id,
       e.id AS entry_id, e.coupon_type_id AS entry_coupon_type_id, e.channel, e.needs_token, e.status AS entry_status,
       e.opens_at, e.closes_at,
       (SELECT count(*) FROM promotions_entryslice s WHERE s.entry_id = e.id) AS entry_slices,
       (SELECT count(*) FROM promotions_coupontypeslice s WHERE s.coupon_type_id = t.id) AS coupon_type_slices,
       (SELECT count(*) FROM promotions_budgetslice s WHERE s.budget_id = b.id) AS budget_slices,
       (SELECT coalesce(jsonb_agg(jsonb_build_array(r.id, r.identity) ORDER BY r.id), '[]')
          FROM promotions_claimrule r WHERE r.coupon_type_id = t.id) AS rules,
       EXISTS (
           SELECT FROM promotions_identityblock i
             JOIN unnest(%(kinds)s::text[], %(identities)s::text[]) AS shown(kind, value)
               ON i.identity = shown.kind AND i.value = shown.value
            WHERE (i.coupon_type_id IS NULL OR i.coupon_type_id = t.id) AND (i.expires_at IS NULL OR i.expires_at > %(at)s)
       ) AS is_blocked
  FROM promotions_coupontype t
  JOIN promotions_campaign c ON c.id = t.campaign_id
  JOIN promotions_budget b ON b.campaign_id = c.id
  LEFT JOIN promotions_entry e ON e.code = %(entry)s
 WHERE t.code = %(coupon_type)s
"""

# Person, token, entry, type and budget, always in this order, each only where the one before gave.
#
# Person: one row per rule and identity holds the times it was used; those that left the window are dropped as new ones come.
# The row is locked by the upsert, so two claims by one identity wait for each other, and for nobody else.
# Token: its batch is looked at as it was when the statement began, and that is enough: the claim has shared the batch's lock since
# before (`services/tokens.py`), so no revocation commits until the claim has.
# The rest: the rows taken from say themselves whether their owner gives (`is_live`), so a stop is seen however long the statement
# waited for the row.
TAKE = """
WITH person_take AS (
    INSERT INTO promotions_ruleuse AS u (rule_id, identity, times)
    SELECT wanted.rule_id, wanted.identity, ARRAY[%(at)s::timestamptz]
      FROM unnest(%(rules)s::bigint[], %(identities)s::text[]) AS wanted(rule_id, identity)
     ORDER BY wanted.rule_id
    ON CONFLICT (rule_id, identity) DO UPDATE
       SET times = ARRAY(SELECT t FROM unnest(u.times) AS t, promotions_claimrule r
                          WHERE r.id = u.rule_id AND (r."window" IS NULL OR t > %(at)s::timestamptz - r."window")
                          ORDER BY t) || excluded.times
     WHERE (SELECT count(*) FILTER (WHERE r."window" IS NULL OR t > %(at)s::timestamptz - r."window") < max(r."limit")
              FROM unnest(u.times) AS t, promotions_claimrule r WHERE r.id = u.rule_id)
    RETURNING u.rule_id
), person AS (
    SELECT count(*) = cardinality(%(rules)s::bigint[]) AS gave FROM person_take
), token_take AS (
    UPDATE promotions_claimtoken k SET used = k.used + 1
      FROM promotions_tokenbatch b
     WHERE (SELECT gave FROM person) AND k.id = %(token)s AND b.id = k.batch_id AND b.entry_id = %(entry)s
       AND k.used < k.uses AND k.revoked_at IS NULL AND b.revoked_at IS NULL AND b.is_complete AND b.expires_at > %(at)s
 RETURNING k.id
), entry_take AS (
    UPDATE promotions_entryslice s SET issued = s.issued + 1
      FROM promotions_entry e
     WHERE s.entry_id = %(entry)s AND s.number = %(entry_slice)s AND e.id = s.entry_id
       AND s.is_live AND s.issued < s.cap AND e.opens_at <= %(at)s AND e.closes_at > %(at)s
       AND (SELECT gave FROM person) AND (NOT e.needs_token OR EXISTS (SELECT FROM token_take))
 RETURNING s.id
), coupon_type_take AS (
    UPDATE promotions_coupontypeslice s SET issued = s.issued + 1, issued_amount = s.issued_amount + t.face_value
      FROM promotions_coupontype t
     WHERE s.coupon_type_id = %(coupon_type)s AND s.number = %(coupon_type_slice)s AND t.id = s.coupon_type_id
       AND s.is_live AND (s.quantity IS NULL OR s.issued < s.quantity) AND t.claim_from <= %(at)s AND t.claim_until > %(at)s
       AND EXISTS (SELECT FROM entry_take)
 RETURNING s.id
), budget_take AS (
    UPDATE promotions_budgetslice s SET reserved = s.reserved + %(face_value)s
      FROM promotions_budget b JOIN promotions_campaign c ON c.id = b.campaign_id
     WHERE s.budget_id = %(budget)s AND s.number = %(budget_slice)s AND b.id = s.budget_id
       AND s.is_live AND s.reserved + s.spent + %(face_value)s <= s.amount AND c.starts_at <= %(at)s AND c.ends_at > %(at)s
       AND EXISTS (SELECT FROM coupon_type_take)
 RETURNING s.id
)
SELECT (SELECT gave FROM person), (SELECT id FROM token_take), (SELECT id FROM entry_take),
       (SELECT id FROM coupon_type_take), (SELECT id FROM budget_take)
"""

# Which slices have room, and whether the budget's slices have room together where none has alone.
ROOM = """
SELECT (SELECT array_agg(number ORDER BY number) FROM promotions_entryslice
         WHERE entry_id = %(entry)s AND issued < cap),
       (SELECT array_agg(number ORDER BY number) FROM promotions_coupontypeslice
         WHERE coupon_type_id = %(coupon_type)s AND (quantity IS NULL OR issued < quantity)),
       (SELECT array_agg(number ORDER BY number) FROM promotions_budgetslice
         WHERE budget_id = %(budget)s AND reserved + spent + %(face_value)s <= amount),
       (SELECT coalesce(sum(amount - reserved - spent), 0) FROM promotions_budgetslice WHERE budget_id = %(budget)s)
"""
