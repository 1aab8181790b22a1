"""What a score is worth on documents it was not fitted to: AUC, its interval, length, bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]

REPEATS = 400
"""Samples drawn for an interval."""
QUANTILES = 5
CUTS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
FEWEST_SURE = 20
"""Documents that must lie beyond a bound of the doubt band to set it."""


class Interval(NamedTuple):
    """A figure and where 95 % of those of samples drawn with replacement lie."""

    value: float
    low: float
    high: float


def auc(scores: Floats, right: Floats, weights: Floats | None = None) -> float:
    """How often a positive document scores higher than a negative one; ties count half.

    >>> auc(np.array([0.1, 0.4, 0.4, 0.9]), np.array([0.0, 0.0, 1.0, 1.0]))
    0.875
    """
    return _Ranked(scores, right).auc(np.ones(len(right)) if weights is None else weights)


def auc_interval(scores: Floats, right: Floats, together: NDArray[np.int64], seed: int) -> Interval:
    """The AUC, its interval over samples of clusters of documents."""
    ranked = _Ranked(scores, right)
    return _interval(ranked.auc, together, seed)


def within(scores: Floats, right: Floats, other: Floats) -> Callable[[Floats], float]:
    """The AUC among documents of like ``other`` (such as length): means over its quintiles.

    Returns:
        A function of the documents' weights; pairs of a quintile count once each.
    """
    edges = np.quantile(other, np.linspace(0, 1, QUANTILES + 1)[1:-1])
    which = np.searchsorted(edges, other, side="left")
    parts = [which == one for one in range(QUANTILES)]
    ranked = [(_Ranked(scores[mine], right[mine]), mine, right[mine]) for mine in parts]

    def figure(weights: Floats) -> float:
        total = pairs = 0.0
        for one, mine, kinds in ranked:
            own = weights[mine]
            size = float((own * kinds).sum() * (own * (1 - kinds)).sum())
            if size:
                total += size * one.auc(own)
                pairs += size
        return total / pairs if pairs else float("nan")

    return figure


def within_interval(
    scores: Floats, right: Floats, other: Floats, together: NDArray[np.int64], seed: int
) -> Interval:
    """``within``, and its interval."""
    return _interval(within(scores, right, other), together, seed)


def table(told: Floats, right: Floats, weights: Floats) -> list[dict[str, float | None]]:
    """For each of some bounds: of what is kept, the share that is right, and so on."""
    whole, positive = float(weights.sum()), float(weights @ right)
    rows: list[dict[str, float | None]] = []
    for cut in CUTS:
        kept = told >= cut
        mass = float(weights[kept].sum())
        hits = float((weights * right)[kept].sum())
        rows.append(
            {
                "bound": cut,
                "kept": mass / whole,
                "precision": hits / mass if mass else None,
                "recall": hits / positive,
            }
        )
    return rows


def doubt_band(told: Floats, right: Floats, error: float) -> tuple[float, float]:
    """Between which probabilities to ask: beyond them no larger share is wrong than ``error``.

    Each bound is the nearest to the middle that holds, with one error more than was seen; where
    none does, it is 0 or 1. Counts are those of documents, not of weights.
    """
    values, which = np.unique(told, return_inverse=True)
    positive = np.bincount(which, right, len(values))
    counts = np.bincount(which, minlength=len(values)).astype(np.float64)
    above, wrong_above = np.cumsum(counts[::-1])[::-1], np.cumsum((counts - positive)[::-1])[::-1]
    below, wrong_below = np.cumsum(counts), np.cumsum(positive)
    sure = (above >= FEWEST_SURE) & ((wrong_above + 1) / (above + 1) <= error)
    out = (below >= FEWEST_SURE) & ((wrong_below + 1) / (below + 1) <= error)
    high = float(values[sure].min()) if sure.any() else 1.0
    # the lower bound is the next value: what lies below it is sure
    at = int(np.flatnonzero(out).max()) + 1 if out.any() else 0
    low = 0.0 if at == 0 else float(values[at]) if at < len(values) else 1.0
    if low > high:  # the sure parts meet: there is no doubt
        low = high = min(max(0.5, high), low)
    return round(low, 6), round(high, 6)


class _Ranked:
    """Documents by score, for figures of many weightings."""

    def __init__(self, scores: Floats, right: Floats) -> None:
        values, self._which = np.unique(scores, return_inverse=True)
        self._size, self._right = len(values), right

    def auc(self, weights: Floats) -> float:
        positive = np.bincount(self._which, weights * self._right, self._size)
        negative = np.bincount(self._which, weights * (1 - self._right), self._size)
        pairs = float(positive.sum() * negative.sum())
        if not pairs:
            return float("nan")
        return float(positive @ (np.cumsum(negative) - negative / 2)) / pairs


def _interval(
    figure: Callable[[Floats], float], together: NDArray[np.int64], seed: int
) -> Interval:
    random = np.random.Generator(np.random.PCG64(seed))
    size = int(together.max(initial=0)) + 1
    drawn: list[float] = []
    for _ in range(REPEATS):
        times = np.bincount(random.integers(0, size, size), minlength=size)
        drawn.append(figure(times[together].astype(np.float64)))
    value = figure(np.ones(len(together)))
    told = [one for one in drawn if one == one]  # noqa: PLR0124 - NaN: a sample of one kind only
    if not told:
        return Interval(value, float("nan"), float("nan"))
    low, high = np.quantile(told, [0.025, 0.975])
    return Interval(round(value, 6), round(float(low), 6), round(float(high), 6))
