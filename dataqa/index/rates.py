"""How often an estimate is wrong.

A signature of ``p`` places estimates the Jaccard similarity by the share of equal places. With
permutations that act as random ones, each place is equal with probability ``s``, the true
similarity, independently (Broder 1997), so the number of equal places is binomial.
"""

from __future__ import annotations

from math import exp, lgamma, log, sqrt
from typing import NamedTuple

from dataqa.duplicates.bands import probability
from dataqa.index.parameters import Parameters, least_shared


class Rate(NamedTuple):
    """How often a pair of a true similarity is called similar.

    Attributes:
        similarity: The true one.
        at_least: In this share of pairs: bands meet, and the estimate reaches the bound. Both get
            likelier with every place that is equal, so they never do worse than independently.
        at_most: And in no larger a share: that of the rarer of both.
    """

    similarity: float
    at_least: float
    at_most: float


def passes(similarity: float, permutations: int, least: int) -> float:
    """How likely at least ``least`` of so many places are equal.

    >>> f"{passes(0.7, 128, 103):.4f}"
    '0.0051'
    """
    if least <= 0 or similarity >= 1:
        return 1.0
    if similarity <= 0:
        return 0.0
    # the smaller tail is added up, so that small probabilities are exact too
    if least > similarity * permutations:
        return min(
            1.0, sum(_exactly(similarity, permutations, k) for k in _up(least, permutations))
        )
    return max(0.0, 1.0 - sum(_exactly(similarity, permutations, k) for k in range(least)))


def rate(parameters: Parameters, true: float, bound: float | None = None) -> Rate:
    """How often pairs of true similarity ``true`` are called similar.

    Args:
        parameters: Of the index.
        true: Their similarity.
        bound: The similarity asked for; by default the index's own.

    >>> rate(Parameters(), 0.9).at_least > 0.99, rate(Parameters(), 0.6).at_most < 1e-6
    (True, True)
    """
    asked = parameters.similarity if bound is None else bound
    least = least_shared(asked, parameters.permutations)
    meets = probability(true, parameters.bands.bands, parameters.bands.rows)
    estimate = passes(true, parameters.permutations, least)
    return Rate(true, meets * estimate, min(meets, estimate))


def around(parameters: Parameters) -> list[Rate]:
    """Rates of similarities below and above the bound, five hundredths apart."""
    steps = [round(parameters.similarity + step / 20, 10) for step in range(-6, 5)]
    return [rate(parameters, true) for true in steps if 0 < true <= 1]


def standard_error(shared: int, permutations: int) -> float:
    """Of an estimate from so many equal places; never 0, for equal signatures prove nothing.

    Source: the binomial's, at Agresti and Coull's kind of midpoint ``(shared + 1/2) / (p + 1)``.

    >>> round(standard_error(103, 128), 3), round(standard_error(128, 128), 3)
    (0.035, 0.005)
    """
    middle = (shared + 0.5) / (permutations + 1)
    return sqrt(middle * (1 - middle) / permutations)


def _exactly(similarity: float, permutations: int, shared: int) -> float:
    ways = lgamma(permutations + 1) - lgamma(shared + 1) - lgamma(permutations - shared + 1)
    return exp(ways + shared * log(similarity) + (permutations - shared) * log(1 - similarity))


def _up(least: int, permutations: int) -> range:
    return range(least, permutations + 1)
