from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("risk", "0007_links")]

    operations = [
        migrations.AlterField(
            model_name='finding',
            name='evidence',
            field=models.CharField(choices=[('provenance', 'provenance'), ('concentration', 'concentration'), ('cash_out', 'cash-out'), ('account', 'account'), ('timing', 'timing')], max_length=14, verbose_name='kind of evidence'),
        ),
    ]
