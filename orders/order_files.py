"""Order numbers as they come from outside: a pasted text or a file, read line by line. Pure: knows no database.

A file is plain text or CSV in UTF-8, with or without a byte order mark, lines ended by LF or CRLF. Where its first line names a
column `order`, that column is read and every other one is left alone; otherwise each line is one number.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from django.utils.translation import gettext as _

COLUMNS = ("order", "order number", "order_number", "ref", "订单", "订单号")
MOST_ROWS = 1_000_000
MOST_BYTES = 100 * 1024 * 1024
LONGEST_REF = 64
PROBLEMS_SHOWN = 100
NOT_IN_A_NUMBER = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class Problem:
    """What is wrong with a line, numbered as an editor shows it."""

    line: int
    text: str

    def __str__(self) -> str:
        return _("Line %(line)s: %(text)s") % {"line": f"{self.line:,}", "text": self.text}


@dataclass
class Problems:
    """The first hundred problems, and how many there are in all."""

    count: int = 0
    shown: list[Problem] = field(default_factory=list)

    def add(self, line: int, text: str) -> None:
        self.count += 1
        if len(self.shown) < PROBLEMS_SHOWN:
            self.shown.append(Problem(line, text))


def pasted_numbers(text: str, problems: Problems) -> Iterator[tuple[int, str]]:
    """Line and number of a text; commas, semicolons and tabs part numbers too. Empty lines do not count."""
    for line, row in enumerate(text.splitlines(), start=1):
        for cell in re.split(r"[,;\t，；、]", row):
            if (number := checked_number(cell, line, problems)) and not (line == 1 and number.lower() in COLUMNS):
                yield line, number


def filed_numbers(stream: BinaryIO, problems: Problems) -> Iterator[tuple[int, str]]:
    """Line and number of a file."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
    rows, line, place = csv.reader(text, strict=True), 1, -1
    try:
        for cells in rows:
            if place < 0:
                place, is_header = _column(cells, problems)
                if place < 0:
                    return
                cells = [] if is_header else cells  # noqa: PLW2901  nothing of it is a number
            if any(cells):
                cell = cells[place] if place < len(cells) else ""
                if number := checked_number(cell, line, problems):
                    yield line, number
            line = rows.line_num + 1
    except csv.Error as error:
        problems.add(line, _("the quotes do not match (%s); nothing after this line was read") % error)
    finally:
        text.detach()


def _column(cells: Sequence[str], problems: Problems) -> tuple[int, bool]:
    """Which column is read, and whether this first line is its name."""
    names = [cell.strip().lower() for cell in cells]
    named = [place for place, name in enumerate(names) if name in COLUMNS]
    if len(named) == 1:
        return named[0], True
    if len([name for name in names if name]) <= 1 and not named:
        return 0, False
    problems.add(1, _("several columns: the first line must name one of them “%s”") % COLUMNS[0])
    return -1, False


def checked_number(cell: str, line: int, problems: Problems) -> str:
    """The number without blanks around it; empty, and a problem, where no order can be called so."""
    number = cell.strip()
    if len(number) > LONGEST_REF:
        problems.add(line, _("longer than %s characters: no order is called so") % LONGEST_REF)
        return ""
    if NOT_IN_A_NUMBER.search(number):
        problems.add(line, _("contains characters that no order number has. Is the file a text in UTF-8?"))
        return ""
    return number
