"""Whose texts a synthetic person has, where texts stand in several tables: all are one real one's.

A real person gives texts only to somebody of the same sex and decade of birth who has no more rows
than she has, in any of the tables; the texts keep their order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from dataqa.tables.notes.sources import Traits, coarser
from dataqa.tables.notes.texts import NONE

type Counts = NDArray[np.int64]
"""Of each person, how many rows there are in each table."""


def given(
    real: Sequence[Traits], has: Counts, made: Sequence[Traits], needs: Counts, seed: int
) -> list[int]:
    """Of each synthetic person, the real one whose texts she has.

    Those who need most come first. Of all who have enough the one is taken who was taken least
    often, and of these the one who has least; if nobody has enough, whoever has most.

    Args:
        real: Of each real person, what has to agree.
        has: How many rows each has.
        made: Of each synthetic person the same.
        needs: How many rows each has.
        seed: Decides who comes first of those who have as many.
    """
    order = np.random.default_rng([seed, 12]).permutation(len(real))
    order = order[np.argsort(has.sum(axis=1)[order], kind="stable")]
    order = order[has[order].any(axis=1)]
    groups: dict[Traits, list[int]] = {}
    for at in order.tolist():
        for known in coarser(real[at]):
            groups.setdefault(known, []).append(at)
    arrays = {known: np.array(some, np.int64) for known, some in groups.items()}
    uses = np.zeros(len(real), np.int64)
    found = [NONE] * len(made)
    for one in np.argsort(-needs.sum(axis=1), kind="stable").tolist():
        if not needs[one].any() or not len(order):
            continue
        some = _able(arrays, made[one], has, needs[one])
        found[one] = int(some[np.argmin(uses[some])])
        uses[found[one]] += 1
    return found


def _able(groups: dict[Traits, Counts], traits: Traits, has: Counts, need: Counts) -> Counts:
    """Who has enough rows, of those who agree in most."""
    known = [groups[one] for one in coarser(traits)[:-1] if one in groups] or [groups[()]]
    for some in known:
        enough = some[(has[some] >= need).all(axis=1)]
        if len(enough):
            return enough
    share = np.minimum(has[known[-1]], need).sum(axis=1)
    return known[-1][share == share.max()]


def rows_given(
    donors: Sequence[int],
    real: Sequence[Sequence[int]],
    made: Sequence[Sequence[int]],
    rows: int,
    full: Sequence[bool],
    seed: list[int],
) -> tuple[list[int], Callable[[int], int]]:
    """Of each synthetic row of a table the real one that gives its text, and what gives another.

    Another one is of the same real person, and one that nobody of this synthetic person has.

    Args:
        donors: Of each synthetic person, the real one.
        real: Of each real person, the rows, in order.
        made: Of each synthetic person, the rows, in order.
        rows: How many there are in all.
        full: Which real rows have a text.
        seed: Decides which rows, where the real person has more.
    """
    draw = np.random.default_rng(seed)
    sources, left = [NONE] * rows, dict[int, list[int]]()
    for whom, mine in enumerate(made):
        theirs = list(real[donors[whom]]) if mine and donors[whom] != NONE else []
        picked = sorted(draw.permutation(len(theirs))[: len(mine)].tolist())
        taken = set(picked)
        rest = [row for at, row in enumerate(theirs) if at not in taken and full[row]]
        for row, at in zip(mine, picked, strict=False):
            sources[row] = theirs[at]
        for row in mine:
            left[row] = rest

    def another(row: int) -> int:
        return left[row].pop(0) if left[row] else NONE

    return sources, another
