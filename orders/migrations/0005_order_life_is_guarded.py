import django.db.models.expressions
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0004_orders_so_far_were_paid'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='freezeevent',
            trigger=pgtrigger.compiler.Trigger(name='events_are_never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'the table % is a ledger and is never emptied', TG_TABLE_NAME;", hash='bd37a5d29b2bd6c1a6499facc594e4824e009d66', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_events_are_never_truncated_d2b6d', table='orders_freezeevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='hold',
            trigger=pgtrigger.compiler.Trigger(name='delivered_order_takes_no_hold', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE _never_ignored TEXT := set_config('pgtrigger.ignore', '{}', true);", func="\n        PERFORM 1 FROM orders_order o WHERE o.id IN (SELECT order_id FROM new_holds) ORDER BY o.id FOR NO KEY UPDATE;\n        IF EXISTS (\n            SELECT 1 FROM orders_order o JOIN new_holds n ON n.order_id = o.id\n            WHERE n.released_at IS NULL AND o.status NOT IN ('placed', 'paid', 'partly_delivered')\n        ) THEN\n            RAISE EXCEPTION 'an order that is delivered, cancelled or refunded cannot be held'\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'delivered_order_takes_no_hold';\n        END IF;\n        RETURN NULL;\n    ", hash='cb74acecd5bd396b64340367a5bb7cb48bb6a3f1', level='STATEMENT', operation='INSERT', pgid='pgtrigger_delivered_order_takes_no_hold_8ffab', referencing='REFERENCING NEW TABLE AS new_holds ', table='orders_hold', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='holdevent',
            trigger=pgtrigger.compiler.Trigger(name='events_are_never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'the table % is a ledger and is never emptied', TG_TABLE_NAME;", hash='ad3f5a6557931fdbc8713ad1a0eedc636b3365eb', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_events_are_never_truncated_8173b', table='orders_holdevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='order',
            trigger=pgtrigger.compiler.Trigger(name='order_moves', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{placed:cancelled,placed:paid,paid:cancelled,paid:delivered,paid:partly_delivered,partly_delivered:completed,partly_delivered:delivered,partly_delivered:refunded,delivered:completed,delivered:refunded,completed:refunded}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='31be345f735ae8faa97d9ef1b0edeb293b42a816', operation='UPDATE', pgid='pgtrigger_order_moves_ac877', table='orders_order', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='order',
            trigger=pgtrigger.compiler.Trigger(name='held_order_is_not_delivered', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (NEW.status NOT IN ('placed', 'paid') OR NEW.refunded_amount > 0)", declare="DECLARE _never_ignored TEXT := set_config('pgtrigger.ignore', '{}', true);", func="\n        IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN\n            RAISE EXCEPTION 'an order is delivered, cancelled or refunded only in a transaction that reads what is committed'\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'held_order_is_not_delivered';\n        END IF;\n        IF EXISTS (\n            SELECT 1 FROM orders_hold h WHERE h.order_id = NEW.id AND h.released_at IS NULL\n            AND (NEW.status <> 'cancelled' OR h.kind = 'legal')\n        ) THEN\n            RAISE EXCEPTION 'order % is held and cannot be %', NEW.ref,\n                CASE WHEN NEW.status IN ('placed', 'paid') THEN 'refunded' ELSE NEW.status END\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'held_order_is_not_delivered';\n        END IF;\n        RETURN NEW;\n    ", hash='c1909e047dea8ff0ed6f752d739e5dc99adee69d', operation='INSERT OR UPDATE OF "status", "refunded_amount"', pgid='pgtrigger_held_order_is_not_delivered_4671c', table='orders_order', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='order',
            trigger=pgtrigger.compiler.Trigger(name='delivered_order_has_delivered_lines', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (NEW.status = 'delivered' AND OLD.status <> 'delivered')", declare="DECLARE _never_ignored TEXT := set_config('pgtrigger.ignore', '{}', true);", func='\n        UPDATE orders_orderline SET delivered_quantity = quantity WHERE order_id = NEW.id AND delivered_quantity < quantity;\n        RETURN NULL;\n    ', hash='56b1c818c3bb1d8aa9009438678653b313af9bd6', operation='UPDATE OF "status"', pgid='pgtrigger_delivered_order_has_delivered_lines_887bb', table='orders_order', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='order',
            trigger=pgtrigger.compiler.Trigger(name='refunded_amount_is_the_sum', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW.refunded_amount IS DISTINCT FROM OLD.refunded_amount)', declare="DECLARE _never_ignored TEXT := set_config('pgtrigger.ignore', '{}', true);", func="\n        IF NEW.refunded_amount <> (SELECT coalesce(sum(r.amount), 0) FROM orders_refund r WHERE r.order_id = NEW.id) THEN\n            RAISE EXCEPTION 'what was refunded of an order is the sum of its refunds'\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'refunded_amount_is_the_sum';\n        END IF;\n        RETURN NEW;\n    ", hash='5c55dff7dd236c8e9cd61a9beb7ba909d9616836', operation='UPDATE OF "refunded_amount"', pgid='pgtrigger_refunded_amount_is_the_sum_e4d93', table='orders_order', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='orderline',
            trigger=pgtrigger.compiler.Trigger(name='held_line_is_not_delivered', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW.delivered_quantity IS DISTINCT FROM OLD.delivered_quantity)', declare="DECLARE _never_ignored TEXT := set_config('pgtrigger.ignore', '{}', true);", func="\n        IF NOT EXISTS (\n            SELECT 1 FROM orders_order o WHERE o.id = NEW.order_id AND o.status IN ('partly_delivered', 'delivered')\n        ) OR NEW.delivered_quantity < OLD.delivered_quantity THEN\n            RAISE EXCEPTION 'lines leave with their order, and do not come back'\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'held_line_is_not_delivered';\n        END IF;\n        IF EXISTS (SELECT 1 FROM orders_hold h WHERE h.order_id = NEW.order_id AND h.released_at IS NULL) THEN\n            RAISE EXCEPTION 'the order of this line is held'\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'held_line_is_not_delivered';\n        END IF;\n        RETURN NEW;\n    ", hash='63d64702b5735eba3a7ebf5d333ae1c8b720a2b2', operation='UPDATE OF "delivered_quantity"', pgid='pgtrigger_held_line_is_not_delivered_9eaec', table='orders_orderline', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='releaseevent',
            trigger=pgtrigger.compiler.Trigger(name='events_are_never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'the table % is a ledger and is never emptied', TG_TABLE_NAME;", hash='eddc63784b915de7ffd11c0937aa4560d555fea7', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_events_are_never_truncated_4fd2c', table='orders_releaseevent', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'paid'), _negated=True), ('paid_at__isnull', False), _connector='OR'), name='order_paid_has_a_time'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'completed'), _negated=True), ('completed_at__isnull', False), _connector='OR'), name='order_completed_has_a_time'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('refunded_amount__gte', 0), ('refunded_amount__lte', django.db.models.expressions.CombinedExpression(models.F('gross_amount'), '-', models.F('discount_amount')))), name='order_never_refunds_more_than_was_paid'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'refunded'), _negated=True), ('refunded_amount', django.db.models.expressions.CombinedExpression(models.F('gross_amount'), '-', models.F('discount_amount'))), _connector='OR'), name='order_refunded_is_refunded_in_whole'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='order_line_is_of_something'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(('delivered_quantity__lte', models.F('quantity'))), name='order_line_delivers_no_more_than_ordered'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(condition=models.Q(('settled_at', None)), fields=['told_at'], name='notice_waiting'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.UniqueConstraint(fields=('order_ref', 'kind', 'ref'), name='notice_once'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(fields=('order', 'ref'), name='delivery_once_per_reference'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='delivery',
            trigger=pgtrigger.compiler.Trigger(name='delivery_stays_written', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='d97d0dd33a23aac04bf018d39606176dc787fb0c', operation='UPDATE OR DELETE', pgid='pgtrigger_delivery_stays_written_e0d07', table='orders_delivery', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.UniqueConstraint(fields=('order', 'ref'), name='refund_once_per_reference'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='refund_is_worth_something'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='refund',
            trigger=pgtrigger.compiler.Trigger(name='refund_is_booked', sql=pgtrigger.compiler.UpsertTriggerSql(declare="DECLARE _never_ignored TEXT := set_config('pgtrigger.ignore', '{}', true);", func='\n        UPDATE orders_order SET refunded_amount = refunded_amount + NEW.amount WHERE id = NEW.order_id;\n        RETURN NULL;\n    ', hash='a814f5b60203370c127f6873245a5b6555ae253c', operation='INSERT', pgid='pgtrigger_refund_is_booked_43c71', table='orders_refund', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='refund',
            trigger=pgtrigger.compiler.Trigger(name='refund_stays_written', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='484760e7d163917df16b9c7fa17d1df3c8f4222c', operation='UPDATE OR DELETE', pgid='pgtrigger_refund_stays_written_23808', table='orders_refund', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='refund',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "orders_refundevent" ("amount", "cause", "goods_returned", "id", "order_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "ref", "refunded_at") SELECT new_values."amount", new_values."cause", new_values."goods_returned", new_values."id", new_values."order_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."reason", new_values."ref", new_values."refunded_at" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='0889f4beb94e4c07b1386fb815d48aca6ae4e0ad', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_d614b', referencing='REFERENCING NEW TABLE AS new_values ', table='orders_refund', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='refund',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "orders_refundevent" ("amount", "cause", "goods_returned", "id", "order_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "ref", "refunded_at") SELECT new_values."amount", new_values."cause", new_values."goods_returned", new_values."id", new_values."order_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."reason", new_values."ref", new_values."refunded_at" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='8ce6d4ead462a9d25a3f89884c8fa5aa50ca8ec2', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_7d7b9', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='orders_refund', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='refund',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "orders_refundevent" ("amount", "cause", "goods_returned", "id", "order_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "ref", "refunded_at") SELECT old_values."amount", old_values."cause", old_values."goods_returned", old_values."id", old_values."order_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."reason", old_values."ref", old_values."refunded_at" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='1471fef4353f4c2a838d9dbbfae24ce50a8160fa', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_2ff9f', referencing='REFERENCING OLD TABLE AS old_values ', table='orders_refund', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='refundevent',
            trigger=pgtrigger.compiler.Trigger(name='events_are_never_truncated', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'the table % is a ledger and is never emptied', TG_TABLE_NAME;", hash='d134f7635b6f58b1221a048a0fbc75f62887079d', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_events_are_never_truncated_6f026', table='orders_refundevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='refundevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='29ba405c161035874c7f64e23203ea9c7b986a84', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_4cd81', table='orders_refundevent', when='BEFORE')),
        ),
    ]
