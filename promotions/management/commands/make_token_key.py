import base64
import secrets
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from backoffice.lib import clock
from promotions.models import TokenBatch

KEY_BYTES = 32
LONGEST_ID = TokenBatch._meta.get_field("key_id").max_length


class Command(BaseCommand):
    help = (
        "Make a key that signs claim tokens and print it, to be put in front of the others in HOLDFAST_TOKEN_KEYS."
        " It is kept nowhere."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--id", dest="key_id", help="letters and digits, never used before; by default k and today's date")

    def handle(self, *_args: Any, key_id: str | None, **_options: Any) -> None:
        key_id = key_id or f"k{clock.now():%Y%m%d}"
        if not (key_id.isascii() and key_id.isalnum() and len(key_id) <= (LONGEST_ID or 0)):
            raise CommandError(f"An id has 1 to {LONGEST_ID} letters and digits.")
        if key_id in settings.HOLDFAST_TOKEN_KEYS or TokenBatch.objects.filter(key_id=key_id).exists():
            raise CommandError(
                f"The id {key_id} was used before: its batches would be taken for the new key's. Choose another by --id."
            )
        self.stdout.write(f"{key_id}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}")
