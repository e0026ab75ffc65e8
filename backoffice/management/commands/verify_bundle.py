from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backoffice.management.verifying import VerifyingCommand
from risk.bundles.verifying import verify_bundle


class Command(VerifyingCommand):
    help = (
        "Verify an evidence bundle, without database or network: against this installation's keys, or against public keys given as"
        " id:base64."
    )

    def verify(self, file: Path, keys: Mapping[str, str]) -> Any:
        with file.open("rb") as stream:
            return verify_bundle(stream, keys)

    def tell_more(self, found: Any) -> None:
        about = found.manifest
        self.stdout.write(f"Incident {about['incident']}, as of {about['as_of']}: {len(about['files'])} files.")
