"""The statements by which coupons pay for an order, prepared on the server and sent together (`backoffice.lib.exchanges`).

Written out because compiling them anew for each order cost more than the database needs to answer them.
"""

import json
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model

from backoffice.lib.exchanges import Row
from promotions.models import Campaign, Coupon, CouponType

COUPON_FIELDS = (
    "id",
    "code",
    "coupon_type_id",
    "customer_id",
    "budget_slice_id",
    "coupon_type_slice_id",
    "face_value",
    "issued_at",
    "valid_until",
    "status",
)
COUPON_TYPE_FIELDS = (
    "id",
    "campaign_id",
    "code",
    "audience",
    "percentage",
    "minimum_spend",
    "first_order_only",
    "stacks",
    "stacking_group",
    "stacks_with",
    "cooling",
)
CAMPAIGN_FIELDS = ("id", "currency", "overrun_policy")


def _columns(alias: str, model: type[Model], names: tuple[str, ...]) -> str:
    """In the order of the model's fields, as Django's `from_db` wants their values."""
    return ", ".join(f"{alias}.{field.column}" for field in model._meta.concrete_fields if field.attname in names)


# Coupons with their type, its campaign, the lines of its scope, and the reason of the oldest hold on redemptions that covers them
# (as `RedemptionHoldQuerySet.covering` says it).
FIND = f"""
SELECT {_columns("k", Coupon, COUPON_FIELDS)}, {_columns("t", CouponType, COUPON_TYPE_FIELDS)},
       {_columns("c", Campaign, CAMPAIGN_FIELDS)},
       (SELECT coalesce(jsonb_agg(jsonb_build_object('side', s.side, 'by', s.by, 'value', s.value)), '[]')::text
          FROM promotions_scopeline s WHERE s.coupon_type_id = t.id),
       (SELECT h.reason FROM promotions_redemptionhold h
         WHERE h.lifted_at IS NULL
           AND (h.campaign_id = t.campaign_id OR h.coupon_type_id = t.id OR h.entry_id = m.entry_id OR h.batch_id = n.batch_id)
         ORDER BY h.id LIMIT 1)
  FROM promotions_coupon k
  JOIN promotions_coupontype t ON t.id = k.coupon_type_id
  JOIN promotions_campaign c ON c.id = t.campaign_id
  LEFT JOIN promotions_claim m ON m.id = k.claim_id
  LEFT JOIN promotions_claimtoken n ON n.id = m.token_id
 WHERE k.code = ANY (%(codes)s::text[])
 ORDER BY k.id
"""  # noqa: S608  put together from constants
FIND_AND_LOCK = f"{FIND} FOR NO KEY UPDATE OF k"


def found_coupon(row: Row) -> Coupon:
    """A row of FIND as objects; what was not asked for is fetched by whoever looks at it."""
    coupons, types = len(COUPON_FIELDS), len(COUPON_FIELDS) + len(COUPON_TYPE_FIELDS)
    *rest, scope_lines, reason = row
    coupon: Any = Coupon.from_db(DEFAULT_DB_ALIAS, COUPON_FIELDS, rest[:coupons])
    coupon.coupon_type = CouponType.from_db(DEFAULT_DB_ALIAS, COUPON_TYPE_FIELDS, rest[coupons:types])
    coupon.coupon_type.campaign = Campaign.from_db(DEFAULT_DB_ALIAS, CAMPAIGN_FIELDS, rest[types:])
    coupon.scope_lines, coupon.reason_to_hold = json.loads(scope_lines), reason
    return coupon  # type: ignore[no-any-return]


# The guard is the WHERE; a coupon that is not counted was not redeemed. Redeeming leaves no event of a coupon's history.
REDEEM = """
WITH redeemed AS (
    UPDATE promotions_coupon SET status = 'redeemed'
     WHERE id = ANY (%(coupons)s::bigint[]) AND status = 'issued' AND valid_until > %(at)s::timestamptz
 RETURNING id
)
SELECT count(*) FROM redeemed
"""

KEEP_REDEMPTIONS = """
INSERT INTO promotions_redemption (coupon_id, coupon_type_id, order_ref, amount, virtual_amount, at, claimed_at)
SELECT w.coupon, w.coupon_type, %(order_ref)s::text, w.amount, w.virtual_amount, %(at)s::timestamptz, w.claimed_at
  FROM unnest(%(coupons)s::bigint[], %(coupon_types)s::bigint[], %(amounts)s::numeric[], %(virtual_amounts)s::numeric[],
              %(claimed_at)s::timestamptz[]) AS w(coupon, coupon_type, amount, virtual_amount, claimed_at)
"""
