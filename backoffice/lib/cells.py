"""Cells of exported tables: what a spreadsheet would take for a formula is defused."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(value: Any) -> str:
    """The text, behind an apostrophe where a spreadsheet would compute it."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_BEGINS) else text


class _Echo:
    def write(self, line: str) -> str:
        return line


def csv_lines(header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """A CSV file line by line, in UTF-8 with the mark by which spreadsheets know it."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow([safe_cell(cell) for cell in header])
    for row in rows:
        yield writer.writerow([safe_cell(cell) for cell in row])
