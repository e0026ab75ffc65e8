"""Identities as claims and orders compare them: normalised, and empty where the value is one that identifies nobody.

The list of such values is kept by staff and read by every process once in a while, so that no claim and no order pays for it with
a query of its own. A value listed now counts in this process at once, in the others within REFRESHED_EVERY.
"""

import ipaddress
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from backoffice.lib.audit import because
from backoffice.lib.errors import InvalidInput, StaleState
from backoffice.lib.sentences import Sentence
from promotions.identities import (
    Phone,
    is_hidden,
    network_of,
    payment_account_of,
    person_of,
    phone_of,
    plain_identity,
    plain_text,
    recipient_of,
    squeezed,
)
from promotions.models import NobodyValue
from promotions.services.campaigns import save_valid
from promotions.states import NobodyKind

REFRESHED_EVERY = 10.0  # seconds
MASK = "•"
# What is said of the values that every installation begins with.
NOTES = [
    Sentence(gettext_noop("a placeholder for nothing")),
    Sentence(gettext_noop("a placeholder of testers")),
    Sentence(gettext_noop("what a phone calls itself where it has no id")),
    Sentence(gettext_noop("MAC address that Android 6 and iOS 7 and later give to every app")),
    Sentence(gettext_noop("broadcast MAC address")),
    Sentence(gettext_noop("default MAC address of Broadcom wireless chips")),
    Sentence(gettext_noop("default MAC address of Qualcomm wireless chips")),
    Sentence(gettext_noop("default MAC address of Realtek chips")),
    Sentence(gettext_noop("default MAC address of QEMU, and of Android's emulator on it")),
    Sentence(gettext_noop("ANDROID_ID that Android 2.2 gave to every phone")),
    Sentence(gettext_noop("ANDROID_ID of Android's emulator")),
    Sentence(gettext_noop("made-up IMEI of emulators and of copied phones")),
    Sentence(gettext_noop("Android's emulator")),
    Sentence(gettext_noop("private network: the same in every house")),
]


@dataclass(frozen=True)
class Nobodies:
    """What is listed, made ready for comparing. `read_at` by the process's own clock."""

    exact: frozenset[tuple[str, str]]
    patterns: tuple[tuple[str, re.Pattern[str]], ...]
    networks: tuple[Any, ...]
    read_at: float

    def has_text(self, text: str, *kinds: str) -> bool:
        """Whether a device or another text is listed under one of the kinds."""
        key = squeezed(text)
        if any((kind, key) in self.exact for kind in kinds):
            return True
        return any(kind in kinds and pattern.fullmatch(key) for kind, pattern in self.patterns)

    def has_phone(self, phone: Phone) -> bool:
        return (NobodyKind.PHONE, phone.hash) in self.exact

    def has_network(self, network: str) -> bool:
        if not self.networks:
            return False
        address = ipaddress.ip_address(network.partition("/")[0])
        return any(address in listed for listed in self.networks)


_known: Nobodies | None = None


def nobodies() -> Nobodies:
    """The list as this process knows it, read anew where that is too long ago."""
    global _known  # noqa: PLW0603  one list a process
    if _known is None or time.monotonic() - _known.read_at > REFRESHED_EVERY:
        _known = _prepared(NobodyValue.objects.filter(is_listed=True).values_list("kind", "value"))
    return _known


def forget_nobodies() -> None:
    """The next claim or order reads the list anew."""
    global _known  # noqa: PLW0603
    _known = None


def _prepared(rows: Iterable[tuple[str, str]]) -> Nobodies:
    exact, patterns, networks = set(), [], []
    for kind, value in rows:
        if kind == NobodyKind.ADDRESS:
            networks.append(ipaddress.ip_network(value))
        elif "*" in value:
            patterns.append((kind, re.compile(".*".join(map(re.escape, value.split("*"))))))
        else:
            exact.add((kind, value))
    return Nobodies(frozenset(exact), tuple(patterns), tuple(networks), time.monotonic())


