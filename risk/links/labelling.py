"""Components over millions of edges. Pure: arrays in, arrays out. Only the full run imports this, for numpy and scipy are heavy.

Connected components by scipy.sparse.csgraph, a breadth-first traversal of the undirected graph.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

HEADER, TRAILER = 19, 2  # bytes of PostgreSQL's binary COPY


class Joined(NamedTuple):
    """Edges from the first account of each value to its others, and the values beyond the cap: hash, accounts, one of them."""

    first: Any
    other: Any
    hubs: list[tuple[int, int, int]]


def columns_of(blocks: Iterator[Any], count: int) -> list[Any]:
    """The columns of a binary COPY whose fields are all 8-byte integers that are never null."""
    row = np.dtype([("fields", ">i2")] + [item for n in range(count) for item in ((f"length{n}", ">i4"), (f"value{n}", ">i8"))])
    kept: list[list[Any]] = [[] for _ in range(count)]
    rest, skip = b"", HEADER
    for block in blocks:
        data = rest + bytes(block)
        if skip and len(data) < skip:
            rest = data
            continue
        data, skip = data[skip:], 0
        whole = len(data) // row.itemsize
        rows = np.frombuffer(data, dtype=row, count=whole)
        for n, column in enumerate(kept):
            column.append(rows[f"value{n}"].astype(np.int64))
        rest = data[whole * row.itemsize :]
    if len(rest) != TRAILER:
        raise ValueError("the copied rows are not of 8-byte integers alone")
    return [np.concatenate(column) if column else np.empty(0, np.int64) for column in kept]


def join_by(values: Any, accounts: Any, *, cap: int, most_hubs: int) -> Joined:
    """Who is joined by sharing a value that at most `cap` accounts share."""
    values, accounts, starts, counts = _groups(values, accounts)
    joins = (counts >= 2) & (counts <= cap)
    first = np.repeat(accounts[starts[joins]], counts[joins])
    other = accounts[np.repeat(joins, counts)]
    largest = np.argsort(-counts, kind="stable")[:most_hubs]
    hubs = [
        (int(values[starts[one]]), int(counts[one]), int(accounts[starts[one]])) for one in largest.tolist() if counts[one] > cap
    ]
    kept = first != other
    return Joined(first[kept], other[kept], hubs)


def of_few(values: Any, accounts: Any, *, cap: int) -> Any:
    """Whether the value of each row is shared by at most `cap` accounts."""
    sorted_values, _accounts, starts, counts = _groups(values, accounts)
    names = sorted_values[starts]
    return counts[np.searchsorted(names, values)] <= cap if len(names) else np.empty(0, bool)


def mixed(*columns: Any) -> Any:
    """One 64-bit value of several: a multiplicative hash, by Knuth's golden ratio."""
    result = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        result = (result ^ column.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        result ^= result >> np.uint64(29)
    return result.astype(np.int64)


def label(joined: Sequence[Joined]) -> tuple[Any, Any]:
    """Accounts, ascending, and of each the smallest id in its component."""
    first = np.concatenate([one.first for one in joined])
    other = np.concatenate([one.other for one in joined])
    accounts, places = np.unique(np.concatenate([first, other]), return_inverse=True)
    if not len(accounts):
        return accounts, accounts
    edges = len(first)
    shape = (len(accounts), len(accounts))
    graph = coo_matrix((np.ones(edges, np.int8), (places[:edges], places[edges:])), shape=shape)
    count, labels = connected_components(graph.tocsr(), directed=False)
    smallest = np.full(count, np.iinfo(np.int64).max, np.int64)
    np.minimum.at(smallest, labels, accounts)
    return accounts, smallest[labels]


def _groups(values: Any, accounts: Any) -> tuple[Any, Any, Any, Any]:
    """Pairs sorted and each once, and where the values start and how many accounts each has."""
    order = np.lexsort((accounts, values))
    values, accounts = values[order], accounts[order]
    if len(values):
        fresh = np.ones(len(values), bool)
        fresh[1:] = (values[1:] != values[:-1]) | (accounts[1:] != accounts[:-1])
        values, accounts = values[fresh], accounts[fresh]
    starts = np.flatnonzero(np.concatenate([np.ones(min(len(values), 1), bool), values[1:] != values[:-1]]))
    counts = np.diff(np.append(starts, len(values)))
    return values, accounts, starts, counts
