"""Evidence bundles: made by a job, a file at a time, and put together whenever they are taken out.

Each file is written, packed and kept in pieces as it is read, so that memory stays bounded however large the incident is. The last
two, manifest and seal, come when all others are there; from then on the bundle never changes.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from backoffice.lib.audit import because
from backoffice.lib.errors import DomainError
from backoffice.lib.jobs import ChunkResult, job_runner, queue_job
from backoffice.lib.models import Job
from orders.services.texts import checked_prose, checked_reference
from risk.bundles.archive import Entry, Packer, ending_of, stored
from risk.bundles.manifest import MANIFEST, SEAL, Listed, manifest_of, seal_of
from risk.models import BundleDownload, BundleFile, BundlePiece, EvidenceBundle, Incident
from risk.services.bundle_content import Rows, about, content_of, documents, tables
from risk.services.incident_figures import take_snapshot

BUNDLE_JOB = "evidence bundle"
PIECE = 256 * 1024
LONGEST_REFERENCE = 200


class BundleNotReady(DomainError):
    """Its job has not ended yet, or failed."""

    code = "bundle_not_ready"


@transaction.atomic
def ask_for_bundle(incident: Incident, *, reference: str, by: Any, reason: str, at: datetime) -> EvidenceBundle:
    """Have a bundle made of the incident as of now; figures are taken as of the same time. Raises InvalidInput without a reason."""
    reason = checked_prose(reason, _("the reason"))
    reference = checked_reference(reference, _("the reference"), longest=LONGEST_REFERENCE, may_be_blank=True).strip()
    take_snapshot(incident, by=by, at=at)
    with because(reason, user=by.pk):
        names = [*tables(), *documents(incident)]
        job = Job.objects.create(kind=BUNDLE_JOB, reason=reason, requested_by=by, requested_at=at, total=len(names) + 2)
        bundle = EvidenceBundle.objects.create(
            incident=incident, job=job, reference=reference, as_of=at, asked_by=by, reason=reason, contents=names
        )
        queue_job(job)
    return bundle


@job_runner(BUNDLE_JOB)
def make_next_file(job: Job, at: datetime) -> ChunkResult:
    """One file of the job's bundle; `job.cursor` is how many there are. The last step writes manifest and seal."""
    bundle = EvidenceBundle.objects.select_related("incident", "asked_by").get(job=job)
    number = job.cursor
    if number == job.total - 2:
        _seal(bundle, at)
        return ChunkResult(done=2, failed=0, cursor=job.total, is_last=True)
    name = bundle.contents[number]
    rows, pieces = content_of(bundle, name)
    _keep(bundle, number, name, pieces, rows)
    return ChunkResult(done=1, failed=0, cursor=number + 1, is_last=False)


@transaction.atomic
def take_out(bundle: EvidenceBundle, *, by: Any, reason: str, at: datetime) -> BundleDownload:
    """Keep that somebody takes the bundle out. To be called, and committed, before its first byte leaves.

    Raises InvalidInput without a reason, BundleNotReady before it is sealed.
    """
    reason = checked_prose(reason, _("the reason"))
    bundle.refresh_from_db()
    if bundle.sealed_at is None:
        raise BundleNotReady(_("The bundle is not ready yet: look at its job."))
    return BundleDownload.objects.create(bundle=bundle, by=by, at=at, reason=reason)


def bytes_of_bundle(bundle: EvidenceBundle) -> Iterator[bytes]:
    """The whole archive, a piece at a time; always the same bytes."""
    files = list(BundleFile.objects.filter(bundle=bundle).order_by("number"))
    entries = [_entry(file) for file in files]
    for file, entry in zip(files, entries, strict=True):
        yield entry.header
        yield from _pieces(file)
    yield ending_of(entries)


def _pieces(file: BundleFile) -> Iterator[bytes]:
    """One at a time, each by its own query: a server that streams holds no cursor open while the reader is slow."""
    number = 0
    while (content := BundlePiece.objects.filter(file=file, number=number).values_list("content", flat=True).first()) is not None:
        yield bytes(content)
        number += 1


def _entry(file: BundleFile) -> Entry:
    return Entry(file.name, file.crc32, file.size, file.packed_size)


def _keep(bundle: EvidenceBundle, number: int, name: str, content: Iterable[bytes], rows: Rows | None = None) -> BundleFile:
    """Pack a file and keep its pieces as they come. Its row is written last, since only then it is known what it says."""
    packer, digest = Packer(), hashlib.sha256()
    key = _next_key()
    for place, piece in enumerate(_cut(packer.pack(_hashed(content, digest)))):
        BundlePiece.objects.create(file_id=key, number=place, content=piece)
    entry = packer.entry(name)
    return _write(bundle, number, entry, digest.hexdigest(), key=key, rows=rows.count if rows else None)


def _next_key() -> int:
    """The key of a file's row, before there is the row: its pieces come first, and the constraint looks at the end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('risk_bundlefile', 'id'))")
        return int(cursor.fetchone()[0])


def _write(bundle: EvidenceBundle, number: int, entry: Entry, sha256: str, *, key: int, rows: int | None = None) -> BundleFile:
    return BundleFile.objects.create(
        pk=key,
        bundle=bundle,
        number=number,
        name=entry.name,
        rows=rows,
        sha256=sha256,
        crc32=entry.crc32,
        size=entry.size,
        packed_size=entry.packed_size,
    )


def _hashed(content: Iterable[bytes], digest: Any) -> Iterator[bytes]:
    for piece in content:
        digest.update(piece)
        yield piece


def _cut(packed: Iterable[bytes]) -> Iterator[bytes]:
    """Pieces of one size, but for the last."""
    waiting = bytearray()
    for piece in packed:
        waiting += piece
        while len(waiting) >= PIECE:
            yield bytes(waiting[:PIECE])
            del waiting[:PIECE]
    if waiting:
        yield bytes(waiting)


def _seal(bundle: EvidenceBundle, at: datetime) -> None:
    """Manifest and seal, over all that is there; then the bundle knows its own size and hash."""
    files = list(BundleFile.objects.filter(bundle=bundle).order_by("number"))
    manifest = manifest_of(about(bundle), [Listed(file.name, file.sha256, file.size, file.rows) for file in files])
    _keep(bundle, len(files), MANIFEST, [manifest])
    key_id, secret = next(iter(settings.HOLDFAST_RECORD_KEYS.items()))
    files_sha256, _size = _hash(_without_ending(bundle))
    seal = seal_of(files_sha256=files_sha256, manifest=manifest, key_id=key_id, secret=secret)
    key = _next_key()
    BundlePiece.objects.create(file_id=key, number=0, content=seal)
    _write(bundle, len(files) + 1, stored(SEAL, seal), hashlib.sha256(seal).hexdigest(), key=key)
    sha256, size = _hash(bytes_of_bundle(bundle))
    EvidenceBundle.objects.filter(pk=bundle.pk).update(size=size, sha256=sha256, key_id=key_id, sealed_at=at)


def _without_ending(bundle: EvidenceBundle) -> Iterator[bytes]:
    for file in BundleFile.objects.filter(bundle=bundle).order_by("number"):
        yield _entry(file).header
        yield from _pieces(file)


def _hash(pieces: Iterable[bytes]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    for piece in pieces:
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size
