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
REGION_LENGTH = 16
# Nothing but zeros and separators, or one character over and over: no list can name them all. Values that identify nobody although
# they look like something stand in a list that staff edit (services/nobody.py).
HOLLOW = re.compile(r"[0:.\-]+|(.)\1{13,}")
MAC = re.compile(r"[0-9a-f]{2}([:\-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}")
HIDDEN = re.compile(r"[*•●]")
SHOWN_FROM = 8
"""The last four characters are kept only of accounts at least this long."""
SEPARATORS = re.compile(r"[\s:.\-_]+")
# A mobile number as nearly everybody in China types it. The library would find just this in it, forty times slower; a test holds
# the two together. (179 begins a carrier's prefix, which the library takes off.)
PLAIN_MOBILE = re.compile(r"(?:\+86)?(1(?:[345689][0-9]|7[0-8])[0-9]{8})")


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
    plain = PLAIN_MOBILE.fullmatch(number) if region == "CN" else None
    if plain:
        return _phone(f"+86{plain[1]}", plain[1], key=key)
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
    return _phone(e164, national, key=key)


def _phone(e164: str, national: str, *, key: bytes) -> Phone:
    return Phone(keyed_hash(e164, key=key), national[:SEGMENT_DIGITS], national[-4:])


def recipient_of(account: str, *, key: bytes) -> tuple[str, str]:
    """The credited number or account of a top-up, as (keyed hash, last four). A phone number hashes like a customer's phone."""
    phone = phone_of(account, key=key)
    if phone is not None:
        return phone.hash, phone.last_four
    text = plain_text(account)
    return (keyed_hash(text, key=key), text[-4:]) if text else ("", "")


def keyed_hash(text: str, *, key: bytes) -> str:
    """HMAC-SHA-256 in hex: equal texts compare equal, and without the key nobody can try all numbers."""
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def plain_text(value: str | None) -> str:
    """A text in one spelling: lower case, full-width letters folded; empty for what is nothing but zeros or one character."""
    text = unicodedata.normalize("NFKC", value or "").strip().lower()[:MAX_LENGTH]
    return "" if HOLLOW.fullmatch(text) or HOLLOW.fullmatch(SEPARATORS.sub("", text)) else text


def plain_identity(value: str | None) -> str:
    """A device id in one spelling: as `plain_text`, a MAC address with colons however it was written, a UUID without braces."""
    text = plain_text(value)
    if MAC.fullmatch(text):
        digits = SEPARATORS.sub("", text)
        return ":".join(digits[n : n + 2] for n in range(0, 12, 2))
    return text[1:-1] if text.startswith("{") and text.endswith("}") else text


def squeezed(text: str) -> str:
    """A value without its separators, as it is looked up among those that identify nobody."""
    return SEPARATORS.sub("", text)


def person_of(identity: str | None, *, key: bytes) -> str:
    """The keyed hash of a verified person's reference, which the storefront chooses; empty for none.

    Hashed apart from phones, so that a reference that looks like a number is nobody's phone.
    """
    text = plain_text(identity)
    return keyed_hash(f"person:{text}", key=key) if text else ""


def payment_account_of(account: str | None, *, key: bytes) -> tuple[str, str]:
    """The account that money came from, as (keyed hash, last four); empty for none, and for one whose middle is hidden.

    Hashed apart from phones and persons. The last four only of what is long enough that they do not give it away.
    """
    text = plain_text(account)
    if not text or is_hidden(text):
        return "", ""
    return keyed_hash(f"payment:{text}", key=key), text[-4:] if len(text) >= SHOWN_FROM else ""


def is_hidden(text: str) -> bool:
    """Whether part of the value is stars or dots, as in 138****8000: thousands look alike, and it identifies nobody."""
    return bool(HIDDEN.search(text))


def region_of(code: str | None) -> str:
    """A region's code in one spelling."""
    return unicodedata.normalize("NFKC", code or "").strip().upper()[:REGION_LENGTH]


def network_of(address: str | None) -> str:
    """What of an address is compared: IPv4 whole, IPv6 as its /64; empty for what is no address, or the same one in every house.

    An IPv4 address inside an IPv6 one counts as itself: mapped, behind 6to4, whose owner has 65,536 networks, and behind Teredo,
    where one network holds strangers.
    """
    try:
        ip = ipaddress.ip_address((address or "").strip())
    except ValueError:
        return ""
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else ip)
    if ip.is_unspecified or ip.is_loopback or ip.is_link_local or ip.is_multicast:
        return ""
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((ip, 64), strict=False).network_address) + "/64"
    return str(ip)
