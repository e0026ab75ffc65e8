"""Whether a bundle is as it was sealed: read from its first byte to its last, in pieces, and nothing in it is believed unchecked.

Every byte is accounted for. Those before the seal are signed; the seal has one spelling and is not packed; the directory behind it
is written again from what was read, and compared. So nothing can be changed, added, renamed, moved or hidden.
"""

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from orders.seals import SealBroken
from risk.bundles.archive import LOCAL_MARK, MOST_FILES, ArchiveBroken, Entry, ending_of, read_header
from risk.bundles.manifest import FORMAT, MANIFEST, SEAL, Seal, read_seal, spelled

AT_ONCE = 256 * 1024
LONGEST_HEADER = 1_024
MOST_KEPT = 64 * 1024 * 1024
"""Bytes of a manifest or a seal that are read into memory: what is larger is none of ours."""


@dataclass(frozen=True)
class Verified:
    """What was found: by which key it is sealed, what the manifest says, and SHA-256 of the whole file."""

    key_id: str
    sha256: str
    manifest: Mapping[str, Any]


@dataclass
class _Read:
    """What has been read so far: the hash before the seal is that of every byte before the last file."""

    entries: list[Entry] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    kept: dict[str, bytes] = field(default_factory=dict)
    all: Any = field(default_factory=hashlib.sha256)
    before_last: str = ""


def verify_bundle(stream: BinaryIO, public_keys: Mapping[str, str]) -> Verified:
    """Who sealed the bundle, and what it says of itself. `public_keys` are those one trusts, in base64, by their ids.

    Raises SealBroken. Reads the stream, which must be able to seek, in pieces: its size does not matter.
    """
    try:
        read = _read(stream)
        seal = _seal_of(read)
        if seal.key_id not in public_keys:
            raise SealBroken(f"It was sealed with the key {seal.key_id}, which is not among those given.")
        seal.check(public_keys[seal.key_id])
        return Verified(seal.key_id, read.all.hexdigest(), _manifest_of(read))
    except SealBroken:
        raise
    except (ArchiveBroken, zlib.error, ValueError, KeyError, TypeError) as error:
        raise SealBroken(f"It is no bundle as it was made: {error}") from None


def _read(stream: BinaryIO) -> _Read:
    read = _Read()
    while (start := _peek(stream)).startswith(LOCAL_MARK):
        if len(read.entries) == MOST_FILES:
            raise ArchiveBroken("it has too many files")
        entry, length = read_header(start)
        if any(entry.name == other.name for other in read.entries):
            raise ArchiveBroken("it has two files of one name")
        read.before_last = read.all.hexdigest()
        _take(stream, length, read)
        _read_file(stream, entry, read)
        read.entries.append(entry)
    ending = ending_of(read.entries)
    if stream.read(len(ending) + 1) != ending:
        raise ArchiveBroken("its directory does not say what is in it, or something stands behind it")
    read.all.update(ending)
    return read


def _read_file(stream: BinaryIO, entry: Entry, read: _Read) -> None:
    """Its hash, and for those that speak of the others their bytes."""
    digest, crc32, size = hashlib.sha256(), 0, 0
    is_kept = entry.name in (MANIFEST, SEAL)
    kept: list[bytes] = []
    if is_kept and max(entry.size, entry.packed_size) > MOST_KEPT:
        raise ArchiveBroken("its manifest is too large")
    for piece in _unpacked(stream, entry, read):
        digest.update(piece)
        crc32, size = zlib.crc32(piece, crc32), size + len(piece)
        if size > entry.size:
            raise ArchiveBroken(f"{entry.name} is larger than it says")
        if is_kept:
            kept.append(piece)
    if (crc32, size) != (entry.crc32, entry.size):
        raise ArchiveBroken(f"{entry.name} is not what it says it is")
    read.hashes.append(digest.hexdigest())
    if is_kept:
        read.kept[entry.name] = b"".join(kept)


def _unpacked(stream: BinaryIO, entry: Entry, read: _Read) -> Iterator[bytes]:
    """At most AT_ONCE bytes at a time, however much a few packed bytes would swell to."""
    if entry.name == SEAL:
        yield _take(stream, entry.packed_size, read)
        return
    inflater, left = zlib.decompressobj(-zlib.MAX_WBITS), entry.packed_size
    while left:
        packed = _take(stream, min(left, AT_ONCE), read)
        left -= len(packed)
        while packed:
            yield inflater.decompress(packed, AT_ONCE)
            packed = inflater.unconsumed_tail
    yield inflater.flush()
    if not inflater.eof or inflater.unused_data:
        raise ArchiveBroken(f"{entry.name} is packed as nothing of ours is")


def _take(stream: BinaryIO, count: int, read: _Read) -> bytes:
    piece = stream.read(count)
    if len(piece) != count:
        raise ArchiveBroken("it ends too early")
    read.all.update(piece)
    return piece


def _peek(stream: BinaryIO) -> bytes:
    start = stream.read(LONGEST_HEADER)
    stream.seek(-len(start), 1)
    return start


def _seal_of(read: _Read) -> Seal:
    """The last file, in its one spelling, of exactly what stands before it."""
    names = [entry.name for entry in read.entries]
    if names[-2:] != [MANIFEST, SEAL]:
        raise ArchiveBroken("it does not end with a manifest and a seal")
    text = read.kept[SEAL]
    seal = read_seal(text)
    if seal is None:
        raise ArchiveBroken("its seal is damaged")
    if seal.files_sha256 != read.before_last or seal.manifest_sha256 != hashlib.sha256(read.kept[MANIFEST]).hexdigest():
        raise SealBroken("The bundle was changed after it was sealed.")
    return seal


def _manifest_of(read: _Read) -> Mapping[str, Any]:
    """What it says, which must be exactly what is there, in that order."""
    text = read.kept[MANIFEST]
    manifest = json.loads(text)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT or spelled(manifest) != text:
        raise ArchiveBroken("its manifest is not written as manifests are")
    said = [(file["name"], file["sha256"], file["size"]) for file in manifest["files"]]
    there = [(entry.name, digest, entry.size) for entry, digest in zip(read.entries, read.hashes, strict=True)]
    if said != there[:-2]:
        raise ArchiveBroken("its manifest lists other files than there are")
    return manifest
