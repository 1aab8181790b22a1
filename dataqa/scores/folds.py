"""Which documents are held out together: those that are all but the same never help one another."""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.errors import InputError
from dataqa.scores.linear import Grams, read_buckets

FOLDS = 5
_WORDS = Grams(words=1, low=0, high=0, bits=24)


def clusters(texts: pl.Series, groups: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """A number for each text: texts of the same words, in any order, have one; so have groups.

    >>> clusters(pl.Series(["A boat.", "a  BOAT!", "another"])).tolist()
    [0, 0, 1]
    """
    found = read_buckets(texts, _WORDS)
    parent = list(range(len(texts)))
    first: dict[tuple[str, bytes], int] = {}

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for at in range(len(texts)):
        words = np.sort(found.buckets[found.starts[at] : found.starts[at + 1]])
        keys = [("words", hashlib.blake2b(words.tobytes(), digest_size=16).digest())]
        if groups is not None:
            keys.append(("group", str(int(groups[at])).encode()))
        for key in keys:
            other = root(first.setdefault(key, at))
            mine = root(at)
            parent[max(mine, other)] = min(mine, other)
    roots = np.array([root(at) for at in range(len(texts))], np.int64)
    return np.unique(roots, return_inverse=True)[1].astype(np.int64)


def fold_numbers(
    together: NDArray[np.int64], right: NDArray[np.float64], seed: int, where: str = ""
) -> NDArray[np.int64]:
    """A fold for each document; documents of one cluster share it, kinds are spread evenly.

    Raises:
        InputError: The documents of a kind are in fewer clusters than there are folds.
    """
    size = int(together.max(initial=-1)) + 1
    counts = np.stack(
        [np.bincount(together, 1 - right, size), np.bincount(together, right, size)], axis=1
    )
    for kind, name in ((1, "positive"), (0, "negative")):
        apart = int((counts[:, kind] > 0).sum())
        if apart < FOLDS:
            what = f"of the {name} documents only {apart} are unlike one another"
            hint = f"at least {FOLDS} are needed to hold some out"
            raise InputError(what, where=where, hint=hint)
    order = np.random.Generator(np.random.PCG64(seed)).permutation(size)
    # the largest first, so that no fold is left with a large one at the end
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    filled = np.zeros((FOLDS, 2))
    fold_of = np.zeros(size, np.int64)
    for one in order.tolist():
        kind = int(counts[one, 1] > counts[one, 0])
        ranked = np.lexsort((np.arange(FOLDS), filled.sum(axis=1), filled[:, kind]))
        fold_of[one] = ranked[0]
        filled[ranked[0]] += counts[one]
    return fold_of[together]
