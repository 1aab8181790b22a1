"""Adding a stream of documents, in memory that does not grow with it.

Entries wait until there are enough for a segment. By themselves they are then committed, so that a
killed ``add`` goes on where it was. When only documents are taken in that are like no known one,
each is compared with what is on disk and with those that came just before it, in order; then all
of the stream is committed at its end: half of a stream would make its own documents known.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.index import committing
from dataqa.index.entries import Entries, entries_of, joined, load_lookup
from dataqa.index.merging import merge, surplus, write_entries
from dataqa.index.parameters import check_similarity
from dataqa.index.segments import open_segment
from dataqa.index.snapshot import Search, Snapshot, described, find_ids
from dataqa.index.tables import MATCHES, matches_frame

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


class AddingNew:
    """Adds documents that are like none before, and tells of the others which one they are like.

    Args:
        folder: The index, locked.
        now: What it holds.
        similarity: From which on a document is known.
    """

    def __init__(self, folder: Path, now: Snapshot, similarity: float) -> None:
        check_similarity(similarity)
        parameters = now.manifest.parameters
        self.now = now
        self.told = Added()
        self._folder, self._similarity = folder, similarity
        self._kernels = load_lookup()
        sizes = (waiting_rows(now), parameters.bands.bands, parameters.permutations)
        self._recent = self._kernels.recent_room(*sizes)
        self._ids: list[str] = []
        self._counts: list[int] = []
        self._new: list[committing.Segment] = []

    def add(self, ids: pl.Series, texts: pl.Series) -> tuple[NDArray[np.bool_], pl.DataFrame]:
        """Take some documents.

        Returns:
            Which of them are new, those without shingles among them, and the matches of the others
            as ``Index.query`` gives them.
        """
        made = entries_of(ids, texts, self.now.manifest.parameters)
        some = np.flatnonzero(made.counts > 0)
        matches, known, short = self.take(made.take(some))
        fresh = np.ones(len(made), np.bool_)
        fresh[some[known]] = False
        counts = (
            len(made),
            len(some) - int(known.sum()),
            0,
            int(known.sum()),
            len(made) - len(some),
        )
        self.told = self.told.plus(Added(*counts, cut_short=short))
        return fresh, matches

    @property
    def waiting(self) -> int:
        """Documents that are in no segment yet."""
        return len(self._ids)

    @property
    def segments(self) -> int:
        """Segments that were written for this stream."""
        return len(self._new)

    def take(self, asked: Entries) -> tuple[pl.DataFrame, NDArray[np.bool_], int]:
        """Take documents with shingles; matches, which are known, and how many were cut short."""
        search = Search(asked, self.now.manifest.parameters, self._similarity)
        search.through([*self.now.segments, *self._new])
        frames: list[pl.DataFrame] = []
        known = np.zeros(len(asked), np.bool_)
        at = 0
        while at < len(asked):
            high = self._admit(search, at, known, frames)
            if high < len(asked):
                self._flush()
                old = [*self.now.segments, *self._new[:-1]]
                base = sum(segment.part.rows for segment in old)
                search.through(self._new[-1:], base, high)
            at = high
        self._merge_new()
        matches = pl.concat([pl.DataFrame(schema=MATCHES), *frames])
        return matches, known, search.cut_short

    def _admit(
        self, search: Search, low: int, known: NDArray[np.bool_], frames: list[pl.DataFrame]
    ) -> int:
        """Let in new documents from ``low`` on until there is no room; the first that was not."""
        asked, size = search.asked, len(search.asked)
        on_disk = search.matches()
        entries, shares = np.full(size, -1), np.zeros(size, np.int64)
        entries[on_disk.docs], shares[on_disk.docs] = on_disk.entries, on_disk.shares
        found, recent = np.full(size, -1), np.zeros(size, np.int64)
        before = int(self._recent.size[0])
        fresh = entries < 0
        high = self._kernels.admit(
            self._recent,
            asked.keys,
            asked.values,
            fresh,
            search.limits,
            search.used,
            low,
            found,
            recent,
        )
        mine = np.arange(low, high)
        let_in = mine[fresh[mine] & (found[mine] < 0)]
        assert len(let_in) == self._recent.size[0] - before
        self._ids += asked.ids.gather(let_in).to_list()
        self._counts += asked.counts[let_in].tolist()
        nearer = mine[recent[mine] > shares[mine]]
        older = mine[(entries[mine] >= 0) & (recent[mine] <= shares[mine])]
        named = described([*self.now.segments, *self._new], entries[older])
        fellows = pl.DataFrame(
            {
                "ref": pl.Series([self._ids[k] for k in found[nearer]], dtype=pl.String),
                "counts": np.array([self._counts[k] for k in found[nearer]], np.int64),
            }
        )
        docs = np.concatenate([older, nearer])
        every = np.concatenate([shares[older], recent[nearer]])
        order = np.argsort(docs)
        named = pl.concat([named, fellows])[order]
        frames.append(matches_frame(asked, docs[order], every[order], named))
        known[docs] = True
        return int(high)

    def _flush(self) -> None:
        """Write what is recent as a segment, which is not committed yet."""
        size = int(self._recent.size[0])
        if not size:
            return
        ids = pl.Series(self._ids, dtype=pl.String)
        counts = np.array(self._counts, np.uint32)
        entries = Entries(ids, self._recent.values[:size], counts, self._recent.keys[:size])
        name, manifest = committing.number_file(self.now.manifest, "segment")
        part = write_entries(self._folder, name, entries, manifest.parameters)
        self.now = Snapshot(manifest, self.now.segments)
        self._new.append(open_segment(self._folder, part, manifest.parameters))
        self._ids, self._counts = [], []
        self._recent.heads[:] = -1
        self._recent.following[:] = -1
        self._recent.size[0] = 0

    def _merge_new(self) -> None:
        """Keep the new segments few, as those of the index are."""
        while newest := surplus([segment.part.rows for segment in self._new]):
            name, manifest = committing.number_file(self.now.manifest, "segment")
            part = merge(self._folder, name, self._new[-newest:], manifest.parameters)
            assert part is not None
            committing.delete(self._folder, [new.part.file for new in self._new[-newest:]])
            merged = open_segment(self._folder, part, manifest.parameters)
            self._new[-newest:] = [merged]
            self.now = Snapshot(manifest, self.now.segments)

    def close(self) -> None:
        """Commit all of the stream."""
        self._flush()
        if self._new:
            self.now, replaced = committing.commit(self._folder, self.now, self._new)
            self._new = []
            self.told = self.told.plus(Added(replaced=replaced))
            self.now = committing.compact(self._folder, self.now)
