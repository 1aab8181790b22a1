"""Texts as words, and words as n-grams: hashes only, the same in every run and on every machine."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa import kernels
from dataqa.arrow import text_buffers
from dataqa.kernels import cache as compiled
from dataqa.kernels import tables

type Hashes = NDArray[np.uint64]
type Ints = NDArray[np.int64]


class Words(NamedTuple):
    """The words of several texts, one text after the other.

    Attributes:
        folds: The hash of each word in lower case.
        starts: Its first byte in its text.
        ends: The byte after its last.
        offsets: Where each text begins, and where the last one ends.
    """

    folds: Hashes
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    offsets: Ints

    def of(self, text: int) -> slice:
        """The rows of one text."""
        return slice(int(self.offsets[text]), int(self.offsets[text + 1]))


@cache
def probing() -> Any:
    """The kernels that look n-grams up; one process compiles while others wait."""
    with compiled.locked(compiled.folder()):
        return import_module("dataqa.kernels.contamination")


def tabling() -> Any:
    """The kernel that fills the table in which n-grams are looked up."""
    probing()
    return import_module("dataqa.kernels.probe")


def words_of(texts: pl.Series) -> Words:
    """The words of texts, punctuation left out; one Han or Kana character is a word.

    >>> words_of(pl.Series(["Two words.", "三个字"])).offsets.tolist()
    [0, 2, 5]
    """
    measure, _ = kernels.load()
    data, offsets, _ = text_buffers(texts)
    size = int(offsets[-1] - offsets[0]) + 1
    room, counts = measure.token_room(size), np.zeros(len(offsets), np.int64)
    ends = measure.break_room(size)
    measure.tokenise_all(data, offsets, tables.flags(), tables.folds(), room, ends, counts)
    tokens = int(counts[-1])
    wordy = (room.flags[:tokens] & measure.WORD) != 0
    before = np.concatenate([[0], np.cumsum(wordy)])
    return Words(
        room.fold[:tokens][wordy],
        room.starts[:tokens][wordy],
        room.ends[:tokens][wordy],
        before[counts],
    )


def grams(folds: Hashes, n: int) -> Hashes:
    """The hash of the ``n`` words that begin at each word but the last ``n - 1``; none if fewer.

    >>> grams(np.array([1, 2, 3], np.uint64), 3).size
    1
    """
    size = len(folds) - n + 1
    if size < 1:
        return np.zeros(0, np.uint64)
    keys = np.zeros(size, np.uint64)
    for k in range(n):
        keys = keys * probing().STEP + folds[k : k + size]
    return keys


class Grams(NamedTuple):
    """The n-grams of several texts.

    Attributes:
        hashes: Every n-gram once, sorted.
        numbers: For each word of the texts the n-gram that begins there, as its row in ``hashes``;
            -1 where the text ends too soon.
        texts: The text of each word.
    """

    hashes: Hashes
    numbers: NDArray[np.int32]
    texts: NDArray[np.int32]


def grams_of(folds: Hashes, offsets: Ints, n: int) -> Grams:
    """The n-grams of texts laid one after the other."""
    texts = np.repeat(np.arange(len(offsets) - 1, dtype=np.int32), np.diff(offsets))
    whole = np.arange(len(folds)) + n <= offsets[1:][texts]
    keys = grams(np.concatenate([folds, np.zeros(n - 1, np.uint64)]), n)[: len(folds)]
    hashes, numbers = np.unique(keys[whole], return_inverse=True)
    at = np.full(len(folds), -1, np.int32)
    at[whole] = numbers
    return Grams(hashes, at, texts)
