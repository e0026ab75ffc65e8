"""The statements of grants. A chunk is the items with a number in (after, last]; nothing else is ever touched by it."""

# A list on its way in: gone with the transaction, so that a file with one wrong line leaves nothing.
STAGE = "CREATE TEMP TABLE grant_list (number integer NOT NULL, ref text NOT NULL) ON COMMIT DROP"
UNSTAGE = "DROP TABLE IF EXISTS grant_list"
COPY_IN = "COPY grant_list (number, ref) FROM STDIN"

# Rows that name a customer whom a line above named already.
REPEATED = """
SELECT number, ref, first, count(*) OVER ()
  FROM (SELECT number, ref, min(number) OVER (PARTITION BY ref) AS first FROM grant_list) AS named
 WHERE number > first ORDER BY number LIMIT %(shown)s
"""
STAGED = "SELECT count(*), count(DISTINCT ref) FROM grant_list"
# Over the references in the order of the list, each ended by a line feed, which no reference contains.
FINGERPRINT_STAGED = """
SELECT encode(sha256(convert_to(coalesce(string_agg(ref, E'\\n' ORDER BY number), ''), 'UTF8')), 'hex') FROM grant_list
"""
FINGERPRINT = """
SELECT count(*), encode(sha256(convert_to(coalesce(string_agg(ref, E'\\n' ORDER BY number), ''), 'UTF8')), 'hex')
  FROM promotions_grantitem WHERE grant_id = %s
"""
FILL = """
INSERT INTO promotions_grantitem (grant_id, number, ref, result, detail)
SELECT %s, number, ref, 'pending', '' FROM grant_list ORDER BY number
"""

# Customers of whom we never heard get a bare mirror, as they do with their first order.
MIRROR_MISSING = """
INSERT INTO promotions_customer
       (ref, phone_hash, phone_segment, phone_last_four, identity_hash, is_verified, is_phone_verified, has_ordered, first_seen_at)
SELECT i.ref, '', '', '', '', false, false, false, %(at)s FROM promotions_grantitem i
 WHERE i.grant_id = %(grant)s AND i.number > %(after)s AND i.number <= %(last)s
   AND NOT EXISTS (SELECT FROM promotions_customer c WHERE c.ref = i.ref)
 ORDER BY i.ref
ON CONFLICT (ref) DO NOTHING
"""

# Why somebody is given nothing, before it is looked at whether there is enough: blocked, not verified, has what the rules allow.
# Compares with what the claim compares with; a customer of whom we never heard is not verified and has nothing.
OBSTACLE = """
    CASE WHEN EXISTS (SELECT FROM promotions_identityblock b
                       WHERE b.identity = 'customer' AND b.value = i.ref
                         AND (b.coupon_type_id IS NULL OR b.coupon_type_id = %(coupon_type)s)
                         AND (b.campaign_id IS NULL OR b.campaign_id = %(campaign)s)
                         AND b.lifted_at IS NULL AND (b.expires_at IS NULL OR b.expires_at > %(at)s))
           OR (c.phone_hash <> '' AND EXISTS (SELECT FROM promotions_identityblock b
                       WHERE b.identity = 'phone' AND b.value = c.phone_hash
                         AND (b.coupon_type_id IS NULL OR b.coupon_type_id = %(coupon_type)s)
                         AND (b.campaign_id IS NULL OR b.campaign_id = %(campaign)s)
                         AND b.lifted_at IS NULL AND (b.expires_at IS NULL OR b.expires_at > %(at)s))) THEN 'blocked'
         WHEN %(verified_only)s AND NOT coalesce(c.is_verified, false) THEN 'not_verified'
         WHEN EXISTS (SELECT FROM promotions_ruleuse u JOIN promotions_claimrule r ON r.id = u.rule_id
                       WHERE u.rule_id = ANY(%(rules)s::bigint[]) AND u.identity = i.ref
                         AND (SELECT count(*) FROM unnest(u.times) AS t
                               WHERE r."window" IS NULL OR t > %(at)s::timestamptz - r."window") >= r."limit") THEN 'has_one'
         ELSE '' END
"""

