"""Sequential trees: each variable given those before it, learnt as what falls into which leaf.

Classification and regression trees in turn (Reiter 2005, "Using CART to generate partially
synthetic public use microdata"): a row is drawn variable by variable, each from the leaf that the
row's earlier values lead to. A leaf holds at least 50 rows, so a draw tells of none of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.tables.coding import Variable

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bins = NDArray[np.uint8]

_MOST_BINS = 254


class Tree(NamedTuple):
    """One variable given others.

    Attributes:
        inputs: The variables that it asks, by number.
        ranks: For each of them, the rank of each of its bins: categories are ordered by what they
            say of this variable.
        feature: Of each node, which input it asks; -1 for a leaf.
        cut: Its left child has ranks up to this.
        left: Its left child, or of a leaf its number.
        right: Its right child.
        begins: Where each leaf begins in ``content``, and where the last ends.
        content: The values of the leaves: numbers sorted; of categories the codes, sorted.
    """

    inputs: Ints
    ranks: NDArray[np.uint8]
    feature: NDArray[np.int32]
    cut: NDArray[np.int32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    begins: Ints
    content: Floats

    def leaves(self, bins: list[Bins]) -> Ints:
        """The leaf that each row falls into.

        Args:
            bins: Of each input the bins of all rows.
        """
        rows = len(bins[0]) if bins else 0
        found = np.zeros(rows, np.int64)
        ranked = [rank[some] for rank, some in zip(self.ranks, bins, strict=True)]
        feature, cut, left, right = (one.tolist() for one in self[2:6])
        # rows are parted node by node: all of a node are asked the same of one column
        waiting = [(0, np.arange(rows, dtype=np.int32))]
        while waiting:
            node, here = waiting.pop()
            if feature[node] < 0:
                found[here] = left[node]
                continue
            goes = ranked[feature[node]][here] <= cut[node]
            for child, fits in ((left[node], goes), (right[node], ~goes)):
                some = here.compress(fits)
                if len(some):
                    waiting.append((child, some))
        return found


class Binning(NamedTuple):
    """A variable as at most 254 bins; bin 0 is where it has no value."""

    size: int
    edges: Floats

    def bins(self, values: Floats) -> Bins:
        """The bin of each value."""
        absent = np.isnan(values)
        if self.size:
            # categories are sorted by how frequent they are: the last ones share a bin
            found = np.minimum(np.where(absent, -1, values) + 1, _MOST_BINS)
        else:
            found = np.searchsorted(self.edges, np.where(absent, 0, values), side="right") + 1
        return np.where(absent, 0, found).astype(np.uint8)


def binning(variable: Variable) -> Binning:
    """How a variable is cut where others ask it: at values, or at quantiles if they are many."""
    if variable.size:
        return Binning(variable.size, np.empty(0))
    values = variable.values[~np.isnan(variable.values)]
    different = np.unique(values)
    if len(different) > _MOST_BINS:
        ordered = np.sort(values)
        places = np.linspace(0, len(ordered) - 1, _MOST_BINS).astype(np.int64)
        different = np.unique(ordered[places])
    return Binning(0, different[1:])
