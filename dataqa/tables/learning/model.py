"""Models of a table's variables behind one form: trees one after the other, or a copula."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from dataqa.errors import InputError
from dataqa.tables.coding import Variable
from dataqa.tables.learning.copula import Copula, copula
from dataqa.tables.learning.drawing import drawn
from dataqa.tables.learning.growing import grow
from dataqa.tables.learning.order import arranged, associations, inputs_of
from dataqa.tables.learning.threads import one_thread
from dataqa.tables.learning.trees import Binning, Bins, Floats, Ints, Tree, binning

type Given = Mapping[int, float | Floats]
"""Values that are set, by variable: one for all rows, or one for each."""
_BLOCK = 1 << 17
"""Rows that are drawn at a time, side by side with others."""


class Model(NamedTuple):
    """What is learnt of variables.

    Attributes:
        sizes: Of each variable, how many codes there are; 0 for numbers.
        several: Of each, the numbers that many rows share.
        binnings: Of each, how it is cut.
        order: In which they are drawn.
        trees: Of each, given those before it, or given nothing.
        copula: What joins variables whose trees ask nothing; None for sequential trees.
    """

    sizes: list[int]
    several: list[Floats]
    binnings: list[Binning]
    order: Ints
    trees: list[Tree]
    copula: Copula | None

    def sets(self, given: Given) -> bool:
        """Whether what is given can be set: it comes first, and nothing joins it to others."""
        first = set(self.order[: len(given)].tolist()) == set(given)
        return first and self.copula is None

    def draw(self, rows: int, seed: list[int], given: Given) -> list[Floats]:
        """Values of each variable for some rows.

        Args:
            rows: How many.
            seed: Decides them.
            given: Variables whose values are set; they come first in the order.

        Raises:
            InputError: What is given does not come first, so it cannot be set.
        """
        if given and set(self.order[: len(given)].tolist()) != set(given):
            hint = "fit(…, first=[…]) with these columns, then sample(given=…)"
            raise InputError("the model does not begin with what is given", hint=hint)
        if given and self.copula is not None:
            raise InputError("the copula takes nothing as given", hint="model: trees")
        chances = self.copula.chances(rows, seed) if self.copula else None

        def block(start: int) -> list[Floats]:
            here = slice(start, min(start + _BLOCK, rows))
            return self._block(here, rows, seed, given, chances)

        starts = range(0, rows, _BLOCK)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            blocks = list(pool.map(block, starts)) if len(starts) > 1 else [block(0)]
        return [np.concatenate(one) for one in zip(*blocks, strict=True)]

    def _block(
        self, here: slice, rows: int, seed: list[int], given: Given, chances: Floats | None
    ) -> list[Floats]:
        """Values of each variable for some of the rows; as if all were drawn at once."""
        values: list[Floats] = [np.empty(0)] * len(self.sizes)
        bins: list[Bins] = [np.empty(0, np.uint8)] * len(self.sizes)
        asked = {at for tree in self.trees for at in tree.inputs.tolist()}
        for number in self.order.tolist():
            if number in given:
                one = given[number]
                some = one[here] if isinstance(one, np.ndarray) else np.full(rows, one)[here]
                values[number] = some
            else:
                tree = self.trees[number]
                chance = _chance([*seed, number], here, rows)
                if chances is not None:
                    chance[0] = chances[number, here]
                mine = [bins[at] for at in tree.inputs]
                leaves = tree.leaves(mine) if mine else np.zeros(len(chance[0]), np.int64)
                values[number] = drawn(
                    tree, leaves, chance, self.several[number], number=not self.sizes[number]
                )
            if number in asked:
                bins[number] = self.binnings[number].bins(values[number])
        return values


def _chance(seed: list[int], here: slice, rows: int) -> Floats:
    """Two random numbers for some of the rows: those of ``random((2, rows))``, cut out."""
    chance = np.empty((2, here.stop - here.start))
    for at in range(2):
        bits = np.random.PCG64(seed).advance(at * rows + here.start)
        np.random.Generator(bits).random(out=chance[at])
    return chance


def fit(
    variables: list[Variable],
    first: Ints,
    seed: int,
    threads: int,
    *,
    joined: bool,
    context: int = 0,
) -> Model:
    """Learn variables.

    Args:
        variables: In the order of columns.
        first: Those that come first.
        seed: Breaks ties.
        threads: How many trees are grown at a time.
        joined: A copula in place of sequential trees.
        context: So many of ``first`` will always be given, so that nothing is learnt of them.
    """
    binnings = [binning(one) for one in variables]
    bins = [one.bins(variable.values) for one, variable in zip(binnings, variables, strict=True)]
    order = arranged(variables, first)
    inputs = [np.empty(0, np.int64)] * len(variables)
    with one_thread():  # trees are grown side by side
        if not joined:
            inputs = inputs_of(order, associations(bins))
        for at in order[:context].tolist():
            inputs[at] = np.empty(0, np.int64)
        trees = grow(variables, bins, inputs, seed, threads)
        joint = copula(variables) if joined else None
    trees = [_bare(tree) for tree in trees]
    for at in order[:context].tolist():
        trees[at] = trees[at]._replace(begins=np.zeros(2, np.int64), content=np.empty(0))
    return Model(
        [one.size for one in variables],
        [one.several for one in variables],
        binnings,
        order,
        trees,
        joint,
    )


def _bare(tree: Tree) -> Tree:
    """A tree without the inputs that none of its nodes asks."""
    used, places = np.unique(tree.feature[tree.feature >= 0], return_inverse=True)
    feature = tree.feature.copy()
    feature[feature >= 0] = places
    return tree._replace(inputs=tree.inputs[used], ranks=tree.ranks[used], feature=feature)