# Gives each item of the chunk its result, at most `most` of them a coupon, and uses up the rules of those who get one.
# The rules are guarded as the claim guards them: whoever claims at this moment waits, or is waited for. Where a rule did not give,
# because somebody claimed after `candidate` looked, fewer uses come back than were asked for, and the caller starts over.
# Answers the items that get a coupon and their customers, in the order of the list.
SETTLE = f"""
WITH candidate AS (
    SELECT i.id, i.number, i.ref, c.id AS customer_id, {OBSTACLE} AS obstacle
      FROM promotions_grantitem i JOIN promotions_customer c ON c.ref = i.ref
     WHERE i.grant_id = %(grant)s AND i.number > %(after)s AND i.number <= %(last)s AND i.result = 'pending'
), verdict AS (
    SELECT id, ref, customer_id,
           CASE WHEN obstacle = '' AND row_number() OVER (PARTITION BY obstacle ORDER BY number) > %(most)s THEN 'no_room'
                ELSE obstacle END AS obstacle
      FROM candidate
), used AS (
    INSERT INTO promotions_ruleuse AS u (rule_id, identity, times)
    SELECT wanted.rule_id, v.ref, ARRAY[%(at)s::timestamptz]
      FROM verdict v CROSS JOIN unnest(%(rules)s::bigint[]) AS wanted(rule_id)
     WHERE v.obstacle = '' ORDER BY wanted.rule_id, v.ref
    ON CONFLICT (rule_id, identity) DO UPDATE
       SET times = ARRAY(SELECT t FROM unnest(u.times) AS t, promotions_claimrule r
                          WHERE r.id = u.rule_id AND (r."window" IS NULL OR t > %(at)s::timestamptz - r."window")
                          ORDER BY t) || excluded.times
     WHERE (SELECT count(*) FILTER (WHERE r."window" IS NULL OR t > %(at)s::timestamptz - r."window") < max(r."limit")
              FROM unnest(u.times) AS t, promotions_claimrule r WHERE r.id = u.rule_id)
    RETURNING 1
), settled AS (
    UPDATE promotions_grantitem i
       SET customer_id = v.customer_id,
           result = CASE v.obstacle WHEN '' THEN 'granted' WHEN 'no_room' THEN 'failed' ELSE 'skipped' END,
           detail = CASE v.obstacle WHEN '' THEN '' WHEN 'blocked' THEN %(blocked)s WHEN 'not_verified' THEN %(not_verified)s
                                    WHEN 'has_one' THEN %(has_one)s ELSE %(no_room)s END
      FROM verdict v WHERE i.id = v.id
 RETURNING i.id, i.number, i.customer_id, i.result
)
SELECT coalesce(array_agg(id ORDER BY number) FILTER (WHERE result = 'granted'), '{{}}'),
       coalesce(array_agg(customer_id ORDER BY number) FILTER (WHERE result = 'granted'), '{{}}'),
       count(*) FILTER (WHERE result = 'failed'), (SELECT count(*) FROM used)
  FROM settled
"""  # noqa: S608  made of constants

# Items, codes and slices come side by side, so that nothing is joined here. To the planner, whose statistics of the items are from
# when all of them were pending, hardly any is granted: asked to join, it compares each of a chunk with each.
ISSUE = """
INSERT INTO promotions_coupon
       (code, grant_item_id, coupon_type_id, customer_id, coupon_type_slice_id, budget_slice_id, face_value, issued_at, valid_until,
        status)
SELECT made.code, made.item, %(coupon_type)s, made.customer, made.type_slice, made.slice, %(face_value)s, %(at)s, %(valid_until)s,
       'issued'
  FROM unnest(%(items)s::bigint[], %(customers)s::bigint[], %(codes)s::text[], %(type_slices)s::bigint[], %(slices)s::bigint[])
       AS made(item, customer, code, type_slice, slice)
"""

