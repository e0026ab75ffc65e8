import json
import tempfile
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from backoffice.demo.extras import leave_work_waiting
from backoffice.demo.staff import LOGINS, make_staff
from backoffice.demo.story import tell
from backoffice.lib import clock
from promotions.models import Campaign


class Command(BaseCommand):
    help = "Staff to log in as, and a night to look at. Never in production; a second time it only prints the logins."

    def handle(self, *_args: Any, **_options: Any) -> None:
        if not settings.HOLDFAST_DEMO_PASSWORD:
            raise CommandError("There is no demonstration without HOLDFAST_DEMO_PASSWORD, and production never has one.")
        make_staff(settings.HOLDFAST_DEMO_PASSWORD)
        if not Campaign.objects.exists():
            _play_the_night()
            leave_work_waiting(clock.now())
        self.stdout.write(f"Log in with the password {settings.HOLDFAST_DEMO_PASSWORD} as")
        for login in LOGINS:
            self.stdout.write(f"  {login.username:<10}{login.role or 'superuser'}")


def _play_the_night() -> None:
    """The night ends now. It goes through the very services that the site uses, by way of the replay."""
    with tempfile.TemporaryDirectory(prefix="holdfast-demo-") as folder:
        events = Path(folder) / "events.jsonl"
        events.write_text("".join(json.dumps(event) + "\n" for event in tell(clock.now())), encoding="utf-8")
        call_command("replay", str(events), out=Path(folder) / "out", into_current=True, stdout=StringIO(), stderr=StringIO())
