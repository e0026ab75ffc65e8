"""A zip archive that is written in exactly one way, piece by piece, so that whoever reads it can write it again and compare.

Local headers and their packed bytes follow each other from the first byte on, in the order of the directory, and the end of the
directory is the last byte. No comments, no extra fields, no descriptors, no dates (1980-01-01), names in plain ASCII.
Every tool opens it.
Format: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16.
"""

import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

NAME = re.compile(r"[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9]+)?(?:/[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9]+)?){0,2}")
MOST_BYTES = 0xFFFFFFFF - 1
MOST_FILES = 2_000
STORED, DEFLATED, VERSION, NO_FLAGS = 0, 8, 20, 0
SEAL = "seal.txt"
"""The one file that is not packed: there is one way to write it, whatever library packs."""
MADE_ON, TIME, DATE = 0x0314, 0, 0x21
READ_BY_ALL = 0o100444 << 16
LOCAL = struct.Struct("<4s5H3I2H")
DIRECTORY = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")
LOCAL_MARK, DIRECTORY_MARK, END_MARK = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


class ArchiveBroken(ValueError):
    """This is no archive as we write them. The sentence says where it differs."""


@dataclass(frozen=True)
class Entry:
    """A file of the archive: its name, CRC-32 and size, and how many bytes it is packed into."""

    name: str
    crc32: int
    size: int
    packed_size: int

    @property
    def method(self) -> int:
        return STORED if self.name == SEAL else DEFLATED

    @property
    def header(self) -> bytes:
        """What stands before its packed bytes."""
        name = self.name.encode("ascii")
        sizes = (self.crc32, self.packed_size, self.size)
        return LOCAL.pack(LOCAL_MARK, VERSION, NO_FLAGS, self.method, TIME, DATE, *sizes, len(name), 0) + name

    def directory(self, offset: int) -> bytes:
        name = self.name.encode("ascii")
        sizes = (self.crc32, self.packed_size, self.size)
        fields = (MADE_ON, VERSION, NO_FLAGS, self.method, TIME, DATE, *sizes, len(name), 0, 0, 0, 0, READ_BY_ALL, offset)
        return DIRECTORY.pack(DIRECTORY_MARK, *fields) + name


def ending_of(entries: Sequence[Entry]) -> bytes:
    """The directory and its end: all that stands behind the last file's bytes."""
    offset, lines = 0, []
    for entry in entries:
        lines.append(entry.directory(offset))
        offset += len(entry.header) + entry.packed_size
    directory = b"".join(lines)
    if offset + len(directory) > MOST_BYTES or len(entries) > MOST_FILES:
        raise ArchiveBroken("The archive is larger than four gigabytes, or has too many files.")
    return directory + END.pack(END_MARK, 0, 0, len(entries), len(entries), len(directory), offset, 0)


def read_header(start: bytes) -> tuple[Entry, int]:
    """The entry that a local header names, and how long the header is. Raises ArchiveBroken for any header but ours."""
    if len(start) < LOCAL.size:
        raise ArchiveBroken("The archive ends too early.")
    fields = LOCAL.unpack_from(start)
    crc32, packed_size, size, name_length = fields[6], fields[7], fields[8], fields[9]
    raw = start[LOCAL.size : LOCAL.size + name_length]
    try:
        name = raw.decode("ascii")
    except UnicodeDecodeError:
        raise ArchiveBroken("A file has a name that no bundle has.") from None
    if not NAME.fullmatch(name):
        raise ArchiveBroken("A file has a name that no bundle has.")
    entry = Entry(name, crc32, size, packed_size)
    if not start.startswith(entry.header):
        raise ArchiveBroken("A file's header is not as bundles have it.")
    return entry, len(entry.header)


def stored(name: str, content: bytes) -> Entry:
    """The entry of a file that is not packed."""
    return Entry(name, zlib.crc32(content), len(content), len(content))


class Packer:
    """Packs the bytes of one file as they come, and counts what the archive must say of it."""

    def __init__(self) -> None:
        self._deflater = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        self.crc32 = self.size = self.packed_size = 0

    def pack(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.crc32, self.size = zlib.crc32(piece, self.crc32), self.size + len(piece)
            if self.size > MOST_BYTES:
                raise ArchiveBroken("A file is larger than four gigabytes.")
            yield from self._counted(self._deflater.compress(piece))
        yield from self._counted(self._deflater.flush())

    def _counted(self, packed: bytes) -> Iterator[bytes]:
        self.packed_size += len(packed)
        if packed:
            yield packed

    def entry(self, name: str) -> Entry:
        if not NAME.fullmatch(name):
            raise ArchiveBroken(f"No bundle has a file of the name {name!r}.")
        return Entry(name, self.crc32, self.size, self.packed_size)
