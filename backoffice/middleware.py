"""Middleware of the project as a whole."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from backoffice.lib.problems import BodyTooLarge, LengthRequired, problem_response

PIECE = 64 * 1024
MOST_READ_AWAY = 32 * 1024 * 1024


class BodyLimitMiddleware:
    """Refuses a body larger than DATA_UPLOAD_MAX_MEMORY_SIZE, and one that does not say how large it is.

    Django looks at that limit only for forms and `request.body`; JSON that is parsed from the stream would go round it.
    A refused body is read away in pieces, up to a limit: a program that is still sending would not hear the answer.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        announced = request.META.get("CONTENT_LENGTH") or "0"
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if request.META.get("HTTP_TRANSFER_ENCODING"):
            read_away(request.META["wsgi.input"], MOST_READ_AWAY)
            return problem_response(411, LengthRequired.default_code, LengthRequired.default_detail)
        if limit is None or not announced.isdecimal() or int(announced) <= limit:
            return self.get_response(request)
        read_away(request, min(int(announced), MOST_READ_AWAY))
        return problem_response(413, BodyTooLarge.default_code, BodyTooLarge.default_detail)


def read_away(body: Any, most: int) -> None:
    """Read up to so many bytes and forget them."""
    with suppress(OSError):
        while most > 0 and (piece := body.read(min(PIECE, most))):
            most -= len(piece)


class StaffTimeZoneMiddleware:
    """Shows times on staff pages in the staff's zone. The API answers in UTC."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.zone = ZoneInfo(settings.HOLDFAST_STAFF_TIME_ZONE)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/admin/"):
            return self.get_response(request)
        with timezone.override(self.zone):
            return self.get_response(request)
