"""What a word of a benchmark weighs: less, the more entries or documents share its n-grams.

A phrase that half of the benchmark has says little of an entry, and so does one that stands in a
good part of the corpus.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dataqa.decontaminate.words import Grams, Ints

UNIT = 1000
"""Weights are whole numbers, thousandths of the logarithm, so that sums are exact."""
FEW, SMALL = 10, 100
"""An n-gram that fewer than ten documents of a background hold is not common; a background of fewer
than a hundred does not tell."""


def word_weights(
    grams: Grams, groups: Ints, count: int, n: int, common: NDArray[np.float64] | None = None
) -> NDArray[np.int32]:
    """The weight of each word: of the n-grams it lies in, that of the one that says least.

    An n-gram in ``d`` of the ``N`` texts of its benchmark says ``ln((N + 1) / d)``.

    Args:
        grams: The n-grams of all texts.
        groups: The benchmark of each text.
        count: How many texts are counted; those after are decoys.
        n: Words in an n-gram.
        common: A factor for each n-gram, see ``rarity``.
    """
    largest = np.iinfo(np.int32).max
    own = np.full(len(grams.numbers), largest, np.int32)
    there = grams.numbers >= 0
    held = there & (grams.texts < count)
    pairs = np.unique(grams.numbers[held].astype(np.int64) * max(count, 1) + grams.texts[held])
    numbers, texts = pairs // max(count, 1), pairs % max(count, 1)
    for group, size in enumerate(np.bincount(groups[:count])):
        often = np.bincount(numbers[groups[texts] == group], minlength=len(grams.hashes))
        told = UNIT * np.log((size + 1) / np.maximum(often, 1))
        whole = np.maximum(np.rint(told if common is None else told * common), 1).astype(np.int32)
        mine = there & (groups[grams.texts] == group)
        own[mine] = whole[grams.numbers[mine]]
    least = own.copy()
    for k in range(1, n):  # the last n - 1 words of the text before begin no n-gram
        np.minimum(least[k:], own[:-k], out=least[k:])
    return least


def rarity(counts: Ints, documents: int) -> NDArray[np.float64]:
    """1 for n-grams in fewer than ten of a background's documents, down to 0 for one in all.

    >>> rarity(np.array([0, 10, 100, 1000]), 1000).round(2).tolist()
    [1.0, 1.0, 0.5, 0.0]
    """
    if documents < SMALL:
        return np.ones(len(counts))
    told = np.log((documents + 1) / np.maximum(counts, FEW))
    return told / np.log((documents + 1) / FEW)
