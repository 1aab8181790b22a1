"""Counts of single rows brought to what they are to come to for each group."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dataqa.tables.learning.trees import Floats
from dataqa.tables.linked.groups import Groups
from dataqa.tables.linked.links import Rows

_MORE = 3
"""How often counts are drawn again to find where those that are missing may be."""


def brought_to(
    counts: Rows, goal: Floats, groups: Groups, more: Callable[[int], Rows], seed: list[int]
) -> Rows:
    """Counts that come to a goal for each group.

    What is too many is taken away by chance; what is too few is where other draws have it.

    Args:
        counts: Of each row.
        goal: Of each row, what its group is to come to; NaN for whatever it comes to.
        groups: Of the rows.
        more: Draws counts anew.
        seed: Decides it.
    """
    if not len(counts):
        return counts
    draw, every = np.random.default_rng(seed), np.arange(len(counts))
    known = ~np.isnan(goal[groups.begins])
    wanted = np.where(known, np.nan_to_num(goal[groups.begins]), 0).astype(np.int64)
    free = ~known[groups.group]
    made = _picked(np.repeat(every, counts), wanted, groups, draw)
    for attempt in range(_MORE):
        missing = wanted - _sums(made, groups)
        if not missing.any():
            break
        beyond = np.maximum(more(attempt) - made, 0)
        made = made + _picked(np.repeat(every, beyond), missing, groups, draw)
    missing = wanted - _sums(made, groups)
    of = np.repeat(np.arange(len(missing)), missing)
    places = np.floor(draw.random(len(of)) * groups.sizes[of]).astype(np.int64)
    made += np.bincount(groups.begins[of] + places, minlength=len(made))
    return np.where(free, counts, made)


def _sums(counts: Rows, groups: Groups) -> Rows:
    return np.add.reduceat(counts, groups.begins)


def _picked(units: Rows, quota: Rows, groups: Groups, draw: np.random.Generator) -> Rows:
    """As many of some units for each group, by chance, as its quota has; how many of each row."""
    of = groups.group[units]
    order = np.lexsort((draw.random(len(units)), of))
    first = np.searchsorted(of[order], np.arange(len(quota)))
    rank = np.arange(len(units)) - first[of[order]]
    kept = units[order[rank < quota[of[order]]]]
    return np.bincount(kept, minlength=len(groups.group)).astype(np.int64)
