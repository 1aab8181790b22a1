"""Noisy counts of single columns and of pairs, and the distribution that fits them best.

Pairs are chosen by how far what is known so far is from the table (McKenna, Miklau and Sheldon
2021, "Winning the NIST contest"; McKenna, Mullins, Sheldon and Miklau 2022, "AIM"): first those
that join all columns, then round after round those that are worst. The distribution is fitted by
Private-PGM, of the package ``mbi``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from dataqa.tables.learning.trees import Floats, Ints
from dataqa.tables.noisy.accounting import Ledger, sigma_of
from dataqa.tables.noisy.fitting import Measured, apart, fitted, size_of
from dataqa.tables.noisy.joint import Joint
from dataqa.tables.noisy.noise import Source, chosen, noisy

type Pair = tuple[int, int]

_SINGLE, _CHOICE = 0.25, 0.1
"""Shares of what is left for counts of single columns, and for choosing pairs."""
_ROUNDS = 1
_CELLS = 400_000
"""Cells of all tables together at most."""
_MOST_PAIR = 100_000
_DRAWN = 200_000
"""Rows that are drawn to see what a distribution says of all pairs."""


class Rows(NamedTuple):
    """A table as codes; all that looks at it goes through here.

    Attributes:
        codes: Of each variable, a code for each row.
        sizes: How many codes each has.
        most: Rows of one person at most: so much does one change any count or distance.
    """

    codes: list[Ints]
    sizes: list[int]
    most: int

    def counts(self, scope: Sequence[int]) -> Ints:
        """How many rows have each combination of codes, flat."""
        flat = np.zeros(len(self.codes[0]), np.int64)
        for of in scope:
            flat = flat * self.sizes[of] + self.codes[of]
        cells = math.prod(self.sizes[of] for of in scope)
        return np.bincount(flat, minlength=cells).astype(np.int64)


def measure(rows: Rows, ledger: Ledger, source: Source) -> tuple[Joint, float, list[Measured]]:
    """Spend what is left on counts.

    Gives the distribution of codes, about how many rows there are, and counts of each variable.

    Args:
        rows: The table.
        ledger: What was spent.
        source: Of noise.
    """
    width = len(rows.sizes)
    whole = ledger.left
    single = whole * (_SINGLE if width > 1 else 1.0)
    ledger.spend("single columns", single)
    sigma = sigma_of(single / width, rows.most)
    known = [
        Measured((of,), noisy(rows.counts((of,)), sigma, source), sigma) for of in range(width)
    ]
    if width > 1:
        known += _pairs(rows, known, ledger, source)
    return *fitted(known, rows.sizes), known[:width]


def _pairs(rows: Rows, single: list[Measured], ledger: Ledger, source: Source) -> list[Measured]:
    """Pairs that are chosen and counted."""
    width = len(rows.sizes)
    able = [
        pair
        for pair in combinations(range(width), 2)
        if math.prod(rows.sizes[of] for of in pair) <= _MOST_PAIR
    ]
    more = _extra(width)
    count = width - 1 + more
    choice, each = _CHOICE * ledger.left, (1 - _CHOICE) * ledger.left / count
    ledger.spend("choice of pairs", choice)
    ledger.spend("pairs of columns", each * count)
    epsilon, sigma = math.sqrt(8 * choice / count), sigma_of(each, rows.most)

    def counted(pair: Pair) -> Measured:
        return Measured(pair, noisy(rows.counts(pair), sigma, source), sigma)

    truth = {pair: rows.counts(pair) for pair in able}
    scores = scores_of(truth, *apart(single, rows.sizes), sigma)
    found: list[Measured] = []
    group = list(range(width))
    while True:  # a tree that joins all columns
        left = [pair for pair in able if group[pair[0]] != group[pair[1]]]
        if not left:
            break
        pair = _chosen(left, scores, epsilon, rows.most, source)
        found.append(counted(pair))
        one, other = (group[of] for of in pair)
        group = [one if of == other else of for of in group]
    for part in _parts(more):
        joint, total = fitted([*single, *found], rows.sizes)
        scores = scores_of(truth, joint, total, sigma)
        for _ in range(part):
            scopes = [one.scope for one in found]
            left = [
                pair
                for pair in able
                if pair not in scopes and size_of([*scopes, pair], rows.sizes) <= _CELLS
            ]
            if not left:
                break
            found.append(counted(_chosen(left, scores, epsilon, rows.most, source)))
    return found


def _extra(width: int) -> int:
    """Pairs beyond those that join all columns."""
    return min(width // 2, width * (width - 1) // 2 - (width - 1))


def _parts(count: int) -> list[int]:
    """Pairs that are chosen in each round."""
    return [len(part) for part in np.array_split(np.arange(count), _ROUNDS) if len(part)]


def scores_of(
    truth: dict[Pair, Ints], joint: Joint, total: float, sigma: float
) -> dict[Pair, float]:
    """How far each pair is from what is known, beyond what noise would add."""
    found: dict[Pair, float] = {}
    drawn = Rows(joint.draw(_DRAWN, [0]), joint.sizes, 1)
    for pair, counts in truth.items():
        guess = drawn.counts(pair) * (total / _DRAWN)
        noise = math.sqrt(2 / math.pi) * sigma * counts.size
        found[pair] = float(np.abs(counts - guess).sum() - noise)
    return found


def _chosen(
    left: list[Pair], scores: dict[Pair, float], epsilon: float, most: int, source: Source
) -> Pair:
    """One of some pairs, by the exponential mechanism."""
    some: Floats = np.array([scores[pair] for pair in left])
    return left[chosen(some, epsilon, most, source)]
