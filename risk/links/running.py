"""The two runs of links: all accounts by night, and every minute what came since."""

import re
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from promotions.services.nobody import known_device, nobodies
from promotions.states import NobodyKind
from risk.fact_statements import ROWS_READ
from risk.links import CAPS, MOST_HUBS, MOST_IN_COMPONENT, WINDOW
from risk.links.joining import Components
from risk.links.statements import ADD, ADDRESSES, ALL_PAIRS, MOVE, NEW_GROUPS, NOTE_HUBS, SIZES, TEXT_OF_HUB
from risk.models import LinkedAccount, LinkHub, LinkRun

LATE = timedelta(minutes=2)
"""Looked at again by the next run: a claim carries the time it came at, and is committed a little later."""
LONGEST_GAP = timedelta(hours=6)
"""After a longer pause the increment looks this far back and leaves the rest to the night's run."""
KEEP_RUNS = timedelta(days=7)
LOCK = "SELECT pg_advisory_xact_lock(hashtext('risk_links'))"


@transaction.atomic
def link_all(at: datetime) -> LinkRun:
    """Find all components anew, over the last 30 days. Readers see the earlier ones until it is done."""
    from risk.links import labelling

    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
    values = _window(at)
    joined = []
    for kind, statement in ALL_PAIRS.items():
        one = labelling.join_by(*_columns(statement, values, 2), cap=CAPS[kind], most_hubs=MOST_HUBS)
        _keep_hubs(kind, one.hubs, at)
        joined.append(one)
    address, customer, registered, placed = _columns(ADDRESSES, values, 4)
    few = labelling.of_few(address, customer, cap=CAPS["together"])
    for salt, moment in ((1, registered), (2, placed)):
        known = few & (moment != 0)
        together = labelling.mixed(address[known], moment[known] * 4 + salt)
        joined.append(labelling.join_by(together, customer[known], cap=CAPS["together"], most_hubs=0))
    accounts, components = labelling.label(joined)
    _replace(accounts, components)
    LinkHub.objects.filter(seen_at__lt=at - WINDOW).delete()
    LinkRun.objects.filter(until__lt=at - KEEP_RUNS).delete()
    return _finish(at, began)


@transaction.atomic
def link_new(at: datetime) -> LinkRun:
    """Join what came since the last run to what was there. Components only grow by it; the night's run parts them again.

    Where nothing new joins, nothing is written, and the next run looks at it again.
    """
    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
    last = LinkRun.objects.filter(until__lte=at).order_by("-until").values_list("until", flat=True).first()
    fresh = max(last - LATE, at - LONGEST_GAP) if last else at - LONGEST_GAP
    values = {**_window(at), "fresh": fresh, "rows_read": ROWS_READ}
    groups: list[set[int]] = []
    for kind, statement in NEW_GROUPS.items():
        groups += _groups(kind, statement, {**values, "cap": CAPS[kind], "most": CAPS[kind] + 1}, at)
    touched = _join(groups) if groups else []
    if not touched:
        return LinkRun(is_full=False, until=at, accounts=0, components=0, largest=0, too_large=0, seconds=0)
    return _finish(at, began, touched=touched)


def _window(at: datetime) -> dict[str, Any]:
    exact = [value for kind, value in nobodies().exact if kind in (NobodyKind.TEXT, NobodyKind.DEVICE)]
    like = [_like(pattern) for kind, pattern in nobodies().patterns if kind in (NobodyKind.TEXT, NobodyKind.DEVICE)]
    return {"at": at, "since": at - WINDOW, "nobody": exact, "nobody_like": like}


def _like(pattern: re.Pattern[str]) -> str:
    pieces = [re.sub(r"\\(.)", r"\1", piece) for piece in pattern.pattern.split(".*")]
    return "%".join(re.sub(r"([%_\\])", r"\\\1", piece) for piece in pieces)


