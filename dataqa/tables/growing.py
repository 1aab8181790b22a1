"""Trees are shaped by scikit-learn on a sample of the rows, and filled with all of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataqa.tables.coding import Variable
from dataqa.tables.trees import Bins, Floats, Ints, Tree

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
    values = variable.values[there]
    mine = [bins[at][there] for at in inputs]
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
    ordered = np.lexsort((values, leaves))
    count = int(np.sum(empty.feature < 0))
    begins = np.concatenate([[0], np.cumsum(np.bincount(leaves, minlength=count))])
    return empty._replace(begins=begins.astype(np.int64), content=values[ordered])


def _target(variable: Variable, values: Floats) -> Floats:
    """What a tree tells apart, rows × targets: categories, or the rank of a number."""
    if not variable.size:
        different, places, counts = np.unique(values, return_inverse=True, return_counts=True)
        del different
        middles = np.cumsum(counts) - counts / 2
        return (middles[places] / max(len(values), 1))[:, None]
    codes = np.minimum(values.astype(np.int64), _MANY)
    return np.eye(min(variable.size, _MANY + 1))[codes]


def _ranks(bins: Bins, target: Floats) -> NDArray[np.uint8]:
    """Categories in the order of what they say of the target: along its first principal axis."""
    weights = np.bincount(bins, minlength=_BINS).astype(np.float64)
    sums = np.stack([np.bincount(bins, column, minlength=_BINS) for column in target.T], axis=1)
    means = sums / np.maximum(weights, 1)[:, None] - target.mean(axis=0)
    if target.shape[1] > 1:
        _, _, axes = np.linalg.svd(means * np.sqrt(weights)[:, None], full_matrices=False)
        axis = axes[0] * np.sign(axes[0][np.argmax(np.abs(axes[0]))])
    else:
        axis = np.ones(1)
    # rounded, so that the last bits of a decomposition decide nothing
    score = np.where(weights > 0, np.round(means @ axis, 9), np.inf)
    ranks = np.empty(_BINS, np.uint8)
    ranks[np.argsort(score, kind="stable")] = np.arange(_BINS)
    return ranks


def _shaped(asked: list[Bins], target: Floats, seed: int) -> tuple[Nodes, Nodes, Nodes, Nodes]:
    """The nodes of a tree: feature, cut, left, right."""
    if not asked or len(target) < 2 * LEAF or np.all(target == target[0]):
        none = np.full(1, -1, np.int32)
        return none, none, np.zeros(1, np.int32), none
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor  # noqa: PLC0415

    rows = np.stack(asked, axis=1).astype(np.float32)
    several = target.shape[1] > 1
    least = SURE * float(target.var(axis=0).sum()) / len(target)
    kind = DecisionTreeClassifier if several else DecisionTreeRegressor
    model = kind(min_samples_leaf=LEAF, min_impurity_decrease=least, random_state=seed)
    model.fit(rows, target.argmax(axis=1) if several else target[:, 0])
    tree: Any = model.tree_
    feature = np.where(tree.children_left < 0, -1, tree.feature).astype(np.int32)
    leaf = feature < 0
    left = np.where(leaf, np.cumsum(leaf) - 1, tree.children_left).astype(np.int32)
    cut = np.floor(tree.threshold).astype(np.int32)
    return feature, cut, left, tree.children_right.astype(np.int32)
