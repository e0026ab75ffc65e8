"""What happened is told to the outside: written down with what caused it, sent afterwards, tried again until it arrives.

`tell` writes a message and a delivery for each receiver into the caller's transaction: webhooks that ask for the event, and the
addresses the caller names. Celery is only told that something waits; `send_due` finds whatever it forgot. A message arrives at
least once, always under the same key, so that receivers can tell a second copy.

Apps register their events with `outbox_event`: a name in words, and for events that go out by e-mail how one reads.
"""

import secrets
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F
from django.dispatch import Signal
from django.utils.translation import gettext as _

from backoffice.lib.automation import is_silent
from backoffice.lib.errors import DomainError, NotFound
from backoffice.lib.models import Delivery, DeliveryStatus, OutboxMessage, WebhookEndpoint

log = structlog.get_logger(__name__)

# Seconds to minutes at first, since most failures are a restart; then hours. In all some thirty hours.
BACKOFF = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 300, 900, 3_600, 7_200, 14_400, 28_800, 28_800))
LEASE = timedelta(seconds=60)
KEEP_MESSAGES = timedelta(days=90)
BATCH = 200

deliveries_wait = Signal()
"""Sent with `delivery_ids` after the commit that wrote them: receivers wake a worker up."""

WriteMail = Callable[[Mapping[str, Any]], tuple[str, str]]
"""From a payload to subject and text, in the language that is active when it is called."""


@dataclass(frozen=True)
class OutboxEvent:
    name: str
    title: Any
    write_mail: WriteMail | None


@dataclass(frozen=True)
class Address:
    """Who gets an e-mail, and in which of our languages."""

    email: str
    language: str


_events: dict[str, OutboxEvent] = {}
TEST_EVENT = "test"


def outbox_event(name: str, *, title: Any, write_mail: WriteMail | None = None) -> str:
    """Register an event. Answers its name."""
    _events[name] = OutboxEvent(name, title, write_mail)
    return name


def event_named(name: str) -> OutboxEvent:
    try:
        return _events[name]
    except KeyError:
        raise NotFound(_("There is no event called %s.") % name) from None


def event_choices() -> list[tuple[str, Any]]:
    """The events a webhook can ask for, by name."""
    return [(event.name, event.title) for _, event in sorted(_events.items())]


@transaction.atomic
def tell(event: str, payload: Mapping[str, Any], *, at: datetime, addresses: Iterable[Address] = ()) -> OutboxMessage | None:
    """Write down that `event` happened, for whoever wants to know. Answers None where nobody does.

    `payload` must be JSON and hold no personal data.
    """
    event_named(event)
    endpoints = [] if is_silent() else list(WebhookEndpoint.objects.filter(is_active=True, wants__contains=[event]).order_by("pk"))
    people = [] if is_silent() else list({address.email: address for address in addresses}.values())
    if not endpoints and not people:
        return None
    return _write(event, payload, at, endpoints, people)


def send_test(endpoint: WebhookEndpoint, *, at: datetime) -> Delivery:
    """A message that says nothing, to see whether it arrives. Goes to inactive webhooks too."""
    payload = {"text": "This is a test. Nothing has happened."}
    return _write(TEST_EVENT, payload, at, [endpoint], []).deliveries.get()


@transaction.atomic
def send_again(delivery: Delivery, *, at: datetime) -> Delivery:
    """Send it once more, with the same key, whatever became of it before. Raises DomainError where it waits anyway."""
    rows = Delivery.objects.filter(pk=delivery.pk).exclude(status=DeliveryStatus.WAITING)
    if not rows.update(status=DeliveryStatus.WAITING, next_try_at=at, attempts=0, delivered_at=None, error=""):
        raise DomainError(_("It is waiting to be sent already."))
    _wake([delivery.pk])
    delivery.refresh_from_db()
    return delivery


def due(at: datetime) -> list[int]:
    """Deliveries whose time has come, the longest waiting first; those that a dead worker left among them."""
    waiting = Delivery.objects.filter(status=DeliveryStatus.WAITING, next_try_at__lte=at)
    return list(waiting.order_by("next_try_at", "pk").values_list("pk", flat=True)[:BATCH])


def take(delivery_id: int, at: datetime) -> Delivery | None:
    """Take the lease on a delivery whose time has come. Answers None where somebody else has it, or nothing is to be done."""
    token = uuid.uuid4()
    rows = Delivery.objects.filter(pk=delivery_id, status=DeliveryStatus.WAITING, next_try_at__lte=at)
    if not rows.update(next_try_at=at + LEASE, lease_token=token, attempts=F("attempts") + 1, last_tried_at=at):
        return None
    return Delivery.objects.select_related("message", "endpoint").get(pk=delivery_id)


def note_success(delivery: Delivery, *, response_status: int | None, at: datetime) -> None:
    """It has arrived. Whoever lost the lease in the meantime writes nothing."""
    rows = Delivery.objects.filter(pk=delivery.pk, lease_token=delivery.lease_token, status=DeliveryStatus.WAITING)
    rows.update(
        status=DeliveryStatus.DELIVERED,
        delivered_at=at,
        next_try_at=None,
        lease_token=None,
        response_status=response_status,
        error="",
    )


def note_failure(delivery: Delivery, *, error: str, response_status: int | None, is_final: bool, at: datetime) -> None:
    """It did not arrive: tried again later, or given up when it was tried often enough."""
    wait = BACKOFF[delivery.attempts - 1] if 0 < delivery.attempts <= len(BACKOFF) else None
    gives_up = is_final or wait is None
    rows = Delivery.objects.filter(pk=delivery.pk, lease_token=delivery.lease_token, status=DeliveryStatus.WAITING)
    rows.update(
        status=DeliveryStatus.GIVEN_UP if gives_up else DeliveryStatus.WAITING,
        next_try_at=None if gives_up or wait is None else at + wait,
        lease_token=None,
        response_status=response_status,
        error=error[:300],
    )


def forget_old_messages(at: datetime) -> int:
    """Drop messages of more than three months ago that no longer wait. Answers how many rows went, deliveries included."""
    old = OutboxMessage.objects.filter(created_at__lt=at - KEEP_MESSAGES)
    return old.exclude(deliveries__status=DeliveryStatus.WAITING).delete()[0]


def _write(
    event: str, payload: Mapping[str, Any], at: datetime, endpoints: Iterable[WebhookEndpoint], people: Iterable[Address]
) -> OutboxMessage:
    with transaction.atomic():
        message = OutboxMessage.objects.create(
            key=f"msg_{secrets.token_hex(16)}", event=event, payload=dict(payload), created_at=at
        )
        rows = [Delivery(message=message, endpoint=endpoint, next_try_at=at) for endpoint in endpoints]
        rows += [Delivery(message=message, address=who.email, language=who.language, next_try_at=at) for who in people]
        _wake([delivery.pk for delivery in Delivery.objects.bulk_create(rows)])
    return message


def _wake(delivery_ids: list[int]) -> None:
    transaction.on_commit(lambda: deliveries_wait.send(sender=Delivery, delivery_ids=delivery_ids), robust=True)
