"""What a score asks for, and what matches amount to: documents, entries, precision by benchmark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.decontaminate.control import Estimate, precision
from dataqa.decontaminate.corpus import unanswered
from dataqa.decontaminate.index import Index
from dataqa.decontaminate.match import LEAST
from dataqa.errors import InputError

FOUND, DOUBTED = "found", "review"
MAX, DOUBT, PUBLIC = 0.7, 0.1, 10
"""Up to 0.8, where decon draws the line, and from 0.6 on a person should look."""


class Bounds(NamedTuple):
    """Above ``max + doubt`` an entry is found; from ``max - doubt`` on it is for review.

    ``public``: an entry that so many documents hold without its answer is for review there.
    """

    max: float = MAX
    doubt: float = DOUBT
    public: int = PUBLIC

    def check(self) -> None:
        """Refuse bounds under which scores mean nothing.

        Raises:
            InputError: Naming the bound.
        """
        if self.doubt < 0 or self.max - self.doubt < LEAST or self.max + self.doubt >= 1:
            raise InputError(
                f"max {self.max:g} with doubt {self.doubt:g} leaves {LEAST:g} to 1",
                where="contamination.max",
                hint=f"scores below {LEAST:g} are not told, and none is above 1",
            )
        if self.public < 1:
            raise InputError("public is a number of documents", where="contamination.public")

    def of(self, scores: pl.Expr) -> pl.Expr:
        """The verdict of scores, as ``dataqa.policy`` reaches it; null below both bounds."""
        doubtful = (scores - self.max).abs() <= self.doubt
        return pl.when(doubtful).then(pl.lit(DOUBTED)).when(scores > self.max).then(pl.lit(FOUND))


def judged(matches: pl.DataFrame, bounds: Bounds, public: NDArray[np.bool_]) -> pl.DataFrame:
    """Matches at or above the bounds, with their ``verdict``.

    Args:
        matches: Rows in ``match.MATCHES``.
        bounds: From where on.
        public: Which entries many documents hold without their answers.
    """
    known = pl.Series(public).gather(matches["entry"])
    return (
        matches.with_columns(bounds.of(pl.col("score")).alias("verdict"), known.alias("_public"))
        .filter(pl.col("verdict").is_not_null())
        .with_columns(
            pl.when(pl.col("_public") & unanswered())
            .then(pl.lit(DOUBTED))
            .otherwise(pl.col("verdict"))
            .alias("verdict")
        )
        .drop("_public")
    )


class Line(NamedTuple):
    """What was found of one benchmark.

    Attributes:
        benchmark: Its name.
        entries: All of its entries.
        used: Those looked for.
        short: Left out: fewer than 20 words, or fewer than 5 in the question.
        plain: Left out: fewer than 4 different words.
        repeated: Left out: the same as an entry before.
        found: Entries found in some document.
        documents: Documents that hold one.
        review: Further documents for review.
        public: Entries that many documents hold without their answers.
        control: Documents in which a decoy scores as high, and higher than every entry.
        precision: The estimated share of ``documents`` that are not there by chance, with limits.
    """

    benchmark: str
    entries: int
    used: int
    short: int
    plain: int
    repeated: int
    found: int
    documents: int
    review: int
    public: int
    control: int
    precision: Estimate


class Sums:
    """Adds up matches, batch by batch; documents are told apart by batch and row."""

    def __init__(self, index: Index, public: NDArray[np.bool_]) -> None:
        self._index, self._public = index, public
        self._entries = np.zeros(len(index.ids), np.bool_)
        self._documents = np.zeros((len(index.census), 2), np.int64)
        self.documents = 0

    def add(self, verdicts: pl.DataFrame) -> None:
        """Count what ``judged`` gave for whole documents."""
        sure = verdicts.filter(pl.col("verdict") == FOUND)
        self._entries[sure["entry"].to_numpy()] = True
        self.documents += sure["text"].n_unique()
        worst = verdicts.group_by("text", "group").agg((pl.col("verdict") == FOUND).any())
        rows = worst["group"].to_numpy(), 1 - worst["verdict"].cast(pl.Int64).to_numpy()
        np.add.at(self._documents, rows, 1)

    def lines(self, control: Sequence[int] | NDArray[np.int64]) -> Iterator[Line]:
        """One line for each benchmark, given its documents won by decoys."""
        groups = self._index.group_of(np.arange(self._entries.size))
        most = len(self._index.census)
        found = np.bincount(groups[self._entries], minlength=most).tolist()
        public = np.bincount(groups[self._public], minlength=most).tolist()
        for group, census in enumerate(self._index.census):
            sure, doubted = self._documents[group].tolist()
            won, copies = int(control[group]), int(self._index.copies[group])
            told = (found[group], sure, doubted, public[group], won)
            yield Line(*census, *told, precision(sure, won, copies))


def won(control: pl.DataFrame, bounds: Bounds, groups: int) -> NDArray[np.int64]:
    """By benchmark, the documents in which a decoy scores as only found entries do."""
    sure = control.filter(bounds.of(pl.col("score")) == FOUND)
    return np.bincount(sure["group"].to_numpy(), minlength=groups).astype(np.int64)
