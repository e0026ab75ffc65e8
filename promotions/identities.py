"""Identities are normalised before they are compared. Pure: no Django, no database.

A phone number becomes a keyed hash, a segment (its first digits) and its last four digits; the full number goes no
further than here.
An IPv6 address counts as its /64 network, since one household owns all of it.
"""

import hashlib
import hmac
import ipaddress
import re
import unicodedata
from dataclasses import dataclass

import phonenumbers

SEGMENT_DIGITS = 4
MAX_LENGTH = 200
# Identify nobody: device ids that emulators, broken firmware and privacy modes give to everyone.
NOBODY = re.compile(
    r"(?:[0:.\-]+|unknown|\(?null\)?|nil|nan|none|undefined|n/?a|android|test|(?:f{2}[:\-]?){6}|02(?:[:\-]?00){5}|"
    r"9774d56d682e549c|012345678912345|123456789012345|(.)\1{13,})"
)


@dataclass(frozen=True)
class Phone:
    """A phone number as it may be stored."""

    hash: str
    segment: str
    last_four: str


def phone_of(number: str, *, key: bytes, region: str = "CN") -> Phone | None:
    """What may be kept of a number, or None where the text is no phone number at all.

    Numbers are brought to E.164 first. A number that the library can read but does not know as valid (virtual operators'
    new segments) still counts: we compare numbers, we do not judge them. A text with letters is an account's name and no
    number: the library would read digits out of it, and join a stranger's account to the phone of whom it resembles.
    """
    text = unicodedata.normalize("NFKC", number).strip().lower().removeprefix("tel:")
    if any(character.isalpha() for character in text):
        return None
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    national = str(parsed.national_number)
    if not phonenumbers.is_possible_number(parsed):
        return None
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return Phone(keyed_hash(e164, key=key), national[:SEGMENT_DIGITS], national[-4:])


def recipient_of(account: str, *, key: bytes) -> tuple[str, str]:
    """The credited number or account of a top-up, as (keyed hash, last four). A phone number hashes like a customer's phone."""
    phone = phone_of(account, key=key)
    if phone is not None:
        return phone.hash, phone.last_four
    text = plain_identity(account)
    return (keyed_hash(text, key=key), text[-4:]) if text else ("", "")


def keyed_hash(text: str, *, key: bytes) -> str:
    """HMAC-SHA-256 in hex: equal texts compare equal, and without the key nobody can try all numbers."""
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def plain_identity(value: str | None) -> str:
    """A device id or similar, in one spelling; empty for what identifies nobody."""
    text = unicodedata.normalize("NFKC", value or "").strip().lower()[:MAX_LENGTH]
    return "" if NOBODY.fullmatch(text) else text


def network_of(address: str | None) -> str:
    """What of an address is compared: IPv4 whole, IPv6 as its /64; empty for what is no address, or the same one in every house."""
    try:
        ip = ipaddress.ip_address((address or "").strip())
    except ValueError:
        return ""
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ip
    if ip.is_unspecified or ip.is_loopback or ip.is_link_local or ip.is_multicast:
        return ""
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((ip, 64), strict=False).network_address) + "/64"
    return str(ip)
