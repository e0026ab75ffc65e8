"""The history that triggers wrote, made readable: who, when, under which request, why, and what was before and after."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pghistory.core
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Field, ForeignKey, Model, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib.aloud import aloud, word
from backoffice.lib.display import NOTHING, amount_text, duration_text, time_text

LABELS = {
    "insert": gettext_lazy("made"),
    "update": gettext_lazy("changed"),
    "delete": gettext_lazy("deleted"),
}
LINES_SHOWN = 200


@dataclass(frozen=True)
class Change:
    """One field: what it was and what it became. `before` is a dash where the row is new."""

    field: Any
    before: str
    after: str


@dataclass(frozen=True)
class Line:
    """One event of one row."""

    at: datetime
    what: Any
    subject: str
    label: Any
    event_label: str
    actor: str
    reason: str
    request_id: str
    under: str
    changes: Sequence[Change]

    @property
    def is_long(self) -> bool:
        """Whether the page folds the fields away."""
        return len(self.changes) > 3


@dataclass(frozen=True)
class Source:
    """Events of one tracked model, narrowed by conditions on the event's own columns."""

    event_model: type[Model]
    conditions: Mapping[str, Any]


def source_of(obj: Model) -> list[Source]:
    """The events of the row itself; none where its model is not tracked."""
    event_model = tracker_of(type(obj))
    return [Source(event_model, {"pgh_obj_id": obj.pk})] if event_model else []


def tracker_of(model: type[Model]) -> Any:
    """The event model of a tracked model, else None."""
    models = set(getattr(model, "pgh_event_models", {}).values())
    return models.pop() if len(models) == 1 else None


def tracked_models() -> list[Any]:
    """Every event model there is, by the name of what it tracks."""
    return sorted(pghistory.core.event_models(), key=lambda event: str(event.pgh_tracked_model._meta.verbose_name))


def history_lines(sources: Iterable[Source], limit: int = LINES_SHOWN) -> list[Line]:
    """The newest events of all sources, newest first, at most `limit`. Two queries a source and one for the names."""
    found: list[tuple[Any, Any]] = []
    for source in sources:
        rows = source.event_model._default_manager.filter(**source.conditions)
        found += with_previous(rows.order_by("-pgh_id"), limit)
    return write_lines(newest_first(found)[:limit])


def admin_log_lines(obj: Model, limit: int = LINES_SHOWN) -> list[Line]:
    """What Django's own log of forms says, for models whose rows no trigger tracks."""
    entries = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(obj), object_id=str(obj.pk))
    labels = {1: LABELS["insert"], 2: LABELS["update"], 3: LABELS["delete"]}
    return [
        Line(
            at=entry.action_time,
            what=obj._meta.verbose_name,
            subject=str(obj.pk),
            label=labels.get(entry.action_flag, ""),
            event_label="",
            actor=entry.user.get_username(),
            reason=entry.get_change_message(),
            request_id="",
            under="",
            changes=(),
        )
        for entry in entries.select_related("user").order_by("-action_time")[:limit]
    ]


def with_previous(rows: QuerySet, limit: int) -> list[tuple[Any, Any]]:
    """The first events of a queryset, each with the event before it of the same row, or None."""
    model: Any = rows.model
    if not hasattr(model, "pgh_obj"):
        return [(event, None) for event in rows.select_related("pgh_context")[:limit]]
    earlier = model._default_manager.filter(pgh_obj_id=OuterRef("pgh_obj_id"), pgh_id__lt=OuterRef("pgh_id"))
    rows = rows.annotate(previous_id=Subquery(earlier.order_by("-pgh_id").values("pgh_id")[:1]))
    events = list(rows.select_related("pgh_context")[:limit])
    previous = model._default_manager.in_bulk([event.previous_id for event in events if event.previous_id])
    return [(event, previous.get(event.previous_id)) for event in events]


def newest_first(found: Iterable[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    return sorted(found, key=lambda pair: (pair[0].pgh_created_at, pair[0].pgh_id), reverse=True)


def write_lines(found: Sequence[tuple[Any, Any]]) -> list[Line]:
    """Events with what was before them, as a reader sees them."""
    names = _names_in(found)
    return [_write_line(event, previous, names) for event, previous in found]


def _write_line(event: Any, previous: Any, names: Mapping[int, str]) -> Line:
    context = (event.pgh_context.metadata if event.pgh_context else None) or {}
    tracked = event.pgh_tracked_model
    under = {"approval": _("approval #%s"), "job": _("job #%s")}
    return Line(
        at=event.pgh_created_at,
        what=word(str(tracked._meta.verbose_name)),
        subject=str(getattr(event, "pgh_obj_id", "") or ""),
        label=LABELS.get(event.pgh_label, event.pgh_label),
        event_label=event.pgh_label,
        actor=_actor(context, names),
        reason=aloud(str(context.get("reason") or "")),
        request_id=str(context.get("request_id") or ""),
        under=", ".join(text % context[key] for key, text in under.items() if key in context),
        changes=_changes(event, previous, names),
    )


def _actor(context: Mapping[str, Any], names: Mapping[int, str]) -> str:
    user = context.get("user")
    return names.get(user, f"#{user}") if isinstance(user, int) else _("the system")


def _changes(event: Any, previous: Any, names: Mapping[int, str]) -> list[Change]:
    """What is different from the event before; everything, where this is the first or the last event of the row."""
    changes = []
    for field in _own_fields(event):
        after = getattr(event, field.attname)
        before = getattr(previous, field.attname) if previous is not None else None
        if event.pgh_label == "delete":
            before, after = after, None
        elif previous is not None and before == after:
            continue
        if before not in (None, "") or after not in (None, ""):
            changes.append(Change(_label_of(event, field), _write(field, before, names), _write(field, after, names)))
    return changes


def _own_fields(event: Any) -> list[Field]:
    return [field for field in event._meta.fields if not field.name.startswith("pgh_") and field.name != "id"]


def _label_of(event: Any, field: Field) -> Any:
    return word(str(event.pgh_tracked_model._meta.get_field(field.name).verbose_name))


def _write(field: Field, value: Any, names: Mapping[int, str]) -> str:
    if value is None or value == "":
        return NOTHING
    if isinstance(field, ForeignKey):
        return names.get(value, f"#{value}") if field.related_model is User else f"#{value}"
    if field.flatchoices:
        return str(dict(field.flatchoices).get(value, value))
    writers: dict[type, Callable[[Any], Any]] = {
        datetime: time_text,
        timedelta: duration_text,
        Decimal: amount_text,
        bool: lambda is_true: _("yes") if is_true else _("no"),
    }
    writer: Callable[[Any], Any] | None = writers.get(type(value))
    return str(writer(value)) if writer else aloud(str(value))


def _names_in(found: Sequence[tuple[Any, Any]]) -> dict[int, str]:
    """The names of all people these events mention, in one query."""
    people: set[Any] = set()
    for pair in found:
        for event in filter(None, pair):
            people.add(((event.pgh_context.metadata if event is pair[0] and event.pgh_context else None) or {}).get("user"))
            people |= {
                getattr(event, f.attname) for f in _own_fields(event) if isinstance(f, ForeignKey) and f.related_model is User
            }
    return dict(User.objects.filter(pk__in=people - {None}).values_list("pk", "username"))
