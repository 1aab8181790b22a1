"""How surprising the words of a text are to a language model of n-grams: its perplexity.

Interpolated modified Kneser-Ney (Chen and Goodman 1998, TR-10-98) over words, a Han character being
one; stored as a back-off model: of each n-gram its hash, its probability and what it weighs as a
context. A perplexity is a signal, not a probability: it is low for texts like those that the model
was trained on, and comparable only within one model and one language.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.arrow import text_buffers
from dataqa.scores.files import Arrays

ORDER = 3
STEPS = 1000.0
"""What is kept of a logarithm: whole thousandths."""
FARTHEST = 65535
_KEPT = ("keys", "losses", "weights")
DIGITS = 3
_PIECE = 4 << 20
"""Bytes of text that are read at a time."""
BEGIN, UNKNOWN = np.uint64(1), np.uint64(2)
"""In place of words: what comes before the first one, and any word that training did not keep."""
_STEP, _FINAL = np.uint64(0xD6E8FEB86659FD93), np.uint64(0xFF51AFD7ED558CCD)
_32, _29 = np.uint64(32), np.uint64(29)

type Hashes = NDArray[np.uint64]
type Floats = NDArray[np.float64]


class Words(NamedTuple):
    """Words of some texts: those of text ``d`` are ``hashes[starts[d]:starts[d + 1]]``."""

    hashes: Hashes
    starts: NDArray[np.int64]


class Grams(NamedTuple):
    """The n-grams of one length.

    Attributes:
        keys: Their hashes, ascending.
        losses: Negative logarithms of their probabilities, in thousandths.
        weights: The same of what they weigh as contexts; 0 where they are none.
        directory: Where keys of each highest bits begin, and the end.
    """

    keys: Hashes
    losses: NDArray[np.uint16]
    weights: NDArray[np.uint16]
    directory: NDArray[np.int64]

    def find(self, wanted: Hashes) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Where each n-gram is, and whether it is there; one that is not is at 0."""
        at = np.empty(len(wanted), np.int64)
        _compiled()[1].places(self.directory, self.keys, np.ascontiguousarray(wanted), at)
        there = at >= 0
        return np.where(there, at, 0), there


def grams_of(keys: Hashes, losses: NDArray[np.uint16], weights: NDArray[np.uint16]) -> Grams:
    """N-grams with their directory: a row for about each of them."""
    bits = max(1, len(keys).bit_length())
    edges = np.arange(1 << bits, dtype=np.uint64) << np.uint64(64 - bits)
    directory = np.append(np.searchsorted(keys, edges), len(keys)).astype(np.int64)
    for one in (keys, directory):
        one.flags.writeable = False
    return Grams(keys, losses, weights, directory)


class Language(NamedTuple):
    """A language model.

    Attributes:
        grams: N-grams of 1, 2 and 3 words; the first hold all words that are known, and
            ``UNKNOWN``.
    """

    grams: tuple[Grams, ...]

    def perplexities(self, texts: pl.Series) -> pl.Series:
        """The perplexity of each text: null where it is null or has no word."""
        found: list[float] = []
        for part in pieces(texts):
            words = read_words(part)
            losses = self.losses(words)
            sums = np.concatenate([[0], np.cumsum(losses.astype(np.int64))])
            counts = np.diff(words.starts)
            total = sums[words.starts[1:]] - sums[words.starts[:-1]]
            mean = np.divide(
                total, counts * STEPS, out=np.full(len(counts), np.nan), where=counts > 0
            )
            found += np.round(np.exp(mean), DIGITS).tolist()
        return pl.Series(found, dtype=pl.Float64).fill_nan(None)

    def losses(self, words: Words) -> NDArray[np.int64]:
        """The negative logarithm of each word's probability after the two before it."""
        known = self.known(words)
        told = self.grams[0].losses[self.grams[0].find(known[0])[0]].astype(np.int64)
        for order in range(2, ORDER + 1):
            here, there = self.grams[order - 1].find(joined(known[:order]))
            at, is_context = self.grams[order - 2].find(joined(known[1:order]))
            weight = np.where(is_context, self.grams[order - 2].weights[at], 0).astype(np.int64)
            told = np.where(there, self.grams[order - 1].losses[here], told + weight)
        return told

    def known(self, words: Words) -> list[Hashes]:
        """Each word, the one before it and the one before that, in the model's vocabulary."""
        _, there = self.grams[0].find(words.hashes)
        return before(np.where(there, words.hashes, UNKNOWN), words.starts)


