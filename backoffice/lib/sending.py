"""Sends what waits in the outbox: a signed POST, or an e-mail in the reader's language."""

import http.client
from datetime import datetime

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import translation

from backoffice.lib.automation import is_silent
from backoffice.lib.models import Delivery, WebhookEndpoint
from backoffice.lib.outbox import due, event_named, note_failure, note_success, take
from backoffice.lib.posting import AddressRefused, post
from backoffice.lib.webhooks import body_of, headers_of, note_answer

log = structlog.get_logger(__name__)

GONE = 410


def deliver(delivery_id: int, *, at: datetime) -> bool:
    """Send one delivery whose time has come. Answers whether it arrived; False, too, where it is not ours to send."""
    delivery = None if is_silent() else take(delivery_id, at)
    if delivery is None:
        return False
    return _post(delivery, delivery.endpoint, at) if delivery.endpoint else _mail(delivery, at)


def send_due(at: datetime) -> int:
    """Send what no worker was told of, or whose worker died. Answers how many were tried."""
    ids = [] if is_silent() else due(at)
    for delivery_id in ids:
        deliver(delivery_id, at=at)
    return len(ids)


def _post(delivery: Delivery, endpoint: WebhookEndpoint, at: datetime) -> bool:
    status, error, is_final = None, "", False
    body = body_of(delivery)
    try:
        answer = post(
            endpoint.url,
            body,
            headers_of(delivery, endpoint, body, at=at),
            may_be_private=settings.HOLDFAST_WEBHOOKS_MAY_BE_PRIVATE,
        )
        status, error = answer.status, "" if 200 <= answer.status < 300 else f"answered {answer.status}: {answer.text[:200]}"
    except AddressRefused as refusal:
        error, is_final = str(refusal), True
    except (OSError, http.client.HTTPException, ValueError) as problem:
        error = f"{type(problem).__name__}: {problem}"
    if error:
        note_failure(delivery, error=error, response_status=status, is_final=is_final or status == GONE, at=at)
        log.warning("webhook_not_delivered", endpoint=endpoint.pk, message=delivery.message.key, error=error[:100])
    else:
        note_success(delivery, response_status=status, at=at)
    note_answer(endpoint, is_delivered=not error, is_gone=status == GONE, at=at)
    return not error


def _mail(delivery: Delivery, at: datetime) -> bool:
    try:
        write = event_named(delivery.message.event).write_mail
        if write is None:
            raise LookupError(f"{delivery.message.event} is not told by e-mail")
        with translation.override(delivery.language or settings.LANGUAGE_CODE):
            subject, text = write(delivery.message.payload)
        headers = {"Message-ID": f"<{delivery.message.key}.{delivery.pk}@holdfast>", "Auto-Submitted": "auto-generated"}
        EmailMessage(" ".join(subject.split()), text, to=[delivery.address], headers=headers).send()
    except Exception as problem:
        log.exception("mail_not_sent", message=delivery.message.key)
        note_failure(delivery, error=f"{type(problem).__name__}: {problem}", response_status=None, is_final=False, at=at)
        return False
    note_success(delivery, response_status=None, at=at)
    return True
