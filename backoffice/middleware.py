"""Middleware of the project as a whole."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone


class BodyLimitMiddleware:
    """Refuses a body larger than DATA_UPLOAD_MAX_MEMORY_SIZE before anything of it is read.

    Django looks at that limit only for forms and `request.body`; JSON that is parsed from the stream would go round it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        announced = request.META.get("CONTENT_LENGTH") or "0"
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if limit is None or not announced.isdecimal() or int(announced) <= limit:
            return self.get_response(request)
        problem = {
            "type": "about:blank",
            "title": "Content Too Large",
            "status": 413,
            "code": "body_too_large",
            "detail": f"The body may hold {limit} bytes at most.",
        }
        return JsonResponse(problem, status=413, content_type="application/problem+json")


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