# What is left of a grant that was stopped.
SKIP = """
UPDATE promotions_grantitem SET result = 'skipped', detail = %(stopped)s
 WHERE grant_id = %(grant)s AND number > %(after)s AND number <= %(last)s AND result = 'pending'
"""

# What a draft would do if it were worked now: by obstacle, and of how many we never heard.
PREVIEW = f"""
SELECT obstacle, count(*), count(*) FILTER (WHERE is_new)
  FROM (SELECT {OBSTACLE} AS obstacle, c.id IS NULL AS is_new
          FROM promotions_grantitem i LEFT JOIN promotions_customer c ON c.ref = i.ref
         WHERE i.grant_id = %(grant)s) AS looked_at
 GROUP BY obstacle
"""  # noqa: S608  made of constants

VOID_SCOPE = """
INSERT INTO promotions_grantvoiditem (void_id, coupon_id, result, detail)
SELECT %(void)s, c.id, 'pending', '' FROM promotions_grantitem i JOIN promotions_coupon c ON c.grant_item_id = i.id
 WHERE i.grant_id = %(grant)s ORDER BY c.id
"""
VOID_FINGERPRINT = """
SELECT count(*), encode(sha256(convert_to(coalesce(string_agg(coupon_id::text, ',' ORDER BY coupon_id), ''), 'UTF8')), 'hex')
  FROM promotions_grantvoiditem WHERE void_id = %s
"""
# Coupons wait for whoever redeems or expires them at this moment, in the order of their ids, as everybody locks them.
VOID_LOCK = """
SELECT count(*) FROM (
    SELECT 1 FROM promotions_coupon c JOIN promotions_grantvoiditem v ON v.coupon_id = c.id
     WHERE v.void_id = %(void)s AND v.coupon_id > %(after)s AND v.coupon_id <= %(last)s
     ORDER BY c.id FOR NO KEY UPDATE OF c) AS locked
"""
# A statement of its own: it sees what the locks waited for. The use of a rule is given back, so that the customer may be given, or
# may claim, what was taken from him. Answers the money to be given back to each slice.
VOID = """
WITH verdict AS (
    SELECT v.id AS item_id, c.id, c.coupon_type_slice_id, c.budget_slice_id, c.face_value, c.issued_at, c.status, u.ref
      FROM promotions_grantvoiditem v
      JOIN promotions_coupon c ON c.id = v.coupon_id JOIN promotions_customer u ON u.id = c.customer_id
     WHERE v.void_id = %(void)s AND v.coupon_id > %(after)s AND v.coupon_id <= %(last)s AND v.result = 'pending'
), settled AS (
    UPDATE promotions_grantvoiditem i
       SET result = CASE v.status WHEN 'issued' THEN 'voided' WHEN 'redeemed' THEN 'lost' ELSE 'skipped' END,
           detail = CASE v.status WHEN 'issued' THEN '' WHEN 'redeemed' THEN %(redeemed)s WHEN 'expired' THEN %(expired)s
                                  WHEN 'voided' THEN %(voided)s ELSE %(frozen)s END
      FROM verdict v WHERE i.id = v.item_id
), voided AS (
    UPDATE promotions_coupon c SET status = 'voided' FROM verdict v WHERE c.id = v.id AND v.status = 'issued'
), given_back AS (
    UPDATE promotions_ruleuse r SET times = array_remove(r.times, v.issued_at)
      FROM verdict v WHERE r.rule_id = ANY(%(rules)s::bigint[]) AND r.identity = v.ref AND v.status = 'issued'
       AND r.times <> ARRAY[v.issued_at]
), forgotten AS (
    DELETE FROM promotions_ruleuse r USING verdict v
     WHERE r.rule_id = ANY(%(rules)s::bigint[]) AND r.identity = v.ref AND v.status = 'issued' AND r.times = ARRAY[v.issued_at]
)
SELECT coupon_type_slice_id, budget_slice_id, sum(face_value) FROM verdict WHERE status = 'issued' GROUP BY 1, 2 ORDER BY 1, 2
"""
