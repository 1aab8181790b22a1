"""Texts as items: what is noted of them, and what is cut out of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.arrow import TextBuffers, text_buffers
from dataqa.kernels import cache as compiled
from dataqa.kernels import tables

PLACE = "place"
_CHUNK_BYTES = 16 << 20


class Cutting(NamedTuple):
    """What a passage is made of.

    Attributes:
        chars: Items are characters, not tokens.
        n: Items that it has at least.
        fold: Case does not matter.
        sentences: Cut out whole sentences and lines only.
    """

    chars: bool = False
    n: int = 50
    fold: bool = False
    sentences: bool = False

    @property
    def gram(self) -> int:
        """Items of what is noted."""
        return (self.n + 1) // 2


class Items(NamedTuple):
    """Items of some documents, one after the other; bytes are from each document's start."""

    hashes: NDArray[np.uint64]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    first: NDArray[np.int64]

    @property
    def longest(self) -> int:
        """Items of the longest document."""
        return int(np.diff(self.first).max(initial=0))


class Pieces(NamedTuple):
    """Repeated pieces of some documents, in order, disjoint.

    Attributes:
        rows: The document, as its row among those asked about.
        lows: Its first item.
        highs: The item after its last.
        origins: Where it occurs first: the document's rank, then (32 bits) the item.
        spans: Bytes: start, end; what goes with it: from, to; spaces to put in its place.
        sizes: Items of each document asked about.
    """

    rows: NDArray[np.int64]
    lows: NDArray[np.int64]
    highs: NDArray[np.int64]
    origins: NDArray[np.uint64]
    spans: NDArray[np.int64]
    sizes: NDArray[np.int64]


class _Kernels(NamedTuple):
    passages: Any
    cuts: Any
    clusters: Any
    tokens: Any


@cache
def load_kernels() -> _Kernels:
    """The compiled kernels; one process compiles while others wait."""
    with compiled.locked(compiled.folder()):
        names = ("passages", "passage_cuts", "clusters", "tokens")
        return _Kernels(*(import_module(f"dataqa.kernels.{name}") for name in names))


def cut_items(buffers: TextBuffers, cutting: Cutting) -> Items:
    """The items of some texts; white space belongs to none."""
    size = int(buffers.offsets[-1] - buffers.offsets[0])
    hashes = np.empty(size, np.uint64)
    starts, ends = np.empty(size, np.int32), np.empty(size, np.int32)
    first = np.empty(len(buffers.offsets), np.int64)
    folds = tables.folds() if cutting.fold else _as_written()
    kernels = load_kernels().passages
    arguments = (buffers.data, buffers.offsets, cutting.chars, tables.flags(), folds)
    kernels.cut_items(*arguments, hashes, starts, ends, first)
    count = int(first[-1])
    return Items(hashes[:count], starts[:count], ends[:count], first)


def notes(texts: pl.Series, cutting: Cutting) -> pl.DataFrame:
    """What is noted of texts: ``row``, ``key`` and ``place`` (an item) of some runs of items.

    A text shorter than ``n`` items has no note. Of random text every ``n / 4``-th run is noted.
    """
    n, k = cutting.n, cutting.gram
    queue = np.zeros(1 << (n - k + 1).bit_length(), np.uint32)
    frames: list[pl.DataFrame] = []
    for low, buffers in chunks(texts):
        items = cut_items(buffers, cutting)
        keys = np.empty(len(items.hashes), np.uint64)
        places = np.empty(len(items.hashes), np.uint32)
        ends = np.empty(len(buffers), np.int64)
        grams = np.empty(items.longest, np.uint64)
        arguments = (items.hashes, items.first, n, k, grams, queue, keys, places, ends)
        load_kernels().passages.winnow(*arguments)
        counts = np.diff(ends, prepend=0)
        rows = np.repeat(np.arange(low, low + len(buffers), dtype=np.uint32), counts)
        made = len(rows)
        columns = {"row": rows, "key": keys[:made].copy(), PLACE: places[:made].copy()}
        frames.append(pl.DataFrame(columns))
    nothing = pl.DataFrame(schema={"row": pl.UInt32, "key": pl.UInt64, PLACE: pl.UInt32})
    return pl.concat([nothing, *frames])


def pieces_of(
    buffers: TextBuffers,
    rows: NDArray[np.int64],
    places: NDArray[np.uint32],
    sources: NDArray[np.uint64],
    cutting: Cutting,
) -> Pieces:
    """What to cut out of some texts, from their windows that occur earlier.

    Args:
        buffers: The texts.
        rows: Where each one's windows begin in ``places``, and their end.
        places: The first item of each window, ascending.
        sources: Where it occurs first: the document's rank, then (32 bits) the item.
        cutting: What a passage is.
    """
    kernels = load_kernels().cuts
    items = cut_items(buffers, cutting)
    room = len(places)
    docs, lows, highs = (np.empty(room, np.int64) for _ in range(3))
    origins, sides = np.empty(room, np.uint64), np.empty(room, np.uint8)
    border = _borders(buffers, items) if cutting.sentences else np.ones(len(items.hashes), np.bool_)
    arguments = (rows, places, sources, items.first, border, cutting.n)
    count = kernels.pieces(*arguments, docs, lows, highs, origins, sides)
    docs, lows, highs, sides = docs[:count], lows[:count], highs[:count], sides[:count]
    spans = np.empty((count, 5), np.int64)
    read = (buffers.data, buffers.offsets, tables.flags(), items.starts, items.ends, items.first)
    kernels.cuts(*read, docs, lows, highs, sides, spans)
    return Pieces(docs, lows, highs, origins[:count], spans, np.diff(items.first))


def _borders(buffers: TextBuffers, items: Items) -> NDArray[np.bool_]:
    """Which items begin a sentence or a line."""
    kernels = load_kernels()
    longest = int(np.diff(buffers.offsets).max(initial=0))
    room = kernels.tokens.token_room(longest), kernels.tokens.break_room(longest)
    out = np.empty(len(items.hashes), np.bool_)
    read = (buffers.data, buffers.offsets, tables.flags(), tables.folds())
    kernels.cuts.borders(*read, items.starts, items.first, *room, out)
    return out


def chunks(texts: pl.Series) -> Iterator[tuple[int, TextBuffers]]:
    """Texts that are short together, or one long one, and the row of the first."""
    data, offsets, _ = text_buffers(texts)
    low = 0
    while low < len(offsets) - 1:
        high = int(np.searchsorted(offsets, offsets[low] + _CHUNK_BYTES, side="right")) - 1
        high = max(high, low + 1)
        yield low, TextBuffers(data, offsets[low : high + 1], None)
        low = high


@cache
def _as_written() -> NDArray[np.uint32]:
    """A table of folds that changes no character."""
    folds = np.arange(tables.PLANES, dtype=np.uint32)
    folds.flags.writeable = False
    return folds
