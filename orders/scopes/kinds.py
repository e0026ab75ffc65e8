"""Kinds of fields: choices, rows of a table, texts. What a new field needs is its name and its condition."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

from orders.scopes.fields import AskedAs, ScopeField, Values
from orders.scopes.parts import BadScope

MOST_OFFERED = 1_000
LONGEST_KEY = 18
Choices = Callable[[], Sequence[tuple[str, Any]]]


def choice_field(name: str, label: Any, choices: Choices, condition: Callable[[Values, datetime], Q], **options: Any) -> ScopeField:
    """A field with a fixed set of values."""

    def checked(values: Values) -> Values:
        order = [key for key, _label in choices()]
        for value in values:
            if value not in order:
                raise BadScope(_("“%(value)s” is nothing that “%(field)s” can be.") % {"value": value, "field": label})
        return sorted(set(values), key=order.index)

    def words(values: Values) -> Sequence[Any]:
        known = dict(choices())
        return [known[value] for value in values]

    return ScopeField(name, label, condition, checked, words, AskedAs.CHOICES, choices=choices, **options)


def row_field(
    name: str,
    label: Any,
    rows: Callable[[], QuerySet],
    condition: Callable[[Sequence[int], datetime], Q],
    *,
    say: Callable[[Any], Any] = str,
    **options: Any,
) -> ScopeField:
    """A field whose values are keys of rows. Those named must be there; the newest are offered."""

    def checked(values: Values) -> Values:
        keys = _keys(values, label)
        known = set(rows().filter(pk__in=keys).values_list("pk", flat=True))
        for key in keys:
            if key not in known:
                raise BadScope(_("There is no %(field)s #%(key)s.") % {"field": label, "key": key})
        return [str(key) for key in keys]

    def words(values: Values) -> Sequence[Any]:
        found = rows().in_bulk([int(value) for value in values])
        return [say(found[int(value)]) if int(value) in found else f"#{value}" for value in values]

    def choices() -> Sequence[tuple[str, Any]]:
        return [(str(row.pk), say(row)) for row in rows().order_by("-pk")[:MOST_OFFERED]]

    def by_key(values: Values, at: datetime) -> Q:
        return condition([int(value) for value in values], at)

    given = {"asked_as": AskedAs.ROWS, **options}
    return ScopeField(name, label, by_key, checked, words, choices=choices, **given)


def text_field(
    name: str, label: Any, condition: Callable[[Values, datetime], Q], *, plain: Callable[[str], str] = str.strip, **options: Any
) -> ScopeField:
    """A field whose values are typed, brought to the spelling in which orders have them."""

    def checked(values: Values) -> Values:
        found = sorted({plain(value) for value in values} - {""})
        if not found:
            raise BadScope(_("“%s” has no value that identifies anybody.") % label)
        return found

    return ScopeField(name, label, condition, checked, list, AskedAs.LINES, **options)


def _keys(values: Values, label: Any) -> list[int]:
    for value in values:
        if not (value.isascii() and value.isdecimal() and len(value) <= LONGEST_KEY):
            raise BadScope(_("“%(value)s” is no number of a %(field)s.") % {"value": value, "field": label})
    return sorted({int(value) for value in values})


def rows_of(model: type[Model], *related: str) -> Callable[[], QuerySet]:
    """The rows of a model, asked for when they are wanted."""
    return lambda: model._default_manager.select_related(*related) if related else model._default_manager.all()
