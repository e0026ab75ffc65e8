from datetime import timedelta

from django.db import migrations

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# An organised order is held, and stays so; what is not held leaves at any moment, but is less likely to be theft. A customer who was
# stopped wrongly waits as long as this takes, so even the last of them is looked at within the working day.
TERMS = {
    "top_up_organised": 30 * MINUTE,
    "top_up_others": 2 * HOUR,
    "goods_organised": 2 * HOUR,
    "goods_others": 8 * HOUR,
    "nothing_organised": 3 * DAY,
    "nothing_others": 3 * DAY,
    "appeal": 4 * HOUR,
}


def begin(apps, schema_editor):
    apps.get_model("risk", "ReviewTerms").objects.get_or_create(id=1, defaults=TERMS)


class Migration(migrations.Migration):
    dependencies = [("risk", "0003_review_terms")]

    operations = [migrations.RunPython(begin, migrations.RunPython.noop)]
