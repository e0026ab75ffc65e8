"""A restricted type that was made before there was a cap on the uses of a token gets its quantity: no token could give more.

Where a batch of it already allows more, that is the cap, so that what was approved stays as it was.
"""

from django.db import migrations

CAP = """
UPDATE promotions_coupontype t
   SET uses_per_token = greatest(t.quantity, (
       SELECT max(b.uses) FROM promotions_tokenbatch b JOIN promotions_entry e ON e.id = b.entry_id WHERE e.coupon_type_id = t.id), 1)
 WHERE t.audience = 'restricted' AND t.uses_per_token IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [("promotions", "0004_conditions_of_coupon_types")]

    operations = [migrations.RunSQL(CAP, migrations.RunSQL.noop)]
