"""Strict readers of the environment, for `settings.py` and nobody else.

A value that is missing or cannot be read is collected, so that an operator sees every fault at once.
Faults are raised by `refuse_if_faulty()`; until then the readers answer with a harmless stand-in.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import environ
from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"0", "false", "no", "off"}
SHORTEST_KEY_BYTES = 32


class EnvReader:
    """Reads `values` (usually `os.environ`); a name absent there is looked up in `fallbacks`.

    Without a default a name is required. An empty value counts as absent.
    """

    def __init__(self, values: Mapping[str, str], fallbacks: Mapping[str, str] | None = None) -> None:
        self._values = values
        self._fallbacks = fallbacks or {}
        self._faults: list[str] = []

    def refuse_if_faulty(self) -> None:
        """Raise ImproperlyConfigured with one line per fault, if there was any."""
        if self._faults:
            raise ImproperlyConfigured("Holdfast cannot start with this environment:\n  " + "\n  ".join(self._faults))

    def text(self, name: str, default: str | None = None) -> str:
        value = self._values.get(name) or self._fallbacks.get(name) or default
        if value is None:
            self._fault(name, "is required")
            return ""
        return value

    def boolean(self, name: str, default: bool | None = None) -> bool:
        word = self.text(name, _text_or_none(default)).lower()
        if word not in TRUE_WORDS | FALSE_WORDS:
            self._fault(name, "must be true or false")
        return word in TRUE_WORDS

    def integer(self, name: str, default: int | None = None, *, least: int, most: int) -> int:
        word = self.text(name, _text_or_none(default))
        if word.isascii() and word.isdigit() and least <= int(word) <= most:
            return int(word)
        self._fault(name, f"must be a whole number from {least} to {most}")
        return least

    def words(self, name: str, default: str | None = None) -> list[str]:
        """A list written with commas between its items."""
        return [word.strip() for word in self.text(name, default).split(",") if word.strip()]

    def choice(self, name: str, choices: set[str], default: str | None = None) -> str:
        word = self.text(name, default)
        if word not in choices:
            self._fault(name, "must be one of " + ", ".join(sorted(choices)))
        return word

    def time_zone(self, name: str, default: str | None = None) -> str:
        """An IANA name such as Asia/Shanghai."""
        word = self.text(name, default)
        try:
            ZoneInfo(word)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self._fault(name, "must be a time zone such as Asia/Shanghai")
            return "UTC"
        return word

    def secret(self, name: str) -> str:
        value = self.text(name)
        if value and len(value) < SHORTEST_KEY_BYTES:
            self._fault(name, f"must have at least {SHORTEST_KEY_BYTES} characters")
        return value

    def key(self, name: str) -> bytes:
        """One key of at least 32 bytes, in base64."""
        return self._decoded(name, self.text(name))

    def keys(self, name: str) -> dict[str, bytes]:
        """Keys by their id, in the order given, written `id:base64,id:base64`. The first one signs, all verify."""
        found: dict[str, bytes] = {}
        for item in self.words(name):
            key_id, colon, encoded = item.partition(":")
            if not colon or not key_id.isalnum() or key_id in found:
                self._fault(name, "must be written as id:base64,id:base64 with ids of letters and digits, each once")
                continue
            found[key_id] = self._decoded(name, encoded)
        return found

    def postgres(self, name: str) -> dict[str, Any]:
        """A `postgresql://user:password@host:port/name` URL as Django's DATABASES entry.

        A socket folder takes the host's place when written with %2F for its slashes.
        """
        url = self.text(name)
        if not url:
            return {}
        if not url.startswith(("postgresql://", "postgres://")):
            self._fault(name, "must be a postgresql:// URL")
            return {}
        config: dict[str, Any] = dict(environ.Env.db_url_config(url))
        config["HOST"] = unquote(config["HOST"])
        return config

    def mail(self, name: str, default: str | None = None) -> dict[str, Any]:
        """An address such as `smtp+tls://user:password@host:587` as Django's EMAIL settings; by default the host itself."""
        url = self.text(name, default or "smtp://localhost:25")
        try:
            return dict(environ.Env.email_url_config(url))
        except Exception:
            self._fault(name, "must be an address such as smtp+tls://user:password@host:587 or consolemail://")
            return {}

    def _decoded(self, name: str, encoded: str) -> bytes:
        if not encoded:
            return b""
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) < SHORTEST_KEY_BYTES:
            self._fault(name, f"must hold at least {SHORTEST_KEY_BYTES} bytes in base64")
        return key

    def _fault(self, name: str, what: str) -> None:
        fault = f"{name} {what}"
        if not any(known.startswith(f"{name} ") for known in self._faults):
            self._faults.append(fault)


def _text_or_none(value: bool | int | None) -> str | None:
    return None if value is None else str(value)
