"""Coupons expire by the clock; what they reserved returns to the budget."""

from datetime import datetime

from django.db import connection, transaction

CHUNK = 5_000

# Locks the coupons before their slices, as redemption does, and both in the order of their ids.
EXPIRE = """
WITH due AS (
    SELECT id FROM promotions_coupon WHERE status = 'issued' AND valid_until <= %(at)s ORDER BY id LIMIT %(chunk)s
       FOR NO KEY UPDATE SKIP LOCKED
), expired AS (
    UPDATE promotions_coupon c SET status = 'expired' FROM due WHERE c.id = due.id
 RETURNING c.budget_slice_id, c.face_value
), returned AS (
    SELECT budget_slice_id, sum(face_value) AS amount FROM expired GROUP BY budget_slice_id
), locked AS (
    SELECT s.id FROM promotions_budgetslice s WHERE s.id IN (SELECT budget_slice_id FROM returned) ORDER BY s.id FOR NO KEY UPDATE
), booked AS (
    UPDATE promotions_budgetslice s SET reserved = s.reserved - r.amount, returned = s.returned + r.amount
      FROM returned r WHERE s.id = r.budget_slice_id AND s.id IN (SELECT id FROM locked)
)
SELECT count(*) FROM expired
"""


def expire_coupons(at: datetime) -> int:
    """Expire every issued coupon whose time is over, in chunks with a commit each. Answers how many."""
    expired = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(EXPIRE, {"at": at, "chunk": CHUNK})
            count = cursor.fetchone()[0]
        expired += count
        if count < CHUNK:
            return expired
