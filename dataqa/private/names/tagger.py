"""The small tagger: every run of tokens that may be a name, with a calibrated probability.

A linear model over hashed features (``dataqa.kernels.names``), trained by ``dataqa train names``.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.arrow import TextBuffers, text_buffers
from dataqa.private.names.weights import SHIPPED, Weights, read

KINDS = ("PERSON", "LOCATION", "ORGANIZATION")
NAME = "names.tagger"
LEAST = 0.02
"""Runs of a lower probability are not told."""
FLOOR = -2.2
"""Log-odds from which on a token is part of a run."""
_DIGITS = 4
"""Probabilities are rounded to so many digits: the same wherever ``exp`` differs by a bit."""


class Runs(NamedTuple):
    """Runs of tokens, by text and place.

    Attributes:
        texts: The row of the text.
        starts: First byte.
        ends: Behind the last byte.
        kinds: Index into ``KINDS``.
        odds: The highest log-odds in it, as the model gives them.
    """

    texts: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    kinds: NDArray[np.int64]
    odds: NDArray[np.float64]


class Tagger:
    """Weights, opened."""

    def __init__(self, weights: Weights) -> None:
        self.digest = weights.header.digest
        self._scale = weights.header.scale
        self._table = weights.table
        self._lexicon = lexicon(weights.words, weights.bits)
        self._slopes, self._offsets = np.array(weights.header.calibration).T

    def scan(self, texts: pl.Series, least: float = LEAST) -> pl.DataFrame:
        """Names in each text.

        Args:
            texts: A String column; in a null nothing is found.
            least: Names of a lower probability are left out.

        Returns:
            Row, entity, start and end in UTF-8 bytes, score: the probability; by row and start.
        """
        runs = self.runs(text_buffers(texts))
        scores = logistic(self._slopes[runs.kinds] * runs.odds + self._offsets[runs.kinds])
        told = scores >= max(least, LEAST)
        entities = pl.Series(KINDS).gather(runs.kinds[told])
        return pl.DataFrame(
            {
                "row": pl.Series(runs.texts[told], dtype=pl.UInt32),
                "entity": entities,
                "start": runs.starts[told],
                "end": runs.ends[told],
                "score": scores[told],
            }
        )

    def runs(self, buffers: TextBuffers) -> Runs:
        """Runs of tokens of one kind, before calibration."""
        kernels = compiled()
        sizes = np.diff(buffers.offsets)
        room = int(sizes.max(initial=0)) + 1
        tokens, breaks = kernels.token_room(room), kernels.break_room(room)
        facts, scratch = kernels.facts_room(room), np.empty(kernels.FEATURES, np.uint64)
        out = kernels.out_room(max(1 << 16, room))
        table, folds = tables()
        parts: list[list[NDArray[Any]]] = []
        at = 0
        while at < len(buffers):
            at, count = kernels.tag(
                *(buffers.data, buffers.offsets, table, folds, self._lexicon, self._table),
                *(self._scale, FLOOR, tokens, breaks, facts, scratch, at, out),
            )
            parts.append([column[:count].copy() for column in out])
        if not parts:
            parts = [[column[:0] for column in out]]
        texts, starts, ends, kinds, odds = (
            np.concatenate(columns) for columns in zip(*parts, strict=True)
        )
        return Runs(texts, starts, ends, kinds.astype(np.int64) - 1, odds)


@cache
def shipped(path: Path = SHIPPED) -> Tagger:
    """The tagger of a file, opened once in a process."""
    return Tagger(read(path))


def logistic(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities of log-odds, rounded."""
    return np.round(1 / (1 + np.exp(-odds)), _DIGITS)


def lexicon(words: NDArray[np.uint64], bits: NDArray[np.uint8]) -> Any:
    """The gazetteers as a kernel looks them up."""
    kernels = compiled()
    room = kernels.lexicon_room(len(words))
    kernels.enter(room, words, bits)
    return room


@cache
def tables() -> tuple[NDArray[np.uint16], NDArray[np.uint32]]:
    """Flags and lower-case forms of characters."""
    from dataqa.kernels.tables import flags, folds  # noqa: PLC0415 - takes 60 ms

    return flags(), folds()


@cache
def compiled() -> Any:
    """The kernels, from the cache where they were compiled before."""
    from dataqa.kernels import warm  # noqa: PLC0415 - numba is heavy

    warm()
    from dataqa.kernels import lexicon, name_facts, name_training, names  # noqa: PLC0415

    found = vars(lexicon) | vars(name_facts) | vars(name_training) | vars(names)
    return SimpleNamespace(**{name: one for name, one in found.items() if name[0] != "_"})
