import datetime
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import pgtrigger.migrations
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '__first__'),
        ('lib', '0002_outbox_and_guards'),
        ('pghistory', '0007_auto_20250421_0444'),
        ('promotions', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='AlarmRecipient',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('address', models.EmailField(max_length=254, verbose_name='e-mail')),
                ('language', models.CharField(choices=[('en', 'English'), ('zh-hans', 'Simplified Chinese')], default='en', max_length=10, verbose_name='language')),
                ('severity', models.CharField(choices=[('watch', 'watch'), ('urgent', 'urgent')], default='watch', help_text='Urgent: only what is urgent.', max_length=8, verbose_name='from severity')),
                ('step', models.PositiveSmallIntegerField(default=0, help_text='0: at once. Otherwise when the alarm escalates to this step.', verbose_name='escalation step')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
            ],
            options={
                'verbose_name': 'alarm recipient',
                'verbose_name_plural': 'alarm recipients',
            },
        ),
        migrations.CreateModel(
            name='AlarmRecipientEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('address', models.EmailField(max_length=254, verbose_name='e-mail')),
                ('language', models.CharField(choices=[('en', 'English'), ('zh-hans', 'Simplified Chinese')], default='en', max_length=10, verbose_name='language')),
                ('severity', models.CharField(choices=[('watch', 'watch'), ('urgent', 'urgent')], default='watch', help_text='Urgent: only what is urgent.', max_length=8, verbose_name='from severity')),
                ('step', models.PositiveSmallIntegerField(default=0, help_text='0: at once. Otherwise when the alarm escalates to this step.', verbose_name='escalation step')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
            ],
            options={
                'abstract': False,
            },
        ),
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
            name='Drift',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject', models.CharField(max_length=100, verbose_name='about')),
                ('detail', models.TextField(verbose_name='what differs')),
                ('found_at', models.DateTimeField(verbose_name='found at')),
                ('settled_at', models.DateTimeField(null=True, verbose_name='settled at')),
            ],
            options={
                'verbose_name': 'drift',
                'verbose_name_plural': 'drifts',
            },
        ),
        migrations.CreateModel(
            name='EscalationStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(unique=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='step')),
                ('after', models.DurationField(help_text='Since the alarm was raised.', validators=[django.core.validators.MinValueValidator(datetime.timedelta(seconds=60))], verbose_name='after')),
                ('severity', models.CharField(choices=[('watch', 'watch'), ('urgent', 'urgent')], default='watch', max_length=8, verbose_name='from severity')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
            ],
            options={
                'verbose_name': 'escalation step',
                'verbose_name_plural': 'escalation steps',
                'ordering': ['number'],
            },
        ),
        migrations.CreateModel(
            name='EscalationStepEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('number', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1)], verbose_name='step')),
                ('after', models.DurationField(help_text='Since the alarm was raised.', validators=[django.core.validators.MinValueValidator(datetime.timedelta(seconds=60))], verbose_name='after')),
                ('severity', models.CharField(choices=[('watch', 'watch'), ('urgent', 'urgent')], default='watch', max_length=8, verbose_name='from severity')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Grant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(choices=[('list', 'list'), ('api', 'API'), ('filter', 'filter')], max_length=6, verbose_name='customers from')),
                ('scope_text', models.TextField(help_text='Who is given a coupon, in words.', verbose_name='scope')),
                ('scope', models.JSONField(default=dict, editable=False)),
                ('is_in_addition', models.BooleanField(default=False, help_text='Also to customers who have as many coupons of this type as they may claim.', verbose_name='in addition')),
                ('count', models.PositiveIntegerField(validators=[django.core.validators.MinValueValidator(1)], verbose_name='customers')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14, verbose_name='amount')),
                ('list_hash', models.CharField(editable=False, max_length=64, verbose_name='hash of the list')),
                ('preview', models.JSONField(default=dict, editable=False)),
                ('status', models.CharField(choices=[('draft', 'draft'), ('in_review', 'in review'), ('giving', 'being given'), ('done', 'given'), ('stopped', 'stopped'), ('discarded', 'discarded')], default='draft', max_length=10, verbose_name='status')),
                ('made_at', models.DateTimeField(verbose_name='made at')),
            ],
            options={
                'verbose_name': 'grant',
                'verbose_name_plural': 'grants',
                'permissions': [('request_grant', 'Can ask for a grant, or for voiding one'), ('approve_grant', 'Can approve a grant, or voiding one'), ('stop_grant', 'Can stop a grant')],
            },
        ),
        migrations.CreateModel(
            name='GrantEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('source', models.CharField(choices=[('list', 'list'), ('api', 'API'), ('filter', 'filter')], max_length=6, verbose_name='customers from')),
                ('scope_text', models.TextField(help_text='Who is given a coupon, in words.', verbose_name='scope')),
                ('scope', models.JSONField(default=dict, editable=False)),
                ('is_in_addition', models.BooleanField(default=False, help_text='Also to customers who have as many coupons of this type as they may claim.', verbose_name='in addition')),
                ('count', models.PositiveIntegerField(validators=[django.core.validators.MinValueValidator(1)], verbose_name='customers')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14, verbose_name='amount')),
                ('list_hash', models.CharField(editable=False, max_length=64, verbose_name='hash of the list')),
                ('status', models.CharField(choices=[('draft', 'draft'), ('in_review', 'in review'), ('giving', 'being given'), ('done', 'given'), ('stopped', 'stopped'), ('discarded', 'discarded')], default='draft', max_length=10, verbose_name='status')),
                ('made_at', models.DateTimeField(verbose_name='made at')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='GrantItem',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField(verbose_name='row')),
                ('ref', models.CharField(max_length=64, verbose_name='customer')),
                ('result', models.CharField(choices=[('pending', 'pending'), ('granted', 'granted'), ('skipped', 'skipped'), ('failed', 'failed')], default='pending', max_length=8, verbose_name='result')),
                ('detail', models.CharField(blank=True, max_length=200, verbose_name='why')),
            ],
            options={
                'verbose_name': 'customer of a grant',
                'verbose_name_plural': 'customers of grants',
            },
        ),
        migrations.CreateModel(
            name='GrantVoid',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14, verbose_name='amount')),
            ],
            options={
                'verbose_name': 'void of a grant',
                'verbose_name_plural': 'voids of grants',
            },
        ),
        migrations.CreateModel(
            name='GrantVoidEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14, verbose_name='amount')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='GrantVoidItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('result', models.CharField(choices=[('pending', 'pending'), ('voided', 'voided'), ('lost', 'lost'), ('skipped', 'skipped'), ('failed', 'failed')], default='pending', max_length=8, verbose_name='result')),
                ('detail', models.CharField(blank=True, max_length=200, verbose_name='why')),
            ],
            options={
                'verbose_name': 'coupon of a voided grant',
                'verbose_name_plural': 'coupons of voided grants',
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
        migrations.CreateModel(
            name='OpeningHours',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('weekdays', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(choices=[(1, 'Mon'), (2, 'Tue'), (3, 'Wed'), (4, 'Thu'), (5, 'Fri'), (6, 'Sat'), (7, 'Sun')]), size=None, verbose_name='on')),
                ('opens', models.TimeField(verbose_name='from')),
                ('closes', models.TimeField(help_text='Up to this minute. Earlier than the beginning means: on the next day.', verbose_name='until')),
            ],
            options={
                'verbose_name': 'opening hours',
                'verbose_name_plural': 'opening hours',
            },
        ),
        migrations.CreateModel(
            name='OpeningHoursEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('weekdays', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(choices=[(1, 'Mon'), (2, 'Tue'), (3, 'Wed'), (4, 'Thu'), (5, 'Fri'), (6, 'Sat'), (7, 'Sun')]), size=None, verbose_name='on')),
                ('opens', models.TimeField(verbose_name='from')),
                ('closes', models.TimeField(help_text='Up to this minute. Earlier than the beginning means: on the next day.', verbose_name='until')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='RedemptionHold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateTimeField(verbose_name='redeemed since')),
                ('reason', models.TextField(verbose_name='reason')),
                ('placed_at', models.DateTimeField(verbose_name='placed at')),
                ('lifted_at', models.DateTimeField(blank=True, null=True, verbose_name='lifted at')),
            ],
            options={
                'verbose_name': 'held redemptions',
                'verbose_name_plural': 'held redemptions',
                'permissions': [('request_lift', 'Can ask that redemptions are no longer held'), ('approve_lift', 'Can approve that redemptions are no longer held')],
            },
        ),
        migrations.CreateModel(
            name='RedemptionHoldEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('since', models.DateTimeField(verbose_name='redeemed since')),
                ('reason', models.TextField(verbose_name='reason')),
                ('placed_at', models.DateTimeField(verbose_name='placed at')),
                ('lifted_at', models.DateTimeField(blank=True, null=True, verbose_name='lifted at')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ScopeLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('side', models.CharField(choices=[('included', 'take part'), ('left_out', 'are left out')], default='included', max_length=8, verbose_name='these lines')),
                ('by', models.CharField(choices=[('category', 'category'), ('product_category', 'product category of the storefront'), ('sku', 'SKU')], max_length=16, verbose_name='named by')),
                ('value', models.CharField(help_text='As the storefront writes it. A star at the end stands for whatever follows: TEA-* is every SKU that begins so.', max_length=64, verbose_name='is')),
            ],
            options={
                'verbose_name': 'line of the scope',
                'verbose_name_plural': 'scope',
            },
        ),
        migrations.CreateModel(
            name='ScopeLineEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('side', models.CharField(choices=[('included', 'take part'), ('left_out', 'are left out')], default='included', max_length=8, verbose_name='these lines')),
                ('by', models.CharField(choices=[('category', 'category'), ('product_category', 'product category of the storefront'), ('sku', 'SKU')], max_length=16, verbose_name='named by')),
                ('value', models.CharField(help_text='As the storefront writes it. A star at the end stands for whatever follows: TEA-* is every SKU that begins so.', max_length=64, verbose_name='is')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ThresholdMemory',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('folded_until', models.DateTimeField(null=True, verbose_name='looked at until')),
                ('baseline', models.JSONField(default=dict)),
                ('issued_when_silenced', models.PositiveBigIntegerField(null=True)),
            ],
            options={
                'verbose_name': 'memory of a threshold',
                'verbose_name_plural': 'memories of thresholds',
            },
        ),
        migrations.CreateModel(
            name='TokenExport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('csv', 'CSV file'), ('pdf', 'sheets to print (PDF)')], max_length=5, verbose_name='as')),
                ('first', models.PositiveIntegerField(verbose_name='first')),
                ('last', models.PositiveIntegerField(verbose_name='last')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('reason', models.TextField(verbose_name='reason')),
            ],
            options={
                'verbose_name': 'export of tokens',
                'verbose_name_plural': 'exports of tokens',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='TokenExportEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('kind', models.CharField(choices=[('csv', 'CSV file'), ('pdf', 'sheets to print (PDF)')], max_length=5, verbose_name='as')),
                ('first', models.PositiveIntegerField(verbose_name='first')),
                ('last', models.PositiveIntegerField(verbose_name='last')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('reason', models.TextField(verbose_name='reason')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AlterModelOptions(
            name='coupon',
            options={'permissions': [('void_coupon', 'Can void a coupon, or give a frozen one back'), ('freeze_coupon', 'Can freeze a coupon')], 'verbose_name': 'coupon', 'verbose_name_plural': 'coupons'},
        ),
        migrations.AlterModelOptions(
            name='identityblock',
            options={'permissions': [('lift_identityblock', 'Can lift a block')], 'verbose_name': 'block', 'verbose_name_plural': 'blocks'},
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='alarm',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='alarm',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='alarm',
            name='delete_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='campaign',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='campaign',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='campaign',
            name='delete_delete',
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
            model_name='coupon',
            name='coupon_only_through_an_open_entry',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='coupon',
            name='coupon_stays_what_was_issued',
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
            model_name='entry',
            name='restricted_entry_is_guarded',
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
        pgtrigger.migrations.RemoveTrigger(
            model_name='threshold',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='threshold',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='threshold',
            name='delete_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='tokenbatch',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='tokenbatch',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='tokenbatch',
            name='delete_delete',
        ),
        migrations.RemoveConstraint(
            model_name='budgetslice',
            name='budget_slice_never_negative',
        ),
        migrations.RemoveConstraint(
            model_name='budgetslice',
            name='budget_slice_never_overshoots',
        ),
        migrations.RemoveConstraint(
            model_name='claimrule',
            name='claim_rule_once_per_identity_and_window',
        ),
        migrations.RemoveConstraint(
            model_name='threshold',
            name='threshold_has_one_scope',
        ),
        migrations.RemoveConstraint(
            model_name='threshold',
            name='threshold_suspends_a_campaign_or_a_type',
        ),
        migrations.AddField(
            model_name='alarm',
            name='detail',
            field=models.TextField(blank=True, verbose_name='what was found'),
        ),
        migrations.AddField(
            model_name='alarm',
            name='escalated_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='escalated at'),
        ),
        migrations.AddField(
            model_name='alarm',
            name='escalation',
            field=models.PositiveSmallIntegerField(default=0, editable=False, verbose_name='escalated to step'),
        ),
        migrations.AddField(
            model_name='alarm',
            name='key',
            field=models.CharField(blank=True, editable=False, max_length=120),
        ),
        migrations.AddField(
            model_name='alarm',
            name='severity',
            field=models.CharField(choices=[('watch', 'watch'), ('urgent', 'urgent')], default='watch', max_length=8, verbose_name='severity'),
        ),
        migrations.AddField(
            model_name='alarm',
            name='target',
            field=models.CharField(blank=True, max_length=100, verbose_name='about'),
        ),
        migrations.AddField(
            model_name='alarmevent',
            name='detail',
            field=models.TextField(blank=True, verbose_name='what was found'),
        ),
        migrations.AddField(
            model_name='alarmevent',
            name='escalated_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='escalated at'),
        ),
        migrations.AddField(
            model_name='alarmevent',
            name='escalation',
            field=models.PositiveSmallIntegerField(default=0, editable=False, verbose_name='escalated to step'),
        ),
        migrations.AddField(
            model_name='alarmevent',
            name='key',
            field=models.CharField(blank=True, editable=False, max_length=120),
        ),
        migrations.AddField(
            model_name='alarmevent',
            name='severity',
            field=models.CharField(choices=[('watch', 'watch'), ('urgent', 'urgent')], default='watch', max_length=8, verbose_name='severity'),
        ),
        migrations.AddField(
            model_name='alarmevent',
            name='target',
            field=models.CharField(blank=True, max_length=100, verbose_name='about'),
        ),
        migrations.AddField(
            model_name='budgetslice',
            name='overrun',
            field=models.DecimalField(decimal_places=2, default=0, max_digits=14),
        ),
        migrations.AddField(
            model_name='campaign',
            name='overrun_policy',
            field=models.CharField(choices=[('refuse', 'refuse'), ('honour', 'honour and alarm')], default='refuse', help_text='Claims are refused either way. Honour: a coupon that comes back stays valid even without room, and an alarm tells.', max_length=8, verbose_name='where promises exceed the budget'),
        ),
        migrations.AddField(
            model_name='campaign',
            name='time_zone',
            field=models.CharField(default='Asia/Shanghai', help_text='In which opening hours are meant, for example Asia/Shanghai.', max_length=40, verbose_name='time zone'),
        ),
        migrations.AddField(
            model_name='campaignevent',
            name='overrun_policy',
            field=models.CharField(choices=[('refuse', 'refuse'), ('honour', 'honour and alarm')], default='refuse', help_text='Claims are refused either way. Honour: a coupon that comes back stays valid even without room, and an alarm tells.', max_length=8, verbose_name='where promises exceed the budget'),
        ),
        migrations.AddField(
            model_name='campaignevent',
            name='time_zone',
            field=models.CharField(default='Asia/Shanghai', help_text='In which opening hours are meant, for example Asia/Shanghai.', max_length=40, verbose_name='time zone'),
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
            model_name='coupon',
            name='coupon_type_slice',
            field=models.ForeignKey(db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='promotions.coupontypeslice'),
        ),
        migrations.AddField(
            model_name='coupon',
            name='entry_slice',
            field=models.ForeignKey(db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='promotions.entryslice'),
        ),
        migrations.AddField(
            model_name='coupontype',
            name='budget_amount',
            field=models.DecimalField(blank=True, decimal_places=2, help_text="Empty for no limit but the campaign's budget.", max_digits=14, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0.01'))], verbose_name='budget of its own'),
        ),
        migrations.AddField(
            model_name='coupontype',
            name='first_order_only',
            field=models.BooleanField(default=False, help_text='For customers who have no other order. Cancelled ones do not count.', verbose_name='first order only'),
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
            model_name='coupontype',
            name='stacking_group',
            field=models.SlugField(blank=True, help_text='A name by which other types can list this one and its like.', max_length=40, verbose_name='group'),
        ),
        migrations.AddField(
            model_name='coupontype',
            name='stacks',
            field=models.CharField(choices=[('any', 'with any other coupon'), ('listed', 'only with those listed'), ('alone', 'with no other coupon')], default='any', max_length=6, verbose_name='can be combined'),
        ),
        migrations.AddField(
            model_name='coupontype',
            name='stacks_with',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, help_text='Codes of coupon types, or names of groups, with commas between them.', size=None, verbose_name='listed'),
        ),
        migrations.AddField(
            model_name='coupontype',
            name='uses_per_token',
            field=models.PositiveIntegerField(blank=True, help_text='At most so many claims by one token. A restricted type needs this cap.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='uses of a token'),
        ),
        migrations.AddField(
            model_name='coupontype',
            name='valid_days',
            field=models.PositiveSmallIntegerField(blank=True, help_text='So many times 24 hours after it was claimed. With both, whichever comes first.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3660)], verbose_name='valid for days'),
        ),
        migrations.AddField(
            model_name='coupontypeevent',
            name='budget_amount',
            field=models.DecimalField(blank=True, decimal_places=2, help_text="Empty for no limit but the campaign's budget.", max_digits=14, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0.01'))], verbose_name='budget of its own'),
        ),
        migrations.AddField(
            model_name='coupontypeevent',
            name='first_order_only',
            field=models.BooleanField(default=False, help_text='For customers who have no other order. Cancelled ones do not count.', verbose_name='first order only'),
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
            model_name='coupontypeevent',
            name='stacking_group',
            field=models.SlugField(blank=True, db_index=False, help_text='A name by which other types can list this one and its like.', max_length=40, verbose_name='group'),
        ),
        migrations.AddField(
            model_name='coupontypeevent',
            name='stacks',
            field=models.CharField(choices=[('any', 'with any other coupon'), ('listed', 'only with those listed'), ('alone', 'with no other coupon')], default='any', max_length=6, verbose_name='can be combined'),
        ),
        migrations.AddField(
            model_name='coupontypeevent',
            name='stacks_with',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, help_text='Codes of coupon types, or names of groups, with commas between them.', size=None, verbose_name='listed'),
        ),
        migrations.AddField(
            model_name='coupontypeevent',
            name='uses_per_token',
            field=models.PositiveIntegerField(blank=True, help_text='At most so many claims by one token. A restricted type needs this cap.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='uses of a token'),
        ),
        migrations.AddField(
            model_name='coupontypeevent',
            name='valid_days',
            field=models.PositiveSmallIntegerField(blank=True, help_text='So many times 24 hours after it was claimed. With both, whichever comes first.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3660)], verbose_name='valid for days'),
        ),
        migrations.AddField(
            model_name='coupontypeslice',
            name='amount',
            field=models.DecimalField(decimal_places=2, max_digits=14, null=True),
        ),
        migrations.AddField(
            model_name='coupontypeslice',
            name='overrun',
            field=models.DecimalField(decimal_places=2, default=0, max_digits=14),
        ),
        migrations.AddField(
            model_name='coupontypeslice',
            name='reserved',
            field=models.DecimalField(decimal_places=2, default=0, max_digits=14),
        ),
        migrations.AddField(
            model_name='coupontypeslice',
            name='spent',
            field=models.DecimalField(decimal_places=2, default=0, max_digits=14),
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
        migrations.AddField(
            model_name='threshold',
            name='batch',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='thresholds', to='promotions.tokenbatch', verbose_name='token batch'),
        ),
        migrations.AddField(
            model_name='threshold',
            name='built_in_name',
            field=models.CharField(blank=True, editable=False, max_length=40),
        ),
        migrations.AddField(
            model_name='threshold',
            name='entry',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='thresholds', to='promotions.entry', verbose_name='entry'),
        ),
        migrations.AddField(
            model_name='threshold',
            name='kind',
            field=models.CharField(choices=[('fixed', 'a fixed limit'), ('percent', 'percent of the budget'), ('hours_left', 'hours until it is empty, at the present rate'), ('baseline', 'departure from its own baseline, with a fixed limit on top'), ('silent', 'should be silent')], default='fixed', max_length=12, verbose_name='the limit is'),
        ),
        migrations.AddField(
            model_name='threshold',
            name='peak_factor',
            field=models.DecimalField(decimal_places=1, default=1, help_text='How many times its baseline the type may reach during the promoted peak.', max_digits=5, validators=[django.core.validators.MinValueValidator(Decimal('1')), django.core.validators.MaxValueValidator(Decimal('1000'))], verbose_name='times its baseline'),
        ),
        migrations.AddField(
            model_name='threshold',
            name='peak_from',
            field=models.DateTimeField(blank=True, null=True, verbose_name='promoted peak from'),
        ),
        migrations.AddField(
            model_name='threshold',
            name='peak_until',
            field=models.DateTimeField(blank=True, null=True, verbose_name='promoted peak until'),
        ),
        migrations.AddField(
            model_name='threshold',
            name='reasons',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=30), blank=True, default=list, help_text='For claims refused: which of them count. Empty: all.', size=None, verbose_name='reasons'),
        ),
        migrations.AddField(
            model_name='thresholdevent',
            name='batch',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='promotions.tokenbatch', verbose_name='token batch'),
        ),
        migrations.AddField(
            model_name='thresholdevent',
            name='built_in_name',
            field=models.CharField(blank=True, editable=False, max_length=40),
        ),
        migrations.AddField(
            model_name='thresholdevent',
            name='entry',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='promotions.entry', verbose_name='entry'),
        ),
        migrations.AddField(
            model_name='thresholdevent',
            name='kind',
            field=models.CharField(choices=[('fixed', 'a fixed limit'), ('percent', 'percent of the budget'), ('hours_left', 'hours until it is empty, at the present rate'), ('baseline', 'departure from its own baseline, with a fixed limit on top'), ('silent', 'should be silent')], default='fixed', max_length=12, verbose_name='the limit is'),
        ),
        migrations.AddField(
            model_name='thresholdevent',
            name='peak_factor',
            field=models.DecimalField(decimal_places=1, default=1, help_text='How many times its baseline the type may reach during the promoted peak.', max_digits=5, validators=[django.core.validators.MinValueValidator(Decimal('1')), django.core.validators.MaxValueValidator(Decimal('1000'))], verbose_name='times its baseline'),
        ),
        migrations.AddField(
            model_name='thresholdevent',
            name='peak_from',
            field=models.DateTimeField(blank=True, null=True, verbose_name='promoted peak from'),
        ),
        migrations.AddField(
            model_name='thresholdevent',
            name='peak_until',
            field=models.DateTimeField(blank=True, null=True, verbose_name='promoted peak until'),
        ),
        migrations.AddField(
            model_name='thresholdevent',
            name='reasons',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=30), blank=True, default=list, help_text='For claims refused: which of them count. Empty: all.', size=None, verbose_name='reasons'),
        ),
        migrations.AddField(
            model_name='tokenbatch',
            name='is_complete',
            field=models.BooleanField(default=False, verbose_name='complete'),
        ),
        migrations.AddField(
            model_name='tokenbatch',
            name='job',
            field=models.OneToOneField(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='lib.job', verbose_name='job'),
        ),
        migrations.AddField(
            model_name='tokenbatchevent',
            name='is_complete',
            field=models.BooleanField(default=False, verbose_name='complete'),
        ),
        migrations.AddField(
            model_name='tokenbatchevent',
            name='job',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='lib.job', verbose_name='job'),
        ),
        migrations.AlterField(
            model_name='alarm',
            name='action',
            field=models.CharField(choices=[('alarm', 'alarm'), ('suspend', 'alarm and suspend'), ('hold', 'alarm and hold the orders that redeem')], default='alarm', max_length=8, verbose_name='done by itself'),
        ),
        migrations.AlterField(
            model_name='alarm',
            name='cause',
            field=models.CharField(max_length=40, verbose_name='cause'),
        ),
        migrations.AlterField(
            model_name='alarm',
            name='limit',
            field=models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True, verbose_name='limit'),
        ),
        migrations.AlterField(
            model_name='alarm',
            name='scope',
            field=models.CharField(max_length=100, verbose_name='scope'),
        ),
        migrations.AlterField(
            model_name='alarm',
            name='threshold',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='alarms', to='promotions.threshold', verbose_name='threshold'),
        ),
        migrations.AlterField(
            model_name='alarm',
            name='value',
            field=models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True, verbose_name='value'),
        ),
        migrations.AlterField(
            model_name='alarmevent',
            name='action',
            field=models.CharField(choices=[('alarm', 'alarm'), ('suspend', 'alarm and suspend'), ('hold', 'alarm and hold the orders that redeem')], default='alarm', max_length=8, verbose_name='done by itself'),
        ),
        migrations.AlterField(
            model_name='alarmevent',
            name='cause',
            field=models.CharField(max_length=40, verbose_name='cause'),
        ),
        migrations.AlterField(
            model_name='alarmevent',
            name='limit',
            field=models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True, verbose_name='limit'),
        ),
        migrations.AlterField(
            model_name='alarmevent',
            name='scope',
            field=models.CharField(max_length=100, verbose_name='scope'),
        ),
        migrations.AlterField(
            model_name='alarmevent',
            name='threshold',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='promotions.threshold', verbose_name='threshold'),
        ),
        migrations.AlterField(
            model_name='alarmevent',
            name='value',
            field=models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True, verbose_name='value'),
        ),
        migrations.AlterField(
            model_name='campaign',
            name='slot_return',
            field=models.CharField(choices=[('never', 'never'), ('unless_risk', 'unless risk or a dispute cancelled it'), ('always', 'always')], default='unless_risk', max_length=12, verbose_name='cancelled orders give back'),
        ),
        migrations.AlterField(
            model_name='campaignevent',
            name='slot_return',
            field=models.CharField(choices=[('never', 'never'), ('unless_risk', 'unless risk or a dispute cancelled it'), ('always', 'always')], default='unless_risk', max_length=12, verbose_name='cancelled orders give back'),
        ),
        migrations.AlterField(
            model_name='claim',
            name='reason',
            field=models.CharField(blank=True, choices=[('unknown_coupon_type', 'no such coupon type'), ('entry_missing', 'no entry named'), ('unknown_entry', 'no such entry'), ('wrong_entry', 'the entry is not one of this coupon type'), ('wrong_channel', 'the entry has another channel'), ('entry_not_open', 'the entry is not open'), ('outside_period', 'outside the period'), ('outside_hours', 'outside its hours'), ('campaign_not_live', 'the campaign is not live'), ('coupon_type_not_live', 'the coupon type is not live'), ('token_missing', 'no token'), ('token_forged', 'the token was not made by us'), ('token_expired', 'the token has expired'), ('token_misplaced', 'the token is for another entry'), ('token_revoked', 'the token was revoked'), ('token_used_up', 'the token is used up'), ('token_not_ready', "the token's batch is not complete"), ('not_verified', 'the customer is not verified'), ('phone_not_verified', 'the phone is missing or not verified'), ('account_too_young', 'the account is too young, or its age is unknown'), ('not_a_new_customer', 'the customer is not new'), ('region_missing', 'no region named, and the coupon type is for some only'), ('outside_regions', "the region is not one of the coupon type's"), ('identity_missing', 'an identity that a rule needs is missing'), ('identity_blocked', 'an identity is blocked'), ('limit_reached', "a claim rule's limit is reached"), ('entry_full', "the entry's cap is reached"), ('all_given', 'the quantity is given away'), ('type_budget_spent', "the coupon type's budget is spent"), ('budget_spent', 'the budget is spent')], max_length=30, verbose_name='reason'),
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
            model_name='claimtoken',
            name='batch',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='tokens', to='promotions.tokenbatch', verbose_name='batch'),
        ),
        migrations.AlterField(
            model_name='coupon',
            name='claim',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='coupon', to='promotions.claim', verbose_name='claim'),
        ),
        migrations.AlterField(
            model_name='coupontype',
            name='valid_until',
            field=models.DateTimeField(blank=True, help_text='Coupons expire at this time at the latest.', null=True, verbose_name='valid until'),
        ),
        migrations.AlterField(
            model_name='coupontypeevent',
            name='valid_until',
            field=models.DateTimeField(blank=True, help_text='Coupons expire at this time at the latest.', null=True, verbose_name='valid until'),
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
        migrations.AlterField(
            model_name='threshold',
            name='action',
            field=models.CharField(choices=[('alarm', 'alarm'), ('suspend', 'alarm and suspend'), ('hold', 'alarm and hold the orders that redeem')], default='alarm', max_length=8, verbose_name='action'),
        ),
        migrations.AlterField(
            model_name='threshold',
            name='metric',
            field=models.CharField(choices=[('issued_amount', 'face value issued'), ('redeemed_amount', 'amount redeemed'), ('liability', 'face value outstanding'), ('issued_count', 'coupons issued'), ('attempts', 'claims, issued or refused'), ('refusals', 'claims refused'), ('token_refusals', 'refused tokens'), ('young_accounts_on_shared_tokens', 'new accounts claiming by a shared token'), ('quick_cash_outs', 'coupons turned into virtual goods within minutes'), ('customers_on_one_token', 'customers on one token')], max_length=40, verbose_name='measures'),
        ),
        migrations.AlterField(
            model_name='thresholdevent',
            name='action',
            field=models.CharField(choices=[('alarm', 'alarm'), ('suspend', 'alarm and suspend'), ('hold', 'alarm and hold the orders that redeem')], default='alarm', max_length=8, verbose_name='action'),
        ),
        migrations.AlterField(
            model_name='thresholdevent',
            name='metric',
            field=models.CharField(choices=[('issued_amount', 'face value issued'), ('redeemed_amount', 'amount redeemed'), ('liability', 'face value outstanding'), ('issued_count', 'coupons issued'), ('attempts', 'claims, issued or refused'), ('refusals', 'claims refused'), ('token_refusals', 'refused tokens'), ('young_accounts_on_shared_tokens', 'new accounts claiming by a shared token'), ('quick_cash_outs', 'coupons turned into virtual goods within minutes'), ('customers_on_one_token', 'customers on one token')], max_length=40, verbose_name='measures'),
        ),
        migrations.AddField(
            model_name='alarmrecipientevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='alarmrecipientevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='promotions.alarmrecipient'),
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
            model_name='drift',
            name='alarm',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='promotions.alarm', verbose_name='alarm'),
        ),
        migrations.AddField(
            model_name='escalationstepevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='escalationstepevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='promotions.escalationstep'),
        ),
        migrations.AddField(
            model_name='grant',
            name='coupon_type',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='grants', to='promotions.coupontype', verbose_name='coupon type'),
        ),
        migrations.AddField(
            model_name='grant',
            name='job',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='lib.job', verbose_name='job'),
        ),
        migrations.AddField(
            model_name='grant',
            name='made_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='made by'),
        ),
        migrations.AddField(
            model_name='grantevent',
            name='coupon_type',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='promotions.coupontype', verbose_name='coupon type'),
        ),
        migrations.AddField(
            model_name='grantevent',
            name='job',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='lib.job', verbose_name='job'),
        ),
        migrations.AddField(
            model_name='grantevent',
            name='made_by',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='made by'),
        ),
        migrations.AddField(
            model_name='grantevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='grantevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='promotions.grant'),
        ),
        migrations.AddField(
            model_name='grantitem',
            name='customer',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='promotions.customer'),
        ),
        migrations.AddField(
            model_name='grantitem',
            name='grant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='items', to='promotions.grant', verbose_name='grant'),
        ),
        migrations.AddField(
            model_name='coupon',
            name='grant_item',
            field=models.ForeignKey(db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='promotions.grantitem'),
        ),
        migrations.AddField(
            model_name='grantvoid',
            name='grant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='voids', to='promotions.grant', verbose_name='grant'),
        ),
        migrations.AddField(
            model_name='grantvoid',
            name='job',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='lib.job', verbose_name='job'),
        ),
        migrations.AddField(
            model_name='grantvoidevent',
            name='grant',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='promotions.grant', verbose_name='grant'),
        ),
        migrations.AddField(
            model_name='grantvoidevent',
            name='job',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='lib.job', verbose_name='job'),
        ),
        migrations.AddField(
            model_name='grantvoidevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='grantvoidevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='promotions.grantvoid'),
        ),
        migrations.AddField(
            model_name='grantvoiditem',
            name='coupon',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='promotions.coupon', verbose_name='coupon'),
        ),
        migrations.AddField(
            model_name='grantvoiditem',
            name='void',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='items', to='promotions.grantvoid', verbose_name='void'),
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
        migrations.AddField(
            model_name='openinghours',
            name='coupon_type',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='hours', to='promotions.coupontype', verbose_name='coupon type'),
        ),
        migrations.AddField(
            model_name='openinghours',
            name='entry',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='hours', to='promotions.entry', verbose_name='entry'),
        ),
        migrations.AddField(
            model_name='openinghoursevent',
            name='coupon_type',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='promotions.coupontype', verbose_name='coupon type'),
        ),
        migrations.AddField(
            model_name='openinghoursevent',
            name='entry',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='promotions.entry', verbose_name='entry'),
        ),
        migrations.AddField(
            model_name='openinghoursevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='openinghoursevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='promotions.openinghours'),
        ),
        migrations.AddField(
            model_name='redemptionhold',
            name='batch',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='redemption_holds', to='promotions.tokenbatch', verbose_name='token batch'),
        ),
        migrations.AddField(
            model_name='redemptionhold',
            name='campaign',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='redemption_holds', to='promotions.campaign', verbose_name='campaign'),
        ),
        migrations.AddField(
            model_name='redemptionhold',
            name='coupon_type',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='redemption_holds', to='promotions.coupontype', verbose_name='coupon type'),
        ),
        migrations.AddField(
            model_name='redemptionhold',
            name='entry',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='redemption_holds', to='promotions.entry', verbose_name='entry'),
        ),
        migrations.AddField(
            model_name='redemptionhold',
            name='lifted_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='lifted by'),
        ),
        migrations.AddField(
            model_name='redemptionhold',
            name='placed_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='placed by'),
        ),
        migrations.AddField(
            model_name='redemptionholdevent',
            name='batch',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='promotions.tokenbatch', verbose_name='token batch'),
        ),
        migrations.AddField(
            model_name='redemptionholdevent',
            name='campaign',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='promotions.campaign', verbose_name='campaign'),
        ),
        migrations.AddField(
            model_name='redemptionholdevent',
            name='coupon_type',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='promotions.coupontype', verbose_name='coupon type'),
        ),
        migrations.AddField(
            model_name='redemptionholdevent',
            name='entry',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='promotions.entry', verbose_name='entry'),
        ),
        migrations.AddField(
            model_name='redemptionholdevent',
            name='lifted_by',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='lifted by'),
        ),
        migrations.AddField(
            model_name='redemptionholdevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='redemptionholdevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='promotions.redemptionhold'),
        ),
        migrations.AddField(
            model_name='redemptionholdevent',
            name='placed_by',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='placed by'),
        ),
        migrations.AddField(
            model_name='scopeline',
            name='coupon_type',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='scope', to='promotions.coupontype', verbose_name='coupon type'),
        ),
        migrations.AddField(
            model_name='scopelineevent',
            name='coupon_type',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='promotions.coupontype', verbose_name='coupon type'),
        ),
        migrations.AddField(
            model_name='scopelineevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='scopelineevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='promotions.scopeline'),
        ),
        migrations.AddField(
            model_name='thresholdmemory',
            name='threshold',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='memory', to='promotions.threshold', verbose_name='threshold'),
        ),
        migrations.AddField(
            model_name='tokenexport',
            name='batch',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exports', to='promotions.tokenbatch', verbose_name='batch'),
        ),
        migrations.AddField(
            model_name='tokenexport',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by'),
        ),
        migrations.AddField(
            model_name='tokenexportevent',
            name='batch',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='promotions.tokenbatch', verbose_name='batch'),
        ),
        migrations.AddField(
            model_name='tokenexportevent',
            name='by',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by'),
        ),
        migrations.AddField(
            model_name='tokenexportevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='tokenexportevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='promotions.tokenexport'),
        ),
    ]
