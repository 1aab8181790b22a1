"""Answers and passages: whether they stand near a question, by n-grams of their own."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.decontaminate.entries import PASSAGE, Texts
from dataqa.decontaminate.weights import word_weights
from dataqa.decontaminate.words import Grams, Hashes, Ints, grams, grams_of

ANSWER = 3
"""Words in an n-gram of an answer; one of a passage has ``entries.PASSAGE`` (both as decon)."""
SHORT = 3
"""An answer of so many words must stand as it is; a longer one is looked for by n-grams."""
NEAR, FAR = 50, 100
"""Words after the question in which a short answer, and at least a long one, is looked for."""
HALF = 0.5
"""From this share on an answer counts as there."""


class Part(NamedTuple):
    """Answers or passages: words, the n-gram that begins at each, and what each word weighs."""

    texts: Texts
    grams: Grams
    weights: NDArray[np.int32]


def part_of(texts: Texts, groups: Ints, n: int) -> Part:
    """Texts with their n-grams; ``groups`` is the benchmark of each."""
    found = grams_of(*texts, n)
    return Part(texts, found, word_weights(found, groups, len(groups), n))


class After(NamedTuple):
    """The share of an answer that follows, and the word after it."""

    share: float
    end: int


def answer_after(answers: Part, way: int, folds: Hashes, begin: int) -> After:
    """Look for an answer in the words from ``begin`` on; the end is ``begin`` if it is not there.

    Args:
        answers: All answers.
        way: Which of them.
        folds: The words of the text.
        begin: The word after the question.
    """
    wanted = answers.texts.of(way)
    if wanted.size > SHORT:
        window = folds[begin : begin + max(FAR, 2 * wanted.size)]
        share, last = _covered(answers, way, window, ANSWER)
        return After(share, begin + (last if share >= HALF else 0))
    window = folds[begin : begin + NEAR + wanted.size - 1]
    there = np.ones(max(0, window.size - wanted.size + 1), np.bool_)
    for k, word in enumerate(wanted):
        there &= window[k : k + there.size] == word
    at = np.flatnonzero(there)
    return After(1.0, begin + int(at[0]) + wanted.size) if at.size else After(0.0, begin)


def passage_around(passages: Part, entry: int, folds: Hashes, start: int, end: int) -> float:
    """The share of a passage that stands on one side of the question ``folds[start:end]``."""
    reach = max(FAR, 2 * int(passages.texts.lengths[entry]))
    sides = (folds[max(0, start - reach) : start], folds[end : end + reach])
    return max(_covered(passages, entry, side, PASSAGE)[0] for side in sides)


def _covered(part: Part, text: int, window: Hashes, n: int) -> tuple[float, int]:
    """The share, by weight, of the words in n-grams of a window; where the last of them ends."""
    some = slice(int(part.texts.offsets[text]), int(part.texts.offsets[text + 1]))
    numbers = part.grams.numbers[some]
    own = part.grams.hashes[numbers[numbers >= 0]]
    there = grams(window, n)
    shared = among(own, there)
    if not shared.any():
        return 0.0, 0
    heavy = part.weights[some].astype(np.int64)
    share = float(heavy[spread(shared, n)].sum() / heavy.sum())
    return share, int(np.flatnonzero(among(there, own))[-1]) + n


def among(keys: Hashes, others: Hashes) -> NDArray[np.bool_]:
    """Which keys are among the others; five times as quick as ``numpy.isin`` for some dozens.

    >>> among(np.array([1, 2], np.uint64), np.array([2, 3], np.uint64)).tolist()
    [False, True]
    """
    known = set(others.tolist())
    return np.fromiter((key in known for key in keys.tolist()), np.bool_, keys.size)


def spread(begins: NDArray[np.bool_], n: int) -> NDArray[np.bool_]:
    """Which words lie in an n-gram that begins where ``begins`` is set.

    >>> spread(np.array([True, False, False]), 2).tolist()
    [True, True, False, False]
    """
    words = np.zeros(begins.size + n - 1, np.bool_)
    for k in range(n):
        words[k : k + begins.size] |= begins
    return words
