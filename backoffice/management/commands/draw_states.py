"""Draw docs/states.md anew from the tables of states."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from backoffice.diagrams import states_page


class Command(BaseCommand):
    help = "Write docs/states.md from the tables in each app's states.py."

    def handle(self, *args: Any, **options: Any) -> None:
        page = Path(settings.BASE_DIR) / "docs" / "states.md"
        page.write_text(states_page(), encoding="utf-8")
        self.stdout.write(f"{page} is drawn.")
