"""How right a tool was about a planted corpus: precision, and what it left behind.

*Precision*: of the documents that a tool removed, how many are like a document that it kept.
*Recall*: of the documents that brute-force greedy removal takes away, how many are gone. Greedy
removal keeps the longest; tools that keep another copy are asked instead how many duplicates it
would still find in what they kept. Documents without words count for neither.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks import brute
from benchmarks.brute import Greedy, Shingles

SLACK = 0.05
"""So far below the bound a removal is only nearly right: tools cut words differently."""

type Marks = NDArray[np.bool_]


class Truth(NamedTuple):
    """What is true of a corpus.

    Attributes:
        ids: Of its documents, in order.
        kinds: How each was planted.
        bound: The similarity from which documents are like.
        sets: Their shingles.
        pairs: All pairs of that similarity, and of a little less.
        order: The keep policy's.
        greedy: What it removes.
        wordy: Whether a document has any word.
    """

    ids: list[str]
    kinds: list[str]
    bound: float
    sets: Shingles
    pairs: pl.DataFrame
    order: NDArray[np.int64]
    greedy: Greedy
    wordy: Marks


class Score(NamedTuple):
    """Counts of documents.

    Attributes:
        documents: That were asked about.
        removed: By the tool.
        right: Of these, those that are like a kept one.
        nearly: Of these, those that are like one or fall short of it by ``SLACK`` at most.
        wanted: Removed by greedy removal.
        same: Removed by both.
        left: Of what the tool kept, what greedy removal would remove.
    """

    documents: int
    removed: int
    right: int
    nearly: int
    wanted: int
    same: int
    left: int

    @property
    def precision(self) -> float | None:
        """Per cent; None when nothing was removed."""
        return 100 * self.right / self.removed if self.removed else None

    @property
    def recall(self) -> float | None:
        """Per cent of the duplicates that are gone; None when there were none."""
        return 100 * (1 - self.left / self.wanted) if self.wanted else None

    @property
    def agreement(self) -> float | None:
        """Per cent of the very documents that greedy removal removes; None when it removes none."""
        return 100 * self.same / self.wanted if self.wanted else None


class Verdict(NamedTuple):
    """A tool's result as marks on documents, to be counted by kind.

    Attributes:
        removed: What it removed.
        right: Of these, those that are like a kept one.
        nearly: The same with ``SLACK``.
        left: What greedy removal would remove of the others.
    """

    removed: Marks
    right: Marks
    nearly: Marks
    left: Marks


def truth_of(corpus: pl.DataFrame, bound: float) -> Truth:
    """Find out what is true of a corpus of columns ``id``, ``text``, ``kind``."""
    sets = brute.shingles(corpus["text"])
    pairs = brute.similar_pairs(sets, bound - SLACK)
    order = brute.longest_first(corpus)
    greedy = brute.greedy(pairs, order, bound)
    names, kinds = corpus["id"].to_list(), corpus["kind"].to_list()
    return Truth(names, kinds, bound, sets, pairs, order, greedy, sets.sizes > 0)


def verdict(truth: Truth, kept: set[str]) -> Verdict:
    """Put a tool's kept ids beside the truth."""
    removed = np.array([name not in kept for name in truth.ids])
    gone = np.flatnonzero(removed).tolist()
    right = brute.backed(truth.pairs, gone, truth.bound)
    nearly = brute.backed(truth.pairs, gone, truth.bound - SLACK)
    stayed = np.flatnonzero(~removed).tolist()
    left = brute.greedy(truth.pairs, truth.order, truth.bound, stayed).removed
    return Verdict(removed, _marks(truth, right), _marks(truth, nearly), left)


def score(truth: Truth, told: Verdict, kinds: Iterable[str] | None = None) -> Score:
    """Count, over all documents that have words or over those of some kinds."""
    if kinds is None:
        among = truth.wordy
    else:
        wanted = set(kinds)
        among = np.array([kind in wanted for kind in truth.kinds])
    marks = (
        among,
        told.removed & among,
        told.right & among,
        told.nearly & among,
        truth.greedy.removed & among,
        truth.greedy.removed & told.removed & among,
        told.left & among,
    )
    return Score(*(int(mark.sum()) for mark in marks))


def true_references(truth: Truth, kept: set[str], pairs: pl.DataFrame) -> int:
    """How many of a tool's removals name a kept document, and how like it is, as it is true.

    Args:
        truth: Of the corpus.
        kept: The ids it kept.
        pairs: Columns ``doc_id``, ``ref``, ``score``.
    """
    at = {name: place for place, name in enumerate(truth.ids)}
    return sum(
        ref in kept
        and abs(brute.jaccard(truth.sets.of(at[name]), truth.sets.of(at[ref])) - told) < 1e-6
        and told >= truth.bound
        for name, ref, told in pairs.select("doc_id", "ref", "score").iter_rows()
    )


def promise(truth: Truth, bands: int, rows: int) -> tuple[float, float]:
    """Per cent of what greedy removes that so many bands propose, and its standard deviation."""
    chances = brute.promised(truth.greedy.score[truth.greedy.removed], bands, rows)
    if not len(chances):
        return 100.0, 0.0
    spread = float(np.sqrt((chances * (1 - chances)).sum())) / len(chances)
    return 100 * float(chances.mean()), 100 * spread


def _marks(truth: Truth, places: set[int]) -> Marks:
    marks = np.zeros(len(truth.ids), np.bool_)
    marks[list(places)] = True
    return marks
