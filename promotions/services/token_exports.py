"""The texts of a batch's tokens leave the house: as a file, or as sheets to print.

Whoever holds a text can claim with it: so each time it is kept who took which ones, when and what for.
"""

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from io import StringIO
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from backoffice.lib.audit import because
from backoffice.lib.errors import DomainError, InvalidInput
from promotions.models import ClaimToken, TokenBatch, TokenExport
from promotions.services.tokens import key_of
from promotions.states import ExportKind
from promotions.tokens import TokenContent, write_token

READ_AT_ONCE = 5_000
MOST_PRINTED = 1_200
CSV_COLUMNS = ("batch", "number", "token", "uses", "expires_at", "entry", "coupon_type")
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@transaction.atomic
def take_out(batch: TokenBatch, *, kind: str, first: int, last: int, reason: str, by: Any, at: datetime) -> TokenExport:
    """Keep that somebody takes the texts of the tokens `first` to `last`, counted from 0, both included. To be called, and
    committed, before the first of them is written.

    Raises InvalidInput for numbers that the batch has not, or more than can be printed at once; DomainError without a reason, and
    for a batch whose tokens are not valid: not complete, revoked, expired, or signed by a key that is no longer in use.
    """
    batch = TokenBatch.objects.select_related("entry").get(pk=batch.pk)
    if obstacle := why_not_take_out(batch, at):
        raise DomainError(obstacle)
    if not reason.strip():
        raise DomainError(_("Give a reason: who gets them, and what for."))
    if not 0 <= first <= last < batch.count:
        told = {"count": f"{batch.count:,}"}
        raise InvalidInput(_("The batch has the tokens 1 to %(count)s; the first cannot come after the last.") % told)
    if kind == ExportKind.PDF and last - first >= MOST_PRINTED:
        raise InvalidInput(_("At most %(most)s codes are printed at once.") % {"most": f"{MOST_PRINTED:,}"})
    with because(reason, user=by.pk):
        return TokenExport.objects.create(batch=batch, kind=kind, first=first, last=last, at=at, by=by, reason=reason)


def why_not_take_out(batch: TokenBatch, at: datetime) -> str:
    """Why the tokens of this batch can be neither exported nor printed now; empty where they can."""
    if not batch.is_complete:
        return _("Not all of its tokens are made.")
    if batch.revoked_at:
        return _("It is revoked.")
    if batch.expires_at <= at:
        return _("It has expired.")
    try:
        key_of(batch)
    except DomainError as error:
        return str(error)
    return ""


def token_texts(export: TokenExport) -> Iterator[tuple[int, str]]:
    """Number, counted from 0, and text of each token of the export that is not revoked, in order.

    Reads a few thousand at a time, so that a million need no more memory than those.
    """
    batch = export.batch
    key, expires_at = key_of(batch), batch.expires_at
    for start in range(export.first, export.last + 1, READ_AT_ONCE):
        end = min(start + READ_AT_ONCE - 1, export.last)
        rows = ClaimToken.objects.filter(batch=batch, number__range=(start, end), revoked_at=None).order_by("number")
        for number, nonce in rows.values_list("number", "nonce"):
            content = TokenContent(batch.entry_id, batch.pk, number, expires_at, bytes(nonce))
            yield number, write_token(content, key_id=batch.key_id, key=key)


def csv_of(export: TokenExport) -> Iterator[str]:
    """The lines of the CSV, some thousands a piece. Numbers are counted from 1, as they are printed; times are UTC, ISO 8601."""
    batch = export.batch
    expires = batch.expires_at.astimezone(UTC).isoformat()
    entry, kind = harmless(batch.entry.code), harmless(batch.entry.coupon_type.code)
    code = harmless(batch.code)
    rows: list[Sequence[Any]] = [CSV_COLUMNS]
    for number, text in token_texts(export):
        rows.append((code, number + 1, text, batch.uses, expires, entry, kind))
        if len(rows) >= READ_AT_ONCE:
            yield _lines(rows)
            rows.clear()
    yield _lines(rows)


def harmless(text: str) -> str:
    """A spreadsheet takes no such text for a formula."""
    return f"'{text}" if text.startswith(STARTS_A_FORMULA) else text


def _lines(rows: list[Sequence[Any]]) -> str:
    written = StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()