def _columns(statement: str, values: dict[str, Any], count: int) -> list[Any]:
    """The rows of a statement as columns of integers, streamed: they never exist as Python objects."""
    from psycopg import ClientCursor

    from risk.links import labelling

    connection.ensure_connection()
    bound = ClientCursor(connection.connection).mogrify(statement, values)
    with connection.cursor() as cursor, cursor.copy(f"COPY ({bound}) TO STDOUT (FORMAT binary)") as rows:
        return labelling.columns_of(_larger(rows), count)


def _larger(rows: Any, size: int = 1 << 20) -> Iterator[bytes]:
    """Blocks of a megabyte: COPY hands over a row at a time."""
    kept, length = [], 0
    for block in rows:
        kept.append(bytes(block))
        length += len(kept[-1])
        if length >= size:
            yield b"".join(kept)
            kept, length = [], 0
    yield b"".join(kept)


def _keep_hubs(kind: str, hubs: list[tuple[int, int, int]], at: datetime) -> None:
    named = [(_hub_text(kind, value, account), accounts) for value, accounts, account in hubs]
    _note_hubs(kind, {text: accounts for text, accounts in named if text}, at)


def _hub_text(kind: str, value: int, account: int) -> str:
    if kind == "token":
        return str(value)
    statement = TEXT_OF_HUB[kind]
    with connection.cursor() as cursor:
        cursor.execute(statement, [account, value] * (statement.count("%s") // 2))
        found = cursor.fetchone()
    return found[0] if found else ""


def _note_hubs(kind: str, hubs: dict[str, int], at: datetime) -> None:
    if hubs:
        with connection.cursor() as cursor:
            cursor.execute(NOTE_HUBS, {"kind": kind, "values": list(hubs), "accounts": list(hubs.values()), "at": at})


def _replace(accounts: Any, components: Any) -> None:
    LinkedAccount.objects.all().delete()
    columns = "COPY risk_linkedaccount (customer_id, component) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(columns) as rows:
        for start in range(0, len(accounts), 100_000):
            part = zip(accounts[start : start + 100_000].tolist(), components[start : start + 100_000].tolist(), strict=True)
            rows.write("".join(f"{account}\t{component}\n" for account, component in part))


def _groups(kind: str, statement: str, values: dict[str, Any], at: datetime) -> list[set[int]]:
    """The accounts on each fresh value that joins; what is over the cap is noted as a hub."""
    found: dict[str, set[int]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        for value, customer in cursor.fetchall():
            found[value].add(customer)
    if kind == "device":
        found = {value: accounts for value, accounts in found.items() if len(accounts) < 2 or known_device(value)}  # type: ignore[assignment]
    hubs = {value: len(accounts) for value, accounts in found.items() if len(accounts) > CAPS[kind]}
    if kind != "together":
        _note_hubs(kind, hubs, at)
    return [accounts for value, accounts in found.items() if len(accounts) >= 2 and value not in hubs]


def _join(groups: list[set[int]]) -> list[int]:
    """Answers the components that changed: none where all of it was known."""
    touched = sorted(set().union(*groups))
    before = dict(LinkedAccount.objects.filter(customer__in=touched).values_list("customer_id", "component"))
    components = Components()
    for account, component in before.items():
        components.join([account, component])
    for accounts in groups:
        components.join(sorted(accounts))
    olds = sorted(set(before.values()))
    news = [components.of(old) for old in olds]
    fresh = [account for account in touched if account not in before]
    if not fresh and olds == news:
        return []
    with connection.cursor() as cursor:
        cursor.execute(MOVE, {"old": olds, "new": news})
        cursor.execute(ADD, {"customers": fresh, "components": [components.of(account) for account in fresh]})
    return sorted({components.of(account) for account in touched})


def _finish(at: datetime, began: float, *, touched: list[int] | None = None) -> LinkRun:
    """Of a full run (`touched` is None) the sizes of all components, of an increment those of what it touched."""
    with connection.cursor() as cursor:
        cursor.execute(SIZES, {"most": MOST_IN_COMPONENT, "touched": touched})
        accounts, components, largest, too_large = cursor.fetchone()
    return LinkRun.objects.create(
        is_full=touched is None,
        until=at,
        accounts=accounts,
        components=components,
        largest=largest,
        too_large=too_large,
        seconds=round(time.monotonic() - began, 3),
    )
