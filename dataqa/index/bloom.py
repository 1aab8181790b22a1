"""Telling in one pass, in fixed memory, which documents of a stream are like none before them.

A Bloom filter holds the keys of all bands of the documents that were new, and nothing else: which
one a document is like, and how much, it cannot tell. For that there is ``Index``.

Source: Khan et al. 2024, LSHBloom: Memory-efficient, Extreme-scale Document Deduplication.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any, NamedTuple, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.duplicates.bands import Bands, probability
from dataqa.duplicates.signatures import Shingle
from dataqa.errors import BoundError, InputError
from dataqa.index.entries import entries_of
from dataqa.index.frames import AnyFrame, columns_of
from dataqa.index.parameters import Parameters
from dataqa.index.sizing import BITS, MOST_BLOCKS, documents_within, rate_of, size_for
from dataqa.kernels import cache as compiled
from dataqa.types import DOC_ID, TEXT

_WHERE = "Bloom filter"


class Passed(NamedTuple):
    """What became of the documents of a stream.

    Attributes:
        documents: How many were answered.
        new: Like none before; they are remembered.
        seen: Like one before, or mistaken for such a one.
        empty: Have no shingle and are like nothing: they count as new, and are not remembered.
    """

    documents: int = 0
    new: int = 0
    seen: int = 0
    empty: int = 0


class BloomFilter:
    """Remembers keys of the documents of a stream, in memory that is fixed from the start.

    A document is *seen* when all rows of one of its bands are those of a new document before it:
    so two of a similarity meet as often as the S-curve of the bands says. To that the filter adds
    mistakes, at most in the share ``false_positive_rate`` of documents that meet none; it forgets
    nothing that it was given, so it adds no misses.

    Args:
        capacity: How many new documents it takes in.
        false_positive_rate: The most that the filter may add, of whole documents, once it is full.
        similarity: Around this Jaccard similarity documents begin to be seen.
        shingle: What documents are cut into; by default words, five.
        permutations: Places of a signature; by default 128, or what the bands need.
        bands: A layout, or the name of a preset; by default the one whose S-curve is off least.
        seed: Of the permutations.
        forget: When it is full, forget the oldest documents, of which at least the last
            ``capacity`` new ones are remembered, for twice the memory; else it is an error.

    Raises:
        InputError: Something is out of range.

    >>> seen = BloomFilter(1000)
    >>> text = "one two three four five six seven"
    >>> seen.add(pl.DataFrame({"text": [text, "another text of a few more words", text]})).to_list()
    [True, True, False]
    """

    def __init__(
        self,
        capacity: int,
        *,
        false_positive_rate: float = 0.001,
        similarity: float = 0.8,
        shingle: Shingle | None = None,
        permutations: int | None = None,
        bands: Bands | str | None = None,
        seed: int = 1,
        forget: bool = False,
    ) -> None:
        _check(capacity, false_positive_rate)
        chosen = bands or steepest(similarity, permutations or 128)
        self.parameters = Parameters.of(similarity, shingle, permutations, chosen, seed)
        self.capacity, self.false_positive_rate, self.forget = capacity, false_positive_rate, forget
        halves = 2 if forget else 1
        self.size = size_for(capacity, self.keys, false_positive_rate / halves)
        if self.size.blocks > MOST_BLOCKS:
            raise InputError(
                f"{self.bytes / 1e9:,.0f} GB are more than it can address", where=_WHERE
            )
        self.halves = [np.zeros((self.size.blocks, BITS // 64), np.uint64) for _ in range(halves)]
        self.room = capacity
        self.passed = Passed()

    @classmethod
    def within(cls, memory: int, **given: Any) -> Self:
        """One with the capacity that so many bytes allow; ``given`` as to make one."""
        one = cls(1, **given)
        rate = one.false_positive_rate / len(one.halves)
        most = documents_within(memory // len(one.halves), one.keys, rate)
        if not most:
            raise InputError(f"{memory:,} bytes hold no document", where=_WHERE, hint="more memory")
        return cls(most, **given)

    @property
    def keys(self) -> int:
        """Keys of a document."""
        return self.parameters.bands.bands

    @property
    def bytes(self) -> int:
        """The memory that it takes, however long the stream is."""
        return self.size.bytes * (2 if self.forget else 1)

    def add(self, frame: AnyFrame, *, text_column: str = TEXT) -> pl.Series:
        """Tell of each document whether it is new, and remember those that are.

        Args:
            frame: A polars frame, lazy or not, or a pandas one.
            text_column: The column that holds texts.

        Returns:
            For each row, whether it is new. What has no shingle is, always.

        Raises:
            BoundError: There is no room for all new documents. Of a frame in memory none is then
                remembered; of a lazy one those before the first without room are.
            InputError: There is no such column.
        """
        found = [np.ones(0, np.bool_)]
        # near its end, so that a frame is taken whole or not at all
        before = None if isinstance(frame, pl.LazyFrame) else self._before(len(frame))
        for _, texts in columns_of(frame, text_column, DOC_ID, numbered=True):
            found.append(self.admit(texts))
            if len(found[-1]) < len(texts):
                if before is not None:
                    self.halves, self.room, self.passed = before
                raise self.full()
        return pl.Series("new", np.concatenate(found))

    def _before(self, size: int) -> tuple[list[NDArray[np.uint64]], int, Passed] | None:
        """What it is now, should so many documents be too many for it."""
        if self.forget or size <= self.room:
            return None
        return [half.copy() for half in self.halves], self.room, self.passed

    def query(self, frame: AnyFrame, *, text_column: str = TEXT) -> pl.Series:
        """Tell of each document whether it is new, and remember none; as ``add`` else."""
        found = [np.ones(0, np.bool_)]
        for _, texts in columns_of(frame, text_column, DOC_ID, numbered=True):
            keys, some = self._keys(texts)
            fresh = np.ones(len(texts), np.bool_)
            told = np.zeros(len(keys), np.bool_)
            _kernels().admit(*self._two, keys, self.size.probes, 0, -1, told)
            fresh[some] = told
            found.append(fresh)
        return pl.Series("new", np.concatenate(found))

    def admit(self, texts: pl.Series) -> NDArray[np.bool_]:
        """``add`` for a column; where there is no room, of the documents before that one only."""
        keys, some = self._keys(texts)
        told = self._through(keys)
        size = len(texts) if len(told) == len(some) else int(some[len(told)])
        fresh = np.ones(size, np.bool_)
        fresh[some[: len(told)]] = told
        seen = int((~fresh).sum())
        counts = (size, len(told) - seen, seen, size - len(told))
        self.passed = Passed(*(a + b for a, b in zip(self.passed, counts, strict=True)))
        return fresh

    def rate(self) -> float:
        """How often a document that meets none is called seen by the filter as it is filled now."""
        left = 1.0
        for words in self.halves:
            counts = np.zeros(BITS + 1, np.int64)
            _kernels().filled(words, counts)
            left *= 1 - rate_of(counts, self.keys, self.size.probes)
        return 1 - left

    def called_seen(self, similarity: float, rate: float | None = None) -> float:
        """How often a document is called seen if there is one of this similarity before it.

        Args:
            similarity: Theirs.
            rate: What ``rate`` tells, which goes through all of the filter.
        """
        meets = probability(similarity, self.keys, self.parameters.bands.rows)
        return meets + (1 - meets) * (self.rate() if rate is None else rate)

    def _keys(self, texts: pl.Series) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """The keys of those that have shingles, and which these are."""
        made = entries_of(pl.repeat("", len(texts), eager=True), texts, self.parameters)
        some = np.flatnonzero(made.counts > 0)
        return made.keys[some], some

    @property
    def _two(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """The blocks into which is put, and those that are asked besides: the same if no others."""
        return self.halves[0], self.halves[-1]

    def _through(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        fresh = np.zeros(len(keys), np.bool_)
        at = 0
        while at < len(keys):
            at, self.room = _kernels().admit(
                *self._two, keys, self.size.probes, at, self.room, fresh
            )
            if at < len(keys):
                if not self.forget:
                    return fresh[:at]
                self.halves.reverse()
                self.halves[0][:] = 0
                self.room = self.capacity
        return fresh

    def full(self) -> BoundError:
        """The error for a new document for which there is no room."""
        return BoundError(
            f"it has taken in {self.capacity:,} new documents, and its false-positive rate would"
            " not hold with more",
            where=_WHERE,
            hint="a larger capacity (or more memory), or forget the oldest documents",
        )


@cache
def steepest(similarity: float, permutations: int) -> Bands:
    """The bands whose S-curve is nearest to a step at ``similarity``, over all similarities.

    The area above the curve on the right of the step and the area below it on the left weigh
    alike, as in datasketch.

    >>> steepest(0.8, 128)
    Bands(bands=9, rows=13)
    """
    grid = (np.arange(1000) + 0.5) / 1000
    wanted = grid >= similarity
    layouts = [
        Bands(bands, rows)
        for rows in range(1, permutations + 1)
        for bands in range(1, permutations // rows + 1)
    ]
    off = [float(abs(probability(grid, one.bands, one.rows) - wanted).sum()) for one in layouts]
    return layouts[int(np.argmin(off))]


@cache
def _kernels() -> Any:
    with compiled.locked(compiled.folder()):
        return import_module("dataqa.kernels.bloom")


def _check(capacity: int, rate: float) -> None:
    if capacity < 1:
        raise InputError(f"capacity {capacity}", where=_WHERE, hint="a number of documents, from 1")
    if not 1e-9 <= rate < 1:
        hint = "a share such as 0.001, from 1e-9"
        raise InputError(f"false-positive rate {rate}", where=_WHERE, hint=hint)
