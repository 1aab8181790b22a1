"""Where in texts the kernel finds much of a question, and the words of those texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.arrow import text_buffers
from dataqa.decontaminate.index import Index, Prepared
from dataqa.decontaminate.words import Hashes, Ints, probing, words_of
from dataqa.kernels import tables

_ROOM = 1 << 14
_TOGETHER = 1 << 20


class Text(NamedTuple):
    """The words of one text: hashes, first bytes, and the bytes after the last."""

    folds: Hashes
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]


class Stretch(NamedTuple):
    """Words of a text that cover much of a question, and the share of it that they cover."""

    question: int
    start: int
    end: int
    share: float


class Held(NamedTuple):
    """A text with something in it: its row, its words, the stretches by question and place."""

    row: int
    text: Text
    stretches: list[Stretch]


class Finder:
    """Runs the kernel over batches of texts, with room that is kept from one to the next."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._room = Room(index.base)

    def find(self, texts: pl.Series) -> Iterator[Held]:
        """The texts that have stretches, in order; a null text has none."""
        rows = self.rows(texts)
        touched, begins = np.unique(rows[:, 0], return_index=True)
        ends = np.append(begins[1:], len(rows))
        sizes = texts.gather(touched).str.len_bytes().to_numpy()
        blocks = np.cumsum(sizes) // _TOGETHER
        for block in np.unique(blocks):  # words take more memory than the text itself
            mine = np.flatnonzero(blocks == block)
            words = words_of(texts.gather(touched[mine]))
            for at, which in enumerate(mine):
                some = words.of(at)
                text = Text(words.folds[some], words.starts[some], words.ends[some])
                own = rows[begins[which] : ends[which]].tolist()
                yield Held(int(touched[which]), text, [self._stretch(*row[1:]) for row in own])

    def _stretch(self, question: int, start: int, end: int, weight: int) -> Stretch:
        return Stretch(question, start, end, weight / int(self._index.totals[question]))

    def rows(self, texts: pl.Series) -> Ints:
        """The kernel's rows (its ``FIELDS``), each once, by text, question and place."""
        kernels, index = probing(), self._index
        buffers = buffers_of(texts)
        room = self._room.of(buffers[1])
        out = np.empty((_ROOM, len(kernels.FIELDS)), np.int64)
        parts = [out[:0]]
        at = 0
        while index.ids and at < texts.len():
            rows, following = kernels.find(*buffers, index.base.probe, index.kernel, room, at, out)
            if following == at:  # one text holds more than there is room for
                out = np.empty((2 * len(out), out.shape[1]), np.int64)
            parts.append(out[:rows].copy())
            at = following
        return np.unique(np.concatenate(parts), axis=0)


class Room:
    """The kernel's scratch, made anew only for a larger text."""

    def __init__(self, base: Prepared) -> None:
        longest = int(base.questions.lengths.max(initial=1))
        self._sizes = (max(len(base.groups), 1), max(len(base.grams.hashes), 1), longest)
        self._size = -1
        self._scratch: Any = None

    def of(self, offsets: Ints) -> Any:
        """Room for the largest of some texts."""
        largest = int(np.diff(offsets).max(initial=0))
        if largest > self._size:
            self._size = max(largest, _TOGETHER)
            self._scratch = probing().scratch_room(self._size, *self._sizes)
        return self._scratch


def buffers_of(texts: pl.Series) -> tuple[Any, Ints, Any, Any]:
    """What every kernel begins with: bytes, offsets, and the tables of characters."""
    data, offsets, _ = text_buffers(texts)
    return data, offsets, tables.flags(), tables.folds()


def counted(base: Prepared, texts: Iterable[pl.Series]) -> tuple[Ints, int]:
    """For each n-gram of the questions, the texts that hold it; and how many texts there are."""
    counts = np.zeros(len(base.grams.hashes), np.int64)
    room, total = Room(base), 0
    for some in texts:
        buffers = buffers_of(some)
        probing().count_texts(*buffers, base.probe, room.of(buffers[1]), counts)
        total += some.len()
    return counts, total
