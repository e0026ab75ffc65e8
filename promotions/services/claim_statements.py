"""The statements of the claim. Each guard stands in the WHERE of the statement that takes; no row back means refused.

They are prepared on the server (`backoffice.lib.exchanges`), so what Python leaves open of a value's type is said here.
"""

# A claim as it is kept, its outcome and reason apart. The customer was mirrored by a statement before.
CLAIM_COLUMNS = """
customer_id, at, coupon_type_id, entry_id, token_id, channel, asked_coupon_type, asked_entry, token_fingerprint, device, address,
phone_hash, phone_segment, is_verified, registered_at, identity_hash, is_phone_verified, has_ordered, region, outcome, reason"""
CLAIM_VALUES = """
(SELECT id FROM promotions_customer WHERE ref = %(ref)s), %(at)s::timestamptz, %(coupon_type)s::bigint, %(entry)s::bigint,
%(token)s::bigint, %(channel)s::text, %(asked_coupon_type)s::text, %(asked_entry)s::text, %(token_fingerprint)s::text,
%(device)s::text, %(address)s::text, %(phone_hash)s::text, %(phone_segment)s::text, %(is_verified)s::boolean,
%(registered_at)s::timestamptz, %(identity_hash)s::text, %(is_phone_verified)s::boolean, %(has_ordered)s::boolean,
%(region)s::text"""

IDENTITY_LOCKS = 2019  # the class of the advisory locks on identities

# Blocks that hold for a claim of type t by the identities it shows. The same condition opens the door and guards the take.
BLOCKS = """
           SELECT FROM promotions_identityblock i
             JOIN unnest(%(kinds)s::text[], %(identities)s::text[]) AS shown(kind, value)
               ON i.identity = shown.kind AND i.value = shown.value
            WHERE i.lifted_at IS NULL AND (i.expires_at IS NULL OR i.expires_at > %(at)s)
              AND (i.coupon_type_id IS NULL OR i.coupon_type_id = t.id) AND (i.campaign_id IS NULL OR i.campaign_id = t.campaign_id)
"""


def within_hours(*owners: tuple[str, str]) -> str:
    """Whether the opening hours of each of these rows hold at %(at)s, in the time zone of the campaign c; true where none has any.

    An owner is the column by which hours name the row, and the row's id. What `promotions.hours` says in Python.
    """
    columns = ", ".join(f"h.{column}" for column, _ in owners)
    named = " OR ".join(f"h.{column} = {key}" for column, key in owners)
    moment = "(%(at)s::timestamptz AT TIME ZONE c.time_zone)"
    today, before = f"extract(isodow FROM {moment})::int", f"extract(isodow FROM {moment} - interval '1 day')::int"
    return f"""NOT EXISTS (
        SELECT FROM promotions_openinghours h WHERE {named} GROUP BY {columns}
        HAVING NOT bool_or(CASE WHEN h.opens < h.closes
                                THEN {today} = ANY (h.weekdays) AND {moment}::time >= h.opens AND {moment}::time < h.closes
                                ELSE ({today} = ANY (h.weekdays) AND {moment}::time >= h.opens)
                                  OR ({before} = ANY (h.weekdays) AND {moment}::time < h.closes) END))"""


IS_WITHIN_HOURS = within_hours(("entry_id", "e.id"), ("coupon_type_id", "t.id"))

# Everything that is known of the door somebody knocks at, and whether one of the identities he shows is blocked, in one round trip.
# The entry is looked up by its own code and may belong to another type; the caller tells.
#
# The locks, one for each identity shown and shared with other claims, are what a block waits for, and what waits for a block
# (services/blocks.py, docs/adr/0006): until this claim commits no new block on them does.
DOOR = f"""
WITH gate AS MATERIALIZED (
    SELECT count(pg_advisory_xact_lock_shared({IDENTITY_LOCKS}, keys.key)) AS locks
      FROM (SELECT hashtext(shown.kind || ':' || shown.value) AS key
              FROM unnest(%(kinds)s::text[], %(identities)s::text[]) AS shown(kind, value) ORDER BY 1) keys
)
SELECT t.id AS coupon_type_id, t.audience = 'restricted' AS is_restricted, t.requires_verified, t.face_value,
       least(t.valid_until, %(at)s::timestamptz + t.valid_days * interval '24 hours') AS valid_until,
       t.status AS coupon_type_status, c.status AS campaign_status, b.id AS budget_id,
       e.id AS entry_id, e.coupon_type_id AS entry_coupon_type_id, e.channel, e.needs_token, e.status AS entry_status,
       coalesce(e.opens_at <= %(at)s AND %(at)s < e.closes_at, false) AND t.claim_from <= %(at)s AND %(at)s < t.claim_until
       AND c.starts_at <= %(at)s AND %(at)s < c.ends_at AS is_within_periods,
       {IS_WITHIN_HOURS} AS is_within_hours,
       (SELECT max(s.number) + 1 FROM promotions_entryslice s WHERE s.entry_id = e.id) AS entry_slices,
       (SELECT max(s.number) + 1 FROM promotions_coupontypeslice s WHERE s.coupon_type_id = t.id) AS coupon_type_slices,
       (SELECT max(s.number) + 1 FROM promotions_budgetslice s WHERE s.budget_id = b.id) AS budget_slices,
       t.requires_verified_phone, t.minimum_account_age, t.new_customers_only, t.regions,
       (SELECT coalesce(jsonb_agg(jsonb_build_array(r.id, r.identity, r.action) ORDER BY r.id), '[]') FROM promotions_claimrule r
         WHERE (r.coupon_type_id = t.id OR r.campaign_id = t.campaign_id) AND r.ended_at IS NULL) AS rules,
       EXISTS ({BLOCKS}) AS is_blocked,
       CASE WHEN t.new_customers_only THEN EXISTS (
           SELECT FROM promotions_customer u
            WHERE (u.ref = %(customer)s OR (u.identity_hash = %(person)s AND %(person)s <> ''))
              AND (u.has_ordered OR u.welcomed_at IS NOT NULL
                   OR EXISTS (SELECT FROM promotions_coupon k WHERE k.customer_id = u.id)))
            ELSE false END AS is_known,
       (SELECT locks FROM gate)
  FROM promotions_coupontype t
  JOIN promotions_campaign c ON c.id = t.campaign_id
  JOIN promotions_budget b ON b.campaign_id = c.id
  LEFT JOIN promotions_entry e ON e.code = %(entry)s
 WHERE t.code = %(coupon_type)s
"""  # noqa: S608  put together from constants

