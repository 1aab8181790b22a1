"""Texts as MinHash signatures and as sets of shingles, and how similar two sets are."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.arrow import TextBuffers, text_buffers
from dataqa.errors import InputError
from dataqa.kernels import cache as compiled
from dataqa.kernels import tables

MOST = 1024
"""Words or characters that a shingle may have."""
_CHUNK_BYTES = 8 << 20
_WHERE = "shingle"


class Shingle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What documents are compared by: all runs of ``n`` words, or of ``n`` characters.

    Words have a letter or a digit, Han and Kana characters are words of their own, and case does
    not matter. For characters, white space is left out at both ends and else one space a run.

    Raises:
        InputError: ``unit`` is neither, or ``n`` is not 1 to 1,024.

    >>> Shingle()
    Shingle(unit='word', n=5)
    """

    unit: Literal["word", "char"] = "word"
    n: int = 5

    def __post_init__(self) -> None:
        if self.unit not in {"word", "char"}:
            raise InputError(f"unknown unit {self.unit!r}", where=_WHERE, hint="word or char")
        if not 1 <= self.n <= MOST:
            raise InputError(f"n is {self.n}", where=_WHERE, hint=f"a number from 1 to {MOST}")


class Signatures(NamedTuple):
    """MinHash signatures, a row a document.

    Attributes:
        values: The least hash under each permutation; all bits set where there is no shingle.
        counts: Shingles of each document, repeated ones too; 0 where it has no word, and it is
            similar to nothing. -1 where it is not known (``from_datasketch``).
    """

    values: NDArray[np.uint32]
    counts: NDArray[np.int64]


class Sets(NamedTuple):
    """The distinct shingles of documents: ``values[offsets[k]:offsets[k + 1]]``, ascending."""

    values: NDArray[np.uint64]
    offsets: NDArray[np.int64]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """How many distinct shingles each document has."""
        return np.diff(self.offsets)


class Shared(NamedTuple):
    """What pairs of sets have in common, in whole numbers.

    Attributes:
        shared: Shingles in both; -1 where they are fewer than the similarity asked for needs.
        left: Shingles of the left set.
        right: Shingles of the right set.
    """

    shared: NDArray[np.int64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]

    @property
    def jaccard(self) -> NDArray[np.float64]:
        """The share of all shingles of both that both have; NaN where not counted or none."""
        return self._share(self.left + self.right - self.shared)

    @property
    def containment(self) -> NDArray[np.float64]:
        """The share of the left set that the right one has; NaN where not counted or none."""
        return self._share(self.left)

    def _share(self, whole: NDArray[np.int64]) -> NDArray[np.float64]:
        out = np.full(len(whole), np.nan)
        np.divide(self.shared, whole, out=out, where=(self.shared >= 0) & (whole > 0))
        return out


class _Kernels(NamedTuple):
    shingles: Any
    minhash: Any
    sets: Any


@cache
def load_kernels() -> _Kernels:
    """The compiled kernels; one process compiles while others wait."""
    with compiled.locked(compiled.folder()):
        return _Kernels(*(import_module(f"dataqa.kernels.{name}") for name in _Kernels._fields))


