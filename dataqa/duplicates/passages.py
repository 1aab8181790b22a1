"""Passages that occur again anywhere in a corpus: exact, by linear work, on disk.

Notes of every document's items that are equal in two places tell where passages may repeat. There,
and only there, every window of ``n`` items is hashed and laid down. Of equal windows the first is
told from the others by a total order, and what lies in one of the others is repeated.

Memory, beside one key partition and one piece of texts: 37 bytes for each document that may have a
repeated passage, the ids of those named, and files' rows while they are sorted (some 200 MB).
Disk: 12 bytes a note that repeats, 24 a window that may repeat, 16 one that does.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.arrow import TextBuffers
from dataqa.duplicates.items import (
    PLACE,
    Cutting,
    Pieces,
    chunks,
    cut_items,
    load_kernels,
    pieces_of,
)
from dataqa.duplicates.links import repeated
from dataqa.duplicates.runs import Runs
from dataqa.types import DOC, DOC_ID, TEXT, Merge

ORDER = "order"
_LOW, _BITS = np.uint64((1 << 32) - 1), np.uint64(32)
_HIGHEST = (1 << 64) - 1


class Repeated(NamedTuple):
    """Documents with repeated pieces, and those.

    Attributes:
        docs: Their numbers.
        pieces: Of these documents.
        refs: The public id of each piece's other document.
    """

    docs: pl.Series
    pieces: Pieces
    refs: pl.Series


def find(merge: Merge, cutting: Cutting) -> Iterator[Repeated]:
    """All repeated pieces, by ascending document, in bounded parts.

    Args:
        merge: Whose keyed rows are ``notes`` with ``_doc`` for ``row``, and whose documents have
            ``doc_id`` and ``order``: a number by which, first, the order of copies goes.
        cutting: What a passage is.
    """
    with merge.scratch() as folder:
        hot = _meeting(merge, folder)
        hosts = _hosts(merge, hot)
        if not hosts.docs.len():
            return
        laid = _lay_windows(merge, hot, hosts, cutting, folder)
        repeats, named = _repeats(laid, hosts, folder)
        ids = _ids(merge, hosts, named)
        yield from _pieces(merge, repeats, hosts, ids, cutting)


class _Hosts(NamedTuple):
    """Documents that may have a repeated passage, and which of them comes first.

    Attributes:
        docs: Their numbers, ascending; a *node* is a row of it.
        ranks: Each one's rank.
        nodes: The node of each rank.
    """

    docs: pl.Series
    ranks: NDArray[np.uint32]
    nodes: NDArray[np.uint32]


def _meeting(merge: Merge, folder: Path) -> Runs:
    """The notes that are equal in two or more places: document and item."""
    hot = Runs(folder, "hot")
    for docs, places in merge.each(_again):
        hot.add(docs, places)
    hot.flush()
    return hot


def _again(rows: pl.DataFrame) -> tuple[NDArray[np.uint64], NDArray[Any]]:
    """Of one partition: document and item of the notes that occur again."""
    left = repeated(rows["key"].to_numpy())
    return rows[DOC].to_numpy()[left], rows[PLACE].to_numpy()[left]


def _hosts(merge: Merge, hot: Runs) -> _Hosts:
    docs = np.zeros(0, np.uint64)
    for numbers, _ in hot.parts(0, _HIGHEST):
        docs = np.union1d(docs, numbers)
    orders = np.zeros(len(docs), np.uint64)
    for rows in merge.docs([DOC, ORDER]) if len(docs) else ():
        at, known = _within(docs, rows[DOC].to_numpy())
        orders[at] = rows[ORDER].to_numpy()[known]
    nodes = np.argsort(orders, kind="stable").astype(np.uint32)
    ranks = np.empty_like(nodes)
    ranks[nodes] = np.arange(len(nodes), dtype=np.uint32)
    return _Hosts(pl.Series(DOC, docs), ranks, nodes)


def _lay_windows(merge: Merge, hot: Runs, hosts: _Hosts, cutting: Cutting, folder: Path) -> Runs:
    """Read the hosts' texts, and lay down the windows with a note that repeats."""
    laid = Runs(folder, "windows")
    for docs, buffers in _texts(merge, hosts.docs):
        found = hot.all(int(docs[0]), int(docs[-1]))
        assert found is not None
        numbers, places = found
        order = np.lexsort((places, numbers))
        starts = np.append(np.searchsorted(numbers[order], docs), len(order)).astype(np.int64)
        items = cut_items(buffers, cutting)
        size = int(np.maximum(np.diff(items.first) - cutting.n + 1, 0).sum())
        high, low, where = (np.empty(size, np.uint64) for _ in range(3))
        left, right = (np.empty(items.longest, np.uint64) for _ in range(2))
        ranks = hosts.ranks[np.searchsorted(hosts.docs.to_numpy(), docs)]
        sizes = (cutting.n, cutting.gram)
        arguments = (items.hashes, items.first, *sizes, starts, places[order], ranks, left, right)
        count = load_kernels().passages.windows(*arguments, high, low, where)
        laid.add(high[:count].copy(), low[:count].copy(), where[:count].copy())
    laid.flush()
    return laid


