"""Values of orders that are kept as a keyed hash alone: how one is made of what somebody types, and how it is shown."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import QuerySet

from orders.models import Order, OrderLine
from orders.recipients import masked_recipient
from promotions.services.nobody import known_delivery_phone, known_payment_account, known_recipient

HASH_LENGTH = 64
HASHED: Mapping[str, Callable[[str], tuple[str, str]]] = {
    "recipient": known_recipient,
    "payment_account": known_payment_account,
    "delivery_phone": known_delivery_phone,
}


def hash_of(kind: str, term: str) -> str:
    """The keyed hash of a value as somebody types it, who may type the hash itself; empty where it names nobody."""
    return HASHED[kind](term)[0] if len(term) != HASH_LENGTH else term.lower()


def is_seen(kind: str, hashed: str) -> bool:
    """Whether any order has it."""
    return bool(hashed) and _last_fours(kind, hashed).exists()


def shown_as(kind: str, hashed: str) -> str:
    return masked_recipient(hashed, _last_fours(kind, hashed).first() or "")


def _last_fours(kind: str, hashed: str) -> QuerySet[Any]:
    rows: QuerySet[Any] = OrderLine.objects.all() if kind == "recipient" else Order.objects.all()
    return rows.filter(**{f"{kind}_hash": hashed}).exclude(**{f"{kind}_hash": ""}).values_list(f"{kind}_last_four", flat=True)
