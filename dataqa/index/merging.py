"""Segments made: of entries, and of several segments that lie one after the other.

A merge keeps the order of entries and leaves out the removed ones, so whatever is asked gives the
same before and after. It goes through key ranges and through rows in pieces: memory is that of one
piece, the directory (at most 8 MiB), and four bytes for each row where some were removed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dataqa.arrow import text_buffers
from dataqa.index.disk import FILES, seal
from dataqa.index.entries import Entries
from dataqa.index.manifest import Part
from dataqa.index.parameters import Parameters
from dataqa.index.segments import Layout, Segment, Writer, ranges
from dataqa.io.store import told_of_disk

_PIECE_KEYS = 1 << 20
_PIECE_BYTES = 8 << 20
MOST = (1 << 32) - 1
"""Rows that one segment can number."""
UNIT, FAN = 8192, 4
"""Rows of the smallest class of segments, and how much larger each next class is."""


def surplus(sizes: Sequence[int]) -> int:
    """How many of the newest segments are to be merged into one; 0 for none.

    Segments fall into classes by size, each reaching ``FAN`` times as far as the one below. The
    newest that are all below a class's top are merged when together they reach it. So a row is
    rewritten once for each class that it rises, and of each class fewer than ``FAN`` are left.

    Args:
        sizes: Rows of each segment, oldest first.

    >>> surplus([70_000, 70_000]), surplus([600_000, 70_000, 50_000]), surplus([9_000] * 3)
    (2, 0, 0)
    >>> surplus([10, 10, 10]), surplus([10, 10, 10, 10])
    (0, 4)
    """
    top = UNIT
    while sizes:
        newest = 0
        while newest < len(sizes) and sizes[-1 - newest] < top:
            newest += 1
        most = top == UNIT and newest >= FAN
        rows = sum(sizes[-newest:])
        if newest > 1 and (most or rows >= top):
            return newest if rows <= MOST else 0
        if newest == len(sizes):
            return 0
        top *= FAN
    return 0


def write_entries(folder: Path, name: str, entries: Entries, parameters: Parameters) -> Part:
    """Write a segment of some entries, of which there is at least one."""
    ids = text_buffers(entries.ids)
    id_bytes = int(ids.offsets[-1] - ids.offsets[0])
    keys = np.column_stack([entries.keys, entries.id_keys]).reshape(-1)
    order = np.argsort(keys, kind="stable")
    layout = Layout.of(parameters, len(entries), id_bytes)
    path = folder / FILES / name
    with told_of_disk(path), path.open("wb") as file:
        writer = Writer(file, layout)
        writer.put("keys", keys[order])
        writer.put("rows", order // (parameters.bands.bands + 1))
        writer.put("values", entries.values)
        writer.put("counts", entries.counts)
        writer.put("offsets", ids.offsets - ids.offsets[0])
        writer.put("ids", ids.data[ids.offsets[0] : ids.offsets[-1]])
        writer.close()
    return Part(seal(folder, name), len(entries), id_bytes)


def merge(
    folder: Path, name: str, segments: Sequence[Segment], parameters: Parameters
) -> Part | None:
    """Write one segment of what is left of several, oldest first; None where nothing is left."""
    rows = sum(segment.left for segment in segments)
    if not rows:
        return None
    id_bytes = sum(_id_bytes(segment) for segment in segments)
    layout = Layout.of(parameters, rows, id_bytes)
    path = folder / FILES / name
    for segment in segments:
        segment.read_through()
    with told_of_disk(path), path.open("wb") as file:
        writer = Writer(file, layout)
        _merge_keys(writer, segments, layout.keys)
        written = 0
        for segment in segments:
            written = _copy_rows(writer, segment, written)
        writer.put("offsets", np.array([written]))
        writer.close()
    return Part(seal(folder, name), rows, id_bytes)


def _id_bytes(segment: Segment) -> int:
    if not len(segment.gone):
        return segment.part.id_bytes
    return int(np.diff(segment.offsets)[~segment.gone].sum())


def _merge_keys(writer: Writer, segments: Sequence[Segment], keys: int) -> None:
    """Keys are hashes, so equal ranges of them hold about equally many."""
    bases = np.cumsum([0, *(segment.left for segment in segments)])
    places = [_places(segment) for segment in segments]
    parts = -(-keys // _PIECE_KEYS)
    borders = [part * (1 << 64) // parts for part in range(1, parts)]
    cuts = [
        np.concatenate([[0], np.searchsorted(s.keys, np.array(borders, np.uint64)), [len(s.keys)]])
        for s in segments
    ]
    for part in range(parts):
        found = [
            _keys_between(segment, int(cut[part]), int(cut[part + 1]), place, base)
            for segment, cut, place, base in zip(segments, cuts, places, bases[:-1], strict=True)
        ]
        merged = np.concatenate([keys for keys, _ in found])
        order = np.argsort(merged, kind="stable")
        writer.put("keys", merged[order])
        writer.put("rows", np.concatenate([rows for _, rows in found])[order])


def _places(segment: Segment) -> NDArray[np.uint32] | None:
    """Where each row goes, counted from the segment's first; None where all stay."""
    if not len(segment.gone):
        return None
    return np.cumsum(~segment.gone, dtype=np.uint32) - np.uint32(1)


def _keys_between(
    segment: Segment, low: int, high: int, places: NDArray[np.uint32] | None, base: np.int64
) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
    keys, rows = segment.keys[low:high], segment.rows[low:high]
    if places is not None:
        left = ~segment.gone[rows]
        keys, rows = keys[left], places[rows[left]]
    return keys, rows + np.uint32(base)


def _copy_rows(writer: Writer, segment: Segment, written: int) -> int:
    """Copy what is left of a segment's rows; the bytes of ids written so far, these included."""
    step = max(1, _PIECE_BYTES // segment.values[:1].nbytes)
    for low, high in ranges(segment.part.rows, step):
        left = ~segment.gone[low:high] if len(segment.gone) else np.ones(high - low, np.bool_)
        offsets = segment.offsets[low : high + 1]
        lengths = np.diff(offsets)
        ids = segment.ids[offsets[0] : offsets[-1]][np.repeat(left, lengths)]
        starts = written + np.cumsum(lengths[left]) - lengths[left]
        writer.put("values", segment.values[low:high][left])
        writer.put("counts", segment.counts[low:high][left])
        writer.put("offsets", starts)
        writer.put("ids", ids)
        written += len(ids)
    return written
