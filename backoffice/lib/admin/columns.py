"""Columns of lists, each written the same way everywhere.

A column may carry `plain`, what an export writes instead of HTML, and `unit`, which an export writes into a column of its own.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

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
    return _column(lambda row: state_badge(owner_of(row), name), field.replace(".", "_"), label, order)


def text_column(write: Column, name: str, label: Any, order: str | None = None) -> Column:
    """A column written by any function of the row."""
    return _column(write, name, label, order)
