"""Customers belong to the storefront; we keep a mirror of what claims and orders need."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from promotions.identities import Phone, phone_of
from promotions.models import Customer


@dataclass(frozen=True)
class Claimant:
    """A customer as the storefront describes him with a claim. `phone` is the number as typed; it goes no further than `phone_of`."""

    ref: str
    phone: str
    is_verified: bool
    registered_at: datetime | None


def stored_phone(claimant: Claimant) -> Phone | None:
    return phone_of(claimant.phone, key=settings.HOLDFAST_IDENTITY_KEY) if claimant.phone else None


def mirror_customer(claimant: Claimant, *, phone: Phone | None, at: datetime) -> Customer:
    """Our mirror of this customer, brought up to date where the storefront says something new."""
    known = {
        "phone_hash": phone.hash if phone else "",
        "phone_segment": phone.segment if phone else "",
        "phone_last_four": phone.last_four if phone else "",
        "is_verified": claimant.is_verified,
        "registered_at": claimant.registered_at,
    }
    customer = _mirror(claimant.ref, {**known, "first_seen_at": at})
    news = [field for field, value in known.items() if getattr(customer, field) != value]
    if news:
        for field in news:
            setattr(customer, field, known[field])
        customer.save(update_fields=news)
    return customer


def customer_of(ref: str, *, at: datetime) -> Customer:
    """The mirror of the customer `ref`, made bare where we never heard of him: he may order without ever having claimed."""
    return _mirror(ref, {"first_seen_at": at})


def _mirror(ref: str, values: dict[str, object]) -> Customer:
    customer = Customer.objects.filter(ref=ref).first()
    if customer is None:
        Customer.objects.bulk_create([Customer(ref=ref, **values)], ignore_conflicts=True)
        customer = Customer.objects.get(ref=ref)
    return customer
