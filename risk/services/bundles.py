"""Evidence bundles: made by a job, a file at a time, and put together whenever they are taken out.

Each file is written, packed and kept in pieces as it is read, so that memory stays bounded however large the incident is. The last
two, manifest and seal, come when all others are there; from then on the bundle never changes.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from backoffice.lib.audit import because
from backoffice.lib.cells import csv_lines
from backoffice.lib.errors import DomainError
from backoffice.lib.jobs import ChunkResult, job_runner, queue_job
from backoffice.lib.models import Job
from orders.models import Document
from orders.services.documents import bytes_of
from orders.services.texts import checked_prose, checked_reference
from risk.bundles.archive import Entry, Packer, ending_of, stored
from risk.bundles.manifest import MANIFEST, SEAL, Listed, manifest_of, seal_of, spelled
from risk.models import BundleDownload, BundleFile, BundlePiece, EvidenceBundle, Incident, IncidentFigure, Snapshot
from risk.services.bundle_tables import TABLES
from risk.services.incident_figures import take_snapshot
from risk.services.timeline import freezes_of, timeline_of

BUNDLE_JOB = "evidence bundle"
PIECE = 256 * 1024
READ_AT_ONCE = 2_000
DOCUMENT = "documents/document-"
QUERIES, FIGURES, TIMELINE = "queries.json", "figures.json", "timeline.csv"
ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}
TOLD = "Tables are CSV in UTF-8; a cell that a spreadsheet would calculate begins with an apostrophe. Times are UTC, ISO 8601."
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
        names = [*_tables(), *_documents(incident)]
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
    rows, pieces = _content(bundle, name)
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


def _tables() -> list[str]:
    """The files that every bundle has, in their order."""
    return [*(f"{name}.csv" for name in TABLES), TIMELINE, FIGURES, QUERIES]


def _documents(incident: Incident) -> list[str]:
    """What the papers that freezes of its orders stand on are called in the archive: by their keys."""
    keys = {freeze.document_id for freeze in freezes_of(incident) if freeze.document_id}
    found = Document.objects.filter(pk__in=keys).order_by("pk")
    return [f"{DOCUMENT}{document.pk}.{ENDINGS[document.media_type]}" for document in found]


def _document(name: str) -> bytes:
    key = name.removeprefix(DOCUMENT).partition(".")[0]
    return bytes_of(Document.objects.get(pk=int(key)))


class _Rows:
    """Lines of a table as they are read, and how many there were."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines, self.count = lines, -1  # the header is no row

    def __iter__(self) -> Iterator[bytes]:
        for line in self.lines:
            self.count += 1
            yield line.encode()


def _content(bundle: EvidenceBundle, name: str) -> tuple[_Rows | None, Iterable[bytes]]:
    """The bytes of a file, and what counts its rows where it is a table."""
    incident = bundle.incident
    if name == TIMELINE:
        lines = [("at", "what", "source", "detail")]
        lines += [
            (_plain(one.at), one.what, f"{one.source._meta.verbose_name} {one.source}" if one.source else "", str(one.detail))
            for one in timeline_of(incident)
            if one.at <= bundle.as_of
        ]
        rows = _Rows(csv_lines(lines))
        return rows, rows
    if name.endswith(".csv"):
        rows = _Rows(csv_lines(_read(TABLES[name.removesuffix(".csv")], _parameters(bundle))))
        return rows, rows
    if name == FIGURES:
        return None, [spelled(_figures(bundle))]
    if name == QUERIES:
        return None, [spelled(_queries(bundle))]
    return None, [_document(name)]


def _parameters(bundle: EvidenceBundle) -> dict[str, Any]:
    return {"incident": bundle.incident_id, "as_of": bundle.as_of.astimezone(UTC).isoformat()}


def _read(statement: str, parameters: Mapping[str, Any]) -> Iterator[list[str]]:
    """The header and the rows, a few thousand at a time from a cursor on the server."""
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(statement, dict(parameters))
        rows = cursor.fetchmany(READ_AT_ONCE)
        yield [column[0] for column in cursor.description]
        while rows:
            for row in rows:
                yield [_plain(value) for value in row]
            rows = cursor.fetchmany(READ_AT_ONCE)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return spelled(value).decode().strip().replace("\n", "") if isinstance(value, dict | list) else str(value)


def _figures(bundle: EvidenceBundle) -> dict[str, Any]:
    """The figures as of the bundle's time, as they were kept, each with the query that anybody can run again."""
    snapshot = Snapshot.objects.filter(incident=bundle.incident_id, as_of=bundle.as_of).order_by("-pk").first()
    figures = IncidentFigure.objects.filter(snapshot=snapshot).order_by("pk")
    return {
        "as_of": _plain(bundle.as_of),
        "figures": [
            {
                "name": figure.name,
                "query": figure.statement,
                "parameters": figure.parameters,
                "columns": figure.columns,
                "rows": figure.rows,
            }
            for figure in figures
        ],
    }


def _queries(bundle: EvidenceBundle) -> dict[str, Any]:
    """How each table was made."""
    parameters = _parameters(bundle)
    return {
        "as_of": _plain(bundle.as_of),
        "tables": [
            {"file": f"{name}.csv", "query": statement.strip(), "parameters": parameters} for name, statement in TABLES.items()
        ],
    }


def _keep(bundle: EvidenceBundle, number: int, name: str, content: Iterable[bytes], rows: _Rows | None = None) -> BundleFile:
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
    manifest = manifest_of(_about(bundle), [Listed(file.name, file.sha256, file.size, file.rows) for file in files])
    _keep(bundle, len(files), MANIFEST, [manifest])
    key_id, secret = next(iter(settings.HOLDFAST_RECORD_KEYS.items()))
    files_sha256, _size = _hash(_without_ending(bundle))
    seal = seal_of(files_sha256=files_sha256, manifest=manifest, key_id=key_id, secret=secret)
    key = _next_key()
    BundlePiece.objects.create(file_id=key, number=0, content=seal)
    _write(bundle, len(files) + 1, stored(SEAL, seal), hashlib.sha256(seal).hexdigest(), key=key)
    sha256, size = _hash(bytes_of_bundle(bundle))
    EvidenceBundle.objects.filter(pk=bundle.pk).update(size=size, sha256=sha256, key_id=key_id, sealed_at=at)


def _about(bundle: EvidenceBundle) -> dict[str, Any]:
    incident = bundle.incident
    return {
        "incident": incident.pk,
        "title": incident.title,
        "status": incident.status,
        "since": _plain(incident.since),
        "until": _plain(incident.until),
        "as_of": _plain(bundle.as_of),
        "bundle": bundle.pk,
        "reference": bundle.reference,
        "asked_by": str(bundle.asked_by),
        "reason": bundle.reason,
        "read_me": TOLD,
    }


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
