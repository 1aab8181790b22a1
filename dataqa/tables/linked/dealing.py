"""Who gets whom, where a row has several parents: as many as before, and of the kind it had."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from dataqa.tables.coding import Variable
from dataqa.tables.learning.order import associations
from dataqa.tables.learning.trees import Floats, binning
from dataqa.tables.linked.links import Rows
from dataqa.tables.linked.times import gathered

_KINDS, _LEAST, _SWAPS = 12, 0.02, 30


class Rule(msgspec.Struct, frozen=True):
    """By what a row of a parent is of a kind.

    Attributes:
        variable: The number of the parent's variable that says it; -1 if all are of one kind.
        size: How many codes that has; 0 for numbers.
        edges: Where numbers are cut.
    """

    variable: int = -1
    size: int = 0
    edges: list[float] = []

    def kinds(self, values: list[Floats], rows: int) -> Rows:
        """The kind of each row of the parent, by its variables."""
        if self.variable < 0:
            return np.zeros(rows, np.int64)
        return _kinds(values[self.variable], self.size, self.edges)


def _kinds(values: Floats, size: int, edges: list[float]) -> Rows:
    there = np.nan_to_num(values, nan=-1)
    if size:
        return np.minimum(there + 1, _KINDS).astype(np.int64)
    found = np.searchsorted(np.array(edges), there, side="right") + 1
    return np.where(np.isnan(values), 0, found).astype(np.int64)


def rule_of(children: list[Variable], parents: list[Variable], rows: Rows) -> Rule:
    """The one thing of a parent that says most of its children.

    Args:
        children: The variables of rows.
        parents: Those of the table that they point to.
        rows: Of each row, the one that it points to; -1 for none.
    """
    there = np.flatnonzero(rows >= 0)
    if len(there) < 2 or not children:
        return Rule()
    own = [binning(one).bins(one.values[there]) for one in children]
    best, most = Rule(), _LEAST
    for at, one in enumerate(parents):
        edges = [] if one.size else _edges(one.values)
        rule = Rule(at, one.size, edges)
        kinds = _kinds(gathered(one.values, rows[there]), one.size, edges)
        told = float(associations([kinds.astype(np.uint8), *own])[0, 1:].max())
        if told > most:
            best, most = rule, told
    return best


def _edges(values: Floats) -> list[float]:
    there = values[~np.isnan(values)]
    cuts = np.quantile(there, np.linspace(0, 1, 9)[1:-1]) if len(there) else np.empty(0)
    return np.unique(cuts).tolist()


def deal(wanted: Rows, kinds: Rows, counts: Rows, seed: list[int], *, ranked: bool = False) -> Rows:
    """Give each row a parent of the kind it wants, each parent about as many as it is to have.

    Args:
        wanted: Of each row, the kind of its parent; -1 for none.
        kinds: Of each row of the parent, its kind.
        counts: Of each, how many it is to have.
        seed: Decides it.
        ranked: Where there is none of a kind, one of a lower kind will do, and none of a higher.
    """
    draw = np.random.default_rng(seed)
    dealt = np.full(len(wanted), -1, np.int64)
    for kind in np.unique(wanted[wanted >= 0]).tolist():
        mine = np.flatnonzero(wanted == kind)
        fits = np.flatnonzero(kinds == kind)
        if not len(fits):
            lower = kinds[kinds < kind]
            nearest = lower.max() if len(lower) else kind
            fits = np.flatnonzero(kinds == nearest) if ranked else np.arange(len(kinds))
        if not len(fits):
            continue
        slots = draw.permutation(np.repeat(fits, counts[fits]))
        more = len(mine) - len(slots)
        if more > 0:
            again = slots if len(slots) else fits
            slots = np.concatenate([slots, again[draw.integers(0, len(again), more)]])
        dealt[mine] = slots[: len(mine)]
    return dealt


def apart(dealt: Rows, beside: Rows, wanted: Rows, seed: list[int]) -> Rows:
    """Exchange parents until no two rows have both parents in common, if that can be.

    Args:
        dealt: Of each row, the parent that was dealt out.
        beside: The other one.
        wanted: The kind that it wants: rows exchange within one.
        seed: Decides it.
    """
    made, draw = dealt.copy(), np.random.default_rng(seed)
    for _ in range(_SWAPS):
        twice = np.flatnonzero(repeated(made, beside))
        if not len(twice):
            break
        for row in twice.tolist():
            same = np.flatnonzero(wanted == wanted[row])
            other = int(same[draw.integers(0, len(same))])
            made[row], made[other] = made[other], made[row]
    return made


def repeated(dealt: Rows, beside: Rows) -> NDArray[np.bool_]:
    """Which rows have both parents in common with an earlier one."""
    pairs = np.stack([dealt, beside], axis=1)
    _, first = np.unique(pairs, axis=0, return_index=True)
    twice = np.ones(len(dealt), np.bool_)
    twice[first] = False
    return twice
