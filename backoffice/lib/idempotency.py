"""An answer given to an idempotency key is given again: same status, same bytes, no second effect.

Effect and answer are committed in one transaction. Whatever happens to the process, there is never an effect without its answer,
nor an answer without its effect: after a crash at any point the retry either finds the answer or finds nothing and starts afresh.

That a first request is still running is an advisory lock of that same transaction, not a row. It is asked for without waiting,
nobody has to clean it up, and it cannot outlive its holder: it ends with the transaction, and the database ends a transaction that
its process left idle for `LEASE`. A request that lost its lease in this way can no longer commit, so whoever took over is alone.

The lease travels with the first statement of the view (`backoffice.lib.exchanges`): where it is not given, what that statement
did is rolled back, and `Unwound` leaves the view before it sees an answer.
"""

import hashlib
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial, wraps
from typing import Any, NamedTuple, cast

from django.db import DatabaseError, OperationalError, connection, transaction
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.lib import clock, exchanges
from backoffice.lib.apikeys import confirm_key
from backoffice.lib.models import ApiKey, IdempotencyRecord

HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"
KEY_PATTERN = r"^[!-~]{1,255}$"
LEASE = timedelta(seconds=60)
KEPT_FOR = timedelta(hours=48)
MOST_TRIES = 3
DEADLOCK_DETECTED = "40P01"

Post = Callable[..., HttpResponse]

# The first exchange of a request, with whatever the view asks first. That the API key still holds is asked here, by the database:
# who is asking was remembered, not looked up. The two stand apart because the second has to see
# what whoever held the lock committed.
LEASE_SQL = """
SELECT pg_try_advisory_xact_lock(%(lock)s::bigint), set_config('idle_in_transaction_session_timeout', %(seconds)s::text, true),
       EXISTS (SELECT FROM lib_apikey WHERE id = %(api_key)s::bigint AND revoked_at IS NULL AND scopes = %(scopes)s::varchar[])
"""
KEPT_SQL = """
SELECT fingerprint, status, body, content_type FROM lib_idempotencyrecord
 WHERE api_key_id = %(api_key)s::bigint AND key = %(key)s::text
"""
# The last exchange, with COMMIT.
KEEP_SQL = """
INSERT INTO lib_idempotencyrecord (api_key_id, key, fingerprint, started_at, status, body, content_type)
VALUES (%(api_key)s::bigint, %(key)s::text, %(fingerprint)s::text, %(at)s::timestamptz, %(status)s::int, %(body)s::bytea,
        %(content_type)s::text)
"""


class Kept(NamedTuple):
    """What `KEPT_SQL` answers."""

    fingerprint: str
    status: int
    body: bytes
    content_type: str


class KeyMissing(APIException):
    status_code = 400
    default_code = "idempotency_key_missing"
    default_detail = _("Send an Idempotency-Key: 1 to 255 visible ASCII characters, a new one for each thing you want done.")


class KeyReused(APIException):
    status_code = 422
    default_code = "idempotency_key_reused"
    default_detail = _("This Idempotency-Key was used for another request.")


class StillRunning(APIException):
    status_code = 409
    default_code = "idempotency_key_in_use"
    default_detail = _("The first request with this Idempotency-Key is still running. Send it again in a moment.")


class KeyChanged(AuthenticationFailed):
    """The API key was revoked, or its scopes were changed, since it was remembered."""


class Unwound(BaseException):
    """Leaves the view, whatever it catches: the first exchange showed that nothing is to be done here.

    `outcome` is the answer that was kept, or why there is none.
    """

    def __init__(self, outcome: HttpResponse | APIException) -> None:
        super().__init__()
        self.outcome = outcome


