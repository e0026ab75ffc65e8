"""The record of a freeze or a release: who, when, under what, how many, which exactly, and what became of them; sealed."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from backoffice.lib.errors import NotFound
from orders.models import ActRecord, Freeze, Release
from orders.record_pages import html_of, pdf_of
from orders.seals import public_key, seal
from orders.services.record_results import results_of
from orders.services.record_words import page_of
from orders.states import RecordKind

WRITERS = {RecordKind.HTML: html_of, RecordKind.PDF: pdf_of}


@dataclass(frozen=True)
class IssuedRecord:
    """The row that says it left, and its bytes."""

    row: ActRecord
    content: bytes


@transaction.atomic
def issue_record(act: Freeze | Release, *, kind: str, by: Any, at: datetime) -> IssuedRecord:
    """Write, seal and note the record of this act as it stands now, in the language and zone of the reader.

    Raises NotFound for an unknown kind.
    """
    if kind not in RecordKind.values:
        raise NotFound(_("A record is a page to print or a PDF."))
    key_id, secret = next(iter(settings.HOLDFAST_RECORD_KEYS.items()))
    results = results_of(act)
    page = page_of(act, results, by=by, at=at, key_id=key_id)
    content = seal(WRITERS[RecordKind(kind)](page), key_id=key_id, secret=secret)
    row = ActRecord.objects.create(
        **{"freeze" if isinstance(act, Freeze) else "release": act},
        kind=kind,
        at=at,
        by=by,
        file_sha256=hashlib.sha256(content).hexdigest(),
        results_sha256=results.sha256,
        key_id=key_id,
    )
    return IssuedRecord(row, content)


def trusted_keys() -> dict[str, str]:
    """Our public keys by their ids, in base64: whoever is to verify records is given them once, by another way."""
    return {key_id: public_key(secret) for key_id, secret in settings.HOLDFAST_RECORD_KEYS.items()}
