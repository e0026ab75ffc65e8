"""The jobs of imports: one reads and compares the rows, the other loads the invoices. Each works in chunks and may die anywhere."""

from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext_noop

from backoffice.lib.jobs import ChunkResult, job_runner
from backoffice.lib.lookups import looking_up
from backoffice.lib.models import Job
from backoffice.lib.states import move
from orders.import_settings import FIELDS, ImportSettings
from orders.models import OrderImport
from orders.services import import_statements as statements
from orders.services.importing import CHECK_KIND, LOAD_KIND, locked, settings_of
from orders.states import IMPORT_MOVES, ImportStatus

ROWS_A_CHUNK = 20_000
INVOICES_A_CHUNK = 2_000
LINES_A_CHUNK = 40_000
# Kept in English with the invoice, said in the reader's language.
WHY = {
    "there": gettext_noop("there already, and the same"),
    "different": gettext_noop("there already, and different: what was loaded stays as it is"),
    "taken": gettext_noop("an order of this number is there already, and not from this source"),
    "cancelled": gettext_noop("loading was cancelled"),
}
# Why a row cannot be read, by the word that is kept with it.
PROBLEMS = {
    "cells": gettext_noop("it has more or fewer cells than the first line"),
    "order": gettext_noop("the order number is missing, or longer than 64 letters, digits or . _ : @ ~ + = -"),
    "moment": gettext_noop("there is no such date, or it is not written as chosen"),
    "future": gettext_noop("the date lies in the future"),
    "nobody": gettext_noop("no customer, and the mapping does not say who stands for that"),
    "customer": gettext_noop("no customer can be called so: 1 to 64 letters, digits or . _ : @ ~ + = -"),
    "sku": gettext_noop("the SKU is missing, or longer than 64 characters"),
    "description": gettext_noop("the description is longer than 200 characters"),
    "category": gettext_noop("the product category is longer than 64 characters"),
    "quantity": gettext_noop("the quantity is no whole number up to a million"),
    "money": gettext_noop("the amount is no number, or a billion or more"),
    "customers": gettext_noop("the rows of this order name different customers"),
    "lines": gettext_noop("this order has more than 32,767 rows"),
    "cancels": gettext_noop("this cancellation is worth more than nothing"),
    "below": gettext_noop("this sale has a row below zero, and its number is not marked as a cancellation"),
}
# Year, month and day as the pattern finds them, in this order.
PLACES = {"ymd": (1, 2, 3), "dmy": (3, 2, 1), "mdy": (3, 1, 2)}
CLOCK = r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?)?(Z|[+-]\d{2}:?\d{2})?$"
YEAR_FIRST, YEAR_LAST = r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})"


@job_runner(CHECK_KIND)
def _check(job: Job, at: datetime) -> ChunkResult:
    found = _of(check_job=job)
    numbers = list(found.rows.filter(number__gt=job.cursor).order_by("number").values_list("number", flat=True)[:ROWS_A_CHUNK])
    if numbers:
        values = {"after": job.cursor, "last": numbers[-1], "at": at}
        _do(statements.READ, reading_values(found) | values)
        return ChunkResult(done=len(numbers), failed=0, cursor=numbers[-1], is_last=False)
    values = reading_values(found)
    _do(statements.FORGET, values)
    _do(statements.COMPARE, values)
    _do(statements.FILL, values)
    move(found, ImportStatus.CHECKED, IMPORT_MOVES, preview=_preview(values))
    return ChunkResult(done=0, failed=0, cursor=job.cursor, is_last=True)


@job_runner(LOAD_KIND)
def _load(job: Job, at: datetime) -> ChunkResult:
    found = _of(job=job)
    size = {"most": INVOICES_A_CHUNK, "most_lines": LINES_A_CHUNK}
    count, last = _ask(statements.NEXT, {"import": found.pk, "after": job.cursor, **size})
    if not count:
        move(found, ImportStatus.CANCELLED if job.cancelled_at else ImportStatus.LOADED, IMPORT_MOVES)
        return ChunkResult(done=0, failed=0, cursor=job.cursor, is_last=True)
    values = {"import": found.pk, "after": job.cursor, "last": last, "at": at, **WHY}
    failed = 0 if job.cancelled_at else _load_chunk(values)
    if job.cancelled_at:
        _do(statements.CANCEL, values)
    return ChunkResult(done=count, failed=failed, cursor=last, is_last=False)


def _load_chunk(values: dict[str, Any]) -> int:
    """Load these invoices, each whole, with its result. Answers how many failed."""
    _ask(statements.IN_TURN, {})
    with looking_up():
        for statement in (
            statements.THERE,
            statements.TAKEN,
            statements.MIRROR,
            statements.HAVE_ORDERED,
            statements.ORDERS,
            statements.SETTLE,
            statements.LINES,
        ):
            _do(statement, values)
        return int(_ask(statements.COUNT_FAILED, values)[0])


def reading_values(order_import: OrderImport) -> dict[str, Any]:
    """What the statements of the check ask for."""
    settings, names = settings_of(order_import), order_import.columns
    places = {key: names.index(settings.columns[key]) + 1 if settings.columns.get(key) else 0 for key in FIELDS}
    thousands, mark = (",", ".") if settings.decimal_mark == "." else (".", ",")
    year, month, day = PLACES[settings.date_order]
    return {
        **places,
        "import": order_import.pk,
        "width": len(names),
        "by_price": bool(settings.columns.get("unit_price")),
        "thousands": thousands,
        "mark": mark,
        "number": rf"^[+-]?(\d{{1,12}}|\d{{1,3}}(\{thousands}\d{{3}}){{1,3}})(\{mark}\d{{1,6}})?$",
        "moment": (YEAR_FIRST if settings.date_order == "ymd" else YEAR_LAST) + CLOCK,
        "year": year,
        "month": month,
        "day": day,
        **_values_of(settings),
    }


def _values_of(settings: ImportSettings) -> dict[str, Any]:
    names = ("source", "currency", "time_zone", "order_prefix", "customer_prefix", "nobody")
    marks = {"cancellation": settings.cancellation_mark, "adjustment": settings.adjustment_mark}
    return {name: getattr(settings, name) for name in names} | marks


def _preview(values: dict[str, Any]) -> dict[str, Any]:
    """What would be loaded, as plain data: amounts as text, in the import's currency."""
    with connection.cursor() as cursor:
        cursor.execute(statements.COUNT_KINDS, values)
        kinds = {
            kind: {
                "invoices": invoices,
                "lines": lines,
                "amount": str(amount),
                "first": first.isoformat(),
                "last": last.isoformat(),
            }
            for kind, invoices, lines, amount, first, last in cursor.fetchall()
        }
        cursor.execute(statements.COUNT_PROBLEMS, values)
        problems = [{"problem": word, "rows": rows, "first": first} for word, rows, first in cursor.fetchall()]
    wrong, wrong_orders, of_nobody = _ask(statements.COUNT_ROWS, values)
    same, different, taken, customers = _ask(statements.COUNT_THERE, values)
    counts = {"wrong": wrong, "wrong_orders": wrong_orders, "of_nobody": of_nobody, "same": same, "different": different}
    return {**counts, "taken": taken, "customers": customers, "kinds": kinds, "problems": problems}


def _of(**which: Job) -> OrderImport:
    return locked(OrderImport.objects.only("pk").get(**which).pk)


def _do(statement: str, values: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _ask(statement: str, values: dict[str, Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()
