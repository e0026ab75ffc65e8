from typing import Any

from django.core.management.base import BaseCommand

from backoffice.lib.schedules import seed_schedules


class Command(BaseCommand):
    help = "Give beat an entry for each scheduled check that has none. What staff changed stays as it is."

    def handle(self, **_options: Any) -> None:
        self.stdout.write(f"{seed_schedules()} new entries")
