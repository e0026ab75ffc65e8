"""CSV as people send it: gzipped or not, in some encoding, with some delimiter. Read line by line, within bounds. Pure.

What cannot be read is refused with the line and what to do about it. Nothing is guessed that could silently be wrong: a file
without a byte order mark is UTF-8, or whoever sends it says what else it is.
"""

import codecs
import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.lib.errors import InvalidInput

MOST_ROWS = 2_000_000
MOST_BYTES = 50 * 1024 * 1024
MOST_BYTES_UNPACKED = 500 * 1024 * 1024
MOST_BYTES_OF_A_LINE = 64 * 1024
MOST_COLUMNS = 200
DELIMITERS = ",;\t|"
ENCODINGS: Mapping[str, Any] = {
    "": gettext_lazy("UTF-8, or as its byte order mark says"),
    "gb18030": gettext_lazy("GB 18030, GBK (Excel in simplified Chinese)"),
    "cp1252": gettext_lazy("Windows-1252 (Excel in western Europe)"),
    "big5": gettext_lazy("Big5 (traditional Chinese)"),
    "utf-16": gettext_lazy("UTF-16"),
}
DAMAGED = (EOFError, OSError, zlib.error)
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class UnreadableFile(InvalidInput):
    """The file cannot be read as CSV; nothing of it was kept."""

    code = "unreadable_file"


@dataclass(frozen=True)
class CsvFile:
    """A file whose first line was read: what its columns are called, how it is written, and how the rest is read.

    `rows` yields the line a row begins in, counted from 1 as an editor does, and its cells. It can be read once, and raises
    UnreadableFile.
    """

    columns: Sequence[str]
    encoding: str
    delimiter: str
    rows: Iterator[tuple[int, list[str]]]


def open_csv(stream: BinaryIO, *, encoding: str = "") -> CsvFile:
    """Look at the file and read its first line. `encoding` is one of ENCODINGS. Raises UnreadableFile."""
    if encoding not in ENCODINGS:
        raise UnreadableFile(_("“%s” is no encoding this can read.") % encoding[:40])
    unpacked = _unpacked(stream)
    mark, by_mark = _mark_of(_start_of(unpacked))
    unpacked.read(len(mark))
    chosen = by_mark or encoding or "utf-8"
    lines = _Lines(unpacked, "utf-16-le" if chosen == "utf-16" else chosen)
    first = next(lines, "")
    if not first.strip():
        raise UnreadableFile(_("Line 1 is empty. It has to name the columns."))
    delimiter = _delimiter_of(first)
    rows = _rows(lines, first, delimiter)
    _line, names = next(rows)
    if len(names) > MOST_COLUMNS:
        told = {"columns": f"{len(names):,}", "most": MOST_COLUMNS}
        raise UnreadableFile(_("The file has %(columns)s columns; at most %(most)s are read.") % told)
    return CsvFile(_different(names), chosen, delimiter, rows)


def _unpacked(stream: Any) -> Any:
    """A reader that can be peeked into."""
    buffered: Any = io.BufferedReader(stream)
    start = buffered.peek(4)[:4]
    if start[:2] == b"\x1f\x8b":
        packed: Any = gzip.GzipFile(fileobj=buffered)
        return io.BufferedReader(packed)
    if start[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        raise UnreadableFile(_("This is a workbook or a ZIP archive. Save it as CSV; .csv and .csv.gz are read."))
    return buffered


def _start_of(unpacked: Any) -> bytes:
    try:
        return bytes(unpacked.peek(4)[:4])
    except DAMAGED:
        raise UnreadableFile(_("Line 1: the file is damaged. Nothing of it could be unpacked")) from None


def _mark_of(start: bytes) -> tuple[bytes, str]:
    return next(((mark, name) for mark, name in MARKS if start.startswith(mark)), (b"", ""))


class _Lines:
    """The decoded lines, with their ends. Remembers how many were read, for what is said of the next."""

    def __init__(self, stream: Any, encoding: str) -> None:
        self.stream, self.encoding, self.number, self.bytes = stream, encoding, 0, 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        raw = self._read()
        if not raw:
            raise StopIteration
        self.number += 1
        self.bytes += len(raw)
        if len(raw) > MOST_BYTES_OF_A_LINE:
            raise self.unreadable(_("it is longer than %s bytes") % f"{MOST_BYTES_OF_A_LINE:,}")
        if self.bytes > MOST_BYTES_UNPACKED:
            raise self.unreadable(_("the file unpacks to more than %s MB: split it") % (MOST_BYTES_UNPACKED // 1024 // 1024))
        try:
            line = raw.decode(self.encoding)
        except UnicodeDecodeError:
            raise self.unreadable(_("it is not in %s. Choose the encoding that the file was saved in") % self.encoding) from None
        if "\x00" in line:
            raise self.unreadable(_("it contains a NUL character. Is this a text file, and the encoding right?"))
        return line

    def unreadable(self, text: str) -> UnreadableFile:
        return UnreadableFile(_("Line %(line)s: %(text)s") % {"line": f"{max(self.number, 1):,}", "text": text})

    def _read(self) -> bytes:
        try:
            if not self.encoding.startswith("utf-16"):
                return bytes(self.stream.readline(MOST_BYTES_OF_A_LINE + 1))
            return self._read_wide()
        except DAMAGED:
            raise self.unreadable(_("the file ends too early or is damaged. Nothing after this line could be unpacked")) from None

    def _read_wide(self) -> bytes:
        """Up to a line feed of two bytes: a byte of the value 10 may belong to any character."""
        line, end = b"", b"\n\x00" if self.encoding == "utf-16-le" else b"\x00\n"
        while len(line) <= MOST_BYTES_OF_A_LINE:
            piece = self.stream.readline(MOST_BYTES_OF_A_LINE + 1)
            line += piece
            if self.encoding == "utf-16-le" and piece.endswith(b"\n") and len(line) % 2:
                line += self.stream.read(1)
            if not piece or (line.endswith(end) and len(line) % 2 == 0):
                return line
        return line


def _rows(lines: _Lines, first: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(_with_first(lines, first), delimiter=delimiter, strict=True)
    begins, count = 1, 0
    try:
        for cells in reader:
            if cells:
                yield begins, cells
                count += 1
            begins = reader.line_num + 1
            if count > MOST_ROWS + 1:
                raise lines.unreadable(_("the file has more than %s rows: split it") % f"{MOST_ROWS:,}")
    except csv.Error as error:
        text = _("the quotes do not match (%s); nothing after this line was read") % error
        raise UnreadableFile(_("Line %(line)s: %(text)s") % {"line": f"{begins:,}", "text": text}) from None


def _with_first(lines: _Lines, first: str) -> Iterator[str]:
    yield first
    yield from lines


def _delimiter_of(first: str) -> str:
    """What stands most often in the first line, outside of quotes; a comma where nothing does."""
    outside = "".join(first.split('"')[::2])
    counts = Counter(character for character in outside if character in DELIMITERS)
    return max(DELIMITERS, key=lambda character: (counts[character], -DELIMITERS.index(character)))


def _different(names: Sequence[str]) -> list[str]:
    """The names of the columns, each different: an empty one is called by its place, a second of the same name is numbered."""
    found: list[str] = []
    for place, name in enumerate(names, start=1):
        wanted = " ".join(name.split())[:60] or _("column %s") % place
        number = 2
        candidate = wanted
        while candidate in found:
            candidate, number = f"{wanted} ({number})", number + 1
        found.append(candidate)
    return found
