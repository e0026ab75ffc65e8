"""Rules of campaigns, rules that flag, conditions on who claims, blocks with a scope and an end, and values that are nobody's."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('lib', '0002_job_can_be_paused'),
        ('pghistory', '0007_auto_20250421_0444'),
        ('promotions', '0003_token_indexes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ClaimFlag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_identity_missing', models.BooleanField(default=False, verbose_name='identity missing')),
            ],
            options={
                'verbose_name': 'claim flag',
                'verbose_name_plural': 'claim flags',
            },
        ),
        migrations.CreateModel(
            name='NobodyValue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('text', 'devices, verified identities, top-up accounts'), ('device', 'devices'), ('phone', 'phones'), ('address', 'network addresses')], max_length=8, verbose_name='compared with')),
                ('value', models.CharField(max_length=200, verbose_name='value')),
                ('shown', models.CharField(blank=True, default='', editable=False, max_length=200, verbose_name='shown as')),
                ('note', models.CharField(max_length=200, verbose_name='what it is')),
                ('created_at', models.DateTimeField(verbose_name='listed at')),
                ('is_listed', models.BooleanField(default=True, verbose_name='listed')),
            ],
            options={
                'verbose_name': 'value that identifies nobody',
                'verbose_name_plural': 'values that identify nobody',
                'permissions': [('unlist_nobodyvalue', 'Can take a value off the list and put it back')],
            },
        ),
        migrations.CreateModel(
            name='NobodyValueEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('kind', models.CharField(choices=[('text', 'devices, verified identities, top-up accounts'), ('device', 'devices'), ('phone', 'phones'), ('address', 'network addresses')], max_length=8, verbose_name='compared with')),
                ('value', models.CharField(max_length=200, verbose_name='value')),
                ('shown', models.CharField(blank=True, default='', editable=False, max_length=200, verbose_name='shown as')),
                ('note', models.CharField(max_length=200, verbose_name='what it is')),
                ('created_at', models.DateTimeField(verbose_name='listed at')),
                ('is_listed', models.BooleanField(default=True, verbose_name='listed')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AlterModelOptions(
            name='identityblock',
            options={'permissions': [('lift_identityblock', 'Can lift a block')], 'verbose_name': 'block', 'verbose_name_plural': 'blocks'},
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='claimrule',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='claimrule',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='claimrule',
            name='delete_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='coupontype',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='coupontype',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='coupontype',
            name='delete_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='identityblock',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='identityblock',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='identityblock',
            name='delete_delete',
        ),
        migrations.RemoveConstraint(
            model_name='claimrule',
            name='claim_rule_once_per_identity_and_window',
        ),
        migrations.AddField(
            model_name='claim',
            name='has_ordered',
            field=models.BooleanField(help_text='As the storefront said, if it did.', null=True, verbose_name='has ordered before'),
        ),
        migrations.AddField(
            model_name='claim',
            name='identity_hash',
            field=models.CharField(blank=True, default='', editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name='claim',
            name='is_phone_verified',
            field=models.BooleanField(default=False, verbose_name='phone verified'),
        ),
        migrations.AddField(
            model_name='claim',
            name='region',
            field=models.CharField(blank=True, default='', max_length=16, verbose_name='region'),
        ),
        migrations.AddField(
            model_name='claimrule',
            name='action',
            field=models.CharField(choices=[('refuse', 'refuse'), ('flag', 'issue and flag')], default='refuse', max_length=6, verbose_name='then'),
        ),
        migrations.AddField(
            model_name='claimrule',
            name='added_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='lib.approval'),
        ),
        migrations.AddField(
            model_name='claimrule',
            name='campaign',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='promotions.campaign', verbose_name='campaign'),
        ),
        migrations.AddField(
            model_name='claimrule',
            name='ended_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='ended at'),
        ),
        migrations.AddField(
            model_name='claimrule',
            name='ended_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='lib.approval'),
        ),
        migrations.AddField(
            model_name='claimruleevent',
            name='action',
            field=models.CharField(choices=[('refuse', 'refuse'), ('flag', 'issue and flag')], default='refuse', max_length=6, verbose_name='then'),
        ),
        migrations.AddField(
            model_name='claimruleevent',
            name='added_by',
            field=models.ForeignKey(db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='lib.approval'),
        ),
        migrations.AddField(
            model_name='claimruleevent',
            name='campaign',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='promotions.campaign', verbose_name='campaign'),
        ),
        migrations.AddField(
            model_name='claimruleevent',
            name='ended_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='ended at'),
        ),
        migrations.AddField(
            model_name='claimruleevent',
            name='ended_by',
            field=models.ForeignKey(db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='lib.approval'),
        ),
        migrations.AddField(
            model_name='coupontype',
            name='minimum_account_age',
            field=models.DurationField(blank=True, help_text='For example 7 00:00:00 for a week. Empty for any. An account whose age is unknown is refused.', null=True, verbose_name='minimum age of the account'),
        ),
        migrations.AddField(
            model_name='coupontype',
            name='new_customers_only',
            field=models.BooleanField(default=False, help_text='Nobody who ever had a coupon or placed an order, under this account or another of the same verified identity.', verbose_name='new customers only'),
        ),
        migrations.AddField(
            model_name='coupontype',
            name='regions',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=16), blank=True, default=list, help_text='Codes as the storefront sends them, with commas between. Empty for everywhere.', size=None, verbose_name='regions'),
        ),
        migrations.AddField(
            model_name='coupontype',
            name='requires_verified_phone',
            field=models.BooleanField(default=False, verbose_name='verified phones only'),
        ),
        migrations.AddField(
            model_name='coupontypeevent',
            name='minimum_account_age',
            field=models.DurationField(blank=True, help_text='For example 7 00:00:00 for a week. Empty for any. An account whose age is unknown is refused.', null=True, verbose_name='minimum age of the account'),
        ),
        migrations.AddField(
            model_name='coupontypeevent',
            name='new_customers_only',
            field=models.BooleanField(default=False, help_text='Nobody who ever had a coupon or placed an order, under this account or another of the same verified identity.', verbose_name='new customers only'),
        ),
        migrations.AddField(
            model_name='coupontypeevent',
            name='regions',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=16), blank=True, default=list, help_text='Codes as the storefront sends them, with commas between. Empty for everywhere.', size=None, verbose_name='regions'),
        ),
        migrations.AddField(
            model_name='coupontypeevent',
            name='requires_verified_phone',
            field=models.BooleanField(default=False, verbose_name='verified phones only'),
        ),
        migrations.AddField(
            model_name='customer',
            name='has_ordered',
            field=models.BooleanField(default=False, help_text='Here, or as the storefront said.', verbose_name='has ordered'),
        ),
        migrations.AddField(
            model_name='customer',
            name='identity_hash',
            field=models.CharField(blank=True, default='', editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name='customer',
            name='is_phone_verified',
            field=models.BooleanField(default=False, verbose_name='phone verified'),
        ),
        migrations.AddField(
            model_name='customer',
            name='welcomed_at',
            field=models.DateTimeField(editable=False, help_text='Took the one coupon that is for new customers only.', null=True, verbose_name='welcomed at'),
        ),
        migrations.AddField(
            model_name='identityblock',
            name='campaign',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='promotions.campaign', verbose_name='campaign'),
        ),
        migrations.AddField(
            model_name='identityblock',
            name='lift_reason',
            field=models.TextField(blank=True, default='', editable=False, verbose_name='why it was lifted'),
        ),
        migrations.AddField(
            model_name='identityblock',
            name='lifted_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='lifted at'),
        ),
        migrations.AddField(
            model_name='identityblock',
            name='lifted_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='lifted by'),
        ),
        migrations.AddField(
            model_name='identityblock',
            name='shown',
            field=models.CharField(blank=True, default='', max_length=200, verbose_name='whom'),
        ),
        migrations.AddField(
            model_name='identityblockevent',
            name='campaign',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='promotions.campaign', verbose_name='campaign'),
        ),
        migrations.AddField(
            model_name='identityblockevent',
            name='lift_reason',
            field=models.TextField(blank=True, default='', editable=False, verbose_name='why it was lifted'),
        ),
        migrations.AddField(
            model_name='identityblockevent',
            name='lifted_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='lifted at'),
        ),
        migrations.AddField(
            model_name='identityblockevent',
            name='lifted_by',
            field=models.ForeignKey(db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='lifted by'),
        ),
        migrations.AddField(
            model_name='identityblockevent',
            name='shown',
            field=models.CharField(blank=True, default='', max_length=200, verbose_name='whom'),
        ),
        migrations.AlterField(
            model_name='claim',
            name='reason',
            field=models.CharField(blank=True, choices=[('unknown_coupon_type', 'no such coupon type'), ('entry_missing', 'no entry named'), ('unknown_entry', 'no such entry'), ('wrong_entry', 'the entry is not one of this coupon type'), ('wrong_channel', 'the entry has another channel'), ('entry_not_open', 'the entry is not open'), ('outside_period', 'outside the period'), ('campaign_not_live', 'the campaign is not live'), ('coupon_type_not_live', 'the coupon type is not live'), ('token_missing', 'no token'), ('token_forged', 'the token was not made by us'), ('token_expired', 'the token has expired'), ('token_misplaced', 'the token is for another entry'), ('token_revoked', 'the token was revoked'), ('token_used_up', 'the token is used up'), ('token_not_ready', "the token's batch is not complete"), ('not_verified', 'the customer is not verified'), ('phone_not_verified', 'the phone is missing or not verified'), ('account_too_young', 'the account is too young, or its age is unknown'), ('not_a_new_customer', 'the customer is not new'), ('region_missing', 'no region named, and the coupon type is for some only'), ('outside_regions', "the region is not one of the coupon type's"), ('identity_missing', 'an identity that a rule needs is missing'), ('identity_blocked', 'an identity is blocked'), ('limit_reached', "a claim rule's limit is reached"), ('entry_full', "the entry's cap is reached"), ('all_given', 'the quantity is given away'), ('budget_spent', 'the budget is spent')], max_length=30, verbose_name='reason'),
        ),
        migrations.AlterField(
            model_name='claimrule',
            name='coupon_type',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='promotions.coupontype', verbose_name='coupon type'),
        ),
        migrations.AlterField(
            model_name='claimrule',
            name='identity',
            field=models.CharField(choices=[('customer', 'customer'), ('person', 'verified identity'), ('phone', 'phone'), ('device', 'device'), ('address', 'network address'), ('segment', 'phone segment'), ('token', 'claim token')], max_length=10, verbose_name='counted by'),
        ),
        migrations.AlterField(
            model_name='claimrule',
            name='limit',
            field=models.PositiveSmallIntegerField(default=1, help_text='So many coupons for each of them.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000)], verbose_name='limit'),
        ),
        migrations.AlterField(
            model_name='claimrule',
            name='window',
            field=models.DurationField(blank=True, help_text='For example 00:10:00, or 1 00:00:00 for a day. Empty for ever.', null=True, verbose_name='within'),
        ),
        migrations.AlterField(
            model_name='claimruleevent',
            name='coupon_type',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='promotions.coupontype', verbose_name='coupon type'),
        ),
        migrations.AlterField(
            model_name='claimruleevent',
            name='identity',
            field=models.CharField(choices=[('customer', 'customer'), ('person', 'verified identity'), ('phone', 'phone'), ('device', 'device'), ('address', 'network address'), ('segment', 'phone segment'), ('token', 'claim token')], max_length=10, verbose_name='counted by'),
        ),
        migrations.AlterField(
            model_name='claimruleevent',
            name='limit',
            field=models.PositiveSmallIntegerField(default=1, help_text='So many coupons for each of them.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000)], verbose_name='limit'),
        ),
        migrations.AlterField(
            model_name='claimruleevent',
            name='window',
            field=models.DurationField(blank=True, help_text='For example 00:10:00, or 1 00:00:00 for a day. Empty for ever.', null=True, verbose_name='within'),
        ),
        migrations.AlterField(
            model_name='identityblock',
            name='expires_at',
            field=models.DateTimeField(blank=True, help_text='Empty: until somebody lifts it.', null=True, verbose_name='expires at'),
        ),
        migrations.AlterField(
            model_name='identityblock',
            name='identity',
            field=models.CharField(choices=[('customer', 'customer'), ('person', 'verified identity'), ('phone', 'phone'), ('device', 'device'), ('address', 'network address')], max_length=10, verbose_name='blocks a'),
        ),
        migrations.AlterField(
            model_name='identityblockevent',
            name='expires_at',
            field=models.DateTimeField(blank=True, help_text='Empty: until somebody lifts it.', null=True, verbose_name='expires at'),
        ),
        migrations.AlterField(
            model_name='identityblockevent',
            name='identity',
            field=models.CharField(choices=[('customer', 'customer'), ('person', 'verified identity'), ('phone', 'phone'), ('device', 'device'), ('address', 'network address')], max_length=10, verbose_name='blocks a'),
        ),
        migrations.AddIndex(
            model_name='customer',
            index=models.Index(condition=models.Q(('identity_hash', ''), _negated=True), fields=['identity_hash'], name='customer_by_identity'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='claimrule',
            trigger=pgtrigger.compiler.Trigger(name='claim_rule_only_in_a_draft_or_by_approval', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE rule promotions_claimrule; owner text; owner_status text; is_approved boolean;', func='\n        IF TG_OP = \'DELETE\' THEN rule := OLD; ELSE rule := NEW; END IF;\n        IF rule.campaign_id IS NULL THEN\n            owner := \'promotions.coupontype:\' || rule.coupon_type_id;\n            SELECT t.status INTO owner_status FROM promotions_coupontype t WHERE t.id = rule.coupon_type_id;\n        ELSE\n            owner := \'promotions.campaign:\' || rule.campaign_id;\n            SELECT c.status INTO owner_status FROM promotions_campaign c WHERE c.id = rule.campaign_id;\n        END IF;\n        is_approved := EXISTS (\n            SELECT 1 FROM lib_approval a\n             WHERE a.status = \'approved\' AND a.target = owner\n               AND CASE TG_OP\n                   WHEN \'INSERT\' THEN a.id = rule.added_by_id AND a.action LIKE \'%.add_rule\'\n                        AND a.payload->\'rule\' = jsonb_build_object(\'identity\', rule.identity, \'limit\', rule."limit",\n                            \'window\', extract(epoch FROM rule."window")::bigint, \'action\', rule.action)\n                   WHEN \'UPDATE\' THEN a.id = rule.ended_by_id AND a.action LIKE \'%.end_rule\'\n                        AND a.payload->\'rule\' = to_jsonb(rule.id)\n                   ELSE false END);\n        IF owner_status IS NOT NULL AND owner_status NOT IN (\'draft\', \'in_review\') AND NOT is_approved THEN\n            RAISE EXCEPTION \'rules of what is no longer a draft change only by an approval that says so\'\n                USING ERRCODE = \'check_violation\', CONSTRAINT = \'claim_rule_only_in_a_draft_or_by_approval\';\n        END IF;\n        IF TG_OP = \'DELETE\' THEN RETURN OLD; ELSE RETURN NEW; END IF;\n    ', hash='a17a63873bada64c27187517b947f9980927b312', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_claim_rule_only_in_a_draft_or_by_approval_d5c4a', table='promotions_claimrule', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='claimrule',
            trigger=pgtrigger.compiler.Trigger(name='claim_rule_stays_what_was_approved', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."campaign_id" IS DISTINCT FROM (NEW."campaign_id") OR OLD."coupon_type_id" IS DISTINCT FROM (NEW."coupon_type_id") OR OLD."identity" IS DISTINCT FROM (NEW."identity") OR OLD."limit" IS DISTINCT FROM (NEW."limit") OR OLD."window" IS DISTINCT FROM (NEW."window") OR OLD."action" IS DISTINCT FROM (NEW."action") OR OLD."added_by_id" IS DISTINCT FROM (NEW."added_by_id"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='7cab0b813e317f250167625edb31594b34a22961', operation='UPDATE', pgid='pgtrigger_claim_rule_stays_what_was_approved_dfa4b', table='promotions_claimrule', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='claimrule',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_claimruleevent" ("action", "added_by_id", "campaign_id", "coupon_type_id", "ended_at", "ended_by_id", "id", "identity", "limit", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "window") SELECT new_values."action", new_values."added_by_id", new_values."campaign_id", new_values."coupon_type_id", new_values."ended_at", new_values."ended_by_id", new_values."id", new_values."identity", new_values."limit", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."window" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='9890009b6ae68d6016ff87869941fe4a3d287193', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_34d9e', referencing='REFERENCING NEW TABLE AS new_values ', table='promotions_claimrule', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='claimrule',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_claimruleevent" ("action", "added_by_id", "campaign_id", "coupon_type_id", "ended_at", "ended_by_id", "id", "identity", "limit", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "window") SELECT new_values."action", new_values."added_by_id", new_values."campaign_id", new_values."coupon_type_id", new_values."ended_at", new_values."ended_by_id", new_values."id", new_values."identity", new_values."limit", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."window" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='a7e2865993483429fcbf8a265c9576200ba54de1', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_6c01e', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='promotions_claimrule', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='claimrule',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_claimruleevent" ("action", "added_by_id", "campaign_id", "coupon_type_id", "ended_at", "ended_by_id", "id", "identity", "limit", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "window") SELECT old_values."action", old_values."added_by_id", old_values."campaign_id", old_values."coupon_type_id", old_values."ended_at", old_values."ended_by_id", old_values."id", old_values."identity", old_values."limit", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."window" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='e697f2bb58da67c7f8095a6c7fff78095e29c947', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_f5908', referencing='REFERENCING OLD TABLE AS old_values ', table='promotions_claimrule', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='coupontype',
            trigger=pgtrigger.compiler.Trigger(name='coupon_type_is_bound_by_something', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (NEW.status = 'live' AND NEW.minimum_spend = 0 AND NEW.quantity IS NULL)", func="\n        IF NOT EXISTS (\n            SELECT 1 FROM promotions_claimrule r\n             WHERE (r.coupon_type_id = NEW.id OR r.campaign_id = NEW.campaign_id) AND r.action = 'refuse' AND r.ended_at IS NULL\n        ) THEN\n            RAISE EXCEPTION 'a coupon type without minimum spend needs a quantity, or a claim rule that refuses'\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'coupon_type_is_bound_by_something';\n        END IF;\n        RETURN NEW;\n    ", hash='c3c8ccde5091024a4547b9acfaf42d4063d5ce80', operation='INSERT OR UPDATE', pgid='pgtrigger_coupon_type_is_bound_by_something_f2aab', table='promotions_coupontype', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='coupontype',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_coupontypeevent" ("audience", "campaign_id", "claim_from", "claim_until", "code", "cooling", "face_value", "id", "minimum_account_age", "minimum_spend", "name", "new_customers_only", "percentage", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "quantity", "regions", "requires_verified", "requires_verified_phone", "status", "valid_until") SELECT new_values."audience", new_values."campaign_id", new_values."claim_from", new_values."claim_until", new_values."code", new_values."cooling", new_values."face_value", new_values."id", new_values."minimum_account_age", new_values."minimum_spend", new_values."name", new_values."new_customers_only", new_values."percentage", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."quantity", new_values."regions", new_values."requires_verified", new_values."requires_verified_phone", new_values."status", new_values."valid_until" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='bf1237e394fca54d311730cbe3254d86036767f7', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_0b7b4', referencing='REFERENCING NEW TABLE AS new_values ', table='promotions_coupontype', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='coupontype',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_coupontypeevent" ("audience", "campaign_id", "claim_from", "claim_until", "code", "cooling", "face_value", "id", "minimum_account_age", "minimum_spend", "name", "new_customers_only", "percentage", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "quantity", "regions", "requires_verified", "requires_verified_phone", "status", "valid_until") SELECT new_values."audience", new_values."campaign_id", new_values."claim_from", new_values."claim_until", new_values."code", new_values."cooling", new_values."face_value", new_values."id", new_values."minimum_account_age", new_values."minimum_spend", new_values."name", new_values."new_customers_only", new_values."percentage", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."quantity", new_values."regions", new_values."requires_verified", new_values."requires_verified_phone", new_values."status", new_values."valid_until" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='91b0663246d94e8fae5ac5abb707600e0b1a46eb', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_bd782', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='promotions_coupontype', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='coupontype',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_coupontypeevent" ("audience", "campaign_id", "claim_from", "claim_until", "code", "cooling", "face_value", "id", "minimum_account_age", "minimum_spend", "name", "new_customers_only", "percentage", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "quantity", "regions", "requires_verified", "requires_verified_phone", "status", "valid_until") SELECT old_values."audience", old_values."campaign_id", old_values."claim_from", old_values."claim_until", old_values."code", old_values."cooling", old_values."face_value", old_values."id", old_values."minimum_account_age", old_values."minimum_spend", old_values."name", old_values."new_customers_only", old_values."percentage", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."quantity", old_values."regions", old_values."requires_verified", old_values."requires_verified_phone", old_values."status", old_values."valid_until" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='f4d585816428f5884bba9b1948c5f411343f11f8', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_ae077', referencing='REFERENCING OLD TABLE AS old_values ', table='promotions_coupontype', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='identityblock',
            trigger=pgtrigger.compiler.Trigger(name='identity_block_only_lifts', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."identity" IS DISTINCT FROM (NEW."identity") OR OLD."value" IS DISTINCT FROM (NEW."value") OR OLD."shown" IS DISTINCT FROM (NEW."shown") OR OLD."campaign_id" IS DISTINCT FROM (NEW."campaign_id") OR OLD."coupon_type_id" IS DISTINCT FROM (NEW."coupon_type_id") OR OLD."reason" IS DISTINCT FROM (NEW."reason") OR OLD."created_by_id" IS DISTINCT FROM (NEW."created_by_id") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."expires_at" IS DISTINCT FROM (NEW."expires_at"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='5b3ea5320ff2880ea53c929f7d829a7119fd0dc3', operation='UPDATE', pgid='pgtrigger_identity_block_only_lifts_33f80', table='promotions_identityblock', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='identityblock',
            trigger=pgtrigger.compiler.Trigger(name='identity_block_lifts_once', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."lifted_at" IS NOT NULL)', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='ece2449cf2e2353843eb4f855c32fc07aafc5bf2', operation='UPDATE', pgid='pgtrigger_identity_block_lifts_once_45020', table='promotions_identityblock', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='identityblock',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_identityblockevent" ("campaign_id", "coupon_type_id", "created_at", "created_by_id", "expires_at", "id", "identity", "lift_reason", "lifted_at", "lifted_by_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "shown", "value") SELECT new_values."campaign_id", new_values."coupon_type_id", new_values."created_at", new_values."created_by_id", new_values."expires_at", new_values."id", new_values."identity", new_values."lift_reason", new_values."lifted_at", new_values."lifted_by_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."reason", new_values."shown", new_values."value" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='9745774668b5a11cbed8c46214cbf7a866c62681', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_f2652', referencing='REFERENCING NEW TABLE AS new_values ', table='promotions_identityblock', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='identityblock',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_identityblockevent" ("campaign_id", "coupon_type_id", "created_at", "created_by_id", "expires_at", "id", "identity", "lift_reason", "lifted_at", "lifted_by_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "shown", "value") SELECT new_values."campaign_id", new_values."coupon_type_id", new_values."created_at", new_values."created_by_id", new_values."expires_at", new_values."id", new_values."identity", new_values."lift_reason", new_values."lifted_at", new_values."lifted_by_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."reason", new_values."shown", new_values."value" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='e631f7de0c538ad907f66cd4aa51d5d569ec0bb9', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_80edd', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='promotions_identityblock', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='identityblock',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_identityblockevent" ("campaign_id", "coupon_type_id", "created_at", "created_by_id", "expires_at", "id", "identity", "lift_reason", "lifted_at", "lifted_by_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "shown", "value") SELECT old_values."campaign_id", old_values."coupon_type_id", old_values."created_at", old_values."created_by_id", old_values."expires_at", old_values."id", old_values."identity", old_values."lift_reason", old_values."lifted_at", old_values."lifted_by_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."reason", old_values."shown", old_values."value" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='944de693d5b8aed7bacd1632523442dd6f2d3db9', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_16c6d', referencing='REFERENCING OLD TABLE AS old_values ', table='promotions_identityblock', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='claimrule',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('campaign', None), ('coupon_type__isnull', False)), models.Q(('campaign__isnull', False), ('coupon_type', None)), _connector='OR'), name='claim_rule_of_a_campaign_or_of_a_type'),
        ),
        migrations.AddConstraint(
            model_name='claimrule',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('campaign', 'coupon_type', 'identity', 'window', 'action'), name='claim_rule_once_per_identity_window_and_action', nulls_distinct=False, violation_error_message='There is a rule for the same identity, time and action already.'),
        ),
        migrations.AddConstraint(
            model_name='claimrule',
            constraint=models.CheckConstraint(condition=models.Q(('window', None), ('window__gt', '0'), _connector='OR'), name='claim_rule_window_is_positive'),
        ),
        migrations.AddConstraint(
            model_name='claimrule',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('ended_by', None)), models.Q(('ended_at__isnull', False), ('ended_by__isnull', False)), _connector='OR'), name='claim_rule_ended_by_an_approval'),
        ),
        migrations.AddConstraint(
            model_name='coupontype',
            constraint=models.CheckConstraint(condition=models.Q(('minimum_account_age', None), ('minimum_account_age__gt', '0'), _connector='OR'), name='coupon_type_minimum_age_is_positive'),
        ),
        migrations.AddConstraint(
            model_name='identityblock',
            constraint=models.CheckConstraint(condition=models.Q(('value', ''), _negated=True), name='identity_block_of_somebody'),
        ),
        migrations.AddConstraint(
            model_name='identityblock',
            constraint=models.CheckConstraint(condition=models.Q(('identity__in', ['customer', 'person', 'phone', 'device', 'address'])), name='identity_block_of_a_kind_that_names_one'),
        ),
        migrations.AddConstraint(
            model_name='identityblock',
            constraint=models.CheckConstraint(condition=models.Q(('campaign', None), ('coupon_type', None), _connector='OR'), name='identity_block_has_one_scope'),
        ),
        migrations.AddConstraint(
            model_name='identityblock',
            constraint=models.CheckConstraint(condition=models.Q(('expires_at', None), ('expires_at__gt', models.F('created_at')), _connector='OR'), name='identity_block_expires_after_it_begins'),
        ),
        migrations.AddConstraint(
            model_name='identityblock',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('lift_reason', ''), ('lifted_at', None), ('lifted_by', None)), models.Q(('lifted_at__isnull', False), ('lifted_by__isnull', False), models.Q(('lift_reason', ''), _negated=True)), _connector='OR'), name='identity_block_lifted_by_whom_when_and_why'),
        ),
        migrations.AddField(
            model_name='claimflag',
            name='claim',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='flags', to='promotions.claim', verbose_name='claim'),
        ),
        migrations.AddField(
            model_name='claimflag',
            name='rule',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='promotions.claimrule', verbose_name='claim rule'),
        ),
        migrations.AddField(
            model_name='nobodyvalue',
            name='created_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='listed by'),
        ),
        migrations.AddField(
            model_name='nobodyvalueevent',
            name='created_by',
            field=models.ForeignKey(db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='listed by'),
        ),
        migrations.AddField(
            model_name='nobodyvalueevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='nobodyvalueevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='promotions.nobodyvalue'),
        ),
        migrations.AddConstraint(
            model_name='claimflag',
            constraint=models.UniqueConstraint(fields=('claim', 'rule'), name='claim_flag_once_per_rule'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='claimflag',
            trigger=pgtrigger.compiler.Trigger(name='claim_flag_is_never_changed', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='70d7524c6aa952b952a498839b1e71596a773220', operation='UPDATE OR DELETE', pgid='pgtrigger_claim_flag_is_never_changed_35f22', table='promotions_claimflag', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='nobodyvalue',
            constraint=models.UniqueConstraint(fields=('kind', 'value'), name='nobody_value_once_per_kind'),
        ),
        migrations.AddConstraint(
            model_name='nobodyvalue',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('value', ''), _negated=True), models.Q(('value', '*'), _negated=True)), name='nobody_value_is_not_everybody'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='nobodyvalue',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_nobodyvalueevent" ("created_at", "created_by_id", "id", "is_listed", "kind", "note", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "shown", "value") SELECT new_values."created_at", new_values."created_by_id", new_values."id", new_values."is_listed", new_values."kind", new_values."note", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."shown", new_values."value" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='66b1e44e2093c7dadc94188b2db404727295ad6f', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_e4086', referencing='REFERENCING NEW TABLE AS new_values ', table='promotions_nobodyvalue', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='nobodyvalue',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_nobodyvalueevent" ("created_at", "created_by_id", "id", "is_listed", "kind", "note", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "shown", "value") SELECT new_values."created_at", new_values."created_by_id", new_values."id", new_values."is_listed", new_values."kind", new_values."note", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."shown", new_values."value" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='2770974c72fb2fcdc5875af721655daf418d8f57', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_d6ef8', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='promotions_nobodyvalue', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='nobodyvalue',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_nobodyvalueevent" ("created_at", "created_by_id", "id", "is_listed", "kind", "note", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "shown", "value") SELECT old_values."created_at", old_values."created_by_id", old_values."id", old_values."is_listed", old_values."kind", old_values."note", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."shown", old_values."value" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='4baca2c3baedf00662fc0e133d44176bf64562c6', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_71d2b', referencing='REFERENCING OLD TABLE AS old_values ', table='promotions_nobodyvalue', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='nobodyvalueevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='afff948982f53cd8ea7cf2f4f8ffb2ac389fd115', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_435f4', table='promotions_nobodyvalueevent', when='BEFORE')),
        ),
    ]
