"""In which order variables are modelled, and which earlier ones each is given."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dataqa.tables.coding import Variable
from dataqa.tables.learning.trees import Bins, Floats, Ints

_ROWS, _BINS, _INPUTS = 5_000, 12, 40
"""Rows and bins by which pairs are compared, and variables that one is given at most."""


def associations(bins: list[Bins]) -> Floats:
    """How much each two variables say of each other: the mean square contingency φ².

    Pearson's φ² over the smaller number of bins less one, from 0 to 1, less what chance gives.

    Args:
        bins: Of each variable, the bin of each row.
    """
    rows = len(bins[0])
    some = np.linspace(0, rows - 1, min(rows, _ROWS)).astype(np.int64)
    coarse = [_coarse(one[some]) for one in bins]
    sizes = np.array([int(one.max()) + 1 for one in coarse])
    begins = np.concatenate([[0], np.cumsum(sizes)])
    marks = np.zeros((len(some), int(begins[-1])), np.float32)
    for column, start in zip(coarse, begins, strict=False):
        marks[np.arange(len(some)), start + column] = 1
    counts = marks.sum(axis=0)
    marks /= np.sqrt(np.maximum(counts, 1))
    squares = (marks.T @ marks).astype(np.float64) ** 2
    sums = np.add.reduceat(np.add.reduceat(squares, begins[:-1], 0), begins[:-1], 1) - 1
    free = sizes - 1
    chance = np.outer(free, free) / max(len(some), 1)
    least = np.maximum(np.minimum.outer(free, free), 1)
    return np.round(np.clip((sums - chance) / least, 0, 1), 6)


def arranged(variables: list[Variable], first: Ints) -> Ints:
    """The order: what is asked for first, then the simple before the rich.

    What has few values is learnt best with few others, and says much to all that follow; a number
    of many values is drawn last, given all else.

    Args:
        variables: All of them.
        first: Those that come first.
    """
    asked = set(first.tolist())
    rest = [at for at in range(len(variables)) if at not in asked]
    sizes = [len(np.unique(one.values[~np.isnan(one.values)])) for one in variables]
    rest.sort(key=lambda at: (sizes[at], at))
    return np.array([*first.tolist(), *rest], np.int64)


def inputs_of(order: Ints, strength: Floats) -> list[Ints]:
    """Of each variable, those before it that it is given: at most 40, the strongest.

    Args:
        order: Of all variables.
        strength: What pairs say of each other.
    """
    inputs: list[Ints] = [np.empty(0, np.int64)] * len(order)
    for place, number in enumerate(order.tolist()):
        before = order[:place]
        if len(before) > _INPUTS:
            ranked = np.lexsort((before, -strength[number, before]))
            before = np.sort(before[ranked[:_INPUTS]])
        inputs[number] = np.array(before, np.int64)
    return inputs


def _coarse(bins: Bins) -> NDArray[np.int64]:
    """At most so many bins: the most frequent ones, and all others by their place."""
    used, places, counts = np.unique(bins, return_inverse=True, return_counts=True)
    if len(used) <= _BINS:
        return places.astype(np.int64)
    cut = np.searchsorted(np.cumsum(counts), np.linspace(0, len(bins), _BINS + 1)[1:-1])
    return np.searchsorted(np.unique(cut), places, side="right").astype(np.int64)
