"""Coupons that were issued before a type's money was counted in its slices are given the first slice of their type and entry.

So that each slice holds exactly what its coupons say, what had been issued from the other slices moves to the first one, with the room
it had taken. Sums stay as they are.
"""

from django.db import migrations

# The coupon's rows are read-only but for the status; this setting of pgtrigger lets this one transaction through.
FILL_COUPONS = """
SELECT set_config('pgtrigger.ignore', '{pgtrigger_coupon_stays_what_was_issued_b894d}', true);
UPDATE promotions_coupon c
   SET coupon_type_slice_id = (SELECT s.id FROM promotions_coupontypeslice s
                                WHERE s.coupon_type_id = c.coupon_type_id ORDER BY s.number LIMIT 1),
       entry_slice_id = (SELECT s.id FROM promotions_claim k JOIN promotions_entryslice s ON s.entry_id = k.entry_id
                          WHERE k.id = c.claim_id ORDER BY s.number LIMIT 1);
SELECT set_config('pgtrigger.ignore', '{}', true);
"""

MOVE_ENTRIES = """
UPDATE promotions_entryslice s
   SET issued = CASE WHEN s.number = t.first THEN t.issued ELSE 0 END,
       cap = s.cap - s.issued + CASE WHEN s.number = t.first THEN t.issued ELSE 0 END
  FROM (SELECT entry_id, min(number) AS first, sum(issued) AS issued FROM promotions_entryslice GROUP BY entry_id) t
 WHERE t.entry_id = s.entry_id AND t.issued > 0;
"""

MOVE_TYPES = """
WITH money AS (
    SELECT c.coupon_type_slice_id AS id,
           coalesce(sum(c.face_value) FILTER (WHERE c.status IN ('issued', 'frozen')), 0) AS reserved,
           coalesce(sum(r.amount), 0) AS spent
      FROM promotions_coupon c
      LEFT JOIN promotions_redemption r ON r.coupon_id = c.id AND r.returned_at IS NULL
     GROUP BY c.coupon_type_slice_id
)
UPDATE promotions_coupontypeslice s
   SET issued = CASE WHEN s.number = t.first THEN t.issued ELSE 0 END,
       issued_amount = CASE WHEN s.number = t.first THEN t.issued_amount ELSE 0 END,
       quantity = s.quantity - s.issued + CASE WHEN s.number = t.first THEN t.issued ELSE 0 END,
       reserved = coalesce((SELECT reserved FROM money WHERE money.id = s.id), 0),
       spent = coalesce((SELECT spent FROM money WHERE money.id = s.id), 0)
  FROM (SELECT coupon_type_id, min(number) AS first, sum(issued) AS issued, sum(issued_amount) AS issued_amount
          FROM promotions_coupontypeslice GROUP BY coupon_type_id) t
 WHERE t.coupon_type_id = s.coupon_type_id AND t.issued > 0;
"""


class Migration(migrations.Migration):
    dependencies = [("promotions", "0005_guards")]

    operations = [migrations.RunSQL([FILL_COUPONS, MOVE_ENTRIES, MOVE_TYPES], migrations.RunSQL.noop)]
