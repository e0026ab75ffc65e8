from typing import Any

from django.core.management.base import BaseCommand

from backoffice.roles import ROLES, seed_roles


class Command(BaseCommand):
    help = "Make the groups of staff and give each exactly the rights that stand in backoffice/roles.py. Safe to run again."

    def handle(self, **_options: Any) -> None:
        self.stdout.write(f"{len(ROLES)} groups, {seed_roles()} changed")
