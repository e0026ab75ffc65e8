import django.db.models.deletion
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0002_initial'),
        ('pghistory', '0007_auto_20250421_0444'),
        ('promotions', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ref', models.CharField(help_text="The storefront's reference.", max_length=64, verbose_name='delivery')),
                ('delivered_at', models.DateTimeField(verbose_name='delivered at')),
                ('quantities', models.JSONField(help_text='How many of which line, by its position.', verbose_name='quantities')),
            ],
            options={
                'verbose_name': 'delivery',
                'verbose_name_plural': 'deliveries',
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('order_ref', models.CharField(max_length=64, verbose_name='order')),
                ('kind', models.CharField(choices=[('payment', 'payment'), ('cancellation', 'cancellation'), ('refund', 'refund'), ('completion', 'completion')], max_length=12, verbose_name='kind')),
                ('ref', models.CharField(blank=True, max_length=64, verbose_name='reference')),
                ('payload', models.JSONField(default=dict, verbose_name='what was told')),
                ('told_at', models.DateTimeField(verbose_name='told at')),
                ('settled_at', models.DateTimeField(null=True, verbose_name='settled at')),
                ('refusal', models.TextField(blank=True, verbose_name='why it was refused')),
            ],
            options={
                'verbose_name': 'notice',
                'verbose_name_plural': 'notices',
            },
        ),
        migrations.CreateModel(
            name='Refund',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ref', models.CharField(help_text="The storefront's reference.", max_length=64, verbose_name='refund')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14, verbose_name='amount')),
                ('cause', models.CharField(choices=[('customer', 'the customer asked'), ('goodwill', 'goodwill'), ('dispute', 'dispute'), ('risk', 'risk')], max_length=8, verbose_name='cause')),
                ('goods_returned', models.BooleanField(default=False, verbose_name='goods came back')),
                ('reason', models.TextField(blank=True, verbose_name='reason')),
                ('refunded_at', models.DateTimeField(verbose_name='refunded at')),
            ],
            options={
                'verbose_name': 'refund',
                'verbose_name_plural': 'refunds',
            },
        ),
        migrations.CreateModel(
            name='RefundEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('ref', models.CharField(help_text="The storefront's reference.", max_length=64, verbose_name='refund')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14, verbose_name='amount')),
                ('cause', models.CharField(choices=[('customer', 'the customer asked'), ('goodwill', 'goodwill'), ('dispute', 'dispute'), ('risk', 'risk')], max_length=8, verbose_name='cause')),
                ('goods_returned', models.BooleanField(default=False, verbose_name='goods came back')),
                ('reason', models.TextField(blank=True, verbose_name='reason')),
                ('refunded_at', models.DateTimeField(verbose_name='refunded at')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AlterModelOptions(
            name='order',
            options={'ordering': ['-placed_at', '-id'], 'permissions': [('cancel_order', 'Can cancel an order')], 'verbose_name': 'order', 'verbose_name_plural': 'orders'},
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='hold',
            name='delivered_order_takes_no_hold',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='order',
            name='order_moves',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='order',
            name='held_order_is_not_delivered',
        ),
        migrations.AddField(
            model_name='order',
            name='completed_at',
            field=models.DateTimeField(null=True, verbose_name='completed at'),
        ),
        migrations.AddField(
            model_name='order',
            name='paid_at',
            field=models.DateTimeField(null=True, verbose_name='paid at'),
        ),
        migrations.AddField(
            model_name='order',
            name='refunded_amount',
            field=models.DecimalField(decimal_places=2, default=0, max_digits=14, verbose_name='refunded'),
        ),
        migrations.AddField(
            model_name='orderline',
            name='delivered_quantity',
            field=models.PositiveIntegerField(default=0, verbose_name='delivered'),
        ),
        migrations.AddField(
            model_name='orderline',
            name='product_category',
            field=models.CharField(blank=True, help_text="Where the storefront's catalogue files it.", max_length=64, verbose_name='product category'),
        ),
        migrations.AddField(
            model_name='orderline',
            name='quantity',
            field=models.PositiveIntegerField(default=1, verbose_name='quantity'),
        ),
        migrations.AlterField(
            model_name='hold',
            name='kind',
            field=models.CharField(choices=[('cooling', 'cooling-off'), ('risk', 'risk'), ('legal', 'legal'), ('manual', 'manual'), ('alarm', 'alarm')], max_length=8, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='holdevent',
            name='kind',
            field=models.CharField(choices=[('cooling', 'cooling-off'), ('risk', 'risk'), ('legal', 'legal'), ('manual', 'manual'), ('alarm', 'alarm')], max_length=8, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='order',
            name='cancelled_by',
            field=models.CharField(blank=True, choices=[('customer', 'customer'), ('staff', 'staff'), ('risk', 'risk'), ('dispute', 'dispute')], max_length=8, verbose_name='cancelled by'),
        ),
        migrations.AlterField(
            model_name='order',
            name='status',
            field=models.CharField(choices=[('placed', 'placed'), ('paid', 'paid'), ('partly_delivered', 'delivered in part'), ('delivered', 'delivered'), ('completed', 'completed'), ('cancelled', 'cancelled'), ('refunded', 'refunded')], default='placed', max_length=16, verbose_name='status'),
        ),
        migrations.AddField(
            model_name='delivery',
            name='order',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='orders.order', verbose_name='order'),
        ),
        migrations.AddField(
            model_name='refund',
            name='order',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='orders.order', verbose_name='order'),
        ),
        migrations.AddField(
            model_name='refundevent',
            name='order',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='orders.order', verbose_name='order'),
        ),
        migrations.AddField(
            model_name='refundevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='refundevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='orders.refund'),
        ),
    ]
