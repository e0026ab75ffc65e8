"""Errors of the API, as RFC 9457 problem details: `application/problem+json` with a stable `code` that programs decide by.

`errors` lists what is wrong with the input, or why parts of it were refused, and is empty otherwise. Each entry has a JSON pointer
into the body, a code and a sentence.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.utils.translation import gettext_lazy as _
from django.views import defaults
from rest_framework import exceptions

from backoffice.lib.errors import DomainError, InvalidInput, NotFound

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"
API_ROOT = "/api/"
MOST_ERRORS = 50
RETRY_AFTER_SECONDS = 1
IDLE_IN_TRANSACTION_TIMEOUT = "25P03"

TITLES = {
    400: _("Bad request"),
    401: _("Not authenticated"),
    403: _("Not permitted"),
    404: _("Not found"),
    405: _("Method not allowed"),
    409: _("Refused"),
    411: _("Length required"),
    413: _("Content too large"),
    415: _("Unsupported media type"),
    422: _("Cannot be processed"),
    429: _("Too many requests"),
    500: _("Internal error"),
    503: _("Not available for the moment"),
}


class BodyTooLarge(exceptions.APIException):
    """The body is larger than DATA_UPLOAD_MAX_MEMORY_SIZE. It is refused by its announced length, unread."""

    status_code = 413
    default_code = "body_too_large"
    default_detail = _("The body is too large.")


class LengthRequired(exceptions.APIException):
    """The body came in chunks, so that nobody knows how large it will be."""

    status_code = 411
    default_code = "length_required"
    default_detail = _("Send the body with its Content-Length, not in chunks.")


class Unavailable(exceptions.APIException):
    """The database did not answer. Nothing was kept, so the same request may be sent again."""

    status_code = 503
    default_code = "unavailable"
    default_detail = _("The service cannot answer for the moment. Send the same request again.")


def problem(status: int, code: str, detail: Any = "", errors: Sequence[dict[str, str]] = ()) -> dict[str, Any]:
    """The body of a problem. `detail` is a sentence for people, `code` is for programs."""
    title = str(TITLES.get(status) or HTTPStatus(status).phrase)
    return {
        "type": f"urn:holdfast:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": str(detail) or title,
        "errors": list(errors),
    }


def problem_response(
    status: int, code: str, detail: Any = "", errors: Sequence[dict[str, str]] = (), headers: dict[str, str] | None = None
) -> JsonResponse:
    """An answer that is a problem. JSON whatever the view renders otherwise."""
    body = problem(status, code, detail, errors)
    unescaped = {"ensure_ascii": False}
    return JsonResponse(body, status=status, headers=headers, content_type=CONTENT_TYPE, json_dumps_params=unescaped)


def problem_handler(error: Exception, context: dict[str, Any]) -> JsonResponse | None:
    """DRF's exception handler. Answers None for what is our own fault: Django logs it, and `server_error` answers."""
    if isinstance(error, DomainError):
        return problem_response(_status_of(error), error.code, error, error.errors)
    known = _as_api_exception(error)
    if known is None:
        return None
    if isinstance(known, exceptions.ValidationError):
        found = list(_field_errors(known.detail, ""))[:MOST_ERRORS]
        return problem_response(known.status_code, "invalid", _("The request cannot be used as it stands: see `errors`."), found)
    return problem_response(known.status_code, str(known.get_codes()), known.detail, headers=_headers_of(known))


def _status_of(error: DomainError) -> int:
    if isinstance(error, NotFound):
        return 404
    return 422 if isinstance(error, InvalidInput) else 409


def _as_api_exception(error: Exception) -> exceptions.APIException | None:
    if isinstance(error, exceptions.APIException):
        return error
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(error, RequestDataTooBig):
        return BodyTooLarge()
    if isinstance(error, UnreadablePostError):
        return exceptions.ParseError(_("The connection ended before the body did."))
    if isinstance(error, DatabaseError | InterfaceError) and _lost_the_database(error):
        log.exception("database_unavailable")
        return Unavailable()
    return None


def _lost_the_database(error: Exception) -> bool:
    is_late = getattr(error.__cause__, "sqlstate", None) == IDLE_IN_TRANSACTION_TIMEOUT
    return is_late or isinstance(error, OperationalError | InterfaceError)


def _headers_of(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = str(error.auth_header)  # type: ignore[attr-defined]
    wait = getattr(error, "wait", None)
    if wait:
        headers["Retry-After"] = str(math.ceil(wait))
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return headers


def _field_errors(detail: Any, pointer: str) -> Iterator[dict[str, str]]:
    """DRF's nested errors, flat."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _field_errors(inner, pointer if name == "non_field_errors" else f"{pointer}/{name}")
    elif isinstance(detail, list):
        for place, inner in enumerate(detail):
            yield from _field_errors(inner, f"{pointer}/{place}" if isinstance(inner, dict) else pointer)
    else:
        yield {"pointer": f"#{pointer}", "code": getattr(detail, "code", "invalid"), "detail": str(detail)}


# What Django itself answers, before or beside any view of ours: a problem below /api/, its own page elsewhere.


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The project's handler400."""
    return _page(request, 400, "bad_request", lambda: defaults.bad_request(request, exception))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The project's handler403."""
    return _page(request, 403, "permission_denied", lambda: defaults.permission_denied(request, exception))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The project's handler404."""
    return _page(request, 404, "not_found", lambda: defaults.page_not_found(request, exception))


def server_error(request: HttpRequest) -> HttpResponse:
    """The project's handler500. It says nothing of what went wrong; the log does, under the request id."""
    return _page(request, 500, "internal_error", lambda: defaults.server_error(request))


def _page(request: HttpRequest, status: int, code: str, otherwise: Callable[[], HttpResponse]) -> HttpResponse:
    if not request.path.startswith(API_ROOT):
        return otherwise()
    return problem_response(status, code)
