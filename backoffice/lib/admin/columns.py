"""Columns of lists, each written the same way everywhere.

A column may carry `plain`, what an export writes instead of HTML, and `unit`, which an export writes into a column of its own.
"""

from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any

from django.db.models import Model
from django.utils.translation import get_language

from backoffice.lib.display import amount_html, state_badge, time_html

Column = Callable[[Any], Any]


def _column(write: Column, name: str, label: Any, order: str | None) -> Column:
    write.__name__ = name
    write.short_description = label  # type: ignore[attr-defined]
    if order:
        write.admin_order_field = order  # type: ignore[attr-defined]
    return write


def money_column(field: str, label: Any, currency: str = "currency", order: str | None = "") -> Column:
    """A column of amounts. `currency` is the path to the currency from the row; `order` None forbids sorting by it."""
    amount_of, currency_of = attrgetter(field), attrgetter(currency)
    order = field.replace(".", "__") if order == "" else order
    column = _column(lambda row: amount_html(amount_of(row), currency_of(row)), field.replace(".", "_"), label, order)
    column.plain, column.unit = amount_of, currency_of  # type: ignore[attr-defined]
    return column


def time_column(field: str, label: Any, order: str | None = "") -> Column:
    time_of = attrgetter(field)
    order = field.replace(".", "__") if order == "" else order
    column = _column(lambda row: time_html(time_of(row)), field.replace(".", "_"), label, order)
    column.plain = time_of  # type: ignore[attr-defined]
    return column


def state_column(field: str, label: Any, order: str | None = None) -> Column:
    owner, _dot, name = field.rpartition(".")
    owner_of = attrgetter(owner) if owner else lambda row: row
    column = _column(lambda row: state_badge(owner_of(row), name), field.replace(".", "_"), label, order)
    column.plain = chosen(field)  # type: ignore[attr-defined]
    return column


def text_column(write: Column, name: str, label: Any, order: str | None = None, plain: Column | None = None) -> Column:
    """A column written by any function of the row. `plain` spares an export of many rows the HTML."""
    column = _column(write, name, label, order)
    if plain is not None:
        column.plain = plain  # type: ignore[attr-defined]
    return column


def chosen(field: str) -> Column:
    """The word of a choice field, looked up in a table: Django's own look-up hashes every label of every row."""
    owner, _dot, name = field.rpartition(".")
    owner_of = attrgetter(owner) if owner else lambda row: row

    def word(row: Any) -> str:
        obj = owner_of(row)
        model: Any = type(obj)
        value = getattr(obj, name)
        return _words(model, name, get_language()).get(value, str(value))

    return word


@cache
def _words(model: type[Model], name: str, _language: str | None) -> dict[Any, str]:
    choices: Any = model._meta.get_field(name)
    return {value: str(label) for value, label in choices.flatchoices}
