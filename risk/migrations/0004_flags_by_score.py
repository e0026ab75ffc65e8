from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("risk", "0003_allow_list")]

    operations = [
        AddIndexConcurrently(model_name="flag", index=models.Index(fields=["-score", "-id"], name="flag_by_score")),
    ]
