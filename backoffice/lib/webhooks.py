"""Webhooks: made with a secret that is shown once, signed by the Standard Webhooks scheme, switched off when they keep failing.

The secret of a webhook is HMAC-SHA-256 of its salt under a key of the environment: a stolen database signs nothing, and there is no
secret in it to hide. https://www.standardwebhooks.com
"""

import base64
import hashlib
import hmac
import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from standardwebhooks import Webhook

from backoffice.lib.errors import DomainError
from backoffice.lib.models import Delivery, WebhookEndpoint

OVERLAP = timedelta(hours=24)
SWITCHED_OFF_AFTER = timedelta(hours=24)
PURPOSE = b"holdfast webhook secret "


def make_webhook(*, name: str, url: str, wants: list[str], by: Any, at: datetime) -> tuple[WebhookEndpoint, str]:
    """Make a webhook. Answers it and its secret, which nobody can be shown again. Raises ValidationError."""
    endpoint = WebhookEndpoint(name=name, url=url, wants=wants, salt=secrets.token_hex(16), created_by=by, created_at=at)
    endpoint.full_clean(exclude=["salt"])
    endpoint.save(force_insert=True)
    return endpoint, secret_text(endpoint.salt)


@transaction.atomic
def renew_secret(endpoint: WebhookEndpoint, *, at: datetime) -> str:
    """Give it a new secret. For a day both sign."""
    locked = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
    salt = secrets.token_hex(16)
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(salt=salt, previous_salt=locked.salt, previous_until=at + OVERLAP)
    endpoint.refresh_from_db()
    return secret_text(salt)


def switch_on(endpoint: WebhookEndpoint, *, at: datetime) -> WebhookEndpoint:
    """Send to it again."""
    rows = WebhookEndpoint.objects.filter(pk=endpoint.pk, is_active=False)
    if not rows.update(is_active=True, failing_since=None, switched_off_at=None):
        raise DomainError(_("It is active already."))
    endpoint.refresh_from_db()
    return endpoint


def switch_off(endpoint: WebhookEndpoint, *, at: datetime) -> WebhookEndpoint:
    """Send nothing more to it; what waits is still tried."""
    if not WebhookEndpoint.objects.filter(pk=endpoint.pk, is_active=True).update(is_active=False):
        raise DomainError(_("It is switched off already."))
    endpoint.refresh_from_db()
    return endpoint


def secret_text(salt: str) -> str:
    """The secret in the spelling that receivers' libraries take."""
    digest = hmac.new(settings.HOLDFAST_IDENTITY_KEY, PURPOSE + bytes.fromhex(salt), hashlib.sha256).digest()
    return f"whsec_{base64.b64encode(digest).decode()}"


def body_of(delivery: Delivery) -> bytes:
    """What is posted: the event, when it happened, what it says. The same bytes every time."""
    message = delivery.message
    content = {"type": message.event, "timestamp": message.created_at.astimezone(UTC).isoformat(), "data": message.payload}
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def headers_of(delivery: Delivery, endpoint: WebhookEndpoint, body: bytes, *, at: datetime) -> dict[str, str]:
    """Id, time and signature. The time is that of sending: receivers refuse what is five minutes old."""
    key, at = delivery.message.key, at.astimezone(UTC)
    salts = [endpoint.salt]
    if endpoint.previous_salt and endpoint.previous_until and endpoint.previous_until > at:
        salts.append(endpoint.previous_salt)
    signatures = [Webhook(secret_text(salt)).sign(msg_id=key, timestamp=at, data=body.decode()) for salt in salts]
    return {
        "content-type": "application/json",
        "user-agent": "Holdfast-Webhooks/1",
        "webhook-id": key,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def note_answer(endpoint: WebhookEndpoint, *, is_delivered: bool, is_gone: bool, at: datetime) -> None:
    """Remember how it goes. One that answers "gone", or fails for a day, is switched off."""
    rows = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    if is_delivered:
        rows.update(failing_since=None, last_delivered_at=at)
        return
    rows.filter(failing_since=None).update(failing_since=at)
    failing = rows.filter(is_active=True)
    if not is_gone:
        failing = failing.filter(failing_since__lte=at - SWITCHED_OFF_AFTER)
    failing.update(is_active=False, switched_off_at=at)
