"""Changing what an index holds: each function here ends in one new manifest, or in none.

The caller holds the lock. Nothing that a manifest names is touched before the next one is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.index.disk import FILES, Stored, delete, seal
from dataqa.index.manifest import Manifest, Part, save
from dataqa.index.merging import merge, surplus
from dataqa.index.segments import Segment, open_segment, ranges
from dataqa.index.snapshot import Snapshot, bases, find_ids
from dataqa.io.store import told_of_disk

_STALE = 0.25
"""A segment of which more was removed is written anew."""
_STEP = 1 << 16


def number_file(manifest: Manifest, kind: str) -> tuple[str, Manifest]:
    """A name for a new file, and the manifest that will not give it again."""
    name = f"{manifest.next:08d}.{kind}"
    return name, msgspec.structs.replace(manifest, next=manifest.next + 1)


def commit(folder: Path, now: Snapshot, new: Sequence[Segment]) -> tuple[Snapshot, int]:
    """Take in new segments; entries that came later replace older ones of the same id.

    Returns:
        What is committed now, and how many entries were replaced.
    """
    segments = [*now.segments, *new]
    replaced = _replaced(segments, len(now.segments))
    parts = tuple(segment.part for segment in segments)
    manifest = msgspec.structs.replace(now.manifest, parts=parts)
    return _without(folder, Snapshot(manifest, segments), replaced), len(replaced)


def remove(folder: Path, now: Snapshot, ids: pl.Series) -> tuple[Snapshot, int]:
    """Let the entries of some ids count no more."""
    found = np.unique(find_ids(now.segments, ids).entries)
    return (_without(folder, now, found), len(found)) if len(found) else (now, 0)


def compact(folder: Path, now: Snapshot) -> Snapshot:
    """Merge the newest segments, and write those anew of which much was removed, until all fit."""
    while newest := surplus([segment.left for segment in now.segments]):
        now = replace(folder, now, len(now.segments) - newest, len(now.segments))
    for at in reversed(range(len(now.segments))):
        part = now.segments[at].part
        if part.gone_rows > _STALE * part.rows:
            now = replace(folder, now, at, at + 1)
    return now


def forget(folder: Path, now: Snapshot) -> Snapshot:
    """Write every segment anew from which something was removed: no trace of it remains."""
    for at in reversed(range(len(now.segments))):
        if now.segments[at].part.gone is not None:
            now = replace(folder, now, at, at + 1)
    return now


def replace(folder: Path, now: Snapshot, low: int, high: int) -> Snapshot:
    """Put one segment in place of several neighbours, without what was removed from them."""
    name, manifest = number_file(now.manifest, "segment")
    old = now.segments[low:high]
    part = merge(folder, name, old, manifest.parameters)
    fresh = [] if part is None else [open_segment(folder, part, manifest.parameters)]
    segments = [*now.segments[:low], *fresh, *now.segments[high:]]
    parts = tuple(segment.part for segment in segments)
    manifest = msgspec.structs.replace(manifest, parts=parts)
    save(folder, manifest)
    delete(folder, _files(old))
    return Snapshot(manifest, segments)


def _files(segments: Sequence[Segment]) -> list[Stored]:
    pairs = [(segment.part.file, segment.part.gone) for segment in segments]
    return [file for pair in pairs for file in pair if file is not None]


def _replaced(segments: Sequence[Segment], first: int) -> NDArray[np.int64]:
    """The entries whose id a later one of the segments from ``first`` on has."""
    starts = bases(segments)
    found: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
    for number in range(first, len(segments)):
        for low, high in ranges(segments[number].part.rows, _STEP):
            rows = np.arange(low, high)
            same = find_ids(segments[: number + 1], segments[number].id_series(rows))
            older = same.entries < rows[same.docs] + starts[number]
            found.append(same.entries[older])
    return np.unique(np.concatenate(found))


def _without(folder: Path, now: Snapshot, entries: NDArray[np.int64]) -> Snapshot:
    """Commit that some more entries count no more."""
    starts = bases(now.segments)
    manifest, segments, dropped = now.manifest, list(now.segments), list[Stored]()
    for number, segment in enumerate(segments):
        rows = entries[(entries >= starts[number]) & (entries < starts[number + 1])]
        if not len(rows):
            continue
        gone = segment.gone.copy() if len(segment.gone) else np.zeros(segment.part.rows, np.bool_)
        gone[rows - starts[number]] = True
        name, manifest = number_file(manifest, "gone")
        part = _with_gone(folder, name, segment.part, gone)
        dropped += [segment.part.gone] if segment.part.gone else []
        segments[number] = segment.with_gone(part, gone)
    parts = tuple(segment.part for segment in segments)
    manifest = msgspec.structs.replace(manifest, parts=parts)
    save(folder, manifest)
    delete(folder, dropped)
    return Snapshot(manifest, segments)


def _with_gone(folder: Path, name: str, part: Part, gone: NDArray[np.bool_]) -> Part:
    rows = np.flatnonzero(gone).astype("<u4")
    path = folder / FILES / name
    with told_of_disk(path):
        rows.tofile(path)
    return msgspec.structs.replace(part, gone=seal(folder, name), gone_rows=len(rows))