# Person, token, entry, type and budget, always in this order, each only where the one before gave; then claim and coupon.
#
# Person: no block holds; the one coupon for new customers was not taken; and one row per rule and identity holds the times it was
# used: those that left the window are dropped as new ones come. The row is locked by the upsert, so two claims by one identity wait
# for each other, and for nobody else. A rule that flags gives always, and answers that it was crossed; it keeps the newest times
# only, one more than its limit. The customer's row is locked first, as every transaction does that locks it.
# Token: its batch is looked at as it was when the statement began, and that is enough: the claim has shared the batch's lock since
# before (`services/tokens.py`), so no revocation commits until the claim has.
# The rest: the rows taken from say themselves whether their owner gives (`is_live`), so a stop is seen however long the statement
# waited for the row.
TAKE = f"""
WITH gate AS MATERIALIZED (
    SELECT NOT EXISTS ({BLOCKS}) AS is_unblocked FROM promotions_coupontype t WHERE t.id = %(coupon_type)s
), welcome_take AS (
    UPDATE promotions_customer u SET welcomed_at = %(at)s
     WHERE %(new_customers_only)s AND (SELECT is_unblocked FROM gate)
       AND u.ref = %(ref)s AND u.welcomed_at IS NULL AND NOT u.has_ordered
 RETURNING u.id
), welcome AS MATERIALIZED (
    SELECT (SELECT is_unblocked FROM gate) AND (NOT %(new_customers_only)s OR EXISTS (SELECT FROM welcome_take)) AS gave
), person_take AS (
    INSERT INTO promotions_ruleuse AS u (rule_id, identity, times)
    SELECT wanted.rule_id, wanted.identity, ARRAY[%(at)s::timestamptz]
      FROM unnest(%(rules)s::bigint[], %(identities_counted)s::text[]) AS wanted(rule_id, identity)
     WHERE (SELECT gave FROM welcome)
     ORDER BY wanted.rule_id
    ON CONFLICT (rule_id, identity) DO UPDATE
       SET times = ARRAY(SELECT newest.t FROM (
               SELECT t FROM unnest(u.times || excluded.times) AS t, promotions_claimrule r
                WHERE r.id = u.rule_id AND (r."window" IS NULL OR t > %(at)s::timestamptz - r."window")
                ORDER BY t DESC LIMIT (SELECT r."limit" + 1 FROM promotions_claimrule r WHERE r.id = u.rule_id)) newest
           ORDER BY newest.t)
     WHERE (SELECT count(*) FILTER (WHERE r."window" IS NULL OR t > %(at)s::timestamptz - r."window") < max(r."limit")
                   OR bool_or(r.action = 'flag')
              FROM unnest(u.times) AS t, promotions_claimrule r WHERE r.id = u.rule_id)
    RETURNING u.rule_id, (SELECT r.action = 'flag' AND cardinality(u.times) > r."limit"
                            FROM promotions_claimrule r WHERE r.id = u.rule_id) AS is_crossed
), person AS (
    SELECT (SELECT gave FROM welcome) AND count(*) = cardinality(%(rules)s::bigint[]) AS gave,
           coalesce(array_agg(rule_id ORDER BY rule_id) FILTER (WHERE is_crossed), '{{}}') AS crossed
      FROM person_take
), token_take AS (
    UPDATE promotions_claimtoken k SET used = k.used + 1
      FROM promotions_tokenbatch b
     WHERE (SELECT gave FROM person) AND k.id = %(token)s AND b.id = k.batch_id AND b.entry_id = %(entry)s
       AND k.used < k.uses AND k.revoked_at IS NULL AND b.revoked_at IS NULL AND b.is_complete AND b.expires_at > %(at)s
 RETURNING k.id
), entry_take AS (
    UPDATE promotions_entryslice s SET issued = s.issued + 1
      FROM promotions_entry e JOIN promotions_coupontype t ON t.id = e.coupon_type_id
      JOIN promotions_campaign c ON c.id = t.campaign_id
     WHERE s.entry_id = %(entry)s AND s.number = %(entry_slice)s AND e.id = s.entry_id
       AND s.is_live AND s.issued < s.cap AND e.opens_at <= %(at)s AND e.closes_at > %(at)s
       AND {IS_WITHIN_HOURS}
       AND (SELECT gave FROM person) AND (NOT e.needs_token OR EXISTS (SELECT FROM token_take))
 RETURNING s.id
), coupon_type_take AS (
    UPDATE promotions_coupontypeslice s
       SET issued = s.issued + 1, issued_amount = s.issued_amount + %(face_value)s, reserved = s.reserved + %(face_value)s
      FROM promotions_coupontype t
     WHERE s.coupon_type_id = %(coupon_type)s AND s.number = %(coupon_type_slice)s AND t.id = s.coupon_type_id
       AND s.is_live AND (s.quantity IS NULL OR s.issued < s.quantity)
       AND (s.amount IS NULL OR s.reserved + s.spent + %(face_value)s <= s.amount)
       AND t.claim_from <= %(at)s AND t.claim_until > %(at)s AND EXISTS (SELECT FROM entry_take)
 RETURNING s.id
), budget_take AS (
    UPDATE promotions_budgetslice s SET reserved = s.reserved + %(face_value)s
      FROM promotions_budget b JOIN promotions_campaign c ON c.id = b.campaign_id
     WHERE s.budget_id = %(budget)s AND s.number = %(budget_slice)s AND b.id = s.budget_id
       AND s.is_live AND s.reserved + s.spent + %(face_value)s <= s.amount AND c.starts_at <= %(at)s AND c.ends_at > %(at)s
       AND EXISTS (SELECT FROM coupon_type_take)
 RETURNING s.id
), claim AS (
    INSERT INTO promotions_claim ({CLAIM_COLUMNS})
    SELECT {CLAIM_VALUES}, 'issued', '' FROM budget_take
 RETURNING id, customer_id
), coupon AS (
    INSERT INTO promotions_coupon
           (code, claim_id, coupon_type_id, customer_id, entry_slice_id, coupon_type_slice_id, budget_slice_id, face_value,
            issued_at, valid_until, status)
    SELECT %(code)s::text, claim.id, %(coupon_type)s::bigint, claim.customer_id, entry_take.id, coupon_type_take.id,
           budget_take.id, %(face_value)s::numeric, %(at)s::timestamptz, %(valid_until)s::timestamptz, 'issued'
      FROM entry_take, coupon_type_take, budget_take, claim
 RETURNING id
)
SELECT (SELECT gave FROM person), (SELECT id FROM token_take), (SELECT id FROM entry_take),
       (SELECT id FROM coupon_type_take), (SELECT id FROM budget_take),
       (SELECT is_unblocked FROM gate), (SELECT gave FROM welcome), (SELECT crossed FROM person),
       (SELECT customer_id FROM claim), (SELECT id FROM claim), (SELECT id FROM coupon)
"""  # noqa: S608  put together from constants

