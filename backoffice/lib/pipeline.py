"""One exchange over libpq: prepared statements, all sent at once, all answered at once.

psycopg's own pipeline writes after each statement, and BEGIN costs it an exchange of its own; this writes once and waits once. The
types of values are left to the server, which knows them from the statement.
"""

import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from itertools import count
from typing import Any

import psycopg
from psycopg import abc, generators, pq
from psycopg.adapt import PyFormat, Transformer

Row = tuple[Any, ...]
KEPT = "_holdfast_kept"
ITEMS = frozenset({str, int})
PLACEHOLDER = re.compile(r"%\((\w+)\)s")

_numbers = count(1)


class Kept:
    """What is kept with a connection: the names of its prepared statements, and what writes values and reads rows.

    A reader looks up once how each type is written and read; made anew for each statement it would look all of them up each time.
    """

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self.names: dict[str, bytes] = {}
        self.reader = Transformer(raw)


class Interrupted(Exception):
    """One statement of an exchange went wrong with `error`. `answered` is what those before it answered."""

    def __init__(self, error: psycopg.Error, answered: list[list[Row]]) -> None:
        super().__init__(error, answered)
        self.error, self.answered = error, answered


def exchange(raw: psycopg.Connection[Any], statements: Sequence[tuple[str, Mapping[str, Any]]]) -> list[list[Row]]:
    """The rows of each statement's answer. Placeholders are named, as in %(name)s.

    Raises Interrupted with the first error that the server answers; what stood behind it was not done.
    """
    kept = _kept(raw)
    known, reader = kept.names, kept.reader
    fresh: dict[str, bytes] = {}
    answers: list[bool] = []  # False for what only prepares
    raw.pgconn.enter_pipeline_mode()
    try:
        for sql, values in statements:
            text, names = _numbered(sql)
            name = known.get(sql) or fresh.get(sql)
            if name is None:
                name = fresh[sql] = f"holdfast_{next(_numbers)}".encode()
                raw.pgconn.send_prepare(name, text)
                answers.append(False)
            dumped = reader.dump_sequence([_plain(values[key]) for key in names], [PyFormat.TEXT] * len(names))
            raw.pgconn.send_query_prepared(name, dumped, reader.formats)
            answers.append(True)
        raw.pgconn.pipeline_sync()
        results = raw.wait(_results(raw.pgconn, len(answers)))
    finally:
        with suppress(psycopg.OperationalError):  # the connection is lost: what was raised says it better
            raw.pgconn.exit_pipeline_mode()
    answered: list[list[Row]] = []
    for is_answer, result in zip(answers, results, strict=True):
        if result.status == pq.ExecStatus.FATAL_ERROR:
            raise Interrupted(psycopg.errors.error_from_result(result, encoding=raw.info.encoding), answered)
        if is_answer:
            answered.append(_rows(reader, result))
    known |= fresh
    return answered


def _kept(raw: psycopg.Connection[Any]) -> Kept:
    """Stands in the connection itself: whatever outlived it would keep it open."""
    kept: Kept | None = raw.__dict__.get(KEPT)
    if kept is None:
        kept = raw.__dict__[KEPT] = Kept(raw)
    return kept


def _results(pgconn: pq.abc.PGconn, count: int) -> Generator[Any, Any, list[pq.abc.PGresult]]:
    """Write all that is waiting, then read one result for each statement, and the end."""
    yield from generators.send(pgconn)
    results: list[pq.abc.PGresult] = []
    for _ in range(count):
        results += yield from generators.fetch_many(pgconn)
        if pgconn.status == pq.ConnStatus.BAD:
            return results
    yield from generators.fetch_many(pgconn)
    return results


def _rows(reader: abc.Transformer, result: pq.abc.PGresult) -> list[Row]:
    if not result.ntuples:
        return []
    reader.set_pgresult(result)
    return reader.load_rows(0, result.ntuples, tuple)


def _plain(value: Any) -> Any:
    """A list of texts and whole numbers as the text that PostgreSQL reads as an array; all else as it is, for psycopg to write.

    psycopg looks for the type of each list anew, which takes longer than all the rest of a claim's values.
    """
    if type(value) is not list or not all(type(item) in ITEMS for item in value):
        return value
    return "{" + ",".join(map(_item, value)) + "}"


def _item(item: str | int) -> str:
    return str(item) if isinstance(item, int) else '"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"'


@cache
def _numbered(sql: str) -> tuple[bytes, tuple[str, ...]]:
    """The statement with $1, $2, … in place of its names, and the names."""
    names: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        return f"${names.setdefault(found[1], len(names) + 1)}"

    return PLACEHOLDER.sub(number, sql).encode(), tuple(names)
