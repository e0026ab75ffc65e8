"""What commands that verify a seal have in common: no database, no network, and keys that are given or ours."""

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from orders.seals import SealBroken
from orders.services.records import trusted_keys


class VerifyingCommand(BaseCommand):
    """Says whether a file is genuine, and ends with an error where it is not."""

    requires_system_checks: list[str] = []

    def verify(self, file: Path, keys: Mapping[str, str]) -> Any:
        """What was found, with `key_id` and `sha256`. Raises SealBroken, OSError."""
        raise NotImplementedError

    def tell_more(self, found: Any) -> None:
        """Lines about a genuine file, where there is more to say."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--public-key", action="append", dest="given", metavar="ID:BASE64", default=[])
        parser.add_argument("--show-keys", action="store_true", help="also print the public keys that were trusted")

    def handle(self, *_args: Any, file: Path, given: list[str], show_keys: bool, **_options: Any) -> None:
        keys = dict(self._pair(text) for text in given) or trusted_keys()
        try:
            found = self.verify(file, keys)
        except OSError as error:
            raise CommandError(f"The file cannot be read: {error.strerror}.") from error
        except SealBroken as error:
            raise CommandError(f"NOT GENUINE. {error}") from error
        self.stdout.write(f"Genuine: sealed with the key {found.key_id}. SHA-256 of the file: {found.sha256}")
        self.tell_more(found)
        if show_keys:
            self.stdout.writelines(f"{key_id}:{key}" for key_id, key in keys.items())

    def _pair(self, text: str) -> tuple[str, str]:
        key_id, colon, key = text.partition(":")
        if not (key_id and colon and key):
            raise CommandError("A public key is given as id:base64.")
        return key_id, key
