"""What an approval is about, written for the person who decides: fields by their names, and where the world has moved on, what is
there now beside what was asked for.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import FieldDoesNotExist
from django.db.models import BooleanField, DateTimeField, DecimalField, DurationField, Field, ForeignKey, IntegerField, Model
from django.utils.dateparse import parse_duration
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from backoffice.lib.admin.page import Panel
from backoffice.lib.aloud import word
from backoffice.lib.display import NOTHING, amount_text, count_text, duration_text, time_html
from backoffice.lib.models import Approval, ApprovalStatus

Rows = list[list[Any]]


def model_of(target: str) -> type[Model] | None:
    """The model that a target (app.model:id) names, if there is one."""
    try:
        return apps.get_model(target.rpartition(":")[0])
    except (LookupError, ValueError):
        return None


def payload_panels(approval: Approval, currency: str = "") -> list[Panel]:
    """Everything the approval stands for. While it waits, a third column shows what is different now."""
    is_pending = approval.status == ApprovalStatus.PENDING
    title = _("Exactly what is done when this is approved") if is_pending else _("Exactly what was asked for")
    changes = approval.payload.get("changes")
    if isinstance(changes, Mapping):
        return [changes_panel(title, model_of(approval.target), changes)]
    snapshot, model = approval.payload.get("snapshot"), model_of(approval.target)
    if not isinstance(snapshot, Mapping) or model is None:
        return [Panel(title, [_("field"), _("value")], list(flat(approval.payload)))]
    parts = {name: value for name, value in snapshot.items() if isinstance(value, list)}
    plain = {name: value for name, value in snapshot.items() if name not in parts}
    now = current(model, approval.target) if is_pending else None
    moved = now is not None and any(differs(now, name, value) for name, value in plain.items())
    note = (
        ""
        if now is None
        else _("It was changed since: this cannot be approved.")
        if moved
        else _("Nothing of it was changed since.")
    )
    names = [_("field"), _("as asked"), _("now")] if moved else [_("field"), _("as asked")]
    panels = [Panel(title, names, list(compared(model, plain, now if moved else None, currency)), note=note)]
    return panels + [part_panel(model, name, rows, currency) for name, rows in parts.items()]


def changes_panel(title: Any, model: type[Model] | None, changes: Mapping[str, Mapping[str, Any]]) -> Panel:
    """Old values beside new ones."""
    rows = []
    for name, change in changes.items():
        old, new = (change.get(key) if model is None else written(model, name, change.get(key)) for key in ("old", "new"))
        rows.append([name if model is None else label_of(model, name), old, format_html("<b>{}</b>", new)])
    return Panel(title, [_("field"), _("old"), _("new")], rows)


def differs(now: Mapping[str, Any], name: str, value: Any) -> bool:
    """Whether a field is no longer what was asked for; both are texts, empty for none."""
    return ("" if now.get(name) is None else str(now[name])) != value


def current(model: type[Model], target: str) -> Mapping[str, Any]:
    """The row as it is now, empty where it is gone."""
    rows = model._default_manager.filter(pk=target.rpartition(":")[2]).values()
    return rows.first() or {}


def compared(
    model: type[Model], asked: Mapping[str, Any], now: Mapping[str, Any] | None, currency: str = ""
) -> Iterator[list[Any]]:
    """A row for each field; the last cell says what is there now, where that is something else."""
    for name, value in asked.items():
        if name == "id":
            continue
        cells = [label_of(model, name), written(model, name, value, currency)]
        if now is not None:
            cells.append(
                format_html("<b>{}</b>", written(model, name, now.get(name), currency))
                if differs(now, name, value)
                else _("the same")
            )
        yield cells


def part_panel(model: type[Model], name: str, rows: Sequence[Mapping[str, Any]], currency: str = "") -> Panel:
    """Rows that were approved with the object: a budget, the claim rules."""
    field: Any = model._meta.get_field(name)
    part = field.related_model
    hidden = {"id", field.field.attname}
    names = [key for key in (rows[0] if rows else {}) if key not in hidden]
    cells = [[written(part, key, row[key], currency) for key in names] for row in rows]
    return Panel(capfirst(part._meta.verbose_name_plural), [label_of(part, key) for key in names], cells, _("None."))


def label_of(model: type[Model], name: str) -> Any:
    field = field_of(model, name)
    return field.verbose_name if field else name


def field_of(model: type[Model], name: str) -> Field | None:
    try:
        return model._meta.get_field(name)  # type: ignore[return-value]
    except FieldDoesNotExist:
        return next((field for field in model._meta.concrete_fields if field.attname == name), None)


def written(model: type[Model], name: str, value: Any, currency: str = "") -> Any:
    """A stored text as a reader sees it: times in his zone, amounts with thousands and currency, words of choices."""
    field = field_of(model, name)
    if isinstance(field, ArrayField):
        value = str(value).strip("[]").replace("'", "")
    if value in (None, ""):
        return NOTHING
    if isinstance(field, DateTimeField):
        return time_html(datetime.fromisoformat(str(value)))
    if isinstance(field, DecimalField):
        is_money = field.max_digits is not None and field.max_digits > 5
        return amount_text(Decimal(str(value)), currency) if is_money else f"{Decimal(str(value)).normalize():f}"
    if isinstance(field, DurationField):
        return duration_text(parse_duration(str(value)))
    if isinstance(field, BooleanField):
        return _("yes") if str(value) == "True" else _("no")
    if isinstance(field, IntegerField):
        return count_text(int(value)) if str(value).lstrip("-").isdecimal() else value
    if isinstance(field, ForeignKey):
        related = field.related_model._default_manager.filter(pk=value).first()
        return str(related) if related else f"#{value}"
    words = {str(key): label for key, label in field.flatchoices} if field else {}
    return words.get(str(value), value)


def flat(value: Any, name: str = "") -> Iterator[list[Any]]:
    """A nested payload as rows of path and value."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from flat(inner, f"{name} · {word(str(key))}" if name else word(str(key)))
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        for number, inner in enumerate(value, start=1):
            yield from flat(inner, f"{name} {number}")
    else:
        yield [name, _spoken(value)]


def _spoken(value: Any) -> Any:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if value in (None, ""):
        return NOTHING
    return ", ".join(map(str, value)) if isinstance(value, list) else value
