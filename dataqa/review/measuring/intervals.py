"""Figures with their intervals: bootstraps over items, exact ones of shares, and of differences.

Clopper and Pearson 1934 for shares; Newcombe 1998 (method 10) for the difference of two. A
bootstrap draws items again with replacement, each with all that was said of it, and needs only the
parts whose sums a statistic is of.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]
type Statistic = Callable[[Floats], float | None]

LEAST = 10
"""Of fewer items nothing is told: an interval would span everything."""
DIGITS = 4
_DRAWS = 1000
_SEED = 20111
_TAIL = 0.025
_Z = 1.959963984540054


class Figure(msgspec.Struct, frozen=True):
    """A figure with its interval of 95 %.

    Attributes:
        value: None where there are too few items, or where it is not defined.
        low: None where the value is.
        high: None where the value is.
        count: The items it is from.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    count: int = 0


def bootstrapped(parts: Floats, statistic: Statistic, least: int = LEAST) -> Figure:
    """A statistic of the sums of parts, with the percentiles of a thousand bootstraps over items.

    Args:
        parts: Items × parts.
        statistic: From the sums of parts to a value, None where it is not defined.
        least: Of fewer items nothing is told.
    """
    count = len(parts)
    value = statistic(parts.sum(axis=0)) if count else None
    if count < least or value is None:
        return Figure(count=count)
    # equal items are drawn together; sums are of few rows then, in a fixed order
    rows, often = np.unique(parts, axis=0, return_counts=True)
    draws = np.random.default_rng(_SEED).multinomial(count, often / count, size=_DRAWS)
    found = [statistic(np.einsum("n,nk->k", draw.astype(np.float64), rows)) for draw in draws]
    known = np.sort(np.array([one for one in found if one is not None]))
    if len(known) < _DRAWS // 2:
        return Figure(round(value, DIGITS), None, None, count)
    low, high = known[int(_TAIL * len(known))], known[int((1 - _TAIL) * len(known))]
    return Figure(
        round(value, DIGITS), round(float(low), DIGITS), round(float(high), DIGITS), count
    )


def share(right: int, count: int, least: int = 1) -> Figure:
    """A share, with the exact interval of Clopper and Pearson.

    >>> share(9, 10)
    Figure(value=0.9, low=0.555, high=0.9975, count=10)
    >>> share(0, 0).value is None
    True
    """
    if count < max(least, 1):
        return Figure(count=count)
    low = 1 - most_likely_share(count - right, count, _TAIL)
    high = most_likely_share(right, count, _TAIL)
    value = round(right / count, DIGITS)
    return Figure(value, round(low, DIGITS), round(high, DIGITS), count)


def most_likely_share(wrong: int, count: int, chance: float) -> float:
    """The upper end of Clopper and Pearson's interval: above it the share is with this chance.

    >>> round(most_likely_share(0, 59, 0.05), 3)
    0.05
    >>> most_likely_share(0, 0, 0.05)
    1.0
    """
    if wrong >= count:
        return 1.0
    ways = _ways(count)
    return _solved(lambda share: chance - _below(wrong, ways, share))


def difference(one: tuple[float, int], two: tuple[float, int], least: int = LEAST) -> Figure:
    """A share less another, with Newcombe's interval from Wilson's of each.

    Args:
        one: How many are right, which may be in part, of how many.
        two: The same of those it is compared with.
        least: Of fewer on either side nothing is told.

    >>> difference((56, 70), (48, 80))
    Figure(value=0.2, low=0.0524, high=0.3339, count=70)
    """
    (right, count), (others, of) = one, two
    if min(count, of) < max(least, 1):
        return Figure(count=min(count, of))
    p, q = right / count, others / of
    (low, high), (low2, high2) = _wilson(p, count), _wilson(q, of)
    below = math.hypot(p - low, high2 - q)
    above = math.hypot(high - p, q - low2)
    gap = p - q
    told = [round(one, DIGITS) for one in (gap, gap - below, gap + above)]
    return Figure(told[0], told[1], told[2], min(count, of))


def middle(values: Sequence[float]) -> float | None:
    """The median, None of nothing."""
    return round(float(np.median(values)), 2) if len(values) else None


def _wilson(p: float, count: int) -> tuple[float, float]:
    square = _Z * _Z / count
    middle = (p + square / 2) / (1 + square)
    half = _Z * math.sqrt(p * (1 - p) / count + square / (4 * count)) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)


def _below(right: int, ways: Floats, p: float) -> float:
    """The chance of at most ``right``, from the logarithms of the ways to have each number."""
    if not 0 < p < 1:
        return 1.0 if p <= 0 or right >= len(ways) - 1 else 0.0
    k = np.arange(right + 1, dtype=np.float64)
    told = ways[: right + 1] + k * math.log(p) + (len(ways) - 1 - k) * math.log1p(-p)
    return float(np.exp(told).sum())


def _ways(count: int) -> Floats:
    whole = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, count + 1, dtype=np.float64)))])
    return whole[-1] - whole - whole[::-1]


def _solved(rises: Callable[[float], float]) -> float:
    """Where a function that rises from below 0 to above it is 0."""
    low, high = 0.0, 1.0
    for _ in range(40):
        at = (low + high) / 2
        low, high = (low, at) if rises(at) > 0 else (at, high)
    return (low + high) / 2
