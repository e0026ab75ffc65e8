import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("promotions", "0005_tokens_capped_by_quantity"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='coupontype',
            trigger=pgtrigger.compiler.Trigger(name='coupon_type_terms_change_in_drafts_only', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (OLD.status <> 'draft' AND (OLD.valid_days, OLD.first_order_only, OLD.stacks, OLD.stacking_group, OLD.stacks_with, OLD.uses_per_token) IS DISTINCT FROM (NEW.valid_days, NEW.first_order_only, NEW.stacks, NEW.stacking_group, NEW.stacks_with, NEW.uses_per_token))", func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='b2984e7584b610d03645a5fa9a63fe25e54a676f', operation='UPDATE', pgid='pgtrigger_coupon_type_terms_change_in_drafts_only_c9508', table='promotions_coupontype', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='coupontype',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('audience', 'restricted'), _negated=True), models.Q(('uses_per_token__gt', 0), ('uses_per_token__isnull', False)), _connector='OR'), name='coupon_type_restricted_caps_uses_of_a_token'),
        ),
    ]
