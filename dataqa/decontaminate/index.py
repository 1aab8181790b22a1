"""Benchmarks ready to be looked for: n-grams of questions, weights of words, decoys beside entries.

Memory goes with the words of the benchmarks, decoys included.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.decontaminate.control import Decoys, copies, decoys
from dataqa.decontaminate.entries import PASSAGE, Census, Entries, Texts, laid
from dataqa.decontaminate.nearby import ANSWER, Part, part_of
from dataqa.decontaminate.weights import UNIT, word_weights
from dataqa.decontaminate.words import Grams, Hashes, Ints, grams_of, probing, tabling

HOT = 50
"""An n-gram of more entries than these starts no match; it still adds to one."""
SEEN = 0.3
"""The share of a question that must be covered for it to be looked at more closely."""


class Prepared(NamedTuple):
    """Questions, behind them their decoys, and their n-grams.

    Attributes:
        entries: What is looked for.
        groups: The benchmark of each question and decoy.
        parents: The questions that each is made of: whose first half, whose second, whose answers
            and passages. A question that is no decoy is made of itself.
        questions: What each asks.
        grams: Its n-grams.
        probe: The same as a table, for the kernel.
    """

    entries: Entries
    groups: Ints
    parents: Ints
    questions: Texts
    grams: Grams
    probe: Any

    @property
    def real(self) -> int:
        """How many are no decoys."""
        return len(self.entries.groups)


class Index(NamedTuple):
    """What the kernel and the scorer read.

    Attributes:
        base: Questions and decoys.
        copies: Decoys for each question, by benchmark.
        askers: The entries, by question.
        asked: Where the entries of each question begin in ``askers``.
        telling: Words of each question, a word that all questions have too counted as none.
        totals: What the words of each question weigh.
        kernel: What the kernel needs of them.
        answers: All answers.
        passages: One for each entry.
    """

    base: Prepared
    copies: Ints
    askers: Ints
    asked: Ints
    telling: Ints
    totals: Ints
    kernel: Any
    answers: Part
    passages: Part

    @property
    def ids(self) -> list[str]:
        """The ids of entries."""
        return self.base.entries.ids

    @property
    def census(self) -> list[Census]:
        """One for each benchmark."""
        return self.base.entries.census

    def group_of(self, entries: Ints) -> Ints:
        """The benchmarks of some entries."""
        return self.base.groups[self.base.entries.asks[entries]]


def prepare(entries: Entries) -> Prepared:
    """Make decoys, and n-grams of all questions."""
    kernels = probing()
    real = np.arange(len(entries.groups))
    pairs = decoys(entries.questions.lengths, entries.groups)
    questions = _with_decoys(entries.questions, pairs)
    grams = grams_of(*questions, kernels.N)
    return Prepared(
        entries,
        np.concatenate([entries.groups, entries.groups[pairs.first]]),
        np.concatenate([np.repeat(real, 3).reshape(-1, 3), np.stack(pairs, axis=1)]),
        questions,
        grams,
        table_of(grams.hashes),
    )


def build(base: Prepared, common: NDArray[np.float64] | None = None) -> Index:
    """Weigh the words, and make ready what is read.

    Args:
        base: Questions and decoys.
        common: A factor for each n-gram, from a background (``weights.rarity``).
    """
    entries, groups = base.entries, base.groups
    weights = word_weights(base.grams, groups, base.real, probing().N, common)
    sums = _sums(weights, base.questions.offsets)
    sizes = np.bincount(groups[: base.real], minlength=len(entries.census))
    heaviest = UNIT * np.log(sizes[groups] + 1)
    owners = groups[entries.asks]
    return Index(
        base,
        np.array([copies(int(size)) for size in sizes], np.int64),
        np.argsort(entries.asks, kind="stable"),
        np.concatenate([[0], np.cumsum(np.bincount(entries.asks, minlength=base.real))]),
        np.floor(sums / heaviest).astype(np.int64),
        sums,
        _kernel(base, weights, sums),
        part_of(entries.answers, np.repeat(owners, np.diff(entries.answered)), ANSWER),
        part_of(entries.passages, owners, PASSAGE),
    )


def _with_decoys(questions: Texts, pairs: Decoys) -> Texts:
    halves = [questions.of(text) for text in range(len(questions.offsets) - 1)]
    for first, second in zip(pairs.first.tolist(), pairs.second.tolist(), strict=True):
        left, right = questions.of(first), questions.of(second)
        halves.append(
            np.concatenate([left[: (left.size + 1) // 2], right[(right.size + 1) // 2 :]])
        )
    return laid(halves)


def table_of(hashes: Hashes) -> Any:
    """The kernel's ``Probe`` for distinct n-grams."""
    table = tabling()
    slots = 1 << max(6, int(2 * hashes.size).bit_length())
    probe = table.Probe(
        np.zeros(slots // 8, np.uint64),  # eight bits for each slot
        np.zeros(slots, np.uint64),
        np.full(slots, -1, np.int32),
    )
    table.fill(_frozen(hashes), probe)
    return probe


def _kernel(base: Prepared, weights: NDArray[np.int32], sums: Ints) -> Any:
    """The kernel's ``Entries``: our questions and decoys."""
    kernels = probing()
    grams, size = base.grams, max(len(sums), 1)
    there = grams.numbers >= 0
    pairs = np.unique(grams.numbers[there].astype(np.int64) * size + grams.texts[there])
    number, question = pairs // size, (pairs % size).astype(np.int32)
    many = np.bincount(number[question < base.real], minlength=len(grams.hashes)) > HOT
    cold = ~many[number]
    posts = np.cumsum(np.bincount(number[cold], minlength=len(grams.hashes)), dtype=np.int64)
    common = np.zeros(len(there), np.bool_)
    begins = np.flatnonzero(there)
    begins = begins[many[grams.numbers[begins]]]
    for k in range(kernels.N):
        common[begins + k] = True
    return kernels.Entries(
        base.questions.offsets,
        grams.numbers,
        weights,
        np.ceil(SEEN * sums).astype(np.int64),
        _most(weights, base.questions),
        _sums(np.where(common, weights, 0), base.questions.offsets),
        np.concatenate([[0], posts]),
        question[cold],
    )


def _sums(weights: NDArray[np.int32], offsets: Ints) -> Ints:
    total = np.concatenate([[0], np.cumsum(weights, dtype=np.int64)])
    return total[offsets[1:]] - total[offsets[:-1]]


def _most(weights: NDArray[np.int32], texts: Texts) -> Ints:
    """The heaviest word of each text; none of them is empty."""
    if not len(weights):
        return np.zeros(0, np.int64)
    return np.maximum.reduceat(weights, texts.offsets[:-1]).astype(np.int64)


def _frozen(array: Hashes) -> Hashes:
    array.flags.writeable = False
    return array