@cache
def permutations_of(count: int, seed: int = 1) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Factors (odd) and summands of datasketch's ``affine32`` permutations.

    Source: datasketch 2.0.0, ``MinHash._init_permutations``.
    """
    # the generator that datasketch uses
    random = np.random.RandomState(seed)
    factors = random.randint(0, 1 << 31, count, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    summands = random.randint(0, 1 << 32, count, dtype=np.uint32)
    factors.flags.writeable = summands.flags.writeable = False
    return factors, summands


def signatures(texts: pl.Series, shingle: Shingle, permutations: int, seed: int = 1) -> Signatures:
    """The MinHash signature of each text; a null has no shingles.

    Args:
        texts: A String column.
        shingle: What a text is cut into.
        permutations: Places of a signature.
        seed: Of the permutations, as in datasketch.

    Raises:
        InputError: There are no permutations.

    >>> found = signatures(pl.Series(["The cat sat.", "the  CAT sat", "?"]), Shingle(), 4)
    >>> found.counts.tolist(), bool((found.values[0] == found.values[1]).all())
    ([1, 1, 0], True)
    """
    if permutations < 1:
        raise InputError(f"{permutations} permutations", where="minhash", hint="at least 1")
    buffers = text_buffers(texts)
    shingles, minhash, _ = load_kernels()
    values = np.empty((len(buffers), permutations), np.uint32)
    counts = np.empty(len(buffers), np.int64)
    cutting = shingles.Cutting(shingle.unit == "char", shingle.n)
    minhash.signatures(
        buffers.data,
        buffers.offsets,
        cutting,
        tables.flags(),
        tables.folds(),
        *permutations_of(permutations, seed),
        shingles.room_for(shingle.n),
        values,
        counts,
    )
    return Signatures(values, counts)


def shingle_sets(texts: pl.Series, shingle: Shingle) -> Sets:
    """The distinct shingles of each text; a null has none.

    Besides the result, it needs eight times as many bytes as the longest text or 8 MiB have.

    >>> shingle_sets(pl.Series(["a b a b", None]), Shingle(n=2)).offsets.tolist()
    [0, 2, 2]
    """
    buffers = text_buffers(texts)
    parts = [_sets_of(buffers, low, high, shingle) for low, high in _chunks(buffers.offsets)]
    sizes = np.concatenate([np.zeros(1, np.int64), *(part.sizes for part in parts)])
    values = np.concatenate([np.zeros(0, np.uint64), *(part.values for part in parts)])
    return Sets(values, np.cumsum(sizes))


def similarities(
    sets: Sets,
    left: NDArray[np.integer[Any]],
    right: NDArray[np.integer[Any]],
    at_least: float = 0.0,
    *,
    contained: bool = False,
) -> Shared:
    """Count what pairs of sets share.

    Args:
        sets: The sets.
        left: Of each pair, the number of one set.
        right: And of the other.
        at_least: A pair that is certainly below this is not counted to its end.
        contained: ``at_least`` is of the containment of left in right, not of Jaccard's similarity.

    >>> sets = shingle_sets(pl.Series(["a b c", "b c d e"]), Shingle(n=1))
    >>> similarities(sets, np.array([0]), np.array([1])).jaccard.tolist()
    [0.4]
    """
    mine, theirs = np.ascontiguousarray(left, np.int64), np.ascontiguousarray(right, np.int64)
    for side in (mine, theirs):
        if len(side) and (side.min() < 0 or side.max() >= len(sets.offsets) - 1):
            raise IndexError("a pair names a set that is not there")
    out = np.empty(len(mine), np.int64)
    load_kernels().sets.compare(sets.values, sets.offsets, mine, theirs, at_least, contained, out)
    return Shared(out, sets.sizes[mine], sets.sizes[theirs])


def _chunks(offsets: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Ranges of texts that are short together, or are one text."""
    low = 0
    while low < len(offsets) - 1:
        high = int(np.searchsorted(offsets, offsets[low] + _CHUNK_BYTES, side="right")) - 1
        high = max(high, low + 1)
        yield low, high
        low = high


def _sets_of(buffers: TextBuffers, low: int, high: int, shingle: Shingle) -> Sets:
    shingles = load_kernels().shingles
    offsets = buffers.offsets[low : high + 1]
    values = np.empty(int(offsets[-1] - offsets[0]), np.uint64)
    starts = np.empty(len(offsets), np.int64)
    cutting = shingles.Cutting(shingle.unit == "char", shingle.n)
    room = shingles.room_for(shingle.n)
    flags, folds = tables.flags(), tables.folds()
    shingles.cut(buffers.data, offsets, cutting, flags, folds, room, values, starts)
    for start, end in pairwise(starts):
        values[start:end].sort()
    values = values[: starts[-1]]
    fresh = np.ones(len(values), np.bool_)
    fresh[1:] = values[1:] != values[:-1]
    fresh[starts[:-1][starts[:-1] < len(values)]] = True
    before = np.concatenate([np.zeros(1, np.int64), np.cumsum(fresh, dtype=np.int64)])
    return Sets(values[fresh], before[starts])