def _repeats(laid: Runs, hosts: _Hosts, folder: Path) -> tuple[Runs, NDArray[np.bool_]]:
    """Windows that occur earlier, by node and item, and where first; the nodes where any does."""
    repeats = Runs(folder, "repeats")
    named = np.zeros(hosts.docs.len(), np.bool_)
    borders = [_HIGHEST * at // max(laid.files, 1) for at in range(laid.files + 1)]
    for low, high in pairwise(borders):
        begin = low + 1 if low else 0
        firsts = _firsts([_grouped(*part) for part in laid.parts(begin, high)])
        for first, part in zip(firsts, laid.parts(begin, high), strict=True):
            where = part[2]
            source = np.repeat(first, _sizes(part[0], part[1]))
            again = where != source
            repeats.add(_by_node(where[again], hosts), source[again])
            named[hosts.nodes[np.unique(source[again] >> _BITS)]] = True
    repeats.flush()
    return repeats, named


class _Groups(NamedTuple):
    """Equal windows of one file: their hash, and the first place of each."""

    high: NDArray[np.uint64]
    low: NDArray[np.uint64]
    first: NDArray[np.uint64]


def _grouped(
    high: NDArray[np.uint64], low: NDArray[np.uint64], where: NDArray[np.uint64]
) -> _Groups:
    starts = _starts(high, low)
    return _Groups(high[starts], low[starts], np.minimum.reduceat(where, starts))


def _firsts(parts: list[_Groups]) -> list[NDArray[np.uint64]]:
    """The first place over all files, for each group of each file."""
    if not parts:
        return []
    high, low, first = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((low, high))
    starts = _starts(high[order], low[order])
    least = np.minimum.reduceat(first[order], starts)
    first[order] = np.repeat(least, np.diff(starts, append=len(order)))
    return np.split(first, np.cumsum([len(part.high) for part in parts])[:-1])


def _starts(high: NDArray[np.uint64], low: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Where runs of equal hashes begin."""
    fresh = np.append(True, (high[1:] != high[:-1]) | (low[1:] != low[:-1]))
    return np.flatnonzero(fresh)


def _sizes(high: NDArray[np.uint64], low: NDArray[np.uint64]) -> NDArray[np.int64]:
    return np.diff(_starts(high, low), append=len(high))


def _by_node(where: NDArray[np.uint64], hosts: _Hosts) -> NDArray[np.uint64]:
    nodes = hosts.nodes[where >> _BITS].astype(np.uint64)
    return (nodes << _BITS) | (where & _LOW)


class _Ids(NamedTuple):
    """Some documents, ascending, and their public ids."""

    docs: NDArray[np.uint64]
    ids: pl.Series


def _ids(merge: Merge, hosts: _Hosts, named: NDArray[np.bool_]) -> _Ids:
    """The ids of the nodes that are named."""
    wanted = hosts.docs.to_numpy()[named]
    found = [pl.Series(DOC_ID, [], pl.String)]
    for rows in merge.docs([DOC, DOC_ID]) if len(wanted) else ():
        _, known = _within(wanted, rows[DOC].to_numpy())
        found.append(rows[DOC_ID].filter(pl.Series(known)))
    return _Ids(wanted, pl.concat(found))


def _pieces(
    merge: Merge, repeats: Runs, hosts: _Hosts, ids: _Ids, cutting: Cutting
) -> Iterator[Repeated]:
    """Read the texts with repeats once more, and turn items into bytes."""
    nodes = np.zeros(0, np.uint64)
    for where, _ in repeats.parts(0, _HIGHEST):
        nodes = np.union1d(nodes, where >> _BITS)
    for docs, buffers in _texts(merge, hosts.docs.gather(nodes)):
        at = np.searchsorted(hosts.docs.to_numpy(), docs).astype(np.uint64)
        found = repeats.all(int(at[0] << _BITS), int(at[-1] << _BITS | _LOW))
        assert found is not None
        order = np.argsort(found[0])
        where, sources = found[0][order], found[1][order]
        rows = np.append(np.searchsorted(where, at << _BITS), len(where)).astype(np.int64)
        pieces = pieces_of(buffers, rows, (where & _LOW).astype(np.uint32), sources, cutting)
        others = hosts.docs.to_numpy()[hosts.nodes[pieces.origins >> _BITS]]
        refs = ids.ids.gather(np.searchsorted(ids.docs, others))
        yield Repeated(pl.Series(DOC, docs), pieces, refs)


def _within(
    some: NDArray[np.uint64], numbers: NDArray[np.uint64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where in ``some``, ascending, those of ``numbers`` stand that are there; which those are."""
    at = np.minimum(np.searchsorted(some, numbers), len(some) - 1)
    known = some[at] == numbers
    return at[known], known


def _texts(merge: Merge, docs: pl.Series) -> Iterator[tuple[NDArray[np.uint64], TextBuffers]]:
    """Documents and their texts, ascending, some at a time; none if none are asked for."""
    for texts in merge.texts(docs) if docs.len() else ():
        numbers = texts[DOC].to_numpy()
        for low, buffers in chunks(texts[TEXT]):
            yield numbers[low : low + len(buffers)], buffers
