"""Foreign keys that point into their own table: to an earlier sibling, or up a tree."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import numpy as np

from dataqa.tables.linked.groups import Groups
from dataqa.tables.linked.links import Rows


class Inside(msgspec.Struct, frozen=True):
    """How rows of a table point to others of it.

    Attributes:
        back: Always to an earlier row of the same parent, so many rows back; else to one that is a
            level higher in a tree.
        itself: Rows that point to no other point to themselves.
    """

    back: bool
    itself: bool


class Pointed(NamedTuple):
    """How real rows point, and of each how far.

    Attributes:
        inside: How.
        far: Rows back, or the level in the tree; 0 for a row that points to none.
        circles: Rows that point to each other in a circle: they are taken for ones that do not.
    """

    inside: Inside
    far: Rows
    circles: int


def inside_of(rows: Rows, groups: Groups) -> Pointed:
    """How the rows of a table point to others of it.

    Args:
        rows: Of each row, the one that it points to; -1 for none.
        groups: Of the table.
    """
    every = np.arange(len(rows), dtype=np.int64)
    alone = (rows < 0) | (rows == every)
    itself = bool(np.sum(rows == every) > np.sum(rows < 0))
    to, mine = rows[~alone], every[~alone]
    parents = groups.parents
    if len(mine) and np.all((to < mine) & (parents[mine] >= 0) & (parents[to] == parents[mine])):
        return Pointed(Inside(back=True, itself=itself), np.where(alone, 0, every - rows), 0)
    level = np.zeros(len(rows), np.int64)
    settled = alone.copy()
    while True:
        new = ~settled & settled[np.maximum(rows, 0)]
        if not new.any():
            break
        level[new] = level[rows[new]] + 1
        settled |= new
    return Pointed(Inside(back=False, itself=itself), level, int(np.sum(~settled)))


def pointed_back(far: Rows, groups: Groups) -> Rows:
    """The earlier sibling that each row points to; -1 where there is none so far back."""
    return np.where((far > 0) & (far <= groups.nth), np.arange(len(far)) - far, -1)
