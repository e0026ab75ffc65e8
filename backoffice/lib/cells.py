"""CSV that a spreadsheet opens as text. Codes, names and devices come from outside; none of them may become a formula."""

import csv
from collections.abc import Iterable, Iterator
from typing import Any

# What makes Excel, LibreOffice or WPS take a cell for a formula, the full-width forms of East Asian keyboards included.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BYTE_ORDER_MARK = "\ufeff"  # without it Excel takes UTF-8 for the machine's old code page


def safe_cell(value: Any) -> str:
    """The value as text; with an apostrophe before it where a spreadsheet would calculate it."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def csv_lines(rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Rows as lines of CSV, each cell made safe, the first line behind the byte order mark."""
    writer = csv.writer(_Echo())
    mark = BYTE_ORDER_MARK
    for row in rows:
        yield mark + str(writer.writerow([safe_cell(cell) for cell in row]))
        mark = ""