def idempotent(post: Post) -> Post:
    """Decorates the `post` of an API view: what it does and what it answers happen once for each key of each caller.

    Every answer below 500 is kept, refusals included, and commits what the view did. A service that refuses with a DomainError has
    by then undone what it wants undone, and not more. An unexpected error rolls everything back and keeps nothing.
    """

    @wraps(post)
    def answer_once(view: Any, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        key, fingerprint = _key_of(request), _fingerprint_of(request)
        answer = partial(_answer, view, post, request, *args, **kwargs)
        for tries_left in reversed(range(MOST_TRIES)):
            try:
                return _answer_once(cast(ApiKey, request.auth), key, fingerprint, answer)
            except Unwound as unwound:
                if isinstance(unwound.outcome, HttpResponse):
                    return unwound.outcome
                if not (tries_left and isinstance(unwound.outcome, KeyChanged)):
                    raise unwound.outcome from None
                confirm_key(view, request)
            except OperationalError as error:
                if not (tries_left and _was_deadlock(error)):
                    raise
        raise AssertionError("the last try answers or raises")

    answer_once.is_idempotent = True  # type: ignore[attr-defined]
    answer_once.confirms_key = True  # type: ignore[attr-defined]
    return answer_once


def forget_old_answers(at: datetime) -> int:
    """Forget what was answered more than `KEPT_FOR` ago. Answers how many."""
    return IdempotencyRecord.objects.filter(started_at__lt=at - KEPT_FOR).delete()[0]


def _answer_once(api_key: ApiKey, key: str, fingerprint: str, answer: Callable[[], HttpResponse]) -> HttpResponse:
    at = clock.now()
    is_outermost = not connection.in_atomic_block
    with transaction.atomic(durable=True), exchanges.gathered():
        exchanges.queue(LEASE_SQL, _lease_of(api_key, key), _look_at_lease)
        exchanges.queue(KEPT_SQL, {"api_key": api_key.pk, "key": key}, partial(_look_for_answer, fingerprint))
        response = answer()
        exchanges.settle()
        if transaction.get_rollback():
            return response  # its effect is rolled back, so there is nothing that a second asking could double
        values = {
            "api_key": api_key.pk,
            "key": key,
            "fingerprint": fingerprint,
            "at": at,
            "status": response.status_code,
            "body": response.content,
            "content_type": response.headers["Content-Type"],
        }
        keep = exchanges.commit if is_outermost else exchanges.ask
        keep(KEEP_SQL, values)
    return response


def _lease_of(api_key: ApiKey, key: str) -> dict[str, Any]:
    digest = hashlib.sha256(f"idempotency:{api_key.pk}:{key}".encode()).digest()
    return {
        "lock": int.from_bytes(digest[:8], "big", signed=True),
        "seconds": f"{LEASE.total_seconds():.0f}s",
        "api_key": api_key.pk,
        "scopes": api_key.scopes,
    }


def _look_at_lease(row: Any) -> None:
    is_ours, _, key_holds = row
    if not key_holds:
        raise Unwound(KeyChanged())
    if not is_ours:
        raise Unwound(StillRunning())


def _look_for_answer(fingerprint: str, row: Any) -> None:
    if row is not None:
        raise Unwound(_replay(Kept(*row), fingerprint))


def _was_deadlock(error: OperationalError) -> bool:
    """The database chose this transaction as the one to give up. All it did is undone, so it may simply be tried again."""
    return getattr(error.__cause__, "sqlstate", None) == DEADLOCK_DETECTED


def _key_of(request: Request) -> str:
    key = request.headers.get(HEADER, "")
    if not re.fullmatch(KEY_PATTERN, key):
        raise KeyMissing
    return key


def _fingerprint_of(request: Request) -> str:
    """SHA-256 of method, path and body, as it was sent."""
    head = f"{request.method} {request.get_full_path()}\n".encode("utf-8", "surrogateescape")
    return hashlib.sha256(head + request.body).hexdigest()


def _answer(view: Any, post: Post, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
    """The view's answer as it goes out: rendered, errors too. Raises what is unexpected."""
    try:
        response = post(view, request, *args, **kwargs)
    except DatabaseError:
        raise
    except Exception as error:
        response = view.handle_exception(error)  # raises again what is no answer
    finished = view.finalize_response(request, response)
    if isinstance(finished, Response):
        finished.render()
    if finished.status_code >= 500:
        transaction.set_rollback(True)
    return HttpResponse(finished.content, status=finished.status_code, headers=dict(finished.items()))


def _replay(kept: Kept, fingerprint: str) -> HttpResponse | KeyReused:
    if kept.fingerprint != fingerprint:
        return KeyReused()
    return HttpResponse(bytes(kept.body), status=kept.status, content_type=kept.content_type, headers={REPLAYED_HEADER: "true"})
