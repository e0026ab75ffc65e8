"""Values as value lists keep them, of what staff type: spelled as the facts of orders are, so that the two compare equal.

Of a recipient, a payment account or a delivery phone only the keyed hash goes further than here, and what staff may see of it.
"""

import ipaddress
import re
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from backoffice.lib.errors import InvalidInput
from orders.recipients import masked_recipient
from promotions.identities import SEGMENT_DIGITS, region_of
from promotions.models import CouponType, Customer, Entry
from promotions.services.nobody import known_device, known_network
from risk.rulefacts.listed import HASHED, NARROWEST, WIDEST
from risk.services.hashed_values import HASHED as HASHES
from risk.states import ValueSort

LONGEST = 200
AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
SEGMENT = re.compile(rf"[0-9]{{{SEGMENT_DIGITS}}}")
# Sorts of which only what there is can be listed: a slip of the pen would hit nobody, and nobody would notice.
THERE_MUST_BE: Mapping[str, tuple[Any, str]] = {
    ValueSort.CUSTOMER: (Customer, "ref"),
    ValueSort.COUPON_TYPE: (CouponType, "code"),
    ValueSort.ENTRY: (Entry, "code"),
}


def listed_value(sort: str, typed: str) -> tuple[str, str]:
    """The value as it is compared, and what staff may see of it. Raises InvalidInput for what is no such value, or is nobody's."""
    text = typed.strip()
    if not text or len(text) > LONGEST or not text.isprintable():
        raise InvalidInput(_("A value is a text of 1 to %s letters, on one line.") % LONGEST)
    if sort in HASHED:
        compared, last_four = HASHES[sort](text)
        found = (compared, masked_recipient(compared, last_four))
    else:
        found = READERS[sort](text)
    if not found[0]:
        raise InvalidInput(_("This names nobody: nobody could be told from others by it."))
    return found


def spellings(typed: str) -> set[str]:
    """The value as lists of any sort would keep it."""
    found = set()
    for sort in ValueSort:
        try:
            found.add(listed_value(sort, typed)[0])
        except InvalidInput:
            continue
    return found


def unknown_values(sort: str, values: Collection[str]) -> set[str]:
    """Those that name nothing there is, of a sort that names customers, coupon types or entries."""
    if sort not in THERE_MUST_BE:
        return set()
    model, field = THERE_MUST_BE[sort]
    return set(values) - set(model._default_manager.filter(**{f"{field}__in": values}).values_list(field, flat=True))


def _plain(text: str) -> tuple[str, str]:
    return text, text


def _device(text: str) -> tuple[str, str]:
    return _plain(known_device(text))


def _network(text: str) -> tuple[str, str]:
    """An address, or a network with its width. Of IPv6 an address stands for its /64, as everywhere."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise InvalidInput(_("This is no network address, and no network such as 192.0.2.0/24.")) from error
    known = known_network(str(network.network_address))
    if "/" not in text or not known:
        return known if not known or "/" in known else f"{known}/32", known
    if network.prefixlen > NARROWEST[network.version]:
        network = network.supernet(new_prefix=NARROWEST[network.version])
    if network.prefixlen < WIDEST[network.version]:
        raise InvalidInput(_("This network is too wide: at most /%s.") % WIDEST[network.version])
    return str(network), str(network).removesuffix("/32")


def _segment(text: str) -> tuple[str, str]:
    if not SEGMENT.fullmatch(text):
        raise InvalidInput(_("A phone segment is the first four digits of the number, such as 1700."))
    return _plain(text)


def _amount(text: str) -> tuple[str, str]:
    """Without zeros at its end, as the facts are read."""
    if not AMOUNT.fullmatch(text):
        raise InvalidInput(_("An amount is a number, such as 5 or 99.50."))
    return f"{Decimal(text).normalize():f}", text


READERS: Mapping[str, Callable[[str], tuple[str, str]]] = {
    ValueSort.DEVICE: _device,
    ValueSort.NETWORK: _network,
    ValueSort.SEGMENT: _segment,
    ValueSort.CUSTOMER: _plain,
    ValueSort.COUPON_TYPE: _plain,
    ValueSort.ENTRY: _plain,
    ValueSort.REGION: lambda text: _plain(region_of(text)),
    ValueSort.AMOUNT: _amount,
}
