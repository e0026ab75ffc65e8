from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from backoffice.lib.actors import system_user
from backoffice.lib.apikeys import make_key
from backoffice.lib.models.api_key import Scope


class Command(BaseCommand):
    help = "Make an API key for a program and print it. It is shown this once; only its hash is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="whose key it is, for example storefront")
        parser.add_argument("--scope", action="append", choices=Scope.values, help="may be repeated; all scopes when left out")

    def handle(self, *_args: Any, name: str, scope: list[str] | None, **_options: Any) -> None:
        _key, secret = make_key(name, scope or list(Scope.values), by=system_user())
        self.stdout.write(secret)
