"""Values drawn from the leaves of trees, and numbers blurred so that they are nobody's."""

from __future__ import annotations

import numpy as np

from dataqa.tables.coding import among
from dataqa.tables.learning.trees import Floats, Ints, Tree

_NEAR, _FAR = 5, 15
"""How many steps a number that has no neighbour in its leaf may go, and a day of birth."""


def drawn(tree: Tree, leaves: Ints, chance: Floats, several: Floats, *, number: bool) -> Floats:
    """A value for each row from its leaf.

    Args:
        tree: Of the variable.
        leaves: The leaf of each row.
        chance: Two random numbers for each row, 2 × rows.
        several: Numbers that many rows share, sorted: they are drawn as they are.
        number: Whether it is a number; others are drawn between it and the next in its leaf.
    """
    low, high = tree.begins[leaves], tree.begins[leaves + 1]
    # a leaf that has only values without a code is empty: then all rows are its rows
    empty = low == high
    low, high = np.where(empty, 0, low), np.where(empty, len(tree.content), high)
    at = low + np.floor(chance[0] * (high - low)).astype(np.int64)
    values = tree.content[at]
    if not number:
        return values
    single = ~among(values, several)
    up = chance[1] >= 0.5
    beside = np.where((up & (at + 1 < high)) | (at == low), at + 1, at - 1)
    beside = np.where((beside >= low) & (beside < high), beside, at)
    other = tree.content[beside]
    lone = single & (among(other, several) | (other == values))
    blurred = values + (other - values) * np.abs(2 * chance[1] - 1)
    result = np.where(single & ~lone, blurred, values)
    if lone.any():
        result[lone] = _beside(values[lone], tree.content, several, chance[:, lone])
    return result


def _beside(values: Floats, content: Floats, several: Floats, chance: Floats) -> Floats:
    """Between a number and one near it anywhere, where its leaf has no other."""
    singles = np.unique(content[~among(content, several)])
    if len(singles) < 2:
        return values
    place = np.searchsorted(singles, values)
    step = np.floor((2 * chance[0] * 7919 % 1) * 2 * _NEAR).astype(np.int64) - _NEAR
    step = np.where(step >= 0, step + 1, step)
    other = np.clip(place + step, 0, len(singles) - 1)
    other = np.where(other == place, np.where(place > 0, place - 1, place + 1), other)
    return values + (singles[other] - values) * chance[1]


def away_from(values: Floats, real: Floats) -> Floats:
    """Whole numbers moved to the nearest that is not a real one, at most fifteen steps off.

    Args:
        values: Numbers that are about to be written.
        real: The real ones, sorted.
    """
    made = np.round(values)
    for step in range(1, _FAR + 1):
        for signed in (step, -step):
            taken = among(made, real)
            moved = np.round(values) + signed
            made = np.where(taken & ~among(moved, real), moved, made)
    return made
