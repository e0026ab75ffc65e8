"""Values as people paste or upload them, one a line: what is right is read, what is wrong is said by line. Pure: knows no database.

A file is CSV. The column `value` is read, which may be named in the reader's language, as an export names it; every other is left
alone. Where there is only one column, its name may be missing.
"""

from collections.abc import Iterator
from typing import BinaryIO

from django.utils.translation import gettext as _

from backoffice.lib.csv_files import UnreadableFile, open_csv

COLUMN = "value"
MOST_BYTES = 10 * 1024 * 1024
MOST_LINES = 50_000
Lines = Iterator[tuple[int, str]]


def pasted_values(text: str) -> Lines:
    """Values from a text field with their lines. Empty lines do not count."""
    yield from ((line, cell.strip()) for line, cell in enumerate(text.splitlines(), start=1) if cell.strip())


def filed_values(stream: BinaryIO, *, encoding: str = "") -> Lines:
    """Values of a CSV file with their lines. Raises UnreadableFile where no column can be meant, or the file cannot be read."""
    file = open_csv(stream, encoding=encoding)
    names = [name.lower() for name in file.columns]
    place = next((names.index(name) for name in (COLUMN, _("value")) if name in names), -1)
    if place < 0 and len(names) > 1:
        raise UnreadableFile(_("The first line must name the column “%s”.") % COLUMN)
    if place < 0:
        place = 0
        yield 1, file.columns[0]
    for line, cells in file.rows:
        value = cells[place].strip() if place < len(cells) else ""
        if value or len(names) > 1:
            yield line, value
