"""Labels that documents are counted under (sources, languages, values), bounded in number.

A corpus may have a million sources. Which labels are kept apart may not depend on the order in
which they came, or merged counts would depend on it too: the ``most`` labels with the smallest
keyed hash stay, the rest are pooled. A label that falls out once can never come back, since the
labels ahead of it only become more.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import polars as pl
from numpy.typing import NDArray

POOL = "\x00pool"
"""The label that all others beyond the bound are counted under."""
UNKNOWN = ""
"""The label of documents for which nothing was measured."""

_LONGEST = 120


def rank(label: str, key: str = "label") -> int:
    """A number that is the same in every process and unrelated to the label's meaning.

    >>> rank("en") == rank("en"), rank("en") == rank("en", key="other")
    (True, False)
    """
    digest = blake2b(label.encode(), digest_size=8, key=key.encode()[:64]).digest()
    return int.from_bytes(digest, "big")


def chosen(labels: list[str], most: int) -> set[str]:
    """The labels that stay when there are too many; ``POOL`` and ``UNKNOWN`` always do."""
    special = {POOL, UNKNOWN}
    others = [label for label in labels if label not in special]
    if len(others) > most:
        others = sorted(others, key=lambda label: (rank(label), label))[:most]
    return special.intersection(labels).union(others)


class Groups:
    """Rows for the labels of one dimension, in the order they came; ``POOL`` is row 0."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.rows: dict[str, int] = {POOL: 0}

    def row(self, label: str) -> int:
        """The row of one label, a new one if need be."""
        return self.rows.setdefault(label[:_LONGEST], len(self.rows))

    def codes(self, labels: pl.Series) -> NDArray[np.int64]:
        """The row of each label; null counts as not measured."""
        words = labels.cast(pl.String).fill_null(UNKNOWN)
        distinct = words.unique().sort()
        rows = np.array([self.row(label) for label in distinct], np.int64)
        if rows.size == 1:
            return np.full(words.len(), rows[0])
        return rows[distinct.search_sorted(words).to_numpy()]

    def crowded(self, slack: int = 2) -> bool:
        """Whether there are so many labels that they should be pooled now."""
        return len(self.rows) > slack * self.most + 2

    def prune(self) -> NDArray[np.int64] | None:
        """Keep the chosen labels; the new row of each old one, or None if all may stay."""
        labels = list(self.rows)
        keep = chosen(labels, self.most)
        if len(keep | {POOL}) == len(labels):
            return None
        self.rows = {POOL: 0}
        return np.array([self.row(label) if label in keep else 0 for label in labels], np.int64)
