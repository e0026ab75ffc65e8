"""Incidents for tests: a leaked token, a gang that turns its coupons into credit, and people who were swept along."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from orders.models import Order
from promotions.models import ClaimToken
from risk.models import EvidenceBundle, Incident
from risk.services.assessing import assess_order
from risk.services.bundles import ask_for_bundle
from risk.services.growing import grow_incidents
from risk.services.incidents import Opening, named_token, named_type, open_incident
from tests.orders.factories import a_line
from tests.orders.factories import an_order as place
from tests.promotions.factories import NOON, a_claimant, a_coupon, number, the_asker
from tests.risk.factories import DAY, HOUR, MINUTE, a_leaked_token, gang_orders

LATER = NOON + 3 * HOUR


def assessed(orders: list[Order], *, at: Any = None) -> list[Order]:
    for order in orders:
        assess_order(order.pk, at=at or order.placed_at)
    return [Order.objects.get(pk=order.pk) for order in orders]


def a_guest_order(token: ClaimToken, *, at: Any = NOON + HOUR, **fields: Any) -> Order:
    """Somebody with an old account and a device of his own, who heard of the code and bought tea with it."""
    n = number()
    coupon = a_coupon(token=token, claimant=a_claimant(registered_at=NOON - 400 * DAY), device=f"guest{n}", at=at - MINUTE)
    return place(coupons=(coupon,), lines=(a_line(amount=Decimal(150)),), device=f"guest{n}", at=at, **fields)


def a_night(*, gang: int = 4, guests: int = 2) -> tuple[ClaimToken, list[Order], list[Order]]:
    """A leaked token, what the gang did with it and what others did, all of it assessed."""
    token = a_leaked_token(uses=gang + guests + 20)
    organised = assessed(gang_orders(gang, token))
    return token, organised, assessed([a_guest_order(token) for _ in range(guests)])


def an_incident(token: ClaimToken, *, at: Any = LATER, **fields: Any) -> Incident:
    """Opened on the coupon type of a token."""
    opening = Opening(**{"title": "Code on a bargain board", "reason": "the alarm at night", "since": NOON - DAY, **fields})
    return open_incident(opening, [named_type(token.batch.entry.coupon_type)], by=the_asker(), at=at)


def an_incident_of_token(token: ClaimToken, *, at: Any = LATER) -> Incident:
    opening = Opening("Leaked card", "found at a bargain board", since=NOON - DAY)
    return open_incident(opening, [named_token(token)], by=the_asker(), at=at)


def grown(incident: Incident, *, at: Any = LATER + timedelta(minutes=1)) -> Incident:
    grow_incidents(at)
    return Incident.objects.get(pk=incident.pk)


def a_bundle(incident: Incident, *, at: Any = LATER) -> EvidenceBundle:
    """Asked for, and its job run to its end."""
    from backoffice.lib.jobs import run_job

    bundle = ask_for_bundle(incident, reference="PSB-2026-17", by=the_asker(), reason="asked by the police", at=at)
    run_job(bundle.job_id, now=lambda: at)
    bundle.refresh_from_db()
    return bundle
