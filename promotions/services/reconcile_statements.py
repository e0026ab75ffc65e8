"""What counters must be, from claims, coupons and redemptions: one statement, so that all of it is seen at one moment.

Each part answers rows of (subject, scope, target, figure, expected, found), only where the two differ. What pays for an order
is told by the redemption, not by the coupon's status, so that one fault is one drift. Each part reads its tables once, whole:
nothing that was changed by hand announces itself.
"""

# A coupon and the first redemption of it that is open; how much of its face value is still promised, and how much was spent.
HELD = """
    SELECT c.*, coalesce(o.number, 0) AS redemptions, coalesce(o.amount, 0) AS spent,
           CASE WHEN o.coupon_id IS NULL AND c.status IN ('issued', 'frozen', 'redeemed') THEN c.face_value ELSE 0 END AS reserved
      FROM promotions_coupon c
      LEFT JOIN (SELECT coupon_id, count(*) AS number, (array_agg(amount ORDER BY id))[1] AS amount
                   FROM promotions_redemption WHERE returned_at IS NULL GROUP BY coupon_id) o ON o.coupon_id = c.id
"""

SUMS = """
WITH held AS NOT MATERIALIZED (HELD), sums AS MATERIALIZED (
    SELECT coupon_type_slice_id, budget_slice_id, entry_slice_id, count(*) AS issued, sum(face_value) AS issued_amount,
           sum(reserved) AS reserved, sum(spent) AS spent
      FROM held GROUP BY 1, 2, 3
), of_budgets AS (
    SELECT budget_slice_id AS id, sum(issued_amount) AS issued_amount, sum(reserved) AS reserved, sum(spent) AS spent
      FROM sums GROUP BY 1
), of_types AS (
    SELECT coupon_type_slice_id AS id, sum(issued) AS issued, sum(issued_amount) AS issued_amount, sum(reserved) AS reserved,
           sum(spent) AS spent
      FROM sums GROUP BY 1
), of_entries AS (
    SELECT entry_slice_id AS id, sum(issued) AS issued FROM sums WHERE entry_slice_id IS NOT NULL GROUP BY 1
)
""".replace("(HELD)", f"({HELD})")

BUDGET_SLICES = """
SELECT 'budget_slice:' || s.id, 'campaign:' || c.code, 'promotions.campaign:' || c.id, v.figure, v.expected, v.found
  FROM promotions_budgetslice s
  JOIN promotions_budget b ON b.id = s.budget_id
  JOIN promotions_campaign c ON c.id = b.campaign_id
  LEFT JOIN of_budgets o ON o.id = s.id
 CROSS JOIN LATERAL (VALUES
       ('reserved', coalesce(o.reserved, 0), s.reserved),
       ('spent', coalesce(o.spent, 0), s.spent),
       ('returned', coalesce(o.issued_amount - o.reserved - o.spent, 0), s.returned)) AS v(figure, expected, found)
 WHERE v.expected <> v.found
"""

COUPON_TYPE_SLICES = """
SELECT 'coupon_type_slice:' || s.id, 'coupon_type:' || t.code, 'promotions.coupontype:' || t.id, v.figure, v.expected, v.found
  FROM promotions_coupontypeslice s
  JOIN promotions_coupontype t ON t.id = s.coupon_type_id
  LEFT JOIN of_types o ON o.id = s.id
 CROSS JOIN LATERAL (VALUES
       ('issued', coalesce(o.issued, 0), s.issued),
       ('issued_amount', coalesce(o.issued_amount, 0), s.issued_amount),
       ('reserved', coalesce(o.reserved, 0), s.reserved),
       ('spent', coalesce(o.spent, 0), s.spent)) AS v(figure, expected, found)
 WHERE v.expected <> v.found
"""

ENTRY_SLICES = """
SELECT 'entry_slice:' || s.id, 'entry:' || e.code, 'promotions.entry:' || e.id, 'issued', coalesce(o.issued, 0), s.issued
  FROM promotions_entryslice s
  JOIN promotions_entry e ON e.id = s.entry_id
  LEFT JOIN of_entries o ON o.id = s.id
 WHERE coalesce(o.issued, 0) <> s.issued
"""

