"""Writes what came of a replay: the same file into two fresh databases gives the same bytes, but for the summary's seconds."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from backoffice.lib.money import ZERO
from backoffice.replay import folder
from backoffice.replay.figures import Money, TypeFigures, iso
from backoffice.replay.folder import ResultsFolder
from backoffice.replay.record import Record


def write_results(record: Record, into: ResultsFolder) -> None:
    """The four files that programs read, as drafts."""
    _write_lines(into.draft(folder.RESULTS), record.played.journal.lines(record.held_seconds))
    _write_lines(into.draft(folder.ALARMS), record.alarms)
    _write_lines(into.draft(folder.FLAGS), record.flags)
    text = json.dumps(summary(record), ensure_ascii=False, indent=2)
    into.draft(folder.SUMMARY).write_text(text + "\n", encoding="utf-8")


def summary(record: Record) -> dict[str, Any]:
    """What summary.json holds. Amounts are decimal strings in the currency of the coupon type's campaign."""
    played = record.played
    return {
        "input": dict(record.about),
        "events": played.events,
        "seconds": round(played.seconds, 3),
        "events_per_second": record.events_per_second,
        "begins_at": iso(played.begins_at),
        "as_of": iso(played.ends_at),
        "check_runs": played.check_runs,
        "faults": len(played.faults),
        "failures": len(played.failures),
        "counts": played.journal.counts() | {"alarms": len(record.alarms), "flags": len(record.flags)},
        "totals": {currency: _amounts(money) for currency, money in totals(record.types).items()},
        "coupon_types": {
            row.code: {"coupons": row.coupons, "currency": row.currency} | _amounts(row.money) for row in record.types
        },
    }


def totals(types: Iterable[TypeFigures]) -> dict[str, Money]:
    """The money of all coupon types, by currency."""
    sums: dict[str, Money] = {}
    for row in types:
        sums[row.currency] = sums.get(row.currency, Money()) + row.money
    return sums


def _amounts(money: Money) -> dict[str, str]:
    names = ("issued", "redeemed", "delivered", "held", "released", "waiting")
    return {name: f"{getattr(money, name) + ZERO:.2f}" for name in names}


def _write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
