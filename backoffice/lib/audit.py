"""History: every change of money, state, rule, permission or hold leaves one row, written by a trigger.

Rows are append-only, written at statement level (bulk statements and raw SQL included), and carry who, when, under which request
and why. Claims and redemptions are a ledger of their own and are not tracked a second time.
"""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import pghistory
import pgtrigger
import structlog
from django.db import connection
from django.http import HttpRequest
from pghistory.middleware import HistoryMiddleware as PghistoryMiddleware
from pghistory.runtime import Context, _tracker

ModelT = TypeVar("ModelT", bound=type)


def tracked(*, unindexed: Sequence[str] = (), **options: Any) -> Callable[[ModelT], ModelT]:
    """Class decorator: keep the history of this model. Other options go to `pghistory.track`.

    Links of the model are indexed in its history too, but for those named `unindexed`: where rows come by the million and nobody asks
    the history by that link, its index costs as much as the row.
    """
    events = (pghistory.InsertEvent, pghistory.UpdateEvent, pghistory.DeleteEvent)
    track = pghistory.track(
        *(event(level=pghistory.Statement) for event in events), append_only=True, meta=kept_events(), **options
    )

    def decorate(model: ModelT) -> ModelT:
        model = track(model)
        for name in unindexed:
            model.pgh_event_model._meta.get_field(name).db_index = False  # type: ignore[attr-defined]
        return model

    return decorate


def never_truncated(name: str) -> pgtrigger.Trigger:
    """A ledger's table is not emptied either: triggers on its rows do not see a TRUNCATE. Tests switch this one off to clean up."""
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func="RAISE EXCEPTION 'the table % is a ledger and is never emptied', TG_TABLE_NAME;",
    )


def kept_events() -> dict[str, Any]:
    """The Meta of a table of events that is never emptied."""
    return {"triggers": [never_truncated("events_are_never_truncated")]}


@contextmanager
def because(reason: str, **metadata: Any) -> Iterator[None]:
    """A context in which every tracked change carries this reason, and what an outer one says besides.

    Nests: inner values win, and after the inner block the outer ones hold again. (`pghistory.context` would write the inner reason
    over the outer one for good, also for what was changed before: all of one request shares one row there.)
    """
    outer: Context | None = getattr(_tracker, "value", None)
    if outer is None:
        with pghistory.context(reason=reason, **metadata):
            yield
        _forget_context()
        return
    _tracker.value = Context(uuid.uuid4(), {**outer.metadata, "reason": reason, **metadata})
    try:
        yield
    finally:
        _tracker.value = outer


def _forget_context() -> None:
    """The context is a setting of the transaction: without this, all that follows in it would carry the same reason."""
    if connection.in_atomic_block and not connection.needs_rollback:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('pghistory.context_id', '', true)")


class HistoryMiddleware(PghistoryMiddleware):
    """Adds the request id to what pghistory knows of a request (user and path)."""

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().get_context(request)
        request_id = structlog.contextvars.get_contextvars().get("request_id")
        if request_id is not None:
            context["request_id"] = str(request_id)
        return context
