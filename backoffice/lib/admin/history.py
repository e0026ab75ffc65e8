"""The history that triggers wrote, made readable: who, when, under which request, why, and what was before and after."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pghistory.core
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Field, ForeignKey, Model, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib.admin.payloads import flat
from backoffice.lib.aloud import JOINT, aloud, word
from backoffice.lib.display import NOTHING, amount_text, count_text, duration_text, person, time_text
from backoffice.lib.models import GroupPermissionRow, UserGroupRow, UserPermissionRow
from backoffice.lib.rights import right_words

LABELS = {
    "insert": gettext_lazy("made"),
    "update": gettext_lazy("changed"),
    "delete": gettext_lazy("deleted"),
}
# Django's tables between two others, which have no name of their own.
MEMBERSHIPS: dict[type[Model], Any] = {
    GroupPermissionRow: gettext_lazy("right of a group"),
    UserGroupRow: gettext_lazy("person in a group"),
    UserPermissionRow: gettext_lazy("right of a person"),
}
LINES_SHOWN = 200
Names = Mapping[type[Model], Mapping[Any, str]]
"""What rows that events refer to are called, by their model and key."""


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
    return sorted(pghistory.core.event_models(), key=lambda event: str(name_of(event.pgh_tracked_model)))


def name_of(model: type[Model]) -> Any:
    """What a row of a tracked model is called."""
    return MEMBERSHIPS.get(model) or word(str(model._meta.verbose_name))


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


def _write_line(event: Any, previous: Any, names: Names) -> Line:
    context = (event.pgh_context.metadata if event.pgh_context else None) or {}
    under = {"approval": _("approval #%s"), "job": _("job #%s")}
    return Line(
        at=event.pgh_created_at,
        what=name_of(event.pgh_tracked_model),
        subject=str(getattr(event, "pgh_obj_id", "") or ""),
        label=LABELS.get(event.pgh_label, event.pgh_label),
        event_label=event.pgh_label,
        actor=_actor(context, names),
        reason=aloud(str(context.get("reason") or "")),
        request_id=str(context.get("request_id") or ""),
        under=", ".join(text % context[key] for key, text in under.items() if key in context),
        changes=_changes(event, previous, names),
    )


def _actor(context: Mapping[str, Any], names: Names) -> str:
    user = context.get("user")
    return names[User].get(user, f"#{user}") if isinstance(user, int) else _("the system")


def _changes(event: Any, previous: Any, names: Names) -> list[Change]:
    """What is different from the event before; everything, where this is the first or the last event of the row."""
    changes = []
    for field in _own_fields(event):
        after = getattr(event, field.attname)
        before = getattr(previous, field.attname) if previous is not None else None
        if event.pgh_label == "delete":
            before, after = after, None
        elif previous is not None and before == after:
            continue
        before, after = _without_the_same(before, after)
        if not (_is_nothing(before) and _is_nothing(after)):
            changes.append(Change(_label_of(event, field), _write(field, before, names), _write(field, after, names)))
    return changes


def _own_fields(event: Any) -> list[Field]:
    return [field for field in event._meta.fields if not field.name.startswith("pgh_") and field.name != "id"]


def _label_of(event: Any, field: Field) -> Any:
    return word(str(event.pgh_tracked_model._meta.get_field(field.name).verbose_name))


def _is_nothing(value: Any) -> bool:
    return value in (None, "", [], {})


def _without_the_same(before: Any, after: Any) -> tuple[Any, Any]:
    """Of two lists what is in one of them alone: of ten findings one is new."""
    if not (isinstance(before, list) and isinstance(after, list)):
        return before, after
    return [one for one in before if one not in after], [one for one in after if one not in before]


def _write(field: Field, value: Any, names: Names) -> str:
    if _is_nothing(value):
        return NOTHING
    if isinstance(field, ForeignKey):
        return names.get(field.related_model, {}).get(value, f"#{value}")
    if field.flatchoices:
        return str(dict(field.flatchoices).get(value, value))
    if field.name == "kind":
        return word(str(value))
    writers: dict[type, Callable[[Any], Any]] = {
        datetime: time_text,
        timedelta: duration_text,
        Decimal: amount_text,
        bool: lambda is_true: _("yes") if is_true else _("no"),
        int: count_text,
        list: _write_data,
        dict: _write_data,
    }
    writer: Callable[[Any], Any] | None = writers.get(type(value))
    return str(writer(value)) if writer else aloud(str(value))


def _write_data(value: Any) -> str:
    """What is kept as data: each of several by itself, a finding by its sentence, anything else by names and values."""
    if isinstance(value, list):
        return JOINT.join(map(_write_data, value))
    if isinstance(value, dict):
        if "text" in value:
            return aloud(str(value["text"]))
        return JOINT.join(f"{name}: {inner}" for name, inner in flat(value))
    return aloud(str(value))


def _names_in(found: Sequence[tuple[Any, Any]]) -> Names:
    """The names of all people, groups and rights these events mention, in a query for each of the three that are mentioned."""
    keys: dict[type[Model], set[Any]] = {User: set(), Group: set(), Permission: set()}
    for pair in found:
        for event in filter(None, pair):
            keys[User].add(((event.pgh_context.metadata if event is pair[0] and event.pgh_context else None) or {}).get("user"))
            for field in _own_fields(event):
                if isinstance(field, ForeignKey) and field.related_model in keys:
                    keys[field.related_model].add(getattr(event, field.attname))
    wanted = {model: those - {None} for model, those in keys.items()}
    rights = Permission.objects.filter(pk__in=wanted[Permission]).select_related("content_type")
    return {
        User: {user.pk: str(person(user)) for user in User.objects.filter(pk__in=wanted[User]).only("username")},
        Group: {group.pk: aloud(group.name) for group in Group.objects.filter(pk__in=wanted[Group])},
        Permission: {right.pk: right_words(right) for right in rights},
    }
