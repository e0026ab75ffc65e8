"""One POST to an address that somebody typed in: nowhere inside our own net, no redirects, never longer than it may take.

The name is looked up once, every address it has is judged, and the connection goes to the address that was judged. A name that
answers differently the second time gains nothing.
"""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from backoffice.lib.sentences import Sentence, gettext_noop

TIMEOUT = 10.0
"""Seconds, for connecting and for each read."""
MOST_OF_AN_ANSWER = 2_000
# Kept with the delivery, and read to whoever looks at it.
ONLY_HTTPS = Sentence(gettext_noop("Only https addresses are called."))
NO_HOST = Sentence(gettext_noop("The address has no host, or names a user."))
NO_PORT = Sentence(gettext_noop("The address names a port that cannot be."))
UNKNOWN_HOST = Sentence(gettext_noop("The host %(host)s is not known."))
INSIDE = Sentence(gettext_noop("%(host)s is an address inside a net, which is never called."))


class AddressRefused(Exception):
    """We do not post there."""


@dataclass(frozen=True)
class Answer:
    status: int
    text: str


def post(url: str, body: bytes, headers: Mapping[str, str], *, may_be_private: bool = False) -> Answer:
    """Post, and answer what came back, cut short. Raises AddressRefused, OSError or http.client.HTTPException.

    `may_be_private` lets development sites post to themselves, and by plain http.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" and not (may_be_private and parts.scheme == "http"):
        raise AddressRefused(str(ONLY_HTTPS))
    if not parts.hostname or parts.username is not None:
        raise AddressRefused(str(NO_HOST))
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise AddressRefused(str(NO_PORT)) from error
    found = checked_address(parts.hostname, port, may_be_private=may_be_private)
    connection = _connection(parts.scheme, parts.hostname, port, found)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", path, body=body, headers=dict(headers))
        response = connection.getresponse()
        return Answer(response.status, response.read(MOST_OF_AN_ANSWER).decode(errors="replace"))
    finally:
        connection.close()


def checked_address(host: str, port: int, *, may_be_private: bool) -> str:
    """The address to connect to. Raises AddressRefused where any address of the host is not a public one."""
    try:
        found = {str(item[4][0]) for item in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (socket.gaierror, UnicodeError) as error:
        raise OSError(UNKNOWN_HOST % {"host": host}) from error
    for address in found:
        if not may_be_private and not is_public(address):
            raise AddressRefused(INSIDE % {"host": host})
    return sorted(found)[0]


def is_public(address: str) -> bool:
    """Whether this is an address of the open internet; one of IPv4 written as IPv6 is judged as IPv4."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        if ip in ipaddress.ip_network("64:ff9b::/96"):
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip.is_global and not ip.is_multicast


def _connection(scheme: str, host: str, port: int, address: str) -> http.client.HTTPConnection:
    """A connection for `host` that goes to `address`: certificate and Host header are the host's."""
    raw = socket.create_connection((address, port), timeout=TIMEOUT)
    if scheme == "http":
        plain = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
        plain.sock = raw
        return plain
    try:
        wrapped = ssl.create_default_context().wrap_socket(raw, server_hostname=host)
    except Exception:
        raw.close()
        raise
    secure = http.client.HTTPSConnection(host, port, timeout=TIMEOUT)
    secure.sock = wrapped
    return secure
