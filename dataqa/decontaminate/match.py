"""Finds benchmark entries in texts: stretches from the kernel, then answer and passage nearby."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import polars as pl

from dataqa.decontaminate.index import Index
from dataqa.decontaminate.nearby import among, answer_after, passage_around, spread
from dataqa.decontaminate.score import Weights, guarded, weights
from dataqa.decontaminate.stretches import Finder, Held, Stretch, Text
from dataqa.decontaminate.words import Ints, grams, probing

LEAST = 0.5
"""The least score told, and the least share of the question."""
CLOSER = 3
"""Words in an n-gram when a stretch that was found is measured."""


class Match(NamedTuple):
    """One entry found in a text.

    Attributes:
        text: Row of the text.
        entry: Of the index.
        group: Its benchmark.
        score: How much of the entry is there, 0.5 to 1.
        question: The share of the question that is.
        answer: The share of the answer that follows it; None if the entry has none.
        passage: The share of the passage around it; None if the entry has none.
        start: First byte of question and answer in the text.
        end: The byte after the last.
        word: The first word of them.
        words: How many words they are.
    """

    text: int
    entry: int
    group: int
    score: float
    question: float
    answer: float | None
    passage: float | None
    start: int
    end: int
    word: int
    words: int


_FLOATS = ("score", "question", "answer", "passage")
MATCHES = pl.Schema(
    {name: pl.Float64() if name in _FLOATS else pl.Int64() for name in Match._fields}
)
CONTROL = pl.Schema({"text": pl.Int64(), "group": pl.Int64(), "score": pl.Float64()})
"""One row for each text and benchmark whose best decoy scores above its best entry."""


class Found(NamedTuple):
    """What was found in some texts: rows of ``MATCHES`` by text, entry and place; ``CONTROL``."""

    matches: pl.DataFrame
    control: pl.DataFrame


class _Scored(NamedTuple):
    """What an entry scores at a stretch; ``end`` is the word after question and answer."""

    score: float
    answer: float | None
    passage: float | None
    end: int


class Matcher:
    """Looks for the entries of an index."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._finder = Finder(index)

    def find(self, texts: pl.Series) -> Found:
        """The entries found in each of some texts; a null text holds none."""
        matches: list[Match] = []
        control: list[tuple[int, int, float]] = []
        for held in self._finder.find(texts):
            real = [one for one in held.stretches if one.question < self.index.base.real]
            found = self._matches(held, real)
            won = _best(self._matches(held, self._unexplained(held.stretches[len(real) :], real)))
            best = _best(found)
            matches += found
            control += [
                (held.row, group, score)
                for group, score in sorted(won.items())
                if score > best.get(group, 0.0)
            ]
        return Found(
            pl.DataFrame(matches, MATCHES, orient="row"),
            pl.DataFrame(control, CONTROL, orient="row"),
        )

    def _matches(self, held: Held, stretches: Iterable[Stretch]) -> list[Match]:
        return [match for one in stretches for match in self._match(held.row, held.text, one)]

    def _unexplained(self, decoys: list[Stretch], real: list[Stretch]) -> list[Stretch]:
        """The decoys that do not only match because a question they were made of is there."""
        known: dict[int, list[Stretch]] = {}
        for one in real:
            known.setdefault(one.question, []).append(one)
        return [
            decoy
            for decoy in decoys
            if not any(
                one.share >= decoy.share and one.start < decoy.end and decoy.start < one.end
                for parent in self.index.base.parents[decoy.question].tolist()
                for one in known.get(parent, ())
            )
        ]

    def _match(self, row: int, text: Text, proposed: Stretch) -> Iterator[Match]:
        """What is there of the entries that ask a question; nothing where it is too little."""
        index = self.index
        one = self._closer(text, proposed)
        if one.share < LEAST:
            return
        group = int(index.base.groups[one.question])
        source = int(index.base.parents[one.question, 2])
        for entry in index.askers[index.asked[source] : index.asked[source + 1]].tolist():
            scored = self._score(text, entry, one, proposed)
            if scored.score >= LEAST:
                yield Match(
                    row,
                    entry,
                    group,
                    scored.score,
                    one.share,
                    scored.answer,
                    scored.passage,
                    int(text.starts[one.start]),
                    int(text.ends[scored.end - 1]),
                    one.start,
                    scored.end - one.start,
                )

    def _closer(self, text: Text, one: Stretch) -> Stretch:
        """The stretch looked at again by shorter n-grams, which stand between close changes."""
        questions = self.index.base.questions
        low = max(0, one.start - probing().GAP)
        there = grams(text.folds[low : one.end + probing().GAP], CLOSER)
        keys = grams(questions.of(one.question), CLOSER)
        base = int(questions.offsets[one.question])
        heavy = self.index.kernel.weights[base : base + keys.size + CLOSER - 1].astype(np.int64)
        covered = spread(among(keys, there), CLOSER)
        at = np.flatnonzero(among(there, keys))
        start = min(one.start, low + int(at[0]))
        end = max(one.end, low + int(at[-1]) + CLOSER)
        return Stretch(one.question, start, end, float(heavy[covered].sum() / heavy.sum()))

    def _score(self, text: Text, entry: int, one: Stretch, proposed: Stretch) -> _Scored:
        """The best score over an entry's answers.

        They and the passage are looked for outside of what was proposed: the closer look may have
        taken some of their words.
        """
        index = self.index
        length = int(index.base.questions.lengths[one.question])
        passage = int(index.passages.texts.lengths[entry])
        around = None
        if passage:
            span = proposed.start, proposed.end
            around = passage_around(index.passages, entry, text.folds, *span)
        answered = index.base.entries.answered
        ways = range(int(answered[entry]), int(answered[entry + 1]))
        best = _Scored(-1.0, None, around, one.end)
        for way in ways or [None]:
            size, found, end = 0, None, one.end
            if way is not None:
                size = int(index.answers.texts.lengths[way])
                found, end = answer_after(index.answers, way, text.folds, proposed.end)
            parts = weights(length - probing().N + 1, size, passage)
            words = int(index.telling[one.question]) + size + passage
            score = guarded(_total(parts, one.share, found, around), words)
            if score > best.score:
                best = _Scored(score, found, around, max(end, one.end))
        return best


def _best(matches: Iterable[Match]) -> dict[int, float]:
    """The highest score of each benchmark."""
    best: dict[int, float] = {}
    for match in matches:
        best[match.group] = max(best.get(match.group, 0.0), match.score)
    return best


def _total(parts: Weights, question: float, answer: float | None, passage: float | None) -> float:
    if question == 1 and answer in {None, 1} and passage in {None, 1}:
        return 1.0  # exactly: a sum of rounded weights may miss it
    return parts.question * question + parts.answer * (answer or 0) + parts.passage * (passage or 0)


def tokens(matches: pl.DataFrame, texts: int) -> Ints:
    """How many words of each text lie in a match, each counted once."""
    counts = np.zeros(texts, np.int64)
    known, done = -1, 0
    for row, word, words in (
        matches.select("text", "word", "words").sort("text", "word").iter_rows()
    ):
        if row != known:
            known, done = row, 0
        counts[row] += max(0, word + words - max(word, done))
        done = max(done, word + words)
    return counts
