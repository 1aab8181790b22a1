"""Trees are shaped by scikit-learn on a sample of the rows, and filled with all of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataqa.tables.coding import Variable
from dataqa.tables.learning.trees import Bins, Floats, Ints, Tree

LEAF = 50
"""Rows of a leaf at least; fewer come so near to single rows that attacks succeed."""
ROWS = 100_000
"""Rows by which a tree is shaped; all rows fill its leaves."""
SURE = 5.0
"""How much better than by chance a cut has to be, in units of what one row says: chance gives about
one, the best of many cuts several. Without it trees learn the rows themselves."""
_MANY = 24
"""So many categories have a target of their own, the others share one."""
_BINS = 256


type Nodes = NDArray[np.int32]


def grow(
    variables: list[Variable], bins: list[Bins], inputs: list[Ints], seed: int, threads: int
) -> list[Tree]:
    """One tree for each variable.

    Args:
        variables: In any order.
        bins: Of each variable, its bins.
        inputs: Of each variable, those that it is given, by number.
        seed: Breaks ties between equally good cuts.
        threads: How many are grown at a time; the trees are the same.
    """

    def one(number: int) -> Tree:
        return _tree(variables, inputs[number], bins, number, seed)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, range(len(variables))))


def _tree(
    variables: list[Variable], inputs: Ints, bins: list[Bins], number: int, seed: int
) -> Tree:
    variable = variables[number]
    there = np.flatnonzero(~np.isnan(variable.values))
    whole = len(there) == len(variable.values)
    values = variable.values if whole else variable.values[there]
    mine = [bins[at] if whole else bins[at][there] for at in inputs]
    some = np.linspace(0, len(there) - 1, min(len(there), ROWS)).astype(np.int64)
    target = _target(variable, values[some])
    ranks = np.tile(np.arange(_BINS, dtype=np.uint8), (len(inputs), 1))
    for row, (at, column) in enumerate(zip(inputs, mine, strict=True)):
        if variables[at].size:
            ranks[row] = _ranks(column[some], target)
    asked = [rank[column[some]] for rank, column in zip(ranks, mine, strict=True)]
    feature, cut, left, right = _shaped(asked, target, seed + number)
    empty = Tree(inputs, ranks, feature, cut, left, right, np.zeros(1, np.int64), np.empty(0))
    leaves = empty.leaves(mine) if len(inputs) else np.zeros(len(there), np.int64)
    count = int(np.sum(empty.feature < 0))
    begins = np.concatenate([[0], np.cumsum(np.bincount(leaves, minlength=count))])
    content = _content(values, leaves, count, variable.size)
    return empty._replace(begins=begins.astype(np.int64), content=content)


def _content(values: Floats, leaves: Ints, count: int, size: int) -> Floats:
    """The values of all leaves, leaf after leaf, sorted within each."""
    if size:  # codes need no sorting, they are counted
        each = np.bincount(leaves * size + values.astype(np.int64), minlength=count * size)
        return np.repeat(np.tile(np.arange(size, dtype=np.float64), count), each)
    ordered = np.argsort(values)
    # small numbers are sorted by their digits, one after the other, in one pass each
    small = leaves.astype(np.uint16 if count < 1 << 16 else np.int64)
    return values[ordered[np.argsort(small[ordered], kind="stable")]]


class _Target(NamedTuple):
    """What a tree tells apart.

    Attributes:
        values: Of each row a category, or the rank of its number from 0 to 1.
        size: How many categories there are; 0 for numbers.
    """

    values: Floats
    size: int


def _target(variable: Variable, values: Floats) -> _Target:
    if variable.size:
        return _Target(np.minimum(values, _MANY), min(variable.size, _MANY + 1))
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    middles = np.cumsum(counts) - counts / 2
    return _Target(middles[places] / max(len(values), 1), 0)


def _ranks(bins: Bins, target: _Target) -> NDArray[np.uint8]:
    """Categories in the order of what they say of the target: along its first principal axis."""
    weights = np.bincount(bins, minlength=_BINS).astype(np.float64)
    if target.size > 1:
        both = bins * np.int64(target.size) + target.values.astype(np.int64)
        sums = np.bincount(both, minlength=_BINS * target.size).reshape(_BINS, target.size)
        means = sums / np.maximum(weights, 1)[:, None] - sums.sum(axis=0) / len(bins)
        _, _, axes = np.linalg.svd(means * np.sqrt(weights)[:, None], full_matrices=False)
        said = means @ (axes[0] * np.sign(axes[0][np.argmax(np.abs(axes[0]))]))
    else:
        said = np.bincount(bins, target.values, minlength=_BINS) / np.maximum(weights, 1)
    # rounded, so that the last bits of a decomposition decide nothing
    score = np.where(weights > 0, np.round(said, 9), np.inf)
    ranks = np.empty(_BINS, np.uint8)
    ranks[np.argsort(score, kind="stable")] = np.arange(_BINS)
    return ranks


def _shaped(asked: list[Bins], target: _Target, seed: int) -> tuple[Nodes, Nodes, Nodes, Nodes]:
    """The nodes of a tree: feature, cut, left, right."""
    values = target.values
    if not asked or len(values) < 2 * LEAF or np.all(values == values[0]):
        none = np.full(1, -1, np.int32)
        return none, none, np.zeros(1, np.int32), none
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor  # noqa: PLC0415

    rows = np.stack(asked, axis=1).astype(np.float32)
    spread = float(values.var())
    if target.size:
        shares = np.bincount(values.astype(np.int64)) / len(values)
        spread = float(np.sum(shares * (1 - shares)))
    kind = DecisionTreeClassifier if target.size else DecisionTreeRegressor
    least = SURE * spread / len(values)
    model = kind(min_samples_leaf=LEAF, min_impurity_decrease=least, random_state=seed)
    model.fit(rows, values)
    tree: Any = model.tree_
    feature = np.where(tree.children_left < 0, -1, tree.feature).astype(np.int32)
    leaf = feature < 0
    left = np.where(leaf, np.cumsum(leaf) - 1, tree.children_left).astype(np.int32)
    cut = np.floor(tree.threshold).astype(np.int32)
    return feature, cut, left, tree.children_right.astype(np.int32)
