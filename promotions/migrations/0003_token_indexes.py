"""A batch may have millions of tokens: its pages ask for those that were touched, by indexes of their own."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('promotions', '0002_token_batches_by_job'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='claimtoken',
            index=models.Index(condition=models.Q(('used__gt', 0)), fields=['batch', '-used', 'number'], name='claim_token_used'),
        ),
        AddIndexConcurrently(
            model_name='claimtoken',
            index=models.Index(condition=models.Q(('revoked_at__isnull', False)), fields=['batch'], name='claim_token_revoked'),
        ),
        migrations.AlterField(
            model_name='claimtoken',
            name='batch',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='tokens', to='promotions.tokenbatch', verbose_name='batch'),
        ),
    ]
