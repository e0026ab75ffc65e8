"""A freeze and a release are worked in the order of their items' numbers now, no longer of what the items are about.

So what was under way looks at all of its items again; those that have a result are left alone.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("lib", "0001_initial"), ("orders", "0010_breakers_and_reminders_begin")]
    operations = [
        migrations.RunSQL(
            "UPDATE lib_job SET cursor = 0 WHERE kind IN ('freeze', 'release') AND status NOT IN ('done', 'cancelled')",
            migrations.RunSQL.noop,
        ),
    ]
