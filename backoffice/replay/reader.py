"""Reads a file of events line by line: JSON Lines in UTF-8, plain or gzipped, in time order.

A line that cannot be played comes out as a BadLine instead of an event, and the reader is ready to go on with the next one. A
file that cannot be read at all is refused before anything is played: it is read through once for its damage and its length.
"""

import gzip
import json
import zlib
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, cast

from backoffice.replay.events import Event
from backoffice.replay.faults import BadField, BadLine, FileRefused
from backoffice.replay.fields import shown
from backoffice.replay.kinds import read_event

LONGEST_LINE = 1024 * 1024
CHUNK = 1024 * 1024
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class JsonlFile:
    """The events of a `.jsonl` or `.jsonl.gz` file. Raises FileRefused where the file cannot be read as such."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.lines = count_lines(path)

    def __iter__(self) -> Iterator[Event | BadLine]:
        """Blank lines are passed over. The order of times is checked against the last good line."""
        last: datetime | None = None
        with closing(open_bytes(self._path)) as file:
            for number, raw in enumerate(_raw_lines(file), start=1):
                if not raw.strip():
                    continue
                try:
                    event = _read_line(raw, number)
                    if last is not None and event.at < last:
                        raise BadField(f"its time {event.at.isoformat()} is before {last.isoformat()}, the time of a line above")
                except BadField as fault:
                    yield BadLine(number, str(fault))
                else:
                    last = event.at
                    yield event


def open_bytes(path: Path) -> BinaryIO:
    """Open a file for reading, through gzip where its name ends in .gz. Raises FileRefused."""
    if path.is_dir():
        raise FileRefused(f"{path} is a folder; give a file of events.")
    try:
        return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror or error}.") from error


def count_lines(path: Path) -> int:
    """How many lines there are. Raises FileRefused for a file that is empty or damaged."""
    lines, last = 0, b""
    try:
        with closing(open_bytes(path)) as file:
            while chunk := file.read(CHUNK):
                lines += chunk.count(b"\n")
                last = chunk[-1:]
    except (OSError, EOFError, zlib.error) as error:
        reason = "it is not whole, or not gzip at all" if path.suffix == ".gz" else error
        raise FileRefused(f"{path} cannot be read: {reason}.") from error
    if not last:
        raise FileRefused(f"{path} is empty.")
    return lines + (last != b"\n")


def _raw_lines(file: BinaryIO) -> Iterator[bytes]:
    """Lines without their end. Of one that is too long only the beginning is kept, enough to be refused for its length."""
    first = True
    while raw := file.readline(LONGEST_LINE + 1):
        if len(raw) > LONGEST_LINE and not raw.endswith(b"\n"):
            while (rest := file.readline(CHUNK)) and not rest.endswith(b"\n"):
                pass
        yield raw.removeprefix(BYTE_ORDER_MARK) if first else raw
        first = False


def _read_line(raw: bytes, number: int) -> Event:
    if len(raw) > LONGEST_LINE:
        raise BadField(f"it is longer than {LONGEST_LINE:,} bytes")
    if b"\0" in raw:
        raise BadField("it holds a NUL byte")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise BadField(f"it is not UTF-8 (byte {error.start + 1:,})") from error
    try:
        values = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise BadField(f"it is not JSON: {error.msg} at column {error.colno:,}") from error
    except ValueError as error:
        raise BadField("it holds a number that is too long") from error
    except RecursionError as error:
        raise BadField("it is nested too deeply") from error
    return read_event(values, line=number)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        raise BadField(f"the field {shown(next(name for name in names if names.count(name) > 1))} stands in it twice")
    return values


def _refuse_constant(word: str) -> NoReturn:
    raise BadField(f"it holds {word}, which is no JSON")
