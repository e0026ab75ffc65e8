"""Customers belong to the storefront; we keep a mirror of what claims and orders need."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS

from backoffice.lib import exchanges
from promotions.identities import Phone
from promotions.models import Customer


@dataclass(frozen=True)
class Claimant:
    """A customer as the storefront describes him with a claim.

    `phone` is the number as typed, and `identity` the storefront's reference of a verified person; neither goes further than to
    become a keyed hash. `has_ordered` is None where the storefront does not say.
    """

    ref: str
    phone: str
    is_verified: bool
    registered_at: datetime | None
    is_phone_verified: bool = False
    identity: str = ""
    has_ordered: bool | None = None


# Nothing is written where nothing is new. Where somebody else mirrors him for the first time just now, this waits for that.
# Who was verified once stays known by it, and who ordered once has ordered.
MIRROR = """
INSERT INTO promotions_customer AS c
       (ref, phone_hash, phone_segment, phone_last_four, is_verified, is_phone_verified, identity_hash, has_ordered,
        registered_at, first_seen_at)
VALUES (%(ref)s, %(phone_hash)s, %(phone_segment)s, %(phone_last_four)s, %(is_verified)s, %(is_phone_verified)s,
        %(identity_hash)s, %(has_ordered)s, %(registered_at)s, %(at)s)
    ON CONFLICT (ref) DO UPDATE
   SET phone_hash = excluded.phone_hash, phone_segment = excluded.phone_segment,
       phone_last_four = excluded.phone_last_four, is_verified = excluded.is_verified,
       is_phone_verified = excluded.is_phone_verified, registered_at = excluded.registered_at,
       identity_hash = coalesce(nullif(excluded.identity_hash, ''), c.identity_hash),
       has_ordered = c.has_ordered OR excluded.has_ordered
 WHERE (c.phone_hash, c.is_verified, c.is_phone_verified, c.registered_at)
       IS DISTINCT FROM (excluded.phone_hash, excluded.is_verified, excluded.is_phone_verified, excluded.registered_at)
    OR (excluded.identity_hash <> '' AND c.identity_hash <> excluded.identity_hash)
    OR (excluded.has_ordered AND NOT c.has_ordered)
"""

# One who has ordered before is neither written nor locked. Where somebody else mirrors him for the first time just now, this waits.
WHO_ORDERS = """
WITH known AS (
    SELECT id FROM promotions_customer WHERE ref = %(ref)s::text
), marked AS (
    UPDATE promotions_customer SET has_ordered = true WHERE ref = %(ref)s::text AND NOT has_ordered
), made AS (
    INSERT INTO promotions_customer
           (ref, phone_hash, phone_segment, phone_last_four, is_verified, is_phone_verified, identity_hash, has_ordered,
            first_seen_at)
    SELECT %(ref)s::text, '', '', '', false, false, '', true, %(at)s::timestamptz WHERE NOT EXISTS (SELECT FROM known)
        ON CONFLICT (ref) DO UPDATE SET has_ordered = true
 RETURNING id
)
SELECT coalesce((SELECT id FROM known), (SELECT id FROM made))
"""


def mirror_customer(claimant: Claimant, *, phone: Phone | None, identity_hash: str, at: datetime) -> None:
    """Bring our mirror of this customer up to date where the storefront says something new; sent with the next statement.

    From then on a row with his reference is there.
    """
    values: dict[str, Any] = {
        "ref": claimant.ref,
        "phone_hash": phone.hash if phone else "",
        "phone_segment": phone.segment if phone else "",
        "phone_last_four": phone.last_four if phone else "",
        "is_verified": claimant.is_verified,
        "is_phone_verified": claimant.is_phone_verified,
        "identity_hash": identity_hash,
        "has_ordered": bool(claimant.has_ordered),
        "registered_at": claimant.registered_at,
        "at": at,
    }
    exchanges.queue(MIRROR, values)


def lock_customer(customer: Customer) -> None:
    """For a transaction that decides by what this customer did before. After coupons, before coupon types and slices."""
    Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)


def customer_who_orders(ref: str, *, at: datetime) -> Customer:
    """The mirror of the customer `ref`, who from now on has ordered, also if the order is cancelled later.

    He is made bare where we never heard of him: he may order without ever having claimed. Sent with the next statement; his `pk`
    is known after that. For the order's own transaction, before it locks anything else: a claim too locks its customer first.
    """
    names = ("id", "ref", "has_ordered")
    customer = Customer.from_db(DEFAULT_DB_ALIAS, names, (None, ref, True))  # what else he is waits for whoever asks

    def look(row: exchanges.Row | None) -> None:
        customer.pk = row[0] if row else None

    exchanges.queue(WHO_ORDERS, {"ref": ref, "at": at}, look)
    return customer
