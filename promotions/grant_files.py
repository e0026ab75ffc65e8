"""Lists of customers as files: what is right is read, what is wrong is said by line. Pure: knows no database.

A file is CSV in UTF-8, with or without a byte order mark, lines ended by LF or CRLF. Its first line names the columns; the column
`customer` is read and every other one is left alone, which the reader is told.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from django.utils.translation import gettext as _

from backoffice.lib.problems_by_line import PROBLEMS_SHOWN, Problems

__all__ = ["PROBLEMS_SHOWN", "ListFile", "Problems", "checked_ref", "pasted_refs"]

COLUMN = "customer"
MOST_ROWS = 2_000_000
MOST_BYTES = 50 * 1024 * 1024
LONGEST_SHOWN = 70
REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@~+=-]{0,63}")


@dataclass
class ListFile:
    """A file being read. `refs` yields line and reference; what is wrong goes to `problems`; `unread` names columns left alone."""

    stream: BinaryIO
    problems: Problems = field(default_factory=Problems)
    unread: Sequence[str] = ()

    def refs(self) -> Iterator[tuple[int, str]]:
        text = io.TextIOWrapper(self.stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
        rows, line, place, width = csv.reader(text, strict=True), 1, -1, 0
        try:
            for cells in rows:
                if place < 0:
                    place, width = self._header(cells), len(cells)
                    if place < 0:
                        return
                elif cells and (ref := self._ref(line, cells, place, width)):
                    yield line, ref
                line = rows.line_num + 1
        except csv.Error as error:
            self.problems.add(line, _("the quotes do not match (%s); nothing after this line was read") % error)
        finally:
            text.detach()
        if place < 0:
            self.problems.add(1, _("the file is empty"))

    def _header(self, cells: Sequence[str]) -> int:
        names = [cell.strip().lower() for cell in cells]
        if names.count(COLUMN) == 1:
            self.unread = [name[:LONGEST_SHOWN] for name in names if name != COLUMN]
            return names.index(COLUMN)
        text = _("the first line must name the column “%s”, once. Is the file a CSV in UTF-8?") % COLUMN
        self.problems.add(1, text)
        return -1

    def _ref(self, line: int, cells: Sequence[str], place: int, width: int) -> str:
        if len(cells) != width:
            text = _("%(cells)s cells, but the first line has %(width)s") % {"cells": len(cells), "width": width}
            self.problems.add(line, text)
            return ""
        return checked_ref(cells[place], line, self.problems)


def pasted_refs(text: str, problems: Problems) -> Iterator[tuple[int, str]]:
    """References from a text field, one a line. Empty lines do not count, and a first line that names the column is skipped."""
    for line, cell in enumerate(text.splitlines(), start=1):
        if cell.strip() and not (line == 1 and cell.strip().lower() == COLUMN) and (ref := checked_ref(cell, line, problems)):
            yield line, ref


def checked_ref(cell: str, line: int, problems: Problems) -> str:
    """The reference without blanks around it; empty, and a problem, where no customer can be called so."""
    ref = cell.strip(" \t")
    if REF.fullmatch(ref):
        return ref
    if not ref:
        problems.add(line, _("no customer"))
    else:
        shown = ref[:LONGEST_SHOWN].encode("utf-8", "replace").decode()
        problems.add(line, _("“%s” is no customer: 1 to 64 letters, digits or . _ : @ ~ + = -, first a letter or digit") % shown)
    return ""
