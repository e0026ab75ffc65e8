"""API keys: a program's right to call the storefront's API.

A key reads `PREFIX_SECRET`. The prefix is no secret: it finds the row, and may stand in lists and logs. Of the whole key only the
SHA-256 is kept; with 256 random bits in it there is nothing to guess that a slow hash would protect.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pghistory
import structlog
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from backoffice.lib import clock
from backoffice.lib.audit import because
from backoffice.lib.errors import InvalidInput
from backoffice.lib.models.api_key import ApiKey, Scope

KEYWORD = "Api-Key"
PREFIX_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
PREFIX_LETTERS = 10  # after "hf"; 32 ** 10 is 50 bits, so that two keys never meet
SECRET_BYTES = 32
USE_IS_NOTED_EVERY = timedelta(minutes=1)
MOST_REMEMBERED = 1_000

_remembered: dict[str, ApiKey] = {}  # by the SHA-256 of the whole text


def make_key(name: str, scopes: Iterable[str], by: Any) -> tuple[ApiKey, str]:
    """A new key and its text, which can be shown this once and never again. `by` may be None for a command.

    Raises InvalidInput for a scope that does not exist.
    """
    wanted = sorted(set(scopes))
    unknown = [scope for scope in wanted if scope not in Scope.values]
    if unknown:
        raise InvalidInput(_("There is no scope called %s.") % ", ".join(unknown))
    prefix = "hf" + "".join(secrets.choice(PREFIX_ALPHABET) for _ in range(PREFIX_LETTERS))
    text = f"{prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"
    key = ApiKey.objects.create(name=name, prefix=prefix, secret_hash=_hash(text), scopes=wanted, created_by=by)
    return key, text


def revoke_key(key: ApiKey, *, by: Any, reason: str, at: datetime) -> ApiKey:
    """End a key for good: its next request is refused. Revoking it twice keeps the first time."""
    with because(reason, revoked_by=by.pk):
        ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at)
    key.refresh_from_db()
    return key


def find_key(text: str) -> ApiKey | None:
    """The key of this text, unless it is unknown or revoked."""
    prefix = text.partition("_")[0]
    key = ApiKey.objects.filter(prefix=prefix).first() if prefix.isascii() and prefix.isalnum() else None
    is_right = hmac.compare_digest(_hash(text), key.secret_hash if key else "")
    return key if key and is_right and key.revoked_at is None else None


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Api-Key PREFIX_SECRET`. Sets `request.auth` to the key; there is no user.

    A key that was right once is remembered by this process for views that confirm it themselves, in the transaction that writes
    (`backoffice.lib.idempotency`). For all others it is looked up each time. So a revoked key is refused at its next request.
    """

    def authenticate(self, request: Request) -> tuple[None, ApiKey] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != KEYWORD.lower().encode():
            return None
        key = _key_of(words[1].decode("latin-1"), may_remember=_is_confirmed_later(request)) if len(words) == 2 else None
        if key is None:
            raise AuthenticationFailed(_("This API key does not exist or was revoked."))
        _note_use(key, clock.now())
        structlog.contextvars.bind_contextvars(api_key=key.prefix)
        pghistory.context(api_key=key.prefix)  # inside a request that writes, history shows which program it was
        return None, key

    def authenticate_header(self, request: Request) -> str:
        return KEYWORD


def confirm_key(view: Any, request: Request) -> None:
    """Look the request's key up anew, after the database denied what was remembered. Raises as authentication and permission do."""
    _remembered.clear()
    known = ApiKeyAuthentication().authenticate(request)
    if known is None:
        raise AuthenticationFailed
    request.auth = known[1]
    view.check_permissions(request)


class HasScope(BasePermission):
    """The view names the scope of each method in `scopes`. A method that names none is open to nobody."""

    message = _("This API key lacks the scope for this.")

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.auth, ApiKey):
            return False
        if request.method not in view.allowed_methods:
            return True  # the view answers 405
        method = "GET" if request.method == "HEAD" else request.method
        return getattr(view, "scopes", {}).get(method) in request.auth.scopes


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _key_of(text: str, *, may_remember: bool) -> ApiKey | None:
    """Only keys that were right are remembered, so that nobody fills the memory by guessing."""
    if not may_remember:
        return find_key(text)
    name = _hash(text)
    key = _remembered.get(name) or find_key(text)
    if key is not None:
        if len(_remembered) >= MOST_REMEMBERED:
            _remembered.clear()
        _remembered[name] = key
    return key


def _is_confirmed_later(request: Request) -> bool:
    view = request.parser_context.get("view")
    return bool(getattr(getattr(view, str(request.method).lower(), None), "confirms_key", False))


def _note_use(key: ApiKey, at: datetime) -> None:
    """A busy key would write its row with every request: once a minute tells staff enough."""
    stale = at - USE_IS_NOTED_EVERY
    if key.last_used_at is None or key.last_used_at <= stale:
        key.last_used_at = at
        ApiKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lte=stale), pk=key.pk).update(last_used_at=at)