# A refused claim.
REFUSE = f"""
INSERT INTO promotions_claim ({CLAIM_COLUMNS})
SELECT {CLAIM_VALUES}, 'refused', %(reason)s::text
RETURNING customer_id, id
"""

# Which slices have room; whether any slice of the type has coupons left, whatever its money; and what room in money the slices of
# the type (NULL: it has no budget of its own) and of the budget have together, where none has enough alone.
ROOM = """
SELECT (SELECT array_agg(number ORDER BY number) FROM promotions_entryslice
         WHERE entry_id = %(entry)s AND issued < cap),
       (SELECT array_agg(number ORDER BY number) FROM promotions_coupontypeslice
         WHERE coupon_type_id = %(coupon_type)s AND (quantity IS NULL OR issued < quantity)
           AND (amount IS NULL OR reserved + spent + %(face_value)s <= amount)),
       (SELECT array_agg(number ORDER BY number) FROM promotions_budgetslice
         WHERE budget_id = %(budget)s AND reserved + spent + %(face_value)s <= amount),
       (SELECT bool_or(quantity IS NULL OR issued < quantity) FROM promotions_coupontypeslice
         WHERE coupon_type_id = %(coupon_type)s),
       (SELECT sum(amount - reserved - spent) FROM promotions_coupontypeslice WHERE coupon_type_id = %(coupon_type)s),
       (SELECT coalesce(sum(amount - reserved - spent), 0) FROM promotions_budgetslice WHERE budget_id = %(budget)s)
"""
