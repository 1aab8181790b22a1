"""A Gaussian copula: each variable as it is distributed, joined by correlations of normal scores.

Quicker than trees and coarser: what two variables say of each other in a bend is lost. A category
is a number by how frequent it is, and in the middle of its share of the scale.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dataqa.tables.coding import Variable
from dataqa.tables.learning.trees import Floats

_EDGE = 1e-6


class Copula(NamedTuple):
    """Correlations.

    Attributes:
        root: What independent normal numbers are multiplied by, variables × variables.
    """

    root: Floats

    def chances(self, rows: int, seed: list[int]) -> Floats:
        """Where each variable of each row lies in its distribution, variables × rows, from 0 to 1.

        Args:
            rows: How many.
            seed: Decides them.
        """
        from scipy.special import ndtr, ndtri  # noqa: PLC0415

        uniform = np.random.default_rng([*seed, len(self.root)]).random((len(self.root), rows))
        normal = ndtri(np.clip(uniform, _EDGE, 1 - _EDGE))
        return np.minimum(np.asarray(ndtr(self.root @ normal)), 1 - _EDGE)


def copula(variables: list[Variable]) -> Copula:
    """The correlations of some variables; where one has no value it is taken for its middle."""
    from scipy.special import ndtri  # noqa: PLC0415

    scores = np.stack([ndtri(_places(one.values)) for one in variables])
    spread = scores.std(axis=1)
    correlated = np.eye(len(scores))
    used = np.flatnonzero(spread > 0)
    if len(used) > 1:
        correlated[np.ix_(used, used)] = np.corrcoef(scores[used])
    values, vectors = np.linalg.eigh(correlated)
    root = vectors * np.sqrt(np.clip(values, 0, None))
    # of unit variance again, where a negative eigenvalue was cut off
    return Copula(root / np.sqrt(np.maximum((root**2).sum(axis=1), _EDGE))[:, None])


def _places(values: Floats) -> Floats:
    """The middle of the share of the scale that each value takes."""
    there = ~np.isnan(values)
    places = np.full(len(values), 0.5)
    if there.any():
        _, at, counts = np.unique(values[there], return_inverse=True, return_counts=True)
        middles = (np.cumsum(counts) - counts / 2) / counts.sum()
        places[there] = middles[at]
    return np.clip(places, _EDGE, 1 - _EDGE)