def read_words(texts: pl.Series) -> Words:
    """The words of texts, in lower case, as hashes."""
    (kernels, _), (table, folds) = _compiled(), _tables()
    buffers = text_buffers(texts)
    size = int(buffers.offsets[-1] - buffers.offsets[0])
    out = np.empty(size + kernels.BLOCK + 64, np.uint64)
    starts = np.zeros(len(buffers) + 1, np.int64)
    kernels.cut(
        *(buffers.data, buffers.offsets, kernels.Cutting(False, 1), table, folds),
        *(kernels.room_for(1), out, starts),
    )
    hashes = out[: starts[-1]].copy()
    # two numbers mean something else; that a word has one of them has a chance of 2 in 2**64
    return Words(np.where(hashes <= UNKNOWN, hashes + np.uint64(2), hashes), starts)


def pieces(texts: pl.Series) -> list[pl.Series]:
    """The texts in runs of about four megabytes, in order."""
    sizes = texts.str.len_bytes().fill_null(0).to_numpy().astype(np.int64)
    number = np.cumsum(sizes) // _PIECE
    edges = [0, *(np.flatnonzero(np.diff(number)) + 1).tolist(), len(texts)]
    return [texts[low:high] for low, high in pairwise(edges) if high > low]


def before(hashes: Hashes, starts: NDArray[np.int64]) -> list[Hashes]:
    """The words, and shifted by one and by two; texts begin after ``BEGIN``."""
    found = [hashes]
    begins = starts[:-1][np.diff(starts) > 0]
    for back in range(1, ORDER):
        shifted = np.concatenate([[BEGIN], found[-1][:-1]]).astype(np.uint64)[: len(hashes)]
        for place in range(back):
            late = begins + place
            late = late[late < len(hashes)]
            # only places that are still in the text that begins there
            same = np.searchsorted(starts, late, side="right") - 1
            late = late[late - starts[same] < back]
            shifted[late] = BEGIN
        found.append(shifted)
    return found


def joined(words: list[Hashes]) -> Hashes:
    """One hash for each n-gram: ``words`` are its last word, the one before it, and so on.

    The formula is ``kernels.hashing.join``'s.
    """
    state = words[-1]
    for one in reversed(words[:-1]):
        state = (state * _STEP) ^ one
        state = state ^ (state >> _32)
        state = state * _FINAL
        state = state ^ (state >> _29)
    return state


def arrays_of(model: Language) -> Arrays:
    """The model as a file keeps it."""
    found: Arrays = {}
    for order, grams in enumerate(model.grams, 1):
        for name in _KEPT:
            found[f"{name}{order}"] = getattr(grams, name)
    return found


def model_of(arrays: Arrays) -> Language | None:
    """The model of a file's arrays, None where something is missing."""
    found: list[Grams] = []
    for order in range(1, ORDER + 1):
        names = [f"{name}{order}" for name in _KEPT]
        if any(name not in arrays for name in names):
            return None
        keys, losses, weights = (arrays[name] for name in names)
        if not len(keys) == len(losses) == len(weights) > 0:
            return None
        found.append(
            grams_of(keys.astype(np.uint64), losses.astype(np.uint16), weights.astype(np.uint16))
        )
    return Language(tuple(found))


@cache
def _tables() -> tuple[NDArray[np.uint16], NDArray[np.uint32]]:
    from dataqa.kernels.tables import flags, folds  # noqa: PLC0415 - takes 60 ms

    return flags(), folds()


@cache
def _compiled() -> tuple[Any, Any]:
    from dataqa.kernels import warm  # noqa: PLC0415 - numba is heavy

    warm()
    from dataqa.kernels import directory, shingles  # noqa: PLC0415

    return shingles, directory
