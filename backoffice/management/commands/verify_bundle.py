from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from orders.seals import SealBroken
from orders.services.records import trusted_keys
from risk.bundles.verifying import verify_bundle


class Command(BaseCommand):
    help = (
        "Verify an evidence bundle, without database or network: against this installation's keys, or against public keys given as"
        " id:base64."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--public-key", action="append", dest="given", metavar="ID:BASE64", default=[])
        parser.add_argument("--show-keys", action="store_true", help="also print the public keys that were trusted")

    def handle(self, *_args: Any, file: Path, given: list[str], show_keys: bool, **_options: Any) -> None:
        keys = dict(self._pair(text) for text in given) or trusted_keys()
        try:
            with file.open("rb") as stream:
                found = verify_bundle(stream, keys)
        except OSError as error:
            raise CommandError(f"The file cannot be read: {error.strerror}.") from error
        except SealBroken as error:
            raise CommandError(f"NOT GENUINE. {error}") from error
        about = found.manifest
        self.stdout.write(f"Genuine: sealed with the key {found.key_id}. SHA-256 of the file: {found.sha256}")
        self.stdout.write(f"Incident {about['incident']}, as of {about['as_of']}: {len(about['files'])} files.")
        if show_keys:
            self.stdout.writelines(f"{key_id}:{key}" for key_id, key in keys.items())

    def _pair(self, text: str) -> tuple[str, str]:
        key_id, colon, key = text.partition(":")
        if not (key_id and colon and key):
            raise CommandError("A public key is given as id:base64.")
        return key_id, key
