"""The linear model over hashed n-grams: its settings, its margins, and the matrix it learns from.

A text is the set of its words, pairs of words and runs of characters, each in a bucket; the margin
is the sum of their weights over the root of their number, and an intercept. Chinese needs no word
list: a Han character is a word, and pairs and runs of them stand for words.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.arrow import TextBuffers, text_buffers
from dataqa.errors import InputError

_PIECE = 1 << 22
"""Buckets that training notes at a time."""


class Grams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which n-grams are read, and into how many buckets they go.

    Attributes:
        words: Of 1 up to so many words; 0 for none.
        low: Of so many characters at least, and
        high: of so many at most; 0 for none.
        bits: There are two to the power of this buckets.
    """

    words: int = 2
    low: int = 3
    high: int = 5
    bits: int = 18

    def check(self, where: str) -> None:
        """See that the kernels can do it.

        Raises:
            InputError: They cannot.
        """
        lengths = 0 <= self.words <= 4 and (self.high == 0 or 2 <= self.low <= self.high <= 8)
        if not lengths or not (self.words or self.high) or not 8 <= self.bits <= 24:
            hint = "1 to 4 words, 2 to 8 characters, 8 to 24 bits"
            raise InputError("these n-grams cannot be read", where=where, hint=hint)


class Sparse(NamedTuple):
    """Buckets of some texts: those of text ``d`` are ``buckets[starts[d]:starts[d + 1]]``."""

    buckets: NDArray[np.uint32]
    starts: NDArray[np.int64]


class Linear(NamedTuple):
    """A linear model.

    Attributes:
        grams: What it reads.
        weights: One for each bucket, int16.
        scale: What a whole weight of 1 is worth.
        intercept: The margin of a text of which no weight is known.
    """

    grams: Grams
    weights: NDArray[np.int16]
    scale: float
    intercept: float

    def margins(self, texts: pl.Series) -> NDArray[np.float64]:
        """A margin for each text; NaN where it is null or has no n-gram."""
        kernels = compiled()
        buffers = text_buffers(texts)
        sums, counts = np.zeros(len(buffers), np.int64), np.zeros(len(buffers), np.int64)
        kernels.score(
            *(buffers.data, buffers.offsets, _shape(self.grams), *_tables(), self.weights),
            *(kernels.room_for(self.grams.bits), sums, counts),
        )
        known = counts > 0
        means = np.divide(sums, np.sqrt(counts), out=np.full(len(counts), np.nan), where=known)
        return self.intercept + self.scale * means


def quantised(weights: NDArray[np.float64]) -> tuple[NDArray[np.int16], float]:
    """Weights as whole numbers of 16 bits, and what 1 is worth."""
    largest = float(np.abs(weights).max(initial=0.0))
    scale = (largest or 1.0) / 32767
    return np.rint(weights / scale).astype(np.int16), scale


def read_buckets(texts: pl.Series, grams: Grams) -> Sparse:
    """The buckets of each text, each once, in the order in which they come."""
    kernels, (table, folds) = compiled(), _tables()
    buffers = text_buffers(texts)
    room = kernels.room_for(grams.bits)
    out = np.empty(_PIECE + _most(buffers, grams), np.uint32)
    starts = np.zeros(len(buffers) + 1, np.int64)
    sizes = np.zeros(len(buffers), np.int64)
    parts: list[NDArray[np.uint32]] = []
    at = 0
    while at < len(buffers):
        to = kernels.extract(
            *(buffers.data, buffers.offsets, _shape(grams), table, folds),
            *(grams.bits, room, at, out, starts),
        )
        parts.append(out[: starts[to]].copy())
        sizes[at:to] = np.diff(starts[at : to + 1])
        at = to
    return Sparse(
        np.concatenate([np.zeros(0, np.uint32), *parts]), np.concatenate([[0], np.cumsum(sizes)])
    )


def matrix(found: Sparse, bits: int) -> Any:
    """The texts as rows of length 1, for scikit-learn."""
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - training only

    sizes = np.diff(found.starts)
    values = np.repeat(1 / np.sqrt(np.maximum(sizes, 1)), sizes)
    shape = (len(sizes), 1 << bits)
    made = csr_matrix((values, found.buckets.astype(np.int32), found.starts), shape=shape)
    made.sort_indices()
    return made


def _most(buffers: TextBuffers, grams: Grams) -> int:
    lengths = grams.words + (grams.high - grams.low + 1 if grams.high else 0)
    longest = int(np.diff(buffers.offsets).max(initial=0))
    return min(longest * lengths, 1 << grams.bits) + (1 << 12)


def _shape(grams: Grams) -> Any:
    return compiled().Shape(grams.words, grams.low, grams.high)


@cache
def _tables() -> tuple[NDArray[np.uint16], NDArray[np.uint32]]:
    from dataqa.kernels.tables import flags, folds  # noqa: PLC0415 - takes 60 ms

    return flags(), folds()


@cache
def compiled() -> Any:
    """The kernels, from the cache where they were compiled before."""
    from dataqa.kernels import warm  # noqa: PLC0415 - numba is heavy

    warm()
    from dataqa.kernels import scoring  # noqa: PLC0415

    return scoring
