import datetime
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('promotions', '0003_what_was_there_before'),
    ]

    operations = [
        migrations.AlterField(
            model_name='coupon',
            name='coupon_type_slice',
            field=models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='promotions.coupontypeslice'),
        ),
        migrations.AddIndex(
            model_name='claimtoken',
            index=models.Index(condition=models.Q(('used__gt', 0)), fields=['batch', '-used', 'number'], name='claim_token_used'),
        ),
        migrations.AddIndex(
            model_name='claimtoken',
            index=models.Index(condition=models.Q(('revoked_at__isnull', False)), fields=['batch'], name='claim_token_revoked'),
        ),
        migrations.AddIndex(
            model_name='customer',
            index=models.Index(condition=models.Q(('identity_hash', ''), _negated=True), fields=['identity_hash'], name='customer_by_identity'),
        ),
        migrations.AddIndex(
            model_name='threshold',
            index=models.Index(condition=models.Q(('fired_at', None)), fields=['id'], name='threshold_armed'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='alarm',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_alarmevent" ("acknowledged_at", "acknowledged_by_id", "action", "at", "cause", "detail", "escalated_at", "escalation", "id", "key", "limit", "note", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "scope", "severity", "target", "threshold_id", "value") SELECT new_values."acknowledged_at", new_values."acknowledged_by_id", new_values."action", new_values."at", new_values."cause", new_values."detail", new_values."escalated_at", new_values."escalation", new_values."id", new_values."key", new_values."limit", new_values."note", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."scope", new_values."severity", new_values."target", new_values."threshold_id", new_values."value" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='231731d4535e628759d517f2d305056c19e01a90', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_81cbe', referencing='REFERENCING NEW TABLE AS new_values ', table='promotions_alarm', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='alarm',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_alarmevent" ("acknowledged_at", "acknowledged_by_id", "action", "at", "cause", "detail", "escalated_at", "escalation", "id", "key", "limit", "note", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "scope", "severity", "target", "threshold_id", "value") SELECT new_values."acknowledged_at", new_values."acknowledged_by_id", new_values."action", new_values."at", new_values."cause", new_values."detail", new_values."escalated_at", new_values."escalation", new_values."id", new_values."key", new_values."limit", new_values."note", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."scope", new_values."severity", new_values."target", new_values."threshold_id", new_values."value" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='f78b003764f4d0f8a8e145bbcf4b9f93d25a3a0e', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_ea5eb', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='promotions_alarm', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='alarm',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_alarmevent" ("acknowledged_at", "acknowledged_by_id", "action", "at", "cause", "detail", "escalated_at", "escalation", "id", "key", "limit", "note", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "scope", "severity", "target", "threshold_id", "value") SELECT old_values."acknowledged_at", old_values."acknowledged_by_id", old_values."action", old_values."at", old_values."cause", old_values."detail", old_values."escalated_at", old_values."escalation", old_values."id", old_values."key", old_values."limit", old_values."note", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."scope", old_values."severity", old_values."target", old_values."threshold_id", old_values."value" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='356866b0ce769f9858406dd53703e59ac0ff7320', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_05663', referencing='REFERENCING OLD TABLE AS old_values ', table='promotions_alarm', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='alarmevent',
            trigger=pgtrigger.compiler.Trigger(name='events_are_never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'the table % is a ledger and is never emptied', TG_TABLE_NAME;", hash='9576fe8c6ff44f1f7e1b593a428c737bfb6e8926', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_events_are_never_truncated_35747', table='promotions_alarmevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='budget',
            trigger=pgtrigger.compiler.Trigger(name='budget_stays_as_approved', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE before jsonb; after jsonb; narrowed text[]; approved jsonb;', func='\n            IF coalesce((SELECT c.status FROM promotions_campaign c WHERE c.id = OLD.campaign_id), \'draft\') = \'draft\' THEN RETURN NEW; END IF;\n            before := to_jsonb(OLD) - \'status\';\n            after := to_jsonb(NEW) - \'status\';\n            narrowed := array_remove(ARRAY[CASE WHEN NEW."amount" < OLD."amount" OR (OLD."amount" IS NULL AND NEW."amount" IS NOT NULL)\n                 THEN \'amount\' END], NULL);\n            IF before - narrowed = after - narrowed THEN RETURN NEW; END IF;\n            SELECT jsonb_object_agg(c.key, c.value -> \'new\') INTO approved\n              FROM lib_approval a, jsonb_each(a.payload -> \'changes\') c\n             WHERE a.target = \'promotions.campaign:\' || OLD.campaign_id AND a.status = \'approved\'\n               AND a.decided_in = pg_current_xact_id()::text::bigint;\n            IF approved IS NOT NULL AND to_jsonb(jsonb_populate_record(OLD, approved)) - \'status\' = after THEN\n                RETURN NEW;\n            END IF;\n            RAISE EXCEPTION \'what was approved is changed by an approval of its own, or narrowed\'\n                USING ERRCODE = \'check_violation\', CONSTRAINT = \'budget_stays_as_approved\';\n        ', hash='6e33444b344ed974fddcd5e3a95858b5933eb1d5', operation='UPDATE', pgid='pgtrigger_budget_stays_as_approved_3d80c', table='promotions_budget', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='budget',
            trigger=pgtrigger.compiler.Trigger(name='budget_is_the_sum_of_its_slices', sql=pgtrigger.compiler.UpsertTriggerSql(constraint='CONSTRAINT', func="\n            IF EXISTS (SELECT 1 FROM promotions_budget o WHERE o.id = NEW.id AND (o.amount IS DISTINCT FROM (SELECT CASE WHEN count(*) = count(s.amount) THEN sum(s.amount) END FROM promotions_budgetslice s WHERE s.budget_id = o.id))) THEN\n                RAISE EXCEPTION 'the slices do not sum to what their owner has'\n                    USING ERRCODE = 'check_violation', CONSTRAINT = 'budget_is_the_sum_of_its_slices';\n            END IF;\n            RETURN NULL;\n        ", hash='ae3e999c6ef83c540ce0e040671a78cc8caa41f3', operation='INSERT OR UPDATE OF "amount"', pgid='pgtrigger_budget_is_the_sum_of_its_slices_49e71', table='promotions_budget', timing='DEFERRABLE INITIALLY DEFERRED', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='budgetevent',
            trigger=pgtrigger.compiler.Trigger(name='events_are_never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'the table % is a ledger and is never emptied', TG_TABLE_NAME;", hash='e2d1cc031051c9896e4949cade0bbbc9178e47d5', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_events_are_never_truncated_a5cb8', table='promotions_budgetevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='budgetslice',
            trigger=pgtrigger.compiler.Trigger(name='budget_slice_overruns_only_where_honoured', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF NEW.overrun > (CASE WHEN TG_OP = 'UPDATE' THEN OLD.overrun ELSE 0 END) AND (SELECT c.overrun_policy FROM promotions_budget b JOIN promotions_campaign c ON c.id = b.campaign_id WHERE b.id = NEW.budget_id) <> 'honour' THEN\n                RAISE EXCEPTION 'this campaign refuses what its budget has no room for'\n                    USING ERRCODE = 'check_violation', CONSTRAINT = 'budget_slice_overruns_only_where_honoured';\n            END IF;\n            RETURN NEW;\n        ", hash='0dc7a8c5e2d95487126cb59cc2dd0dd44c50f3ac', operation='INSERT OR UPDATE OF "overrun"', pgid='pgtrigger_budget_slice_overruns_only_where_honoured_bafd2', table='promotions_budgetslice', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='budgetslice',
            trigger=pgtrigger.compiler.Trigger(name='budget_slices_sum_to_the_budget', sql=pgtrigger.compiler.UpsertTriggerSql(constraint='CONSTRAINT', func="\n            IF EXISTS (SELECT 1 FROM promotions_budget o WHERE o.id = CASE WHEN TG_OP = 'DELETE' THEN OLD.budget_id ELSE NEW.budget_id END AND (o.amount IS DISTINCT FROM (SELECT CASE WHEN count(*) = count(s.amount) THEN sum(s.amount) END FROM promotions_budgetslice s WHERE s.budget_id = o.id))) THEN\n                RAISE EXCEPTION 'the slices do not sum to what their owner has'\n                    USING ERRCODE = 'check_violation', CONSTRAINT = 'budget_slices_sum_to_the_budget';\n            END IF;\n            RETURN NULL;\n        ", hash='16e2af4848e563e0e0223eae89a1717baa29ae77', operation='INSERT OR UPDATE OF "amount" OR DELETE', pgid='pgtrigger_budget_slices_sum_to_the_budget_9d550', table='promotions_budgetslice', timing='DEFERRABLE INITIALLY DEFERRED', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='campaign',
            trigger=pgtrigger.compiler.Trigger(name='campaign_stays_as_approved', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE before jsonb; after jsonb; narrowed text[]; approved jsonb;', func='\n            IF coalesce(OLD.status, \'draft\') = \'draft\' THEN RETURN NEW; END IF;\n            before := to_jsonb(OLD) - \'status\';\n            after := to_jsonb(NEW) - \'status\';\n            narrowed := array_remove(ARRAY[CASE WHEN NEW."starts_at" > OLD."starts_at" OR (OLD."starts_at" IS NULL AND NEW."starts_at" IS NOT NULL)\n                 THEN \'starts_at\' END, CASE WHEN NEW."ends_at" < OLD."ends_at" OR (OLD."ends_at" IS NULL AND NEW."ends_at" IS NOT NULL)\n                 THEN \'ends_at\' END], NULL);\n            IF before - narrowed = after - narrowed THEN RETURN NEW; END IF;\n            SELECT jsonb_object_agg(c.key, c.value -> \'new\') INTO approved\n              FROM lib_approval a, jsonb_each(a.payload -> \'changes\') c\n             WHERE a.target = \'promotions.campaign:\' || OLD.id AND a.status = \'approved\'\n               AND a.decided_in = pg_current_xact_id()::text::bigint;\n            IF approved IS NOT NULL AND to_jsonb(jsonb_populate_record(OLD, approved)) - \'status\' = after THEN\n                RETURN NEW;\n            END IF;\n            RAISE EXCEPTION \'what was approved is changed by an approval of its own, or narrowed\'\n                USING ERRCODE = \'check_violation\', CONSTRAINT = \'campaign_stays_as_approved\';\n        ', hash='26c672927f99e469838379aa9dac5f86497c53ff', operation='UPDATE', pgid='pgtrigger_campaign_stays_as_approved_a4cf4', table='promotions_campaign', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='campaign',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_campaignevent" ("code", "currency", "ends_at", "id", "name", "overrun_policy", "owner_id", "partner", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "slot_return", "starts_at", "status", "time_zone") SELECT new_values."code", new_values."currency", new_values."ends_at", new_values."id", new_values."name", new_values."overrun_policy", new_values."owner_id", new_values."partner", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."slot_return", new_values."starts_at", new_values."status", new_values."time_zone" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='27f5270a85962dada2b2f56e65e9030807a2eaff', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_cfdf4', referencing='REFERENCING NEW TABLE AS new_values ', table='promotions_campaign', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='campaign',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_campaignevent" ("code", "currency", "ends_at", "id", "name", "overrun_policy", "owner_id", "partner", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "slot_return", "starts_at", "status", "time_zone") SELECT new_values."code", new_values."currency", new_values."ends_at", new_values."id", new_values."name", new_values."overrun_policy", new_values."owner_id", new_values."partner", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."slot_return", new_values."starts_at", new_values."status", new_values."time_zone" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='b9c4e52cd241833d1f4f053dcfcec725d2cfeaf2', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_49a82', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='promotions_campaign', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='campaign',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_campaignevent" ("code", "currency", "ends_at", "id", "name", "overrun_policy", "owner_id", "partner", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "slot_return", "starts_at", "status", "time_zone") SELECT old_values."code", old_values."currency", old_values."ends_at", old_values."id", old_values."name", old_values."overrun_policy", old_values."owner_id", old_values."partner", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."slot_return", old_values."starts_at", old_values."status", old_values."time_zone" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='db198d2f30dd4db4a86937761c6b36a397b84df3', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_9fc04', referencing='REFERENCING OLD TABLE AS old_values ', table='promotions_campaign', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='campaignevent',
            trigger=pgtrigger.compiler.Trigger(name='events_are_never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'the table % is a ledger and is never emptied', TG_TABLE_NAME;", hash='a1537126fda0ca76a0c10895d1d2be80a88a2429', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_events_are_never_truncated_e649a', table='promotions_campaignevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='claim',
            trigger=pgtrigger.compiler.Trigger(name='claims_are_never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'the table % is a ledger and is never emptied', TG_TABLE_NAME;", hash='2655e0c1e75fb21fe8315896afaead52a403d062', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_claims_are_never_truncated_af9db', table='promotions_claim', when='BEFORE')),
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
            model_name='claimruleevent',
            trigger=pgtrigger.compiler.Trigger(name='events_are_never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'the table % is a ledger and is never emptied', TG_TABLE_NAME;", hash='8fb1717570f615c3e7e03da5fdb1029d77b7d3e2', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_events_are_never_truncated_e5dda', table='promotions_claimruleevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='claimtokenevent',
            trigger=pgtrigger.compiler.Trigger(name='events_are_never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'the table % is a ledger and is never emptied', TG_TABLE_NAME;", hash='11523dab5e6fccea6504f2f3fd97d8f4bbb1821a', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_events_are_never_truncated_17c26', table='promotions_claimtokenevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='coupon',
            trigger=pgtrigger.compiler.Trigger(name='coupon_only_through_an_open_entry', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW.grant_item_id IS NULL)', func="\n        IF NOT EXISTS (\n            SELECT 1 FROM promotions_claim c JOIN promotions_entry e ON e.id = c.entry_id\n            WHERE c.id = NEW.claim_id AND c.outcome = 'issued' AND c.customer_id = NEW.customer_id\n              AND c.coupon_type_id = NEW.coupon_type_id AND e.coupon_type_id = NEW.coupon_type_id\n              AND e.status = 'open' AND c.at >= e.opens_at AND c.at < e.closes_at\n        ) THEN\n            RAISE EXCEPTION 'a coupon exists only through an issued claim by an open entry of its type'\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'coupon_only_through_an_open_entry';\n        END IF;\n        RETURN NEW;\n    ", hash='e625d6b7159afd7864658d8b8f37b2b9a38be0b4', operation='INSERT', pgid='pgtrigger_coupon_only_through_an_open_entry_f656d', table='promotions_coupon', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='coupon',
            trigger=pgtrigger.compiler.Trigger(name='coupon_only_through_an_approved_grant', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE _never_ignored TEXT := set_config('pgtrigger.ignore', '{}', true);", func="\n        IF EXISTS (\n            SELECT 1 FROM new_coupons n\n              LEFT JOIN promotions_grantitem i ON i.id = n.grant_item_id\n              LEFT JOIN promotions_customer c ON c.id = n.customer_id\n             WHERE n.claim_id IS NULL\n               AND ((i.result = 'granted' AND i.ref = c.ref) IS NOT TRUE\n                    OR (i.grant_id, n.coupon_type_id) NOT IN (\n                        SELECT g.id, g.coupon_type_id FROM promotions_grant g\n                          JOIN lib_job j ON j.id = g.job_id JOIN lib_approval a ON a.id = j.approval_id\n                         WHERE g.status = 'giving' AND j.status = 'running' AND a.status = 'approved'\n                           AND a.action = 'promotions.grant' AND a.payload ->> 'scope_hash' = j.scope_hash))\n        ) THEN\n            RAISE EXCEPTION 'a coupon that nobody claimed exists only through an approved, running grant that names its customer'\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'coupon_only_through_an_approved_grant';\n        END IF;\n        RETURN NULL;\n    ", hash='3e57924425e4cd07a949e9ba8a57672f6317ea15', level='STATEMENT', operation='INSERT', pgid='pgtrigger_coupon_only_through_an_approved_grant_91cd7', referencing='REFERENCING NEW TABLE AS new_coupons ', table='promotions_coupon', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='coupon',
            trigger=pgtrigger.compiler.Trigger(name='coupon_stays_what_was_issued', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."code" IS DISTINCT FROM (NEW."code") OR OLD."claim_id" IS DISTINCT FROM (NEW."claim_id") OR OLD."grant_item_id" IS DISTINCT FROM (NEW."grant_item_id") OR OLD."coupon_type_id" IS DISTINCT FROM (NEW."coupon_type_id") OR OLD."customer_id" IS DISTINCT FROM (NEW."customer_id") OR OLD."budget_slice_id" IS DISTINCT FROM (NEW."budget_slice_id") OR OLD."coupon_type_slice_id" IS DISTINCT FROM (NEW."coupon_type_slice_id") OR OLD."entry_slice_id" IS DISTINCT FROM (NEW."entry_slice_id") OR OLD."face_value" IS DISTINCT FROM (NEW."face_value") OR OLD."issued_at" IS DISTINCT FROM (NEW."issued_at") OR OLD."valid_until" IS DISTINCT FROM (NEW."valid_until"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='906619c402a31e167769ce3c16c62d933a2de147', operation='UPDATE', pgid='pgtrigger_coupon_stays_what_was_issued_b894d', table='promotions_coupon', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='coupon',
            trigger=pgtrigger.compiler.Trigger(name='coupons_are_never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'the table % is a ledger and is never emptied', TG_TABLE_NAME;", hash='c1e590995a8f54d615db0a286492064eea41e609', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_coupons_are_never_truncated_29997', table='promotions_coupon', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='coupontype',
            trigger=pgtrigger.compiler.Trigger(name='unbounded_type_stays_a_draft', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (NEW.status IN ('in_review', 'live'))", func="\n        IF (NEW.audience = 'restricted' OR (NEW.minimum_spend = 0 AND NEW.quantity IS NULL))\n           AND NOT EXISTS (\n               SELECT 1 FROM promotions_claimrule r\n                WHERE (r.coupon_type_id = NEW.id OR r.campaign_id = NEW.campaign_id) AND r.action = 'refuse' AND r.ended_at IS NULL)\n        THEN\n            RAISE EXCEPTION 'a type without minimum spend needs a claim rule or a quantity, a restricted type a claim rule'\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'unbounded_type_stays_a_draft';\n        END IF;\n        RETURN NEW;\n    ", hash='1462887fcf333921a6d4a67dc03f086c37a29eba', operation='INSERT OR UPDATE OF "status", "audience", "minimum_spend", "quantity"', pgid='pgtrigger_unbounded_type_stays_a_draft_6fcdb', table='promotions_coupontype', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='coupontype',
            trigger=pgtrigger.compiler.Trigger(name='coupon_type_stays_as_approved', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE before jsonb; after jsonb; narrowed text[]; approved jsonb;', func='\n            IF coalesce(OLD.status, \'draft\') = \'draft\' THEN RETURN NEW; END IF;\n            before := to_jsonb(OLD) - \'status\';\n            after := to_jsonb(NEW) - \'status\';\n            narrowed := array_remove(ARRAY[CASE WHEN NEW."quantity" < OLD."quantity" OR (OLD."quantity" IS NULL AND NEW."quantity" IS NOT NULL)\n                 THEN \'quantity\' END, CASE WHEN NEW."budget_amount" < OLD."budget_amount" OR (OLD."budget_amount" IS NULL AND NEW."budget_amount" IS NOT NULL)\n                 THEN \'budget_amount\' END, CASE WHEN NEW."claim_from" > OLD."claim_from" OR (OLD."claim_from" IS NULL AND NEW."claim_from" IS NOT NULL)\n                 THEN \'claim_from\' END, CASE WHEN NEW."claim_until" < OLD."claim_until" OR (OLD."claim_until" IS NULL AND NEW."claim_until" IS NOT NULL)\n                 THEN \'claim_until\' END, CASE WHEN NEW."valid_until" < OLD."valid_until" OR (OLD."valid_until" IS NULL AND NEW."valid_until" IS NOT NULL)\n                 THEN \'valid_until\' END], NULL);\n            IF before - narrowed = after - narrowed THEN RETURN NEW; END IF;\n            SELECT jsonb_object_agg(c.key, c.value -> \'new\') INTO approved\n              FROM lib_approval a, jsonb_each(a.payload -> \'changes\') c\n             WHERE a.target = \'promotions.coupontype:\' || OLD.id AND a.status = \'approved\'\n               AND a.decided_in = pg_current_xact_id()::text::bigint;\n            IF approved IS NOT NULL AND to_jsonb(jsonb_populate_record(OLD, approved)) - \'status\' = after THEN\n                RETURN NEW;\n            END IF;\n            RAISE EXCEPTION \'what was approved is changed by an approval of its own, or narrowed\'\n                USING ERRCODE = \'check_violation\', CONSTRAINT = \'coupon_type_stays_as_approved\';\n        ', hash='12720ba2a1c0d4b63a32d08f026eff3f1c90e9a9', operation='UPDATE', pgid='pgtrigger_coupon_type_stays_as_approved_02298', table='promotions_coupontype', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='coupontype',
            trigger=pgtrigger.compiler.Trigger(name='coupon_type_is_the_sum_of_its_slices', sql=pgtrigger.compiler.UpsertTriggerSql(constraint='CONSTRAINT', func="\n            IF EXISTS (SELECT 1 FROM promotions_coupontype o WHERE o.id = NEW.id AND (o.quantity IS DISTINCT FROM (SELECT CASE WHEN count(*) = count(s.quantity) THEN sum(s.quantity) END FROM promotions_coupontypeslice s WHERE s.coupon_type_id = o.id) OR o.budget_amount IS DISTINCT FROM (SELECT CASE WHEN count(*) = count(s.amount) THEN sum(s.amount) END FROM promotions_coupontypeslice s WHERE s.coupon_type_id = o.id))) THEN\n                RAISE EXCEPTION 'the slices do not sum to what their owner has'\n                    USING ERRCODE = 'check_violation', CONSTRAINT = 'coupon_type_is_the_sum_of_its_slices';\n            END IF;\n            RETURN NULL;\n        ", hash='ec37d887130a76efd90077725c7d0abf003c048d', operation='INSERT OR UPDATE OF "quantity", "budget_amount"', pgid='pgtrigger_coupon_type_is_the_sum_of_its_slices_ff0c3', table='promotions_coupontype', timing='DEFERRABLE INITIALLY DEFERRED', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='coupontype',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_coupontypeevent" ("audience", "budget_amount", "campaign_id", "claim_from", "claim_until", "code", "cooling", "face_value", "first_order_only", "id", "minimum_account_age", "minimum_spend", "name", "new_customers_only", "percentage", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "quantity", "regions", "requires_verified", "requires_verified_phone", "stacking_group", "stacks", "stacks_with", "status", "uses_per_token", "valid_days", "valid_until") SELECT new_values."audience", new_values."budget_amount", new_values."campaign_id", new_values."claim_from", new_values."claim_until", new_values."code", new_values."cooling", new_values."face_value", new_values."first_order_only", new_values."id", new_values."minimum_account_age", new_values."minimum_spend", new_values."name", new_values."new_customers_only", new_values."percentage", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."quantity", new_values."regions", new_values."requires_verified", new_values."requires_verified_phone", new_values."stacking_group", new_values."stacks", new_values."stacks_with", new_values."status", new_values."uses_per_token", new_values."valid_days", new_values."valid_until" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='af93e3b5d2c1e5585ea886732a40312cde46e682', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_0b7b4', referencing='REFERENCING NEW TABLE AS new_values ', table='promotions_coupontype', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='coupontype',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_coupontypeevent" ("audience", "budget_amount", "campaign_id", "claim_from", "claim_until", "code", "cooling", "face_value", "first_order_only", "id", "minimum_account_age", "minimum_spend", "name", "new_customers_only", "percentage", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "quantity", "regions", "requires_verified", "requires_verified_phone", "stacking_group", "stacks", "stacks_with", "status", "uses_per_token", "valid_days", "valid_until") SELECT new_values."audience", new_values."budget_amount", new_values."campaign_id", new_values."claim_from", new_values."claim_until", new_values."code", new_values."cooling", new_values."face_value", new_values."first_order_only", new_values."id", new_values."minimum_account_age", new_values."minimum_spend", new_values."name", new_values."new_customers_only", new_values."percentage", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."quantity", new_values."regions", new_values."requires_verified", new_values."requires_verified_phone", new_values."stacking_group", new_values."stacks", new_values."stacks_with", new_values."status", new_values."uses_per_token", new_values."valid_days", new_values."valid_until" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='884da44ea4d2324cbd250459e6617b4e25d6f4f2', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_bd782', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='promotions_coupontype', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='coupontype',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_coupontypeevent" ("audience", "budget_amount", "campaign_id", "claim_from", "claim_until", "code", "cooling", "face_value", "first_order_only", "id", "minimum_account_age", "minimum_spend", "name", "new_customers_only", "percentage", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "quantity", "regions", "requires_verified", "requires_verified_phone", "stacking_group", "stacks", "stacks_with", "status", "uses_per_token", "valid_days", "valid_until") SELECT old_values."audience", old_values."budget_amount", old_values."campaign_id", old_values."claim_from", old_values."claim_until", old_values."code", old_values."cooling", old_values."face_value", old_values."first_order_only", old_values."id", old_values."minimum_account_age", old_values."minimum_spend", old_values."name", old_values."new_customers_only", old_values."percentage", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."quantity", old_values."regions", old_values."requires_verified", old_values."requires_verified_phone", old_values."stacking_group", old_values."stacks", old_values."stacks_with", old_values."status", old_values."uses_per_token", old_values."valid_days", old_values."valid_until" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='9893ae4fe05e7ffbb221a773699f9e63a289f78d', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_ae077', referencing='REFERENCING OLD TABLE AS old_values ', table='promotions_coupontype', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='coupontypeevent',
            trigger=pgtrigger.compiler.Trigger(name='events_are_never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'the table % is a ledger and is never emptied', TG_TABLE_NAME;", hash='a0bfc701c1c804ccf97c05efd4e333cea1fc1631', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_events_are_never_truncated_1d2c3', table='promotions_coupontypeevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='coupontypeslice',
            trigger=pgtrigger.compiler.Trigger(name='coupon_type_slice_overruns_only_where_honoured', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF NEW.overrun > (CASE WHEN TG_OP = 'UPDATE' THEN OLD.overrun ELSE 0 END) AND (SELECT c.overrun_policy FROM promotions_coupontype t JOIN promotions_campaign c ON c.id = t.campaign_id WHERE t.id = NEW.coupon_type_id) <> 'honour' THEN\n                RAISE EXCEPTION 'this campaign refuses what its budget has no room for'\n                    USING ERRCODE = 'check_violation', CONSTRAINT = 'coupon_type_slice_overruns_only_where_honoured';\n            END IF;\n            RETURN NEW;\n        ", hash='9c69b6600501b133f4e69efeb1ad3718bd90233d', operation='INSERT OR UPDATE OF "overrun"', pgid='pgtrigger_coupon_type_slice_overruns_only_where_honoured_6d6dd', table='promotions_coupontypeslice', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='coupontypeslice',
            trigger=pgtrigger.compiler.Trigger(name='coupon_type_slices_sum_to_the_type', sql=pgtrigger.compiler.UpsertTriggerSql(constraint='CONSTRAINT', func="\n            IF EXISTS (SELECT 1 FROM promotions_coupontype o WHERE o.id = CASE WHEN TG_OP = 'DELETE' THEN OLD.coupon_type_id ELSE NEW.coupon_type_id END AND (o.quantity IS DISTINCT FROM (SELECT CASE WHEN count(*) = count(s.quantity) THEN sum(s.quantity) END FROM promotions_coupontypeslice s WHERE s.coupon_type_id = o.id) OR o.budget_amount IS DISTINCT FROM (SELECT CASE WHEN count(*) = count(s.amount) THEN sum(s.amount) END FROM promotions_coupontypeslice s WHERE s.coupon_type_id = o.id))) THEN\n                RAISE EXCEPTION 'the slices do not sum to what their owner has'\n                    USING ERRCODE = 'check_violation', CONSTRAINT = 'coupon_type_slices_sum_to_the_type';\n            END IF;\n            RETURN NULL;\n        ", hash='b4d90263d4a49d634472d87e08ecd200cd13862d', operation='INSERT OR UPDATE OF "quantity", "amount" OR DELETE', pgid='pgtrigger_coupon_type_slices_sum_to_the_type_98cf1', table='promotions_coupontypeslice', timing='DEFERRABLE INITIALLY DEFERRED', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='entry',
            trigger=pgtrigger.compiler.Trigger(name='entry_stays_as_approved', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE before jsonb; after jsonb; narrowed text[]; approved jsonb;', func='\n            IF coalesce(OLD.status, \'draft\') = \'draft\' THEN RETURN NEW; END IF;\n            before := to_jsonb(OLD) - \'status\';\n            after := to_jsonb(NEW) - \'status\';\n            narrowed := array_remove(ARRAY[CASE WHEN NEW."cap" < OLD."cap" OR (OLD."cap" IS NULL AND NEW."cap" IS NOT NULL)\n                 THEN \'cap\' END, CASE WHEN NEW."opens_at" > OLD."opens_at" OR (OLD."opens_at" IS NULL AND NEW."opens_at" IS NOT NULL)\n                 THEN \'opens_at\' END, CASE WHEN NEW."closes_at" < OLD."closes_at" OR (OLD."closes_at" IS NULL AND NEW."closes_at" IS NOT NULL)\n                 THEN \'closes_at\' END], NULL);\n            IF before - narrowed = after - narrowed THEN RETURN NEW; END IF;\n            SELECT jsonb_object_agg(c.key, c.value -> \'new\') INTO approved\n              FROM lib_approval a, jsonb_each(a.payload -> \'changes\') c\n             WHERE a.target = \'promotions.entry:\' || OLD.id AND a.status = \'approved\'\n               AND a.decided_in = pg_current_xact_id()::text::bigint;\n            IF approved IS NOT NULL AND to_jsonb(jsonb_populate_record(OLD, approved)) - \'status\' = after THEN\n                RETURN NEW;\n            END IF;\n            RAISE EXCEPTION \'what was approved is changed by an approval of its own, or narrowed\'\n                USING ERRCODE = \'check_violation\', CONSTRAINT = \'entry_stays_as_approved\';\n        ', hash='f1877c6526ab105d653db049915dba860b48a360', operation='UPDATE', pgid='pgtrigger_entry_stays_as_approved_12acf', table='promotions_entry', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='entry',
            trigger=pgtrigger.compiler.Trigger(name='entry_is_the_sum_of_its_slices', sql=pgtrigger.compiler.UpsertTriggerSql(constraint='CONSTRAINT', func="\n            IF EXISTS (SELECT 1 FROM promotions_entry o WHERE o.id = NEW.id AND (o.cap IS DISTINCT FROM (SELECT CASE WHEN count(*) = count(s.cap) THEN sum(s.cap) END FROM promotions_entryslice s WHERE s.entry_id = o.id))) THEN\n                RAISE EXCEPTION 'the slices do not sum to what their owner has'\n                    USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_is_the_sum_of_its_slices';\n            END IF;\n            RETURN NULL;\n        ", hash='f5e44ff8e40fb30855d23d928d724ddf3b90a332', operation='INSERT OR UPDATE OF "cap"', pgid='pgtrigger_entry_is_the_sum_of_its_slices_2aa7d', table='promotions_entry', timing='DEFERRABLE INITIALLY DEFERRED', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='entry',
            trigger=pgtrigger.compiler.Trigger(name='restricted_entry_is_guarded', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (NEW.status = 'open')", func="\n        IF (SELECT t.audience FROM promotions_coupontype t WHERE t.id = NEW.coupon_type_id) = 'restricted'\n           AND (NOT NEW.needs_token OR ((TG_OP = 'INSERT' OR OLD.status <> 'open') AND EXISTS (\n               SELECT FROM (VALUES ('token_refusals'), ('customers_on_one_token'), ('young_accounts_on_shared_tokens'), ('quick_cash_outs'), ('attempts'), ('issued_count')) AS wanted(metric)\n                WHERE NOT EXISTS (\n                    SELECT FROM promotions_threshold h\n                     WHERE h.coupon_type_id = NEW.coupon_type_id AND h.is_built_in AND h.metric = wanted.metric)))\n             OR ((TG_OP = 'INSERT' OR OLD.status <> 'open') AND EXISTS (\n               SELECT FROM promotions_threshold h\n                WHERE h.coupon_type_id = NEW.coupon_type_id AND h.is_built_in AND h.fired_at IS NOT NULL)))\n        THEN\n            RAISE EXCEPTION 'an entry of a restricted type opens only with tokens, and with the thresholds armed'\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'restricted_entry_is_guarded';\n        END IF;\n        RETURN NEW;\n    ", hash='fb5decab8f214553f232311b373d5b07bf4ed962', operation='INSERT OR UPDATE', pgid='pgtrigger_restricted_entry_is_guarded_63c5e', table='promotions_entry', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='entryevent',
            trigger=pgtrigger.compiler.Trigger(name='events_are_never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'the table % is a ledger and is never emptied', TG_TABLE_NAME;", hash='036f6ffa446f36ca95886b6992a4b0f508a1c164', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_events_are_never_truncated_d8287', table='promotions_entryevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='entryslice',
            trigger=pgtrigger.compiler.Trigger(name='entry_slices_sum_to_the_cap', sql=pgtrigger.compiler.UpsertTriggerSql(constraint='CONSTRAINT', func="\n            IF EXISTS (SELECT 1 FROM promotions_entry o WHERE o.id = CASE WHEN TG_OP = 'DELETE' THEN OLD.entry_id ELSE NEW.entry_id END AND (o.cap IS DISTINCT FROM (SELECT CASE WHEN count(*) = count(s.cap) THEN sum(s.cap) END FROM promotions_entryslice s WHERE s.entry_id = o.id))) THEN\n                RAISE EXCEPTION 'the slices do not sum to what their owner has'\n                    USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_slices_sum_to_the_cap';\n            END IF;\n            RETURN NULL;\n        ", hash='61da935ea2b8ea5bc22a815cd71b140fc0c12054', operation='INSERT OR UPDATE OF "cap" OR DELETE', pgid='pgtrigger_entry_slices_sum_to_the_cap_74d27', table='promotions_entryslice', timing='DEFERRABLE INITIALLY DEFERRED', when='AFTER')),
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
        pgtrigger.migrations.AddTrigger(
            model_name='identityblockevent',
            trigger=pgtrigger.compiler.Trigger(name='events_are_never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'the table % is a ledger and is never emptied', TG_TABLE_NAME;", hash='5ce38d7b3d4634be2338e30f128edf539b9df6f6', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_events_are_never_truncated_f6656', table='promotions_identityblockevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='redemption',
            trigger=pgtrigger.compiler.Trigger(name='redemptions_are_never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'the table % is a ledger and is never emptied', TG_TABLE_NAME;", hash='160dd535d4f5f7253740d7caf49e305c058a8e37', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_redemptions_are_never_truncated_6bd55', table='promotions_redemption', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='threshold',
            trigger=pgtrigger.compiler.Trigger(name='threshold_stays_built_in', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."is_built_in" IS DISTINCT FROM (NEW."is_built_in"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='cda562e63fd2dfd68d1d05a09a0c4ea9add9e1e0', operation='UPDATE', pgid='pgtrigger_threshold_stays_built_in_25eb4', table='promotions_threshold', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='threshold',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_thresholdevent" ("action", "batch_id", "built_in_name", "campaign_id", "coupon_type_id", "entry_id", "fired_at", "id", "is_built_in", "kind", "limit", "metric", "peak_factor", "peak_from", "peak_until", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reasons", "window") SELECT new_values."action", new_values."batch_id", new_values."built_in_name", new_values."campaign_id", new_values."coupon_type_id", new_values."entry_id", new_values."fired_at", new_values."id", new_values."is_built_in", new_values."kind", new_values."limit", new_values."metric", new_values."peak_factor", new_values."peak_from", new_values."peak_until", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."reasons", new_values."window" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='370e27fbdb255227fe61bd643f5702b81a2f8a87', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_ee447', referencing='REFERENCING NEW TABLE AS new_values ', table='promotions_threshold', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='threshold',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_thresholdevent" ("action", "batch_id", "built_in_name", "campaign_id", "coupon_type_id", "entry_id", "fired_at", "id", "is_built_in", "kind", "limit", "metric", "peak_factor", "peak_from", "peak_until", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reasons", "window") SELECT new_values."action", new_values."batch_id", new_values."built_in_name", new_values."campaign_id", new_values."coupon_type_id", new_values."entry_id", new_values."fired_at", new_values."id", new_values."is_built_in", new_values."kind", new_values."limit", new_values."metric", new_values."peak_factor", new_values."peak_from", new_values."peak_until", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."reasons", new_values."window" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='0faf07a9fa1311e391e6a41121163787a03875b7', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_acf81', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='promotions_threshold', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='threshold',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_thresholdevent" ("action", "batch_id", "built_in_name", "campaign_id", "coupon_type_id", "entry_id", "fired_at", "id", "is_built_in", "kind", "limit", "metric", "peak_factor", "peak_from", "peak_until", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reasons", "window") SELECT old_values."action", old_values."batch_id", old_values."built_in_name", old_values."campaign_id", old_values."coupon_type_id", old_values."entry_id", old_values."fired_at", old_values."id", old_values."is_built_in", old_values."kind", old_values."limit", old_values."metric", old_values."peak_factor", old_values."peak_from", old_values."peak_until", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."reasons", old_values."window" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='f470030356475bf55ecf4382d1be81c61def5c05', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_f72b4', referencing='REFERENCING OLD TABLE AS old_values ', table='promotions_threshold', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='thresholdevent',
            trigger=pgtrigger.compiler.Trigger(name='events_are_never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'the table % is a ledger and is never emptied', TG_TABLE_NAME;", hash='8c138c42cc79b6b898d19b098aeb585fa7121cea', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_events_are_never_truncated_a46e8', table='promotions_thresholdevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tokenbatch',
            trigger=pgtrigger.compiler.Trigger(name='token_batch_revocation_waits_for_claims', sql=pgtrigger.compiler.UpsertTriggerSql(func="PERFORM pg_advisory_xact_lock(hashtextextended('token_batch:' || NEW.id, 0)); RETURN NEW;", hash='c7d1cde73cf7aa9d857d210b59e9703efffdf0ab', operation='UPDATE OF "revoked_at"', pgid='pgtrigger_token_batch_revocation_waits_for_claims_94a40', table='promotions_tokenbatch', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tokenbatch',
            trigger=pgtrigger.compiler.Trigger(name='token_batch_is_complete_with_every_token', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW.is_complete AND NEW.count > 0)', func="\n        IF (SELECT count(*) FROM promotions_claimtoken k WHERE k.batch_id = NEW.id) <> NEW.count THEN\n            RAISE EXCEPTION 'a token batch is complete when every one of its tokens is made'\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'token_batch_is_complete_with_every_token';\n        END IF;\n        RETURN NEW;\n    ", hash='aa7b6590d128b625bc714af0da34b0c0d09390cf', operation='INSERT OR UPDATE OF "is_complete", "count"', pgid='pgtrigger_token_batch_is_complete_with_every_token_33cc5', table='promotions_tokenbatch', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tokenbatch',
            trigger=pgtrigger.compiler.Trigger(name='token_batch_keeps_to_the_cap', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n        IF EXISTS (SELECT FROM promotions_entry e JOIN promotions_coupontype t ON t.id = e.coupon_type_id\n                    WHERE e.id = NEW.entry_id AND NEW.uses > t.uses_per_token)\n        THEN\n            RAISE EXCEPTION 'a token may be used no more often than its coupon type allows'\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'token_batch_keeps_to_the_cap';\n        END IF;\n        RETURN NEW;\n    ", hash='eef47ec20c8331507bb27b60dff67e047b417d12', operation='INSERT OR UPDATE OF "uses", "entry_id"', pgid='pgtrigger_token_batch_keeps_to_the_cap_080ab', table='promotions_tokenbatch', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tokenbatch',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_tokenbatchevent" ("code", "count", "entry_id", "expires_at", "id", "is_complete", "job_id", "key_id", "made_at", "made_by_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "revoked_at", "uses") SELECT new_values."code", new_values."count", new_values."entry_id", new_values."expires_at", new_values."id", new_values."is_complete", new_values."job_id", new_values."key_id", new_values."made_at", new_values."made_by_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."revoked_at", new_values."uses" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='585cfa8770cf60da83afd2bc97bd71bf9285b4e8', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_482f5', referencing='REFERENCING NEW TABLE AS new_values ', table='promotions_tokenbatch', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tokenbatch',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_tokenbatchevent" ("code", "count", "entry_id", "expires_at", "id", "is_complete", "job_id", "key_id", "made_at", "made_by_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "revoked_at", "uses") SELECT new_values."code", new_values."count", new_values."entry_id", new_values."expires_at", new_values."id", new_values."is_complete", new_values."job_id", new_values."key_id", new_values."made_at", new_values."made_by_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."revoked_at", new_values."uses" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='d6c002c87e055b3f6617a01fb36160cfb4f5819f', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_ca1f0', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='promotions_tokenbatch', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tokenbatch',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_tokenbatchevent" ("code", "count", "entry_id", "expires_at", "id", "is_complete", "job_id", "key_id", "made_at", "made_by_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "revoked_at", "uses") SELECT old_values."code", old_values."count", old_values."entry_id", old_values."expires_at", old_values."id", old_values."is_complete", old_values."job_id", old_values."key_id", old_values."made_at", old_values."made_by_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."revoked_at", old_values."uses" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='e3577bb55d4fd8a32bf6ca9022682f9d5a552958', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_52ee3', referencing='REFERENCING OLD TABLE AS old_values ', table='promotions_tokenbatch', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tokenbatchevent',
            trigger=pgtrigger.compiler.Trigger(name='events_are_never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'the table % is a ledger and is never emptied', TG_TABLE_NAME;", hash='ef58970ed9e0b12c5e024510e39fe277a78282b7', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_events_are_never_truncated_172b5', table='promotions_tokenbatchevent', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='alarm',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('cause', ''), _negated=True), models.Q(('scope', ''), _negated=True)), name='alarm_says_what_and_where'),
        ),
        migrations.AddConstraint(
            model_name='alarm',
            constraint=models.UniqueConstraint(condition=models.Q(models.Q(('key', ''), _negated=True), ('acknowledged_at', None)), fields=('key',), name='alarm_one_open_per_key'),
        ),
        migrations.AddConstraint(
            model_name='budgetslice',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gte', 0), ('overrun__gte', 0), ('reserved__gte', 0), ('returned__gte', 0), ('spent__gte', 0)), name='budget_slice_never_negative'),
        ),
        migrations.AddConstraint(
            model_name='budgetslice',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reserved'), '+', models.F('spent')), '-', models.F('overrun')))), name='budget_slice_never_overshoots'),
        ),
        migrations.AddConstraint(
            model_name='budgetslice',
            constraint=models.CheckConstraint(condition=models.Q(('overrun', 0), ('overrun', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reserved'), '+', models.F('spent')), '-', models.F('amount'))), _connector='OR'), name='budget_slice_overrun_is_what_lies_above'),
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
            constraint=models.CheckConstraint(condition=models.Q(('budget_amount', None), ('budget_amount__gt', 0), _connector='OR'), name='coupon_type_budget_is_positive'),
        ),
        migrations.AddConstraint(
            model_name='coupontype',
            constraint=models.CheckConstraint(condition=models.Q(('minimum_account_age', None), ('minimum_account_age__gt', '0'), _connector='OR'), name='coupon_type_minimum_age_is_positive'),
        ),
        migrations.AddConstraint(
            model_name='coupontype',
            constraint=models.CheckConstraint(condition=models.Q(('valid_until__isnull', False), ('valid_days__isnull', False), _connector='OR'), name='coupon_type_coupons_expire'),
        ),
        migrations.AddConstraint(
            model_name='coupontype',
            constraint=models.CheckConstraint(condition=models.Q(('valid_days', None), models.Q(('valid_days__gt', 0), ('valid_days__lte', 3660)), _connector='OR'), name='coupon_type_valid_days_in_range'),
        ),
        migrations.AddConstraint(
            model_name='coupontype',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('stacks', 'listed'), _negated=True), ('stacks_with__len__gt', 0), _connector='OR'), name='coupon_type_lists_what_it_stacks_with'),
        ),
        migrations.AddConstraint(
            model_name='coupontype',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('audience', 'restricted'), _negated=True), models.Q(('uses_per_token__gt', 0), ('uses_per_token__isnull', False)), _connector='OR'), name='coupon_type_restricted_caps_uses_of_a_token'),
        ),
        migrations.AddConstraint(
            model_name='coupontypeslice',
            constraint=models.CheckConstraint(condition=models.Q(('overrun__gte', 0), ('reserved__gte', 0), ('spent__gte', 0), models.Q(('amount', None), ('amount__gte', 0), _connector='OR')), name='coupon_type_slice_never_negative'),
        ),
        migrations.AddConstraint(
            model_name='coupontypeslice',
            constraint=models.CheckConstraint(condition=models.Q(('amount', None), ('amount__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reserved'), '+', models.F('spent')), '-', models.F('overrun'))), _connector='OR'), name='coupon_type_slice_never_overspends'),
        ),
        migrations.AddConstraint(
            model_name='coupontypeslice',
            constraint=models.CheckConstraint(condition=models.Q(('overrun', 0), models.Q(('amount__isnull', False), ('overrun', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reserved'), '+', models.F('spent')), '-', models.F('amount')))), _connector='OR'), name='coupon_type_slice_overrun_is_what_lies_above'),
        ),
        migrations.AddConstraint(
            model_name='coupontypeslice',
            constraint=models.CheckConstraint(condition=models.Q(('issued_amount__gte', django.db.models.expressions.CombinedExpression(models.F('reserved'), '+', models.F('spent')))), name='coupon_type_slice_holds_only_what_it_issued'),
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
        migrations.AddConstraint(
            model_name='threshold',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('campaign', None), ('coupon_type', None), ('entry', None)), models.Q(('batch', None), ('campaign', None), ('coupon_type', None)), models.Q(('batch', None), ('campaign', None), ('entry', None)), models.Q(('batch', None), ('coupon_type', None), ('entry', None)), _connector='OR'), name='threshold_has_one_scope'),
        ),
        migrations.AddConstraint(
            model_name='threshold',
            constraint=models.CheckConstraint(condition=models.Q(('action', 'alarm'), ('campaign__isnull', False), ('coupon_type__isnull', False), ('entry__isnull', False), ('batch__isnull', False), _connector='OR'), name='threshold_of_the_platform_only_alarms'),
        ),
        migrations.AddConstraint(
            model_name='threshold',
            constraint=models.CheckConstraint(condition=models.Q(('kind', 'fixed'), models.Q(('kind', 'percent'), ('metric__in', ['issued_amount', 'redeemed_amount', 'liability'])), models.Q(('kind', 'hours_left'), ('metric', 'issued_amount'), ('window__isnull', False)), models.Q(('coupon_type__isnull', False), ('kind', 'baseline'), ('metric', 'issued_count'), ('window__isnull', False)), models.Q(('kind', 'silent'), ('metric', 'attempts'), ('window__isnull', False)), _connector='OR'), name='threshold_kind_goes_with_its_metric'),
        ),
        migrations.AddConstraint(
            model_name='threshold',
            constraint=models.CheckConstraint(condition=models.Q(('reasons', []), ('metric', 'refusals'), _connector='OR'), name='threshold_reasons_are_of_refusals'),
        ),
        migrations.AddConstraint(
            model_name='threshold',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('peak_from', None), ('peak_until', None)), models.Q(('peak_from__isnull', False), ('peak_until__gt', models.F('peak_from')), ('peak_until__isnull', False)), _connector='OR'), name='threshold_peak_begins_and_ends'),
        ),
        migrations.AddConstraint(
            model_name='threshold',
            constraint=models.UniqueConstraint(django.db.models.functions.comparison.Coalesce('coupon_type', 0), models.F('built_in_name'), condition=models.Q(('built_in_name', ''), _negated=True), name='threshold_built_in_once'),
        ),
        migrations.AddConstraint(
            model_name='alarmrecipient',
            constraint=models.UniqueConstraint(fields=('address', 'step'), name='alarm_recipient_once_per_step'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='alarmrecipient',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_alarmrecipientevent" ("address", "id", "is_active", "language", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "severity", "step") SELECT new_values."address", new_values."id", new_values."is_active", new_values."language", new_values."name", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."severity", new_values."step" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='82861f866c9241456849046f523e98e8883664da', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_54caf', referencing='REFERENCING NEW TABLE AS new_values ', table='promotions_alarmrecipient', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='alarmrecipient',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_alarmrecipientevent" ("address", "id", "is_active", "language", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "severity", "step") SELECT new_values."address", new_values."id", new_values."is_active", new_values."language", new_values."name", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."severity", new_values."step" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='c44b2724328653e7e66310822c3b652e46d48800', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_300ca', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='promotions_alarmrecipient', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='alarmrecipient',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_alarmrecipientevent" ("address", "id", "is_active", "language", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "severity", "step") SELECT old_values."address", old_values."id", old_values."is_active", old_values."language", old_values."name", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."severity", old_values."step" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='14e21ce99a4c1db223fa93eb112c9c13644e815c', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_7055d', referencing='REFERENCING OLD TABLE AS old_values ', table='promotions_alarmrecipient', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='escalationstep',
            constraint=models.CheckConstraint(condition=models.Q(('number__gte', 1)), name='escalation_step_counts_from_one'),
        ),
        migrations.AddConstraint(
            model_name='escalationstep',
            constraint=models.CheckConstraint(condition=models.Q(('after__gte', datetime.timedelta(seconds=60))), name='escalation_waits_a_minute'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='escalationstep',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_escalationstepevent" ("after", "id", "is_active", "number", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "severity") SELECT new_values."after", new_values."id", new_values."is_active", new_values."number", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."severity" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='e849c8f018b14b4dfe6ef5c95216fd59fe819310', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_7da45', referencing='REFERENCING NEW TABLE AS new_values ', table='promotions_escalationstep', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='escalationstep',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_escalationstepevent" ("after", "id", "is_active", "number", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "severity") SELECT new_values."after", new_values."id", new_values."is_active", new_values."number", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."severity" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='82419bb871f3dedba1f367604b7e23d59dcb2dd5', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_a79ab', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='promotions_escalationstep', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='escalationstep',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_escalationstepevent" ("after", "id", "is_active", "number", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "severity") SELECT old_values."after", old_values."id", old_values."is_active", old_values."number", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."severity" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='3a345930ce20396d03bc447f2ed11fb092090c8a', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_0a507', referencing='REFERENCING OLD TABLE AS old_values ', table='promotions_escalationstep', when='AFTER')),
        ),
        migrations.AddIndex(
            model_name='coupon',
            index=models.Index(condition=models.Q(('grant_item__isnull', False)), fields=['issued_at'], name='coupon_granted_by_time'),
        ),
        migrations.AddConstraint(
            model_name='coupon',
            constraint=models.CheckConstraint(condition=models.Q(('claim', None), ('grant_item', None), _connector='XOR'), name='coupon_has_one_origin'),
        ),
        migrations.AddConstraint(
            model_name='coupon',
            constraint=models.UniqueConstraint(condition=models.Q(('grant_item__isnull', False)), fields=('grant_item',), name='coupon_one_per_grant_item'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='alarmrecipientevent',
            trigger=pgtrigger.compiler.Trigger(name='events_are_never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'the table % is a ledger and is never emptied', TG_TABLE_NAME;", hash='763b18d00201a0f314b1af4ab7c1806bad1aef82', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_events_are_never_truncated_39d61', table='promotions_alarmrecipientevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='alarmrecipientevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='e62d456e64767ef0e955c9ca399c97d1712ebb05', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_8ffbc', table='promotions_alarmrecipientevent', when='BEFORE')),
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
            model_name='drift',
            constraint=models.UniqueConstraint(condition=models.Q(('settled_at', None)), fields=('subject',), name='drift_one_open_per_subject'),
        ),
        migrations.AddConstraint(
            model_name='drift',
            constraint=models.CheckConstraint(condition=models.Q(('detail', ''), _negated=True), name='drift_says_what_differs'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='escalationstepevent',
            trigger=pgtrigger.compiler.Trigger(name='events_are_never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'the table % is a ledger and is never emptied', TG_TABLE_NAME;", hash='2275f798443c140f60cdd0cb0c33024a4d3c213c', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_events_are_never_truncated_42ead', table='promotions_escalationstepevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='escalationstepevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='c21302fcb4bf0527bd1fa85a9e6a4bb3b30c9001', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_2f116', table='promotions_escalationstepevent', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='grant',
            constraint=models.CheckConstraint(condition=models.Q(('count__gt', 0)), name='grant_is_to_somebody'),
        ),
        migrations.AddConstraint(
            model_name='grant',
            constraint=models.CheckConstraint(condition=models.Q(('list_hash__regex', '^[0-9a-f]{64}$')), name='grant_list_is_hashed'),
        ),
        migrations.AddConstraint(
            model_name='grant',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['draft', 'discarded']), ('job__isnull', False), _connector='OR'), name='grant_asked_for_has_a_job'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='grant',
            trigger=pgtrigger.compiler.Trigger(name='grant_moves', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{draft:discarded,draft:in_review,in_review:draft,in_review:giving,giving:done,giving:stopped}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='cc4918c27f03bce8f3cbc42713f1784e74240739', operation='UPDATE', pgid='pgtrigger_grant_moves_4bffb', table='promotions_grant', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='grant',
            trigger=pgtrigger.compiler.Trigger(name='grant_stays_what_was_asked', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (OLD.status <> 'draft')", func='RAISE EXCEPTION \'pgtrigger: Cannot update of "coupon_type_id", "is_in_addition", "count", "amount", "list_hash" rows from % table\', TG_TABLE_NAME;', hash='2f7b372bfaa387f85971b6b585c0dcf8e77d590f', operation='UPDATE OF "coupon_type_id", "is_in_addition", "count", "amount", "list_hash"', pgid='pgtrigger_grant_stays_what_was_asked_b4d11', table='promotions_grant', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='grant',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_grantevent" ("amount", "count", "coupon_type_id", "id", "is_in_addition", "job_id", "list_hash", "made_at", "made_by_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "scope", "scope_text", "source", "status") SELECT new_values."amount", new_values."count", new_values."coupon_type_id", new_values."id", new_values."is_in_addition", new_values."job_id", new_values."list_hash", new_values."made_at", new_values."made_by_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."scope", new_values."scope_text", new_values."source", new_values."status" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='7536b34eb8a4d5033e97cbb7a0ba3f9059674e00', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_c50c0', referencing='REFERENCING NEW TABLE AS new_values ', table='promotions_grant', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='grant',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_grantevent" ("amount", "count", "coupon_type_id", "id", "is_in_addition", "job_id", "list_hash", "made_at", "made_by_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "scope", "scope_text", "source", "status") SELECT new_values."amount", new_values."count", new_values."coupon_type_id", new_values."id", new_values."is_in_addition", new_values."job_id", new_values."list_hash", new_values."made_at", new_values."made_by_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."scope", new_values."scope_text", new_values."source", new_values."status" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."amount" IS DISTINCT FROM (new_values."amount") OR old_values."count" IS DISTINCT FROM (new_values."count") OR old_values."coupon_type_id" IS DISTINCT FROM (new_values."coupon_type_id") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."is_in_addition" IS DISTINCT FROM (new_values."is_in_addition") OR old_values."job_id" IS DISTINCT FROM (new_values."job_id") OR old_values."list_hash" IS DISTINCT FROM (new_values."list_hash") OR old_values."made_at" IS DISTINCT FROM (new_values."made_at") OR old_values."made_by_id" IS DISTINCT FROM (new_values."made_by_id") OR old_values."scope" IS DISTINCT FROM (new_values."scope") OR old_values."scope_text" IS DISTINCT FROM (new_values."scope_text") OR old_values."source" IS DISTINCT FROM (new_values."source") OR old_values."status" IS DISTINCT FROM (new_values."status")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='1fb7155ccaf0cb0a8f3a061cf1219b852a4c5de6', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_62969', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='promotions_grant', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='grant',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_grantevent" ("amount", "count", "coupon_type_id", "id", "is_in_addition", "job_id", "list_hash", "made_at", "made_by_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "scope", "scope_text", "source", "status") SELECT old_values."amount", old_values."count", old_values."coupon_type_id", old_values."id", old_values."is_in_addition", old_values."job_id", old_values."list_hash", old_values."made_at", old_values."made_by_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."scope", old_values."scope_text", old_values."source", old_values."status" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='31b22e4786824fc9c75983371b7c8a989714b0f7', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_f6760', referencing='REFERENCING OLD TABLE AS old_values ', table='promotions_grant', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='grantevent',
            trigger=pgtrigger.compiler.Trigger(name='events_are_never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'the table % is a ledger and is never emptied', TG_TABLE_NAME;", hash='62f406db9f342c41ef259297fe638c1a822d1189', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_events_are_never_truncated_ae525', table='promotions_grantevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='grantevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='4db9bae44401254c4044547f501b405a5be173fa', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_61bb2', table='promotions_grantevent', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='grantitem',
            constraint=models.UniqueConstraint(fields=('grant', 'number'), name='grant_item_once_per_row'),
        ),
        migrations.AddConstraint(
            model_name='grantitem',
            constraint=models.UniqueConstraint(fields=('grant', 'ref'), name='grant_item_once_per_customer'),
        ),
        migrations.AddConstraint(
            model_name='grantitem',
            constraint=models.CheckConstraint(condition=models.Q(('result__in', ['pending', 'granted', 'skipped', 'failed'])), name='grant_item_result_is_known'),
        ),
        migrations.AddConstraint(
            model_name='grantitem',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('result', 'granted'), _negated=True), ('customer__isnull', False), _connector='OR'), name='grant_item_granted_to_a_customer'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='grantitem',
            trigger=pgtrigger.compiler.Trigger(name='grant_list_is_closed', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE _never_ignored TEXT := set_config('pgtrigger.ignore', '{}', true);", func="\n            IF EXISTS (\n                SELECT 1 FROM (SELECT DISTINCT grant_id AS id FROM new_items) n\n                JOIN promotions_grant g ON g.id = n.id WHERE g.status <> 'draft'\n            ) THEN \n    RAISE EXCEPTION 'what was asked for stays as it was asked: the list is closed'\n        USING ERRCODE = 'check_violation', CONSTRAINT = 'grant_list_is_closed';\n END IF;\n            RETURN NULL;\n        ", hash='c72bb164f655d7534303e8eb7260c82b4949d6c1', level='STATEMENT', operation='INSERT', pgid='pgtrigger_grant_list_is_closed_38398', referencing='REFERENCING NEW TABLE AS new_items ', table='promotions_grantitem', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='grantitem',
            trigger=pgtrigger.compiler.Trigger(name='grant_list_keeps_its_items', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE _never_ignored TEXT := set_config('pgtrigger.ignore', '{}', true);", func="\n    RAISE EXCEPTION 'what was asked for stays as it was asked: the list is closed'\n        USING ERRCODE = 'check_violation', CONSTRAINT = 'grant_list_is_closed';\n", hash='7f54e36c58decb63c7f4793b99dcb0d24e52d483', operation='UPDATE OF "grant_id", "number", "ref" OR DELETE', pgid='pgtrigger_grant_list_keeps_its_items_31d86', table='promotions_grantitem', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='grantitem',
            trigger=pgtrigger.compiler.Trigger(name='grant_item_result_comes_once', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (OLD.result <> 'pending')", func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='8ac0a3d99b604c5f05d68194a31d38b9a772ebf5', operation='UPDATE', pgid='pgtrigger_grant_item_result_comes_once_47b81', table='promotions_grantitem', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='grantvoid',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_grantvoidevent" ("amount", "grant_id", "id", "job_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."amount", new_values."grant_id", new_values."id", new_values."job_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='3b0c0a231718b3d70209b5c5c9eb2f290043244b', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_c34cf', referencing='REFERENCING NEW TABLE AS new_values ', table='promotions_grantvoid', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='grantvoid',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_grantvoidevent" ("amount", "grant_id", "id", "job_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."amount", new_values."grant_id", new_values."id", new_values."job_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='2e77e93a76ca39327dffd40d419debb3d112dde9', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_a3841', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='promotions_grantvoid', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='grantvoid',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_grantvoidevent" ("amount", "grant_id", "id", "job_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT old_values."amount", old_values."grant_id", old_values."id", old_values."job_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='83e0300abfb2b3501050cb223b0c7a784781aeb9', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_d4b83', referencing='REFERENCING OLD TABLE AS old_values ', table='promotions_grantvoid', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='grantvoidevent',
            trigger=pgtrigger.compiler.Trigger(name='events_are_never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'the table % is a ledger and is never emptied', TG_TABLE_NAME;", hash='41d24c7699a13ffa5f1a780ed33010e687c4db04', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_events_are_never_truncated_941a6', table='promotions_grantvoidevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='grantvoidevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='071e6e8727e0e0709370022ad450d8c02304c4f0', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_20387', table='promotions_grantvoidevent', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='grantvoiditem',
            constraint=models.UniqueConstraint(fields=('void', 'coupon'), name='grant_void_item_once_per_coupon'),
        ),
        migrations.AddConstraint(
            model_name='grantvoiditem',
            constraint=models.CheckConstraint(condition=models.Q(('result__in', ['pending', 'voided', 'lost', 'skipped', 'failed'])), name='grant_void_item_result_is_known'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='grantvoiditem',
            trigger=pgtrigger.compiler.Trigger(name='grant_void_is_closed', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE _never_ignored TEXT := set_config('pgtrigger.ignore', '{}', true);", func="\n                IF EXISTS (\n                    SELECT 1 FROM (SELECT DISTINCT void_id AS id FROM new_items) n\n                    JOIN promotions_grantvoid o ON o.id = n.id JOIN lib_job j ON j.id = o.job_id WHERE j.scope_hash <> ''\n                ) THEN \n        RAISE EXCEPTION 'what was asked for stays as it was asked: the scope is closed'\n            USING ERRCODE = 'check_violation', CONSTRAINT = 'grant_void_is_closed';\n     END IF;\n                RETURN NULL;\n            ", hash='43749f46f33d2ef54b57ce1cbcbe09ff6b60073f', level='STATEMENT', operation='INSERT', pgid='pgtrigger_grant_void_is_closed_55d34', referencing='REFERENCING NEW TABLE AS new_items ', table='promotions_grantvoiditem', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='grantvoiditem',
            trigger=pgtrigger.compiler.Trigger(name='grant_void_keeps_its_items', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE _never_ignored TEXT := set_config('pgtrigger.ignore', '{}', true);", func="\n        RAISE EXCEPTION 'what was asked for stays as it was asked: the scope is closed'\n            USING ERRCODE = 'check_violation', CONSTRAINT = 'grant_void_is_closed';\n    ", hash='720cfed94066a52285a90bf18c2355ace7bf174d', operation='UPDATE OF "void_id", "coupon_id" OR DELETE', pgid='pgtrigger_grant_void_keeps_its_items_824c8', table='promotions_grantvoiditem', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='grantvoiditem',
            trigger=pgtrigger.compiler.Trigger(name='grant_void_item_result_comes_once', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (OLD.result <> 'pending')", func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='9b785c69d5461b202a30277c57478d76c505f59c', operation='UPDATE', pgid='pgtrigger_grant_void_item_result_comes_once_947bb', table='promotions_grantvoiditem', when='BEFORE')),
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
            trigger=pgtrigger.compiler.Trigger(name='events_are_never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'the table % is a ledger and is never emptied', TG_TABLE_NAME;", hash='1e473a8fddf485b647f3e35335b0ffd967473fef', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_events_are_never_truncated_ad11b', table='promotions_nobodyvalueevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='nobodyvalueevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='afff948982f53cd8ea7cf2f4f8ffb2ac389fd115', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_435f4', table='promotions_nobodyvalueevent', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='openinghours',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('coupon_type', None), ('entry__isnull', False)), models.Q(('coupon_type__isnull', False), ('entry', None)), _connector='OR'), name='opening_hours_have_one_owner'),
        ),
        migrations.AddConstraint(
            model_name='openinghours',
            constraint=models.CheckConstraint(condition=models.Q(('weekdays__contained_by', [1, 2, 3, 4, 5, 6, 7]), ('weekdays__len__gt', 0)), name='opening_hours_days_are_known'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='openinghours',
            trigger=pgtrigger.compiler.Trigger(name='opening_hours_change_with_drafts_only', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE r RECORD;', func="\n            IF TG_OP = 'DELETE' THEN r := OLD; ELSE r := NEW; END IF;\n            IF (SELECT coalesce((SELECT t.status FROM promotions_coupontype t WHERE t.id = r.coupon_type_id), (SELECT e.status FROM promotions_entry e WHERE e.id = r.entry_id))) <> 'draft' THEN\n                RAISE EXCEPTION 'scope and hours change while their owner is a draft'\n                    USING ERRCODE = 'check_violation', CONSTRAINT = 'opening_hours_change_with_drafts_only';\n            END IF;\n            RETURN r;\n        ", hash='8ba57ae6ef8fa1490a643ec6f15a4b1744bf9f9f', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_opening_hours_change_with_drafts_only_b9af1', table='promotions_openinghours', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='openinghours',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_openinghoursevent" ("closes", "coupon_type_id", "entry_id", "id", "opens", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "weekdays") SELECT new_values."closes", new_values."coupon_type_id", new_values."entry_id", new_values."id", new_values."opens", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."weekdays" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='9d83c94d2732844de2fbfb2685282f2fe9b413f0', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_e8d84', referencing='REFERENCING NEW TABLE AS new_values ', table='promotions_openinghours', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='openinghours',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_openinghoursevent" ("closes", "coupon_type_id", "entry_id", "id", "opens", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "weekdays") SELECT new_values."closes", new_values."coupon_type_id", new_values."entry_id", new_values."id", new_values."opens", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."weekdays" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='d172ca6a43a1b2c79480c090e4fee5b88da47691', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_3b9d7', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='promotions_openinghours', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='openinghours',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_openinghoursevent" ("closes", "coupon_type_id", "entry_id", "id", "opens", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "weekdays") SELECT old_values."closes", old_values."coupon_type_id", old_values."entry_id", old_values."id", old_values."opens", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."weekdays" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='dc6a23b84a44f16200cdea0ba17300fb9fd81e1b', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_e5ffe', referencing='REFERENCING OLD TABLE AS old_values ', table='promotions_openinghours', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='openinghoursevent',
            trigger=pgtrigger.compiler.Trigger(name='events_are_never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'the table % is a ledger and is never emptied', TG_TABLE_NAME;", hash='a65e2a44c9eab635e7fd14c42be26a11b84ec52d', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_events_are_never_truncated_a153a', table='promotions_openinghoursevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='openinghoursevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='88848093ca4e20d29fc7a9dcc553486e01e1ea8e', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_2b023', table='promotions_openinghoursevent', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='redemptionhold',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('batch', None), ('campaign__isnull', False), ('coupon_type', None), ('entry', None)), models.Q(('batch', None), ('campaign', None), ('coupon_type__isnull', False), ('entry', None)), models.Q(('batch', None), ('campaign', None), ('coupon_type', None), ('entry__isnull', False)), models.Q(('batch__isnull', False), ('campaign', None), ('coupon_type', None), ('entry', None)), _connector='OR'), name='redemption_hold_has_one_scope'),
        ),
        migrations.AddConstraint(
            model_name='redemptionhold',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('lifted_at', None), ('lifted_by', None)), models.Q(('lifted_at__isnull', False), ('lifted_by__isnull', False)), _connector='OR'), name='redemption_hold_lifted_by_whom_and_when'),
        ),
        migrations.AddConstraint(
            model_name='redemptionhold',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='redemption_hold_has_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='redemptionhold',
            constraint=models.UniqueConstraint(condition=models.Q(('lifted_at', None), ('campaign__isnull', False)), fields=('campaign',), name='redemption_hold_once_per_campaign'),
        ),
        migrations.AddConstraint(
            model_name='redemptionhold',
            constraint=models.UniqueConstraint(condition=models.Q(('lifted_at', None), ('coupon_type__isnull', False)), fields=('coupon_type',), name='redemption_hold_once_per_coupon_type'),
        ),
        migrations.AddConstraint(
            model_name='redemptionhold',
            constraint=models.UniqueConstraint(condition=models.Q(('lifted_at', None), ('entry__isnull', False)), fields=('entry',), name='redemption_hold_once_per_entry'),
        ),
        migrations.AddConstraint(
            model_name='redemptionhold',
            constraint=models.UniqueConstraint(condition=models.Q(('lifted_at', None), ('batch__isnull', False)), fields=('batch',), name='redemption_hold_once_per_batch'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='redemptionhold',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_redemptionholdevent" ("batch_id", "campaign_id", "coupon_type_id", "entry_id", "id", "lifted_at", "lifted_by_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "placed_at", "placed_by_id", "reason", "since") SELECT new_values."batch_id", new_values."campaign_id", new_values."coupon_type_id", new_values."entry_id", new_values."id", new_values."lifted_at", new_values."lifted_by_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."placed_at", new_values."placed_by_id", new_values."reason", new_values."since" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='c5b28a4b51b43f70284bafeb9e19ae1448edf544', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_a6451', referencing='REFERENCING NEW TABLE AS new_values ', table='promotions_redemptionhold', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='redemptionhold',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_redemptionholdevent" ("batch_id", "campaign_id", "coupon_type_id", "entry_id", "id", "lifted_at", "lifted_by_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "placed_at", "placed_by_id", "reason", "since") SELECT new_values."batch_id", new_values."campaign_id", new_values."coupon_type_id", new_values."entry_id", new_values."id", new_values."lifted_at", new_values."lifted_by_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."placed_at", new_values."placed_by_id", new_values."reason", new_values."since" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='82f15ae9750c226475a1bf073d9711c062e553da', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_69090', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='promotions_redemptionhold', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='redemptionhold',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_redemptionholdevent" ("batch_id", "campaign_id", "coupon_type_id", "entry_id", "id", "lifted_at", "lifted_by_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "placed_at", "placed_by_id", "reason", "since") SELECT old_values."batch_id", old_values."campaign_id", old_values."coupon_type_id", old_values."entry_id", old_values."id", old_values."lifted_at", old_values."lifted_by_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."placed_at", old_values."placed_by_id", old_values."reason", old_values."since" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='9c9d7f3405ce8ac753e4a7016b0428e2871e5620', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_a5fee', referencing='REFERENCING OLD TABLE AS old_values ', table='promotions_redemptionhold', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='redemptionholdevent',
            trigger=pgtrigger.compiler.Trigger(name='events_are_never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'the table % is a ledger and is never emptied', TG_TABLE_NAME;", hash='80f9def25be22532f2ed6569db508a449dff2efd', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_events_are_never_truncated_57529', table='promotions_redemptionholdevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='redemptionholdevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='eb4509e0e300b09c502ce01c8e6b327af939807c', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_9c822', table='promotions_redemptionholdevent', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='scopeline',
            constraint=models.UniqueConstraint(fields=('coupon_type', 'by', 'value'), name='scope_line_once_per_coupon_type'),
        ),
        migrations.AddConstraint(
            model_name='scopeline',
            constraint=models.CheckConstraint(condition=models.Q(('value__regex', '^[^*]+\\*?$')), name='scope_line_names_something'),
        ),
        migrations.AddConstraint(
            model_name='scopeline',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('by', 'category'), _negated=True), ('value__in', ['goods', 'phone_credit', 'game_credit']), _connector='OR'), name='scope_line_category_is_known'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='scopeline',
            trigger=pgtrigger.compiler.Trigger(name='scope_line_changes_with_drafts_only', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE r RECORD;', func="\n            IF TG_OP = 'DELETE' THEN r := OLD; ELSE r := NEW; END IF;\n            IF (SELECT t.status FROM promotions_coupontype t WHERE t.id = r.coupon_type_id) <> 'draft' THEN\n                RAISE EXCEPTION 'scope and hours change while their owner is a draft'\n                    USING ERRCODE = 'check_violation', CONSTRAINT = 'scope_line_changes_with_drafts_only';\n            END IF;\n            RETURN r;\n        ", hash='0141b45e72808759e9a14348d3478bd01b83ccca', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_scope_line_changes_with_drafts_only_541b4', table='promotions_scopeline', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='scopeline',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_scopelineevent" ("by", "coupon_type_id", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "side", "value") SELECT new_values."by", new_values."coupon_type_id", new_values."id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."side", new_values."value" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='cebf8258421e46f076a8f8aa2a96b6cd7a400a73', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_a5b21', referencing='REFERENCING NEW TABLE AS new_values ', table='promotions_scopeline', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='scopeline',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_scopelineevent" ("by", "coupon_type_id", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "side", "value") SELECT new_values."by", new_values."coupon_type_id", new_values."id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."side", new_values."value" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='d8c26d495ed2e174928d8d0cb8e9dbe019966d5c', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_5d1f5', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='promotions_scopeline', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='scopeline',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_scopelineevent" ("by", "coupon_type_id", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "side", "value") SELECT old_values."by", old_values."coupon_type_id", old_values."id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."side", old_values."value" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='002f09e4706abb3b091a1b2993d955bebfb6c676', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_3bb0d', referencing='REFERENCING OLD TABLE AS old_values ', table='promotions_scopeline', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='scopelineevent',
            trigger=pgtrigger.compiler.Trigger(name='events_are_never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'the table % is a ledger and is never emptied', TG_TABLE_NAME;", hash='57d04ea72b04efa71e0c0f5abfa3364ed78cf572', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_events_are_never_truncated_61934', table='promotions_scopelineevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='scopelineevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='36d55890aadd4abb49c4009c00fa92590e9954d2', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_7da74', table='promotions_scopelineevent', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='tokenexport',
            constraint=models.CheckConstraint(condition=models.Q(('first__lte', models.F('last'))), name='token_export_first_before_last'),
        ),
        migrations.AddConstraint(
            model_name='tokenexport',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='token_export_has_a_reason'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tokenexport',
            trigger=pgtrigger.compiler.Trigger(name='token_export_is_never_changed', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='962ecd11aec157b54dc11bc9e467031bda4bf54e', operation='UPDATE OR DELETE', pgid='pgtrigger_token_export_is_never_changed_2ce9f', table='promotions_tokenexport', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tokenexport',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_tokenexportevent" ("at", "batch_id", "by_id", "first", "id", "kind", "last", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason") SELECT new_values."at", new_values."batch_id", new_values."by_id", new_values."first", new_values."id", new_values."kind", new_values."last", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."reason" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='7636741df604b19d8f12509a46f48a0495fe36fa', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_3b358', referencing='REFERENCING NEW TABLE AS new_values ', table='promotions_tokenexport', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tokenexport',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_tokenexportevent" ("at", "batch_id", "by_id", "first", "id", "kind", "last", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason") SELECT new_values."at", new_values."batch_id", new_values."by_id", new_values."first", new_values."id", new_values."kind", new_values."last", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."reason" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='4c77234aac90cbf015513059f31a355d0715d946', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_af2ab', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='promotions_tokenexport', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tokenexport',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "promotions_tokenexportevent" ("at", "batch_id", "by_id", "first", "id", "kind", "last", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason") SELECT old_values."at", old_values."batch_id", old_values."by_id", old_values."first", old_values."id", old_values."kind", old_values."last", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."reason" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='3d4a0602ca46173e6446c81763dc4d8b13e62342', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_46c50', referencing='REFERENCING OLD TABLE AS old_values ', table='promotions_tokenexport', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tokenexportevent',
            trigger=pgtrigger.compiler.Trigger(name='events_are_never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'the table % is a ledger and is never emptied', TG_TABLE_NAME;", hash='358cfc0077ae23d52fb0848a0719db3f7e16e3cc', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_events_are_never_truncated_29f18', table='promotions_tokenexportevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tokenexportevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='a865d2000be3eb91302df03158597f3900ddb4b3', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_88932', table='promotions_tokenexportevent', when='BEFORE')),
        ),
    ]
