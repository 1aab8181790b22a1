"""Adding only what is new of a stream, in memory that does not grow with it.

Each document is compared with what is on disk and with those that came just before it, in order.
Segments are written as room runs out, and all of them are committed at the end: half of a stream
would make its own documents known.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.index import adding, committing
from dataqa.index.adding import Added
from dataqa.index.entries import Entries, entries_of, load_lookup
from dataqa.index.merging import merge, surplus, write_entries
from dataqa.index.parameters import check_similarity
from dataqa.index.segments import Segment, open_segment
from dataqa.index.snapshot import Search, Snapshot, described
from dataqa.index.tables import MATCHES, matches_frame


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
        sizes = (adding.waiting_rows(now), parameters.bands.bands, parameters.permutations)
        self._recent = self._kernels.recent_room(*sizes)
        self._ids: list[str] = []
        self._counts: list[int] = []
        self._new: list[Segment] = []

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
