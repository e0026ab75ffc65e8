"""History: every change of money, state, rule, permission or hold leaves one row, written by a trigger.

Rows are append-only, written at statement level (bulk statements and raw SQL included), and carry who, when, under which request
and why. Claims and redemptions are a ledger of their own and are not tracked a second time.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import pghistory
import structlog
from django.http import HttpRequest
from pghistory.middleware import HistoryMiddleware as PghistoryMiddleware

ModelT = TypeVar("ModelT", bound=type)


def tracked(**options: Any) -> Callable[[ModelT], ModelT]:
    """Class decorator: keep the history of this model. Options go to `pghistory.track`."""
    events = (pghistory.InsertEvent, pghistory.UpdateEvent, pghistory.DeleteEvent)
    return pghistory.track(*(event(level=pghistory.Statement) for event in events), append_only=True, **options)


def because(reason: str, **metadata: Any) -> Any:
    """A context in which every tracked change carries this reason. Nests: inner values win."""
    return pghistory.context(reason=reason, **metadata)


class HistoryMiddleware(PghistoryMiddleware):
    """Adds the request id to what pghistory knows of a request (user and path)."""

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().get_context(request)
        request_id = structlog.contextvars.get_contextvars().get("request_id")
        if request_id is not None:
            context["request_id"] = str(request_id)
        return context
