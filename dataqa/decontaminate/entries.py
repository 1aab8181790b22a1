"""The entries of benchmarks that can be looked for, as words; the others are counted, and why.

An entry of a few words, or of the same words again and again, is met by chance; one that is there
twice needs looking for once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from dataqa.decontaminate.benchmarks import Benchmark
from dataqa.decontaminate.fields import Item
from dataqa.decontaminate.words import Hashes, Ints, Words, words_of

FEWEST = 20
"""Words of question, answer and passage together (decon: 20 tokens)."""
FEWEST_DIFFERENT = 4
"""Different words in them (decon: 4)."""
QUESTION, PASSAGE = 5, 4
"""Words of a question and of a passage: fewer make no n-gram."""


class Census(NamedTuple):
    """What became of a benchmark's entries: used, or left out for one of three reasons.

    Attributes:
        name: The benchmark's.
        entries: All of them.
        used: Those looked for.
        short: Fewer than 20 words, or fewer than 5 in the question.
        plain: Fewer than 4 different words.
        repeated: The same words as an entry before.
    """

    name: str
    entries: int
    used: int
    short: int
    plain: int
    repeated: int


class Texts(NamedTuple):
    """Texts as hashes of words, laid one after the other."""

    folds: Hashes
    offsets: Ints

    @property
    def lengths(self) -> Ints:
        """Words in each text."""
        return np.diff(self.offsets)

    def of(self, text: int) -> Hashes:
        """The words of one text."""
        return self.folds[self.offsets[text] : self.offsets[text + 1]]

    def take(self, rows: Ints) -> Texts:
        """Some of the texts."""
        return laid([self.of(int(row)) for row in rows])


class Entries(NamedTuple):
    """The entries that are used, of all benchmarks, one after the other.

    Attributes:
        census: One for each benchmark, in order.
        ids: Their ids.
        asks: The question of each.
        groups: The benchmark of each question.
        questions: All questions, one that several entries of a benchmark ask once.
        answers: All ways to answer, ``answered[e]`` to ``answered[e + 1]`` those of entry ``e``.
        answered: Where each entry's answers begin.
        passages: Their passages, empty where there is none.
    """

    census: list[Census]
    ids: list[str]
    asks: Ints
    groups: Ints
    questions: Texts
    answers: Texts
    answered: Ints
    passages: Texts


def laid(texts: Sequence[Hashes]) -> Texts:
    """Texts one after the other."""
    offsets = np.concatenate([[0], np.cumsum([text.size for text in texts])]).astype(np.int64)
    return Texts(np.concatenate([np.zeros(0, np.uint64), *texts]), offsets)


class _Entry(NamedTuple):
    """One item as words."""

    question: Hashes
    answers: list[Hashes]
    passage: Hashes

    def key(self) -> bytes:
        parts = (self.question, *self.answers, self.passage)
        return b"".join(np.append(part, np.uint64(0)).tobytes() for part in parts)

    def fault(self) -> str:
        """Why the entry cannot be used, "" if it can."""
        longest = max(self.answers, key=len, default=self.passage[:0])
        every = np.concatenate([self.question, longest, self.passage])
        if every.size < FEWEST or self.question.size < QUESTION:
            return "short"
        return "plain" if np.unique(every).size < FEWEST_DIFFERENT else ""


def used(benchmarks: Sequence[Benchmark]) -> Entries:
    """Choose the entries of benchmarks that can be looked for."""
    census: list[Census] = []
    ids: list[str] = []
    groups: list[int] = []
    asks: list[int] = []
    questions: list[Hashes] = []
    chosen: list[_Entry] = []
    for group, benchmark in enumerate(benchmarks):
        why = {"": 0, "short": 0, "plain": 0, "repeated": 0}
        seen: set[bytes] = set()
        known: dict[bytes, int] = {}
        for item, entry in zip(benchmark.items, _entries(benchmark.items), strict=True):
            fault = entry.fault() or ("repeated" if entry.key() in seen else "")
            seen.add(entry.key())
            why[fault] += 1
            if not fault:
                question = known.setdefault(entry.question.tobytes(), len(questions))
                if question == len(questions):
                    questions.append(entry.question)
                    groups.append(group)
                ids.append(item.id)
                asks.append(question)
                chosen.append(entry)
        counts = (why[""], why["short"], why["plain"], why["repeated"])
        census.append(Census(benchmark.name, len(benchmark.items), *counts))
    many = [len(entry.answers) for entry in chosen]
    return Entries(
        census,
        ids,
        np.array(asks, np.int64),
        np.array(groups, np.int64),
        laid(questions),
        laid([answer for entry in chosen for answer in entry.answers]),
        np.concatenate([[0], np.cumsum(many)]).astype(np.int64),
        laid([entry.passage for entry in chosen]),
    )


def _entries(items: Sequence[Item]) -> Iterable[_Entry]:
    """Items as words, all texts at once; what has too few words to be found is left out."""
    texts = [text for item in items for text in (item.question, item.passage, *item.answers)]
    words = words_of(pl.Series(texts, dtype=pl.String))
    at = 0
    for item in items:
        folds = [_folds(words, at + k) for k in range(2 + len(item.answers))]
        at += len(folds)
        passage = folds[1] if folds[1].size >= PASSAGE else folds[1][:0]
        yield _Entry(folds[0], [answer for answer in folds[2:] if answer.size], passage)


def _folds(words: Words, text: int) -> Hashes:
    return words.folds[words.of(text)]
