import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("promotions", "0006_old_coupons_know_their_slices")]

    operations = [
        migrations.AlterField(
            model_name="coupon",
            name="coupon_type_slice",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="promotions.coupontypeslice",
            ),
        ),
    ]
