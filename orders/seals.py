"""A file that carries its own signature, and its verification without database, network or our help. Pure: bytes in, bytes out.

The last line of a sealed file names the key and holds an Ed25519 signature (RFC 8032) over every byte before that line. It is a
comment of the file's format: a PDF or a page opens as if it were not there. There is exactly one way to write that line, so not one
byte of the file can be changed, added or taken away unnoticed.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SEAL = re.compile(rb"\n(?:%|<!-- )holdfast-record:v1:([A-Za-z0-9]{1,40}):([A-Za-z0-9_-]{86})(?: -->)?\n\Z")
LONGEST_SEAL = 200
PDF_BEGINS = b"%PDF-"


class SealBroken(ValueError):
    """The file is not as it was sealed, or was never sealed by any of these keys. Its sentence says which."""


@dataclass(frozen=True)
class Sealed:
    """What a verification found: which key, and SHA-256 of the whole file."""

    key_id: str
    sha256: str


def private_key(secret: bytes) -> Ed25519PrivateKey:
    """The signing key that a secret of any length stands for: its SHA-256 is the seed, under a name of this use."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"holdfast records v1\x00" + secret).digest())


def public_key(secret: bytes) -> str:
    """What others need to verify, and may know: the 32 bytes of the public key in base64."""
    return base64.b64encode(private_key(secret).public_key().public_bytes_raw()).decode()


def seal(content: bytes, *, key_id: str, secret: bytes) -> bytes:
    """The content with its seal behind it."""
    return content + _line(content, key_id, private_key(secret).sign(content))


def verify(sealed: bytes, public_keys: Mapping[str, str]) -> Sealed:
    """Who sealed it. `public_keys` are those one trusts, in base64, by their ids. Raises SealBroken."""
    found = SEAL.search(sealed, max(len(sealed) - LONGEST_SEAL, 0))
    if found is None:
        raise SealBroken("It carries no seal, or the seal is damaged.")
    key_id, content = found[1].decode(), sealed[: found.start()]
    signature = base64.urlsafe_b64decode(found[2] + b"==")
    if found[0] != _line(content, key_id, signature):
        raise SealBroken("The seal is damaged.")
    if key_id not in public_keys:
        raise SealBroken(f"It was sealed with the key {key_id}, which is not among those given.")
    try:
        _public(public_keys[key_id]).verify(signature, content)
    except InvalidSignature:
        raise SealBroken("The file was changed after it was sealed, or was sealed by somebody else.") from None
    return Sealed(key_id, hashlib.sha256(sealed).hexdigest())


def sign(message: bytes, *, secret: bytes) -> str:
    """The signature of a message that is no record, in base64 as addresses have it, without padding."""
    return base64.urlsafe_b64encode(private_key(secret).sign(message)).rstrip(b"=").decode()


def check_signature(message: bytes, signature: str, public_key_text: str) -> None:
    """Raises SealBroken where it is not the signature of this message by this key, written the one way there is."""
    try:
        raw = base64.urlsafe_b64decode(signature + "==")
        if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != signature:
            raise SealBroken("The seal is damaged.")
        _public(public_key_text).verify(raw, message)
    except (InvalidSignature, binascii.Error, ValueError) as error:
        if isinstance(error, SealBroken):
            raise
        raise SealBroken("The file was changed after it was sealed, or was sealed by somebody else.") from None


def _line(content: bytes, key_id: str, signature: bytes) -> bytes:
    text = b"holdfast-record:v1:%s:%s" % (key_id.encode(), base64.urlsafe_b64encode(signature).rstrip(b"="))
    return b"\n%" + text + b"\n" if content.startswith(PDF_BEGINS) else b"\n<!-- " + text + b" -->\n"


def _public(encoded: str) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError):
        raise SealBroken("A public key is 32 bytes in base64.") from None
