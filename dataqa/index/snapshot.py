"""What an index holds at one moment, and looking things up in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.index.disk import check_sizes, damaged
from dataqa.index.entries import Entries, id_keys, load_lookup
from dataqa.index.manifest import Manifest, load
from dataqa.index.parameters import Parameters, least_shared
from dataqa.index.segments import Segment, open_segment

COMPARED = 64
"""Entries that a document is compared with for one band, the oldest first."""
_TRIES = 5
_PAIRS = 1 << 18


class Snapshot(NamedTuple):
    """A manifest and its segments, mapped; they stay readable when a writer replaces them."""

    manifest: Manifest
    segments: list[Segment]

    @property
    def rows(self) -> int:
        """Entries, those that do not count any more among them."""
        return sum(part.rows for part in self.manifest.parts)


class Matches(NamedTuple):
    """Pairs of a document and an entry that are similar.

    Attributes:
        docs: Which document; ascending.
        entries: Which entry, counted over all segments from the oldest on.
        shares: How many places of both signatures are equal.
    """

    docs: NDArray[np.int64]
    entries: NDArray[np.int64]
    shares: NDArray[np.int64]


def take(folder: Path) -> Snapshot:
    """Open what is committed now.

    Raises:
        InputError: There is no index, or it is damaged.
    """
    for left in reversed(range(_TRIES)):
        manifest = load(folder)
        try:
            check_sizes(folder, manifest.files)
            parts = manifest.parts
            return Snapshot(manifest, [open_segment(folder, p, manifest.parameters) for p in parts])
        except FileNotFoundError as error:
            # a writer may have merged it away since the manifest was read
            if not left:
                raise damaged(Path(error.filename), "it is missing") from None
    raise AssertionError


def bases(segments: Sequence[Segment]) -> NDArray[np.int64]:
    """The number of each segment's first entry, and of all entries at the end."""
    return np.cumsum([0, *(segment.part.rows for segment in segments)])


class Search:
    """Looks documents up in segments, some segments at a time.

    Args:
        asked: The documents, all with shingles.
        parameters: Of the index.
        similarity: The bound.
        every: Keep all similar entries of a document, not the most similar one only; of equally
            similar ones that is the oldest.
    """

    def __init__(
        self, asked: Entries, parameters: Parameters, similarity: float, *, every: bool = False
    ) -> None:
        kernels = load_lookup()
        self.asked, self._every = asked, every
        self.limits = kernels.Limits(
            least_shared(similarity, parameters.permutations), COMPARED, parameters.bands.rows
        )
        self.used = np.zeros(asked.keys.shape, np.int64)
        self._probe = kernels.probe
        room = max(_PAIRS, parameters.bands.bands * COMPARED)
        self._room = tuple(np.empty(room, np.int64) for _ in range(3))
        self._found: list[Matches] = []

    def through(self, segments: Sequence[Segment], base: int = 0, first: int = 0) -> None:
        """Look documents up, from number ``first`` on.

        Args:
            segments: They come after all that were looked through before.
            base: The number of their first entry.
            first: The first document.
        """
        for segment, start in zip(segments, bases(segments), strict=False):
            at = first
            while at < len(self.asked):
                at, filled = self._probe(
                    segment.directory,
                    segment.keys,
                    segment.rows,
                    segment.values,
                    segment.gone,
                    self.asked.keys,
                    self.asked.values,
                    self.limits,
                    self.used,
                    at,
                    *self._room,
                )
                if at < 0:
                    raise segment.changed()
                docs, rows, shares = (column[:filled].copy() for column in self._room)
                found = Matches(docs, rows + start + base, shares)
                self._found.append(found if self._every else best(found))

    def matches(self) -> Matches:
        """What was found so far."""
        nothing = Matches(*(np.zeros(0, np.int64) for _ in range(3)))
        columns = zip(nothing, *self._found, strict=True)
        found = Matches(*(np.concatenate(column) for column in columns))
        self._found = [distinct(found) if self._every else best(found)]
        return self._found[0]

    @property
    def cut_short(self) -> int:
        """Documents that had more entries to be compared with than are looked at."""
        return int((self.used >= self.limits.most).any(axis=1).sum())


def best(found: Matches) -> Matches:
    """For each document the most similar entry, of equally similar ones the oldest."""
    order = np.lexsort((found.entries, -found.shares, found.docs))
    docs = found.docs[order]
    first = np.ones(len(docs), np.bool_)
    first[1:] = docs[1:] != docs[:-1]
    return Matches(*(column[order][first] for column in found))


def distinct(found: Matches) -> Matches:
    """Each pair once; of a document's the most similar first."""
    order = np.lexsort((found.entries, -found.shares, found.docs))
    docs, entries, shares = (column[order] for column in found)
    fresh = np.ones(len(docs), np.bool_)
    fresh[1:] = (docs[1:] != docs[:-1]) | (entries[1:] != entries[:-1])
    return Matches(docs[fresh], entries[fresh], shares[fresh])


def described(segments: Sequence[Segment], entries: NDArray[np.int64]) -> pl.DataFrame:
    """Id and number of shingles (null where not known) of some entries."""
    starts = bases(segments)
    which = np.searchsorted(starts, entries, side="right") - 1
    names = np.empty(len(entries), object)
    counts = np.zeros(len(entries), np.int64)
    for number in np.unique(which):
        mine = which == number
        rows = entries[mine] - starts[number]
        names[mine] = segments[number].id_series(rows).to_list()
        counts[mine] = segments[number].counts[rows]
    return pl.DataFrame({"ref": pl.Series(names.tolist(), dtype=pl.String), "counts": counts})


def find_ids(segments: Sequence[Segment], ids: pl.Series) -> Matches:
    """The entries that have some id and were not removed; ``shares`` is 0."""
    wanted = id_keys(ids)
    order = np.argsort(wanted)
    # in their order, so that neighbours touch the same pages
    ascending = wanted[order]
    found: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    for segment, base in zip(segments, bases(segments), strict=False):
        low, high = (np.searchsorted(segment.keys, ascending, side) for side in ("left", "right"))
        many = high - low
        if (many < 0).any():
            raise segment.changed()  # its keys are not in order any more
        if not many.any():
            continue
        docs = np.repeat(order, many)
        steps = np.arange(len(docs)) - np.repeat(np.cumsum(many) - many, many)
        rows = segment.rows[np.repeat(low, many) + steps].astype(np.int64)
        same = (segment.id_series(rows) == ids.gather(docs)).to_numpy()
        if len(segment.gone):
            same &= ~segment.gone[rows]
        found.append((docs[same], rows[same] + base))
    docs = np.concatenate([np.zeros(0, np.int64), *(docs for docs, _ in found)])
    entries = np.concatenate([np.zeros(0, np.int64), *(rows for _, rows in found)])
    order = np.lexsort((entries, docs))
    return Matches(docs[order], entries[order], np.zeros(len(docs), np.int64))
