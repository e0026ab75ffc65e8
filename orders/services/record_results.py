"""What became of each order of a freeze or a release, as a table that leaves the house: the same bytes whenever it is written.

It is read by a cursor of the server, some thousands of rows at a time, so that a million need no memory. Its header and contents
are in no reader's language, so that its hash can stand in a record.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import F, QuerySet

from backoffice.lib.cells import csv_lines
from backoffice.lib.money import ZERO
from orders.models import Freeze, Release

CHUNK = 5_000
COLUMNS = ("order", "amount", "currency", "result", "why")


@dataclass(frozen=True)
class Results:
    """`sha256` is of the whole table as `lines_of` writes it; `amounts` by result and currency."""

    sha256: str
    counts: Counter[tuple[str, str]]
    amounts: dict[tuple[str, str], Decimal]

    @property
    def total(self) -> int:
        return self.counts.total()


def lines_of(act: Freeze | Release) -> Iterator[str]:
    """The table as CSV, in the order in which the scope is hashed; cells that a spreadsheet would calculate are made harmless."""
    with transaction.atomic():
        yield from csv_lines(_with_header(_rows(act)))


def results_of(act: Freeze | Release) -> Results:
    """Read once, so that hash, counts and amounts are of the same moment."""
    digest, counts, amounts = hashlib.sha256(), Counter[tuple[str, str]](), dict[tuple[str, str], Decimal]()

    def counted() -> Iterator[tuple]:
        for row in _rows(act):
            _ref, amount, currency, result, why = row
            counts[result, why] += 1
            amounts[result, currency] = amounts.get((result, currency), ZERO) + amount
            yield row

    with transaction.atomic():
        for line in csv_lines(_with_header(counted())):
            digest.update(line.encode())
    return Results(digest.hexdigest(), counts, amounts)


def _with_header(rows: Iterator[tuple]) -> Iterator[tuple]:
    yield COLUMNS
    yield from rows


def _rows(act: Freeze | Release) -> Iterator[tuple]:
    """Order, amount, currency, result and why. It needs a transaction, in which the cursor lives."""
    path, subject = ("order", "order") if isinstance(act, Freeze) else ("hold__order", "hold")
    items: QuerySet = act.items.order_by(f"{subject}_id")
    columns = {name: F(f"{path}__{field}") for name, field in (("ref", "ref"), ("worth", "gross_amount"), ("money", "currency"))}
    rows = items.annotate(**columns).values_list("ref", "worth", "money", "result", "detail")
    return rows.iterator(chunk_size=CHUNK)  # type: ignore[return-value]