def known_device(text: str | None) -> str:
    """The device as it is compared; empty where it identifies nobody."""
    device = plain_identity(text)
    return "" if device and nobodies().has_text(device, NobodyKind.TEXT, NobodyKind.DEVICE) else device


def known_network(text: str | None) -> str:
    """What of an address is compared; empty where it identifies nobody."""
    network = network_of(text)
    return "" if network and nobodies().has_network(network) else network


def known_phone(text: str | None) -> Phone | None:
    """What may be kept of a phone number; None where there is none, or it is listed as nobody's."""
    phone = phone_of(text, key=settings.HOLDFAST_IDENTITY_KEY) if text else None
    return None if phone and nobodies().has_phone(phone) else phone


def known_person(text: str | None) -> str:
    """The keyed hash of a verified person's reference; empty where it identifies nobody."""
    if not text or nobodies().has_text(plain_text(text), NobodyKind.TEXT):
        return ""
    return person_of(text, key=settings.HOLDFAST_IDENTITY_KEY)


def known_recipient(text: str) -> tuple[str, str]:
    """Keyed hash and last four of who is credited by a top-up; empty where the text names nobody."""
    if nobodies().has_text(plain_text(text), NobodyKind.TEXT):
        return "", ""
    return recipient_of(text, key=settings.HOLDFAST_IDENTITY_KEY)


def known_payment_account(text: str | None) -> tuple[str, str]:
    """Keyed hash and last four of the account that paid; empty where the text names nobody, such as "balance" once it is listed."""
    if not text or nobodies().has_text(plain_text(text), NobodyKind.TEXT):
        return "", ""
    return payment_account_of(text, key=settings.HOLDFAST_IDENTITY_KEY)


def known_delivery_phone(text: str | None) -> tuple[str, str]:
    """Keyed hash, as of a customer's own phone, and last four of the number a parcel goes to; empty where it names nobody."""
    phone = None if is_hidden(text or "") or not plain_text(text) else known_phone(text)
    return (phone.hash, phone.last_four) if phone else ("", "")


@transaction.atomic
def list_nobody(*, kind: str, value: str, note: str, by: Any, at: datetime) -> NobodyValue:
    """From now on `value`, as staff type it, identifies nobody. Raises InvalidInput for what cannot be such a value."""
    compared, shown = _compared(kind, value)
    row = NobodyValue(kind=kind, value=compared, shown=shown, note=note, created_by=by, created_at=at)
    save_valid(row)
    transaction.on_commit(forget_nobodies)
    return row


@transaction.atomic
def set_listed(row: NobodyValue, *, is_listed: bool, by: Any, reason: str, at: datetime) -> NobodyValue:
    """Take a value off the list, or put it back. Raises StaleState where that was done already."""
    with because(reason, user=by.pk):
        if not NobodyValue.objects.filter(pk=row.pk).exclude(is_listed=is_listed).update(is_listed=is_listed):
            raise StaleState(_("Somebody has done that already."))
    transaction.on_commit(forget_nobodies)
    row.is_listed = is_listed
    return row


def _compared(kind: str, value: str) -> tuple[str, str]:
    """The value as it is compared, and what staff may see of it."""
    if kind == NobodyKind.ADDRESS:
        return _network(value), ""
    if kind == NobodyKind.PHONE:
        phone = phone_of(value, key=settings.HOLDFAST_IDENTITY_KEY)
        if phone is None:
            raise InvalidInput(_("This is no phone number."))
        return phone.hash, masked(phone)
    text = squeezed(plain_text(value))
    if not text.replace("*", ""):
        raise InvalidInput(_("This identifies nobody without being listed, or it would be everybody."))
    return text, value.strip()


def masked(phone: Phone) -> str:
    """A phone number as staff see it, first three and last four digits."""
    return f"{phone.segment[:3]}{MASK * 4}{phone.last_four}"


def _network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value.strip(), strict=False))
    except ValueError as error:
        raise InvalidInput(_("This is no network address, and no network such as 192.0.2.0/24.")) from error
