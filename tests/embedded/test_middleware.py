"""What the project's own middleware does to every request."""

import json
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from backoffice.middleware import BodyLimitMiddleware, StaffTimeZoneMiddleware


def ten_o_clock_shown_on(path: str) -> str:
    def view(_request: HttpRequest) -> HttpResponse:
        return HttpResponse(timezone.localtime(datetime(2026, 1, 1, 10, tzinfo=UTC)).strftime("%H:%M"))

    return StaffTimeZoneMiddleware(view)(RequestFactory().get(path)).content.decode()


def test_staff_see_their_own_zone_and_the_api_sees_utc(settings):
    settings.HOLDFAST_STAFF_TIME_ZONE = "Asia/Shanghai"
    assert ten_o_clock_shown_on("/admin/") == "18:00"
    assert ten_o_clock_shown_on("/api/v1/campaigns/") == "10:00"


def test_a_body_of_ten_megabytes_is_refused_unread(client):
    answer = client.post("/api/v1/claims/", data=b" " * 10_000_000, content_type="application/json")
    assert answer.status_code == 413
    assert answer["Content-Type"] == "application/problem+json"
    assert json.loads(answer.content)["code"] == "body_too_large"


def test_a_body_of_the_largest_size_is_let_through(settings):
    let_through = BodyLimitMiddleware(lambda _request: HttpResponse("in"))
    body = b" " * settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert let_through(RequestFactory().post("/", body, content_type="application/json")).content == b"in"
