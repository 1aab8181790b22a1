"""Whole numbers counted under a label: the one shape that everything a report adds up has.

A ``Cells`` is a set of tables that share their rows, one row for each label of a dimension
(language, source, rule). All that is ever done to a table is adding, so that shards can be added in
any order and batches cut anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataqa.report.groups import POOL, Groups

type Ints = NDArray[np.int64]


class Cells:
    """Tables of counts, ``(label, cell)``, for one dimension."""

    def __init__(self, most: int) -> None:
        self.groups = Groups(most)
        self.tables: dict[str, Ints] = {}

    def add(
        self, name: str, rows: Ints, cells: Ints, width: int, weights: Ints | None = None
    ) -> None:
        """Count each pair of row and cell once, or ``weights`` times.

        Args:
            name: Which table; it is made when it is new.
            rows: The row of each document, from ``groups.codes``.
            cells: The cell of each document, below ``width``.
            width: How many cells a row has.
            weights: Whole numbers, one for each document; a batch's sum must stay below 2**53.
        """
        if not rows.size:
            return
        height = len(self.groups.rows)
        counted = np.bincount(rows * width + cells, weights, height * width)
        self._sum(name, counted.astype(np.int64).reshape(height, width))

    def table(self, name: str, width: int) -> Ints:
        """One table as ``(label, cell)``; zeros when nothing was counted."""
        height = len(self.groups.rows)
        found = self.tables.get(name)
        return (
            np.zeros((height, width), np.int64) if found is None else _grown(found, height)[:height]
        )

    def settle(self, slack: int = 2) -> None:
        """Pool labels when they became too many."""
        if not self.groups.crowded(slack):
            return
        moved = self.groups.prune()
        if moved is not None:
            height = len(self.groups.rows)
            self.tables = {name: _fold(old, moved, height) for name, old in self.tables.items()}

    def to_dict(self) -> dict[str, Any]:
        """Plain data, the same whatever order things were counted in."""
        self.settle(slack=0)
        height = len(self.groups.rows)
        full = {name: _grown(old, height)[:height] for name, old in sorted(self.tables.items())}
        used = np.zeros(height, np.bool_)
        for table in full.values():
            used |= table.any(axis=1)
        labels = sorted(label for label, row in self.groups.rows.items() if used[row])
        order = [self.groups.rows[label] for label in labels]
        tables = {name: _sparse(table[order]) for name, table in full.items()}
        return {"labels": labels, "tables": {name: t for name, t in tables.items() if t["cells"]}}

    def absorb(self, part: Mapping[str, Any]) -> None:
        """Add what ``to_dict`` gave elsewhere."""
        labels: list[str] = part["labels"]
        rows = np.array([self.groups.row(label) for label in labels], np.int64)
        height = len(self.groups.rows)
        for name, table in part["tables"].items():
            full = np.zeros((height, table["width"]), np.int64)
            full[rows] = _dense(table, len(labels))
            self._sum(name, full)
        self.settle()

    def _sum(self, name: str, more: Ints) -> None:
        known = self.tables.get(name)
        if known is None:
            self.tables[name] = more
            return
        known = self.tables[name] = _grown(known, more.shape[0])
        known[: more.shape[0]] += more


class Table:
    """Read access to one table of a ``Cells.to_dict()``."""

    def __init__(self, part: Mapping[str, Any], name: str, width: int) -> None:
        self.labels: list[str] = part["labels"]
        found = part["tables"].get(name)
        empty = np.zeros((len(self.labels), width), np.int64)
        self.rows = empty if found is None else _dense(found, len(self.labels))

    def total(self) -> Ints:
        """All rows added up."""
        return self.rows.sum(axis=0)

    def largest(self, most: int) -> dict[str, Ints]:
        """The ``most`` rows with the largest sum, the others added up under ``POOL``."""
        sums = self.rows.sum(axis=1)
        ordered = sorted(range(len(self.labels)), key=lambda row: (-sums[row], self.labels[row]))
        named = [row for row in ordered if self.labels[row] != POOL and sums[row]][:most]
        rest = self.total() - self.rows[named].sum(axis=0)
        shown = {self.labels[row]: self.rows[row] for row in named}
        return shown | {POOL: rest} if rest.any() else shown


def _sparse(table: Ints) -> dict[str, Any]:
    flat = table.ravel()
    cells = np.flatnonzero(flat)
    return {"width": table.shape[1], "cells": cells.tolist(), "counts": flat[cells].tolist()}


def _dense(table: Mapping[str, Any], height: int) -> Ints:
    full = np.zeros(height * table["width"], np.int64)
    full[np.array(table["cells"], np.int64)] = table["counts"]
    return full.reshape(height, table["width"])


def _grown(table: Ints, height: int) -> Ints:
    """The table with at least ``height`` rows, room to spare when it had to grow."""
    if table.shape[0] >= height:
        return table
    more = np.zeros((max(height, 2 * table.shape[0]), table.shape[1]), np.int64)
    more[: table.shape[0]] = table
    return more


def _fold(table: Ints, moved: Ints, height: int) -> Ints:
    """Add the rows of a table up into the rows they moved to."""
    folded = np.zeros((height, table.shape[1]), np.int64)
    used = min(table.shape[0], moved.size)
    np.add.at(folded, moved[:used], table[:used])
    return folded
