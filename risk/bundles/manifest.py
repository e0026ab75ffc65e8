"""What a bundle says of itself: the manifest with the hash of every file, and the seal over all of it. Pure."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from orders.seals import check_signature, sign
from risk.bundles.archive import SEAL

MANIFEST = "manifest.json"
__all__ = ["FORMAT", "MANIFEST", "SEAL", "Listed", "Seal", "manifest_of", "read_seal", "seal_of", "spelled"]
FORMAT = "holdfast-bundle:v1"
SEAL_TEXT = re.compile(
    rf"{FORMAT}\nkey: (?P<key_id>[A-Za-z0-9]{{1,40}})\nfiles: (?P<files>[0-9a-f]{{64}})\nmanifest: (?P<manifest>[0-9a-f]{{64}})\n"
    r"signature: (?P<signature>[A-Za-z0-9_-]{86})\n"
)


@dataclass(frozen=True)
class Listed:
    """A file as the manifest lists it; `rows` of a table without its header, None of anything else."""

    name: str
    sha256: str
    size: int
    rows: int | None


def manifest_of(about: Mapping[str, Any], files: Sequence[Listed]) -> bytes:
    """The manifest, in its one spelling: the files in their order in the archive, keys sorted, one line a value."""
    data = {"format": FORMAT, **about, "files": [asdict(file) for file in files]}
    return spelled(data)


def spelled(data: Any) -> bytes:
    return (json.dumps(data, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()


def seal_of(*, files_sha256: str, manifest: bytes, key_id: str, secret: bytes) -> bytes:
    """The last file. `files_sha256` is of every byte of the archive before this file's own header, the manifest included."""
    message = _message(key_id, files_sha256, hashlib.sha256(manifest).hexdigest())
    return message + f"signature: {sign(message, secret=secret)}\n".encode()


@dataclass(frozen=True)
class Seal:
    key_id: str
    files_sha256: str
    manifest_sha256: str
    signature: str

    @property
    def message(self) -> bytes:
        return _message(self.key_id, self.files_sha256, self.manifest_sha256)

    def check(self, public_key: str) -> None:
        """Raises orders.seals.SealBroken."""
        check_signature(self.message, self.signature, public_key)


def read_seal(text: bytes) -> Seal | None:
    try:
        found = SEAL_TEXT.fullmatch(text.decode("ascii"))
    except UnicodeDecodeError:
        return None
    return Seal(found["key_id"], found["files"], found["manifest"], found["signature"]) if found else None


def _message(key_id: str, files: str, manifest: str) -> bytes:
    return f"{FORMAT}\nkey: {key_id}\nfiles: {files}\nmanifest: {manifest}\n".encode()
