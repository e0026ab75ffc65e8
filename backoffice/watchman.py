"""The site watches those who watch: where beat or the workers are dead, no scheduled check says so.

Each process of the site looks about once a minute, after an answer that it gave. The alarm is raised once, whoever finds it first;
its message waits in the outbox until a worker lives, and stands in the admin at once.
"""

import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from backoffice.lib import clock
from promotions.services.self_watch import watch_checks

log = structlog.get_logger(__name__)
EVERY_SECONDS = 60.0


class WatchmanMiddleware:
    """Looks after the checks now and then. What goes wrong in that is logged, and spoils no answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.look_at = time.monotonic() + EVERY_SECONDS

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if time.monotonic() >= self.look_at:
            self.look_at = time.monotonic() + EVERY_SECONDS
            try:
                watch_checks(clock.now())
            except Exception:
                log.exception("watchman_failed")
        return response
