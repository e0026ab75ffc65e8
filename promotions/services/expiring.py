"""Coupons expire by the clock; what they reserved returns to the budget."""

from datetime import datetime

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from promotions.models import Coupon, CouponType
from promotions.services.slices import paying_overruns
from promotions.states import CouponStatus

CHUNK = 5_000

# Locks the coupons before their slices, as redemption does, and the slices of types before those of budgets, all in the order of
# their ids. Where overruns are paid the slices come first; coupons that somebody has are skipped, so that nobody waits in a circle.
EXPIRE = """
WITH due AS (
    SELECT id FROM promotions_coupon WHERE status = 'issued' AND valid_until <= %(at)s ORDER BY id LIMIT %(chunk)s
       FOR NO KEY UPDATE SKIP LOCKED
), expired AS (
    UPDATE promotions_coupon c SET status = 'expired' FROM due WHERE c.id = due.id
 RETURNING c.coupon_type_slice_id, c.budget_slice_id, c.face_value
), of_types AS (
    SELECT coupon_type_slice_id AS id, sum(face_value) AS amount FROM expired GROUP BY coupon_type_slice_id
), of_budgets AS (
    SELECT budget_slice_id AS id, sum(face_value) AS amount FROM expired GROUP BY budget_slice_id
), locked_types AS (
    SELECT s.id FROM promotions_coupontypeslice s WHERE s.id IN (SELECT id FROM of_types) ORDER BY s.id FOR NO KEY UPDATE
), booked_types AS (
    UPDATE promotions_coupontypeslice s
       SET reserved = s.reserved - r.amount, overrun = greatest(0, coalesce(s.reserved - r.amount + s.spent - s.amount, 0))
      FROM of_types r WHERE s.id = r.id AND s.id IN (SELECT id FROM locked_types)
 RETURNING s.id
), locked_budgets AS (
    SELECT s.id FROM promotions_budgetslice s
     WHERE s.id IN (SELECT id FROM of_budgets) AND (SELECT count(*) FROM booked_types) > 0
     ORDER BY s.id FOR NO KEY UPDATE
), booked_budgets AS (
    UPDATE promotions_budgetslice s
       SET reserved = s.reserved - r.amount, returned = s.returned + r.amount,
           overrun = greatest(0, s.reserved - r.amount + s.spent - s.amount)
      FROM of_budgets r WHERE s.id = r.id AND s.id IN (SELECT id FROM locked_budgets)
)
SELECT count(*) FROM expired
"""


def _types_due(at: datetime) -> list[CouponType]:
    due = Coupon.objects.filter(coupon_type=OuterRef("pk"), status=CouponStatus.ISSUED, valid_until__lte=at)
    return list(CouponType.objects.filter(Exists(due)).select_related("campaign"))


def expire_coupons(at: datetime) -> int:
    """Expire every issued coupon whose time is over, in chunks with a commit each. Answers how many."""
    types = _types_due(at)
    expired = 0
    while True:
        with transaction.atomic(), paying_overruns(types), connection.cursor() as cursor:
            cursor.execute(EXPIRE, {"at": at, "chunk": CHUNK})
            count = cursor.fetchone()[0]
        expired += count
        if count < CHUNK:
            return expired
