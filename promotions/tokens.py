"""Claim tokens: what stands on a QR code, and how we know our own. Pure: no Django, no database.

A token reads `HF1.KEYID.PAYLOAD.MAC`. The payload is entry, batch, number, expiry and 96 random bits; the MAC is HMAC-SHA-256
(RFC 2104) over everything before it. There is one algorithm and one spelling: a text that decodes to the right bytes but is written
differently is forged.
"""

import base64
import hashlib
import hmac
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

PREFIX = "HF1"
NONCE_BYTES = 12
MAX_LENGTH = 200
_PAYLOAD = struct.Struct(f">QQIQ{NONCE_BYTES}s")


class TokenForged(ValueError):
    """Not one of ours, for whatever reason: nobody outside is told which."""


@dataclass(frozen=True)
class TokenContent:
    """What a genuine token says."""

    entry_id: int
    batch_id: int
    number: int
    expires_at: datetime
    nonce: bytes


def write_token(content: TokenContent, *, key_id: str, key: bytes) -> str:
    """The text for the QR code. `expires_at` is kept to the second."""
    payload = _PAYLOAD.pack(content.entry_id, content.batch_id, content.number, int(content.expires_at.timestamp()), content.nonce)
    signed = f"{PREFIX}.{key_id}.{_to_text(payload)}"
    return f"{signed}.{_to_text(_mac(signed, key))}"


def read_token(text: str, *, keys: Mapping[str, bytes]) -> TokenContent:
    """What the token says. Raises TokenForged for anything that `write_token` would not have written with one of these keys."""
    parts = text.split(".") if len(text) <= MAX_LENGTH and text.isascii() else []
    if len(parts) != 4 or parts[0] != PREFIX or parts[1] not in keys:
        raise TokenForged
    signed = text.rpartition(".")[0]
    if not hmac.compare_digest(_to_text(_mac(signed, keys[parts[1]])), parts[3]):
        raise TokenForged
    try:
        payload = base64.urlsafe_b64decode(parts[2] + "=" * (-len(parts[2]) % 4))
        entry_id, batch_id, number, expires, nonce = _PAYLOAD.unpack(payload)
        return TokenContent(entry_id, batch_id, number, datetime.fromtimestamp(expires, tz=UTC), nonce)
    except (ValueError, OverflowError, OSError, struct.error) as error:  # also a time that no calendar has
        raise TokenForged from error


def fingerprint(text: str) -> str:
    """Names a token text in records without repeating it: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _mac(signed: str, key: bytes) -> bytes:
    return hmac.digest(key, signed.encode(), "sha256")


def _to_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
