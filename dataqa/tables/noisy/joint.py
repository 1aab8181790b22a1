"""A distribution of codes as a tree of tables: drawn from, and given some of them, exactly.

Each table is of the variables of one clique of a junction tree; those that its parent has were
drawn before. What is given is passed from the leaves to the root first (Lauritzen and Spiegelhalter
1988).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from dataqa.tables.learning.trees import Floats, Ints


class Clique(NamedTuple):
    """One table.

    Attributes:
        known: Variables that are drawn before, by number; all of them are in the parent's table.
        new: Variables that it draws.
        parent: The number of the table that draws the last of ``known``; -1 for none.
        table: Chances of all combinations, of ``known`` first, one axis for each.
    """

    known: list[int]
    new: list[int]
    parent: int
    table: Floats

    @property
    def scope(self) -> list[int]:
        """The variables of its axes."""
        return [*self.known, *self.new]

    @property
    def drawn(self) -> tuple[int, ...]:
        """The axes of variables that it draws."""
        return tuple(range(len(self.known), self.table.ndim))


class Joint(NamedTuple):
    """Tables in the order in which they are drawn.

    Attributes:
        sizes: How many codes each variable has.
        cliques: The tables.
    """

    sizes: list[int]
    cliques: list[Clique]

    def draw(self, rows: int, seed: list[int]) -> list[Ints]:
        """Codes of all variables.

        Args:
            rows: How many.
            seed: Decides them.
        """
        made = [np.zeros(rows, np.int64) for _ in self.sizes]
        for at, one in enumerate(self.cliques):
            before = [self.sizes[of] for of in one.known]
            after = [self.sizes[of] for of in one.new]
            where = np.zeros(rows, np.int64)
            for of, size in zip(one.known, before, strict=True):
                where = where * size + made[of]
            chances = one.table.reshape(int(np.prod(before)), int(np.prod(after)))
            sums = np.cumsum(_usable(chances), axis=1)
            sums /= sums[:, -1:]
            flat = (sums + np.arange(len(sums))[:, None]).ravel()
            chance = np.random.default_rng([*seed, 11, at]).random(rows)
            # the largest below one, so that no row is taken for the next
            flat[len(sums[0]) - 1 :: len(sums[0])] = np.arange(1, len(sums) + 1)
            place = np.searchsorted(flat, where + chance, side="right")
            code = np.clip(place - where * chances.shape[1], 0, chances.shape[1] - 1)
            for of, size in zip(reversed(one.new), reversed(after), strict=True):
                made[of] = code % size
                code //= size
        return made

    def only(self, masks: Mapping[int, Floats]) -> Joint:
        """The distribution, given that codes are among some.

        Args:
            masks: Of each variable of which something is given, 1 for each code that it may have
                and 0 for others.
        """
        tables = [one.table.copy() for one in self.cliques]
        for at in reversed(range(len(tables))):
            one, scope = self.cliques[at], self.cliques[at].scope
            for axis, of in enumerate(scope):
                if of in masks:
                    tables[at] *= along(masks[of], [axis], len(scope))
            if one.parent >= 0:
                left = _left(tables[at], one.table, len(one.known))
                above = self.cliques[one.parent].scope
                axes = [above.index(of) for of in one.known]
                tables[one.parent] *= along(left, axes, len(above))
        pairs = zip(self.cliques, tables, strict=True)
        return Joint(self.sizes, [one._replace(table=table) for one, table in pairs])

    def from_logarithms(self) -> Joint:
        """Chances, where tables hold the logarithms of factors of them."""
        tables = [one.table.copy() for one in self.cliques]
        for at in reversed(range(len(tables))):
            one = self.cliques[at]
            tables[at] -= tables[at].max()
            if one.parent >= 0:
                with np.errstate(divide="ignore"):
                    told = np.log(np.exp(tables[at]).sum(axis=one.drawn))
                above = self.cliques[one.parent].scope
                axes = [above.index(of) for of in one.known]
                tables[one.parent] += along(told, axes, len(above))
        made: list[Clique] = []
        for one, logarithms in zip(self.cliques, tables, strict=True):
            table = np.exp(logarithms)
            if one.parent >= 0:  # given what is known, times the chances of that
                above = made[one.parent]
                gone = tuple(at for at, of in enumerate(above.scope) if of not in one.known)
                kept = [of for of in above.scope if of in one.known]
                before = above.table.sum(axis=gone).transpose([kept.index(of) for of in one.known])
                whole = table.sum(axis=one.drawn)
                share = np.divide(before, whole, out=np.zeros_like(whole), where=whole > 0)
                table *= share.reshape(share.shape + (1,) * len(one.new))
            made.append(one._replace(table=table / table.sum()))
        return Joint(self.sizes, made)

    @property
    def possible(self) -> bool:
        """Whether there is any chance at all."""
        return all(one.table.sum() > 0 for one in self.cliques if one.parent < 0)


def _left(table: Floats, before: Floats, known: int) -> Floats:
    """What share of its chances each combination of what is known has left."""
    axes = tuple(range(known, table.ndim))
    whole = before.sum(axis=axes)
    return np.divide(table.sum(axis=axes), whole, out=np.zeros_like(whole), where=whole > 0)


def along(values: Floats, axes: list[int], wide: int) -> Floats:
    """An array that is spread over others' axes."""
    order = np.argsort(axes)
    shape = [1] * wide
    for axis, size in zip(axes, values.shape, strict=True):
        shape[axis] = size
    return values.transpose(order).reshape(shape)


def _usable(chances: Floats) -> Floats:
    """Rows without any chance become the mean of all."""
    sums = chances.sum(axis=1, keepdims=True)
    mean = chances.sum(axis=0, keepdims=True)
    return np.where(sums > 0, chances, mean if mean.sum() > 0 else 1.0)
