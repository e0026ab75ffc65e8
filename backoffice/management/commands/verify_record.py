from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backoffice.management.verifying import VerifyingCommand
from orders.seals import verify


class Command(VerifyingCommand):
    help = (
        "Verify the seal of a record of a freeze or a release, without database or network: against this installation's keys, or"
        " against public keys given as id:base64."
    )

    def verify(self, file: Path, keys: Mapping[str, str]) -> Any:
        return verify(file.read_bytes(), keys)
