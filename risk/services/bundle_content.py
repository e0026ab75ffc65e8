"""What the files of an evidence bundle hold, read a piece at a time."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from backoffice.lib.cells import csv_lines
from orders.models import Document
from orders.services.documents import bytes_of
from risk.bundles.manifest import spelled
from risk.models import EvidenceBundle, Incident, IncidentFigure, Snapshot
from risk.services.bundle_tables import TABLES
from risk.services.timeline import around, freezes_of, timeline_of

READ_AT_ONCE = 2_000
DOCUMENT = "documents/document-"
QUERIES, FIGURES, TIMELINE = "queries.json", "figures.json", "timeline.csv"
ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}
TOLD = "Tables are CSV in UTF-8; a cell that a spreadsheet would calculate begins with an apostrophe. Times are UTC, ISO 8601."


def tables() -> list[str]:
    """The files that every bundle has, in their order."""
    return [*(f"{name}.csv" for name in TABLES), TIMELINE, FIGURES, QUERIES]


def documents(incident: Incident) -> list[str]:
    """What the papers that freezes of its orders stand on are called in the archive: by their keys."""
    keys = {freeze.document_id for freeze in freezes_of(incident) if freeze.document_id}
    found = Document.objects.filter(pk__in=keys).order_by("pk")
    return [f"{DOCUMENT}{document.pk}.{ENDINGS[document.media_type]}" for document in found]


def document(name: str) -> bytes:
    key = name.removeprefix(DOCUMENT).partition(".")[0]
    return bytes_of(Document.objects.get(pk=int(key)))


class Rows:
    """Lines of a table as they are read, and how many there were."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines, self.count = lines, -1  # the header is no row

    def __iter__(self) -> Iterator[bytes]:
        for line in self.lines:
            self.count += 1
            yield line.encode()


def content_of(bundle: EvidenceBundle, name: str) -> tuple[Rows | None, Iterable[bytes]]:
    """The bytes of a file, and what counts its rows where it is a table."""
    incident = bundle.incident
    if name == TIMELINE:
        lines = [("at", "what", "source", "detail")]
        lines += [
            (plain(one.at), one.what, f"{one.source._meta.verbose_name} {one.source}" if one.source else "", str(one.detail))
            for one in timeline_of(around(incident))
            if one.at <= bundle.as_of
        ]
        rows = Rows(csv_lines(lines))
        return rows, rows
    if name.endswith(".csv"):
        rows = Rows(csv_lines(read_rows(TABLES[name.removesuffix(".csv")], parameters_of(bundle))))
        return rows, rows
    if name == FIGURES:
        return None, [spelled(figures_in(bundle))]
    if name == QUERIES:
        return None, [spelled(queries_in(bundle))]
    return None, [document(name)]


def parameters_of(bundle: EvidenceBundle) -> dict[str, Any]:
    return {"incident": bundle.incident_id, "as_of": bundle.as_of.astimezone(UTC).isoformat()}


def read_rows(statement: str, parameters: Mapping[str, Any]) -> Iterator[list[str]]:
    """The header and the rows, a few thousand at a time from a cursor on the server."""
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(statement, dict(parameters))
        rows = cursor.fetchmany(READ_AT_ONCE)
        yield [column[0] for column in cursor.description]
        while rows:
            for row in rows:
                yield [plain(value) for value in row]
            rows = cursor.fetchmany(READ_AT_ONCE)


def plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return spelled(value).decode().strip().replace("\n", "") if isinstance(value, dict | list) else str(value)


def figures_in(bundle: EvidenceBundle) -> dict[str, Any]:
    """The figures as of the bundle's time, as they were kept, each with the query that anybody can run again."""
    snapshot = Snapshot.objects.filter(incident=bundle.incident_id, as_of=bundle.as_of).order_by("-pk").first()
    figures = IncidentFigure.objects.filter(snapshot=snapshot).order_by("pk")
    return {
        "as_of": plain(bundle.as_of),
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


def queries_in(bundle: EvidenceBundle) -> dict[str, Any]:
    """How each table was made."""
    parameters = parameters_of(bundle)
    return {
        "as_of": plain(bundle.as_of),
        "tables": [
            {"file": f"{name}.csv", "query": statement.strip(), "parameters": parameters} for name, statement in TABLES.items()
        ],
    }


def about(bundle: EvidenceBundle) -> dict[str, Any]:
    incident = bundle.incident
    return {
        "incident": incident.pk,
        "title": incident.title,
        "status": incident.status,
        "since": plain(incident.since),
        "until": plain(incident.until),
        "as_of": plain(bundle.as_of),
        "bundle": bundle.pk,
        "reference": bundle.reference,
        "asked_by": str(bundle.asked_by),
        "reason": bundle.reason,
        "read_me": TOLD,
    }
