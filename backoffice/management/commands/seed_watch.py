from typing import Any

from django.core.management.base import BaseCommand

from promotions.services.seeding import seed_watch


class Command(BaseCommand):
    help = "Draw the platform's threshold and make the escalation steps where there are none. What staff changed stays as it is."

    def handle(self, **_options: Any) -> None:
        self.stdout.write(f"{seed_watch()} new rows")
