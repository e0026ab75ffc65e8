"""Orders from a file: read in whole or not at all, mapped, checked, looked at, and loaded by a job, each invoice exactly once."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from django.db import connection, transaction
from django.utils.translation import gettext as _

from backoffice.lib.audit import because
from backoffice.lib.csv_files import CsvFile, UnreadableFile, open_csv
from backoffice.lib.errors import DomainError, InvalidInput
from backoffice.lib.jobs import OPEN_STATUSES, cancel_job, queue_job
from backoffice.lib.models import Job
from backoffice.lib.models.job import JobStatus
from backoffice.lib.sentences import Sentence, gettext_noop
from backoffice.lib.states import move
from orders.import_settings import SOURCE, ImportSettings, checked_settings, guessed_columns
from orders.models import ImportedInvoice, ImportMapping, ImportRow, OrderImport
from orders.services.import_statements import COPY_IN
from orders.states import IMPORT_MOVES, ImportStatus

CHECK_KIND, LOAD_KIND = "check import", "load import"
FILE_READ = Sentence(gettext_noop("the file %(name)s was read"))
FILE_CHECKED = Sentence(gettext_noop("the file %(name)s is checked"))
CHECK = Sentence(gettext_noop("check of the import"))
MAPPING_SAVED = Sentence(gettext_noop("mapping saved"))
ROWS_AT_ONCE = 5_000
BYTES_AT_ONCE = 1024 * 1024
LONGEST_NAME = 60


class ImportNotReady(DomainError):
    """The file cannot be loaded as it stands."""

    code = "import_not_ready"


@transaction.atomic
def read_file(stream: BinaryIO, *, name: str, encoding: str = "", by: Any, at: datetime) -> OrderImport:
    """Keep every row of a CSV, as it is, to be mapped. Raises UnreadableFile, and then nothing is kept.

    The mapping is guessed: from one saved for files with the same columns, else from the names of the columns.
    """
    stream.seek(0)
    sha256 = _hash_of(stream)
    stream.seek(0)
    file = open_csv(stream, encoding=encoding)
    with because(FILE_READ % {"name": name}, user=by.pk):
        found = OrderImport.objects.create(
            name=name[:100], sha256=sha256, encoding=file.encoding, columns=list(file.columns), rows_count=0, made_by=by, made_at=at
        )
        found.rows_count = _copy_in(found, file)
        if not found.rows_count:
            raise UnreadableFile(_("The file has no row below the names of its columns."))
        found.settings = _guess(found).data()
        found.save(update_fields=["rows_count", "settings"])
    return found


def settings_of(order_import: OrderImport) -> ImportSettings:
    return ImportSettings.of(order_import.settings)


@transaction.atomic
def check_import(order_import: OrderImport, *, settings: ImportSettings, by: Any, at: datetime) -> OrderImport:
    """Read the rows by these settings, by a job. Nothing is loaded. May be asked again with others until it is loaded.

    Raises InvalidInput for settings that no file could be read by, and StaleState while a check runs or after it was loaded.
    """
    found = locked(order_import.pk)
    checked_settings(settings, found.columns)
    with because(FILE_CHECKED % {"name": found.name}, user=by.pk):
        if found.status == ImportStatus.CHECKING and not _is_open(found.check_job):
            move(found, ImportStatus.READ, IMPORT_MOVES)
        job = _job(CHECK_KIND, found.rows_count, str(CHECK), by, at)
        also = {"settings": settings.data(), "source": settings.source, "check_job": job, "preview": {}}
        move(found, ImportStatus.CHECKING, IMPORT_MOVES, **also)
        queue_job(job)
    return found


@transaction.atomic
def load_import(order_import: OrderImport, *, by: Any, reason: str, at: datetime) -> OrderImport:
    """Load what was checked, by a job. It is not taken back: an order from a file is completed, its states know no way back from
    there, and an order is never deleted, since holds, findings and records may name it. A wrong file is discarded before.

    Raises ImportNotReady where rows are wrong or nothing is left, and StaleState where it is not checked.
    """
    found = locked(order_import.pk)
    if found.status == ImportStatus.CHECKED and (why := why_not_load(found)):
        raise ImportNotReady(why)
    with because(reason, user=by.pk):
        job = _job(LOAD_KIND, ImportedInvoice.objects.filter(order_import=found).count(), reason, by, at)
        move(found, ImportStatus.LOADING, IMPORT_MOVES, job=job)
        queue_job(job)
    return found


@transaction.atomic
def discard_import(order_import: OrderImport, *, by: Any, reason: str, at: datetime) -> OrderImport:
    """Put a file away that was not loaded; its rows are deleted, that it was there stays written. Raises StaleState."""
    job = order_import.check_job
    if job and job.status not in (JobStatus.DONE, JobStatus.CANCELLED):
        cancel_job(job, by=by, reason=reason, at=at)
    found = locked(order_import.pk)
    with because(reason, user=by.pk):
        move(found, ImportStatus.DISCARDED, IMPORT_MOVES)
    ImportedInvoice.objects.filter(order_import=found)._raw_delete(found._state.db)
    ImportRow.objects.filter(order_import=found)._raw_delete(found._state.db)
    return found


def why_not_load(order_import: OrderImport) -> str:
    """Why it cannot be loaded though it was checked; empty where it can."""
    wrong = order_import.preview.get("wrong", 0)
    if wrong and not settings_of(order_import).leaves_out_wrong:
        text = _("%s rows are wrong. Mend the file and upload it again, or choose in the mapping to leave their orders out.")
        return text % f"{wrong:,}"
    if not order_import.preview.get("kinds"):
        return _("No row can be loaded.")
    return ""


@transaction.atomic
def save_mapping(name: str, settings: ImportSettings, *, by: Any, at: datetime) -> ImportMapping:
    """Keep these settings under a name; one of the same name is replaced. Raises InvalidInput for no name or a long one."""
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise InvalidInput(_("A mapping is called by 1 to %s characters.") % LONGEST_NAME)
    with because(str(MAPPING_SAVED), user=by.pk):
        mapping, _is_new = ImportMapping.objects.update_or_create(name=name, defaults={"settings": settings.data()})
    return mapping


def locked(pk: int) -> OrderImport:
    """The import, locked until the transaction ends. A job is locked before its import."""
    return OrderImport.objects.select_for_update(no_key=True, of=("self",)).select_related("check_job", "job").get(pk=pk)


def _is_open(job: Job | None) -> bool:
    return job is not None and job.status in (*OPEN_STATUSES, JobStatus.PAUSED)


def _job(kind: str, total: int, reason: str, by: Any, at: datetime) -> Job:
    return Job.objects.create(kind=kind, reason=reason, requested_by=by, requested_at=at, total=total)


def _hash_of(stream: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := stream.read(BYTES_AT_ONCE):
        digest.update(block)
    return digest.hexdigest()


def _copy_in(order_import: OrderImport, file: CsvFile) -> int:
    rows, count = iter(file.rows), 0
    with connection.cursor() as cursor, cursor.copy(COPY_IN) as copy:
        while block := list(islice(rows, ROWS_AT_ONCE)):
            count += len(block)
            copy.write("".join(_as_copied(order_import.pk, line, cells) for line, cells in block))
    return count


# An array's own escapes come first, then those of COPY.
IN_ARRAY = str.maketrans({"\\": "\\\\\\\\", '"': '\\\\"', "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _as_copied(pk: int, line: int, cells: Sequence[str]) -> str:
    array = ",".join(f'"{cell.translate(IN_ARRAY)}"' for cell in cells)
    return f"{pk}\t{line}\t{{{array}}}\t\t\t\t\t\n"


def _guess(order_import: OrderImport) -> ImportSettings:
    names = order_import.columns
    for mapping in ImportMapping.objects.order_by("-pk"):
        known = ImportSettings.of(mapping.settings)
        if known.columns and set(known.columns.values()) <= set(names):
            return known
    columns = guessed_columns(names)
    if "unit_price" in columns:
        columns.pop("amount", None)
    stem = order_import.name.split(".")[0].lower().replace(" ", "-")[:32]
    source = stem if SOURCE.fullmatch(stem) else ""
    return replace(ImportSettings(columns=columns, source=source), **_guessed_marks(order_import, columns))


def _guessed_marks(order_import: OrderImport, columns: dict[str, str]) -> dict[str, Any]:
    """C and A before a number mean a cancellation and an adjustment to many shops. Guessed where the file has such numbers."""
    if "order" not in columns:
        return {}
    place = order_import.columns.index(columns["order"])
    marks = {"cancellation_mark": "C", "adjustment_mark": "A"}
    return {
        name: mark for name, mark in marks.items() if order_import.rows.filter(**{f"cells__{place}__regex": rf"^{mark}\d"}).exists()
    }
