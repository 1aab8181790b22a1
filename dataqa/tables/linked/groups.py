"""Rows one after the other: which belong to whom, and what of those before a row tells of it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dataqa.tables.coding import Variable
from dataqa.tables.learning.trees import Floats
from dataqa.tables.linked.links import Rows


class Groups(NamedTuple):
    """Rows of a table, those of one root row (a patient, say) side by side.

    Attributes:
        parents: Of each row, the row of its parent; -1 for none.
        begins: Where each group begins, in order.
        sizes: How many rows it has.
        group: Of each row, its group.
        place: Of each row, how many of its group are before it.
        nth: Of each row, how many rows of its parent are before it.
        among: Of each row, how many rows its parent has.
    """

    parents: Rows
    begins: Rows
    sizes: Rows
    group: Rows
    place: Rows
    nth: Rows
    among: Rows


def alone(rows: int) -> Groups:
    """Rows that belong to nobody."""
    every, none = np.arange(rows, dtype=np.int64), np.zeros(rows, np.int64)
    one = np.ones(rows, np.int64)
    return Groups(none - 1, every, one, every, none, none, one)


def grouped(parents: Rows, above: Groups) -> Groups:
    """Rows that stand in the order of their parents, those without one last.

    Args:
        parents: Of each row, the row of its parent.
        above: The parents' own groups.
    """
    rows = len(parents)
    if not rows:
        return alone(0)
    last = len(above.sizes)
    known = above.group[parents] if len(above.group) else parents
    whose = np.where(parents >= 0, known, last + np.arange(rows))
    starts = np.flatnonzero(np.concatenate([[True], whose[1:] != whose[:-1]]))
    sizes = np.diff(np.append(starts, rows))
    group = np.repeat(np.arange(len(starts)), sizes)
    loose = parents < 0
    first = np.concatenate([[True], (parents[1:] != parents[:-1]) | loose[1:]])
    runs = np.flatnonzero(first)
    lengths = np.diff(np.append(runs, rows))
    run = np.repeat(np.arange(len(runs)), lengths)
    every = np.arange(rows, dtype=np.int64)
    return Groups(
        parents,
        starts.astype(np.int64),
        sizes.astype(np.int64),
        group.astype(np.int64),
        every - starts[group],
        every - runs[run],
        lengths[run].astype(np.int64),
    )


def before(groups: Groups, rows: Rows) -> Rows:
    """The row before each in its group; -1 for the first."""
    return np.where(groups.place[rows] > 0, rows - 1, -1)


def number(values: Floats) -> Variable:
    """What is known of rows, as a number."""
    return Variable(-1, 0, values, np.empty(0))


def code(values: Floats, size: int) -> Variable:
    """What is known of rows, as one of so many codes; 0 codes are numbers."""
    return Variable(-1, size, values, np.empty(0))


def sums_before(values: Floats, groups: Groups) -> Floats:
    """The sum of all earlier rows of a group, where no value is none."""
    if not len(values):
        return values
    there = np.nan_to_num(values)
    sums = np.cumsum(there) - there
    return sums - sums[groups.begins][groups.group]
