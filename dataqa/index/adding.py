"""Adding documents, in memory that does not grow with them.

Entries wait until there are enough for a segment, which is then committed at once: a killed ``add``
that is done again finds them there already.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.index import committing
from dataqa.index.entries import Entries, entries_of, joined
from dataqa.index.merging import write_entries
from dataqa.index.segments import open_segment
from dataqa.index.snapshot import Snapshot, find_ids

WAITING_BYTES = 64 << 20
"""About how much memory waiting entries take."""


class Added(NamedTuple):
    """What became of documents; all but ``replaced`` add up to ``documents``.

    Attributes:
        documents: How many there were.
        added: Became entries.
        unchanged: Were entries already, with the same id and the same signature.
        known: Are like an entry or a document before them, and were left out.
        empty: Have no shingle, are like nothing and become no entries.
        replaced: Entries that went because a later document has their id.
        cut_short: Documents that could not be compared with all that share a band with them.
    """

    documents: int = 0
    added: int = 0
    unchanged: int = 0
    known: int = 0
    empty: int = 0
    replaced: int = 0
    cut_short: int = 0

    def plus(self, other: Added) -> Added:
        """Both together."""
        return Added(*(one + two for one, two in zip(self, other, strict=True)))


class Told(NamedTuple):
    """What ``Index.add`` did.

    Attributes:
        counts: What became of the documents.
        fresh: For each row, whether it is new: neither known nor the repetition of a known one.
        matches: With ``skip_known``, which known document each of the others is like.
    """

    counts: Added
    fresh: pl.Series
    matches: pl.DataFrame


def waiting_rows(now: Snapshot) -> int:
    """How many entries wait for a segment."""
    parameters = now.manifest.parameters
    each = 4 * parameters.permutations + 48 * (parameters.bands.bands + 1)
    return max(256, WAITING_BYTES // each)


class Adding:
    """Adds documents, whatever they are like.

    Args:
        folder: The index, locked.
        now: What it holds.
    """

    def __init__(self, folder: Path, now: Snapshot) -> None:
        self.now = now
        self.told = Added()
        self._folder = folder
        self._most = waiting_rows(now)
        self._waiting: list[Entries] = []

    def add(self, ids: pl.Series, texts: pl.Series) -> None:
        """Take some documents."""
        made = entries_of(ids, texts, self.now.manifest.parameters)
        some = made.counts > 0
        self.told = self.told.plus(Added(documents=len(made), empty=int((~some).sum())))
        self.take(made.take(some))

    def take(self, entries: Entries) -> None:
        """Take documents that have shingles."""
        while len(entries):
            fits = self._most - sum(map(len, self._waiting))
            self._waiting.append(entries.take(np.arange(min(fits, len(entries)))))
            entries = entries.take(np.arange(fits, len(entries)))
            if len(entries):
                self.flush()

    def flush(self) -> None:
        """Commit what waits."""
        if not self._waiting:
            return
        waiting, self._waiting = joined(self._waiting), []
        keep, unchanged = _changed(self.now, waiting)
        added = len(waiting) - unchanged
        twice = added - int(keep.sum())
        self.told = self.told.plus(Added(added=added, unchanged=unchanged, replaced=twice))
        if not keep.any():
            return
        name, manifest = committing.number_file(self.now.manifest, "segment")
        part = write_entries(self._folder, name, waiting.take(keep), manifest.parameters)
        now = Snapshot(manifest, self.now.segments)
        new = open_segment(self._folder, part, manifest.parameters)
        self.now, replaced = committing.commit(self._folder, now, [new])
        self.told = self.told.plus(Added(replaced=replaced))
        self.now = committing.compact(self._folder, self.now)

    close = flush


def _changed(now: Snapshot, waiting: Entries) -> tuple[NDArray[np.bool_], int]:
    """Which documents are to be written, and how many are entries already, just so.

    A document is just so when the last one before it with its id, waiting or on disk, has the same
    signature. Of waiting ones with one id only the last is written.
    """
    known = find_ids(now.segments, waiting.ids)
    same = np.zeros(len(waiting), np.bool_)
    starts = np.cumsum([0, *(segment.part.rows for segment in now.segments)])
    which = np.searchsorted(starts, known.entries, side="right") - 1
    for number in np.unique(which):
        mine = which == number
        docs, rows = known.docs[mine], known.entries[mine] - starts[number]
        old = now.segments[number].values[rows]
        same[docs] = (old == waiting.values[docs]).all(axis=1)
    keep, unchanged = ~same, int(same.sum())
    last: dict[str, int] = {}
    for row in np.flatnonzero(waiting.ids.is_duplicated().to_numpy()).tolist():
        name = waiting.ids[row]
        if name in last:
            before = last[name]
            just_so = bool((waiting.values[before] == waiting.values[row]).all())
            unchanged += int(just_so) - int(same[row])
            keep[row] = not just_so
            keep[before] &= just_so
        if name not in last or keep[row]:
            last[name] = row
    return keep, unchanged