# Slices that no longer sum to what their owner has; empty means no limit.
LIMITS = """
SELECT 'budget:' || b.id, 'campaign:' || c.code, 'promotions.campaign:' || c.id, 'amount', b.amount, s.amount
  FROM promotions_budget b
  JOIN promotions_campaign c ON c.id = b.campaign_id
  JOIN (SELECT budget_id, sum(amount) AS amount FROM promotions_budgetslice GROUP BY 1) s ON s.budget_id = b.id
 WHERE b.amount <> s.amount
 UNION ALL
SELECT 'coupon_type:' || t.id, 'coupon_type:' || t.code, 'promotions.coupontype:' || t.id, v.figure, v.expected, v.found
  FROM promotions_coupontype t
  JOIN (SELECT coupon_type_id, sum(quantity) AS quantity, sum(amount) AS amount FROM promotions_coupontypeslice GROUP BY 1) s
    ON s.coupon_type_id = t.id
 CROSS JOIN LATERAL (VALUES ('quantity', t.quantity::numeric, s.quantity), ('amount', t.budget_amount, s.amount))
       AS v(figure, expected, found)
 WHERE v.expected IS DISTINCT FROM v.found
 UNION ALL
SELECT 'entry:' || e.id, 'entry:' || e.code, 'promotions.entry:' || e.id, 'cap', e.cap, s.cap
  FROM promotions_entry e JOIN (SELECT entry_id, sum(cap) AS cap FROM promotions_entryslice GROUP BY 1) s ON s.entry_id = e.id
 WHERE e.cap <> s.cap
"""

# A coupon is redeemed when one redemption of it is open, and only then; and that takes off no more than it is worth.
COUPONS = """
SELECT 'coupon:' || h.id, 'coupon:' || h.code, 'promotions.coupon:' || h.id, v.figure, v.expected, v.found
  FROM held h
 CROSS JOIN LATERAL (VALUES
       ('redemptions', (h.status = 'redeemed')::int::numeric, h.redemptions::numeric, h.redemptions),
       ('spent of its face value', h.face_value, h.spent, (h.spent > h.face_value)::int)) AS v(figure, expected, found, fault)
 WHERE (v.figure = 'redemptions' AND v.expected <> v.found) OR (v.figure <> 'redemptions' AND v.fault = 1)
"""

# A coupon from a claim has that claim, issued to the same customer; a claim that was issued has its coupon.
CLAIMS = """
SELECT 'coupon:' || c.id, 'coupon:' || c.code, 'promotions.coupon:' || c.id, 'claims', 1, 0
  FROM promotions_coupon c
  LEFT JOIN promotions_claim k
    ON k.id = c.claim_id AND k.outcome = 'issued' AND k.customer_id = c.customer_id AND k.coupon_type_id = c.coupon_type_id
 WHERE c.claim_id IS NOT NULL AND k.id IS NULL
 UNION ALL
SELECT 'claim:' || k.id, 'claim:' || k.id, 'promotions.claim:' || k.id, 'coupons', 1, 0
  FROM promotions_claim k
  LEFT JOIN promotions_coupon c ON c.claim_id = k.id
 WHERE k.outcome = 'issued' AND c.id IS NULL
"""

TOKENS = """
SELECT 'claim_token:' || t.id, 'claim_token:' || t.id, 'promotions.claimtoken:' || t.id, 'used', coalesce(k.number, 0), t.used
  FROM promotions_claimtoken t
  LEFT JOIN (SELECT token_id, count(*) AS number FROM promotions_claim
              WHERE token_id IS NOT NULL AND outcome = 'issued' GROUP BY 1) k ON k.token_id = t.id
 WHERE t.used <> coalesce(k.number, 0)
"""

# Of the rules only those that never forget and count customers can be told from the ledger: their uses are the customer's coupons,
# from the first use on, since a rule may be younger than its type. They are counted before they are compared: nobody can estimate
# how many differ, and a planner that believes in one joins the other sums by going through them again for each use.
RULE_USES = """
SELECT 'rule_use:' || n.id, 'coupon_type:' || t.code, 'promotions.coupontype:' || t.id, 'uses', n.number, n.uses
  FROM (SELECT u.id, r.coupon_type_id, cardinality(u.times) AS uses, count(c.id) AS number
          FROM promotions_ruleuse u
          JOIN promotions_claimrule r ON r.id = u.rule_id AND r."window" IS NULL AND r.identity = 'customer'
                                     AND r.action = 'refuse' AND r.ended_at IS NULL
          LEFT JOIN promotions_customer p ON p.ref = u.identity
          LEFT JOIN promotions_coupon c ON c.customer_id = p.id AND c.coupon_type_id = r.coupon_type_id
                                       AND c.claim_id IS NOT NULL AND c.issued_at >= (SELECT min(t) FROM unnest(u.times) AS t)
         GROUP BY u.id, r.id
        HAVING cardinality(u.times) <> count(c.id)) n
  JOIN promotions_coupontype t ON t.id = n.coupon_type_id
"""

PARTS = (BUDGET_SLICES, COUPON_TYPE_SLICES, ENTRY_SLICES, LIMITS, COUPONS, CLAIMS, TOKENS, RULE_USES)
DRIFTS = SUMS + "\n UNION ALL\n".join(PARTS) + "\n ORDER BY 1, 4\n LIMIT %(most)s"
