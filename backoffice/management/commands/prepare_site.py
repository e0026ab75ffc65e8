"""`manage.py prepare_site`: what `make run` does to a database before the site starts, in one process."""

from io import StringIO
from typing import Any

from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

SILENT_SEEDS = ("seed_roles", "seed_schedules", "seed_watch")
STORY = "seed_demo"


class Command(BaseCommand):
    help = "Migrate, then seed roles, schedules, thresholds and the demonstration, whose logins it prints. Safe to run again."

    def handle(self, *_args: Any, **_options: Any) -> None:
        if _has_pending_migrations():
            call_command("migrate", interactive=False, verbosity=0)
        call_command("check", databases=["default"], stderr=self.stderr)
        known = get_commands()
        for seed in SILENT_SEEDS:
            if seed in known:
                call_command(seed, stdout=StringIO())
        if STORY in known:
            call_command(STORY, stdout=self.stdout)


def _has_pending_migrations() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
