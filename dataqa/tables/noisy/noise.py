"""Noise that nobody can take off: of the operating system's secret bits, on whole numbers.

Counts are whole, and so is their noise (Canonne, Kamath and Steinke 2020, "The discrete Gaussian
for differential privacy"): a float's last bits tell nothing. Draws compare 64 secret bits with a
table of the distribution, which differs from it by less than 1e-15 for each draw.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dataqa.tables.learning.trees import Floats, Ints

type Source = Callable[[int], NDArray[np.uint64]]
"""Gives so many numbers of 64 random bits each."""

_WIDE = 12.0
"""Standard deviations that a table goes to each side: beyond is less than 1e-32."""
_ALL = 2.0**64


def secret_bits(count: int) -> NDArray[np.uint64]:
    """Random bits of the operating system."""
    return np.frombuffer(secrets.token_bytes(8 * count), np.uint64)


def seeded_bits(seed: int) -> Source:
    """Bits that a seed decides: for tests, and never for what is released."""
    draw = np.random.default_rng([seed, 0xD9])
    return lambda count: draw.integers(0, 1 << 64, count, np.uint64)


def noisy(counts: Ints, sigma: float, source: Source) -> Ints:
    """Counts with discrete Gaussian noise.

    Args:
        counts: Whole numbers.
        sigma: The parameter of the noise, about its standard deviation.
        source: Of the bits that decide it.
    """
    values, sums = _table(sigma)
    bits = source(counts.size).astype(np.float64) / _ALL
    drawn = values[np.minimum(np.searchsorted(sums, bits, side="right"), len(values) - 1)]
    # the lower half of the table is that of the upper one, so that both tails are exact
    signs = np.where(source(counts.size) >> np.uint64(63), 1, -1)
    return counts + (drawn * signs).reshape(counts.shape)


def _table(sigma: float) -> tuple[Ints, Floats]:
    """Of the size of noise, the values and the sums of their chances; 0 has both signs."""
    values = np.arange(math.ceil(_WIDE * sigma) + 2)
    chances = np.exp(-(values**2) / (2 * sigma**2))
    chances[1:] *= 2
    return values, np.cumsum(chances / chances.sum())


def beyond(sigma: float, least: float) -> float:
    """The chance that noise is more than some number, from 0 on."""
    values = np.arange(math.ceil(_WIDE * sigma) + 2)
    chances = np.exp(-(values**2) / (2 * sigma**2))
    whole = 2 * chances.sum() - 1
    return float(chances[values > least].sum() / whole)


def threshold(sigma: float, delta: float, most: int) -> int:
    """What a noisy count must exceed so that a value of one person alone is hardly released.

    One person's rows may have up to ``most`` values that nobody else has, none in more than
    ``most`` rows: the chance that any of them passes is at most delta.
    """
    low, high = 0, math.ceil(_WIDE * sigma) + 2
    while low < high:
        middle = (low + high) // 2
        fits = most * beyond(sigma, middle) <= delta
        low, high = (low, middle) if fits else (middle + 1, high)
    return most + low


def chosen(scores: Floats, epsilon: float, most: float, source: Source) -> int:
    """One of some candidates, by the exponential mechanism.

    Args:
        scores: How good each is; one person changes each by at most ``most``.
        epsilon: What it costs: rho is epsilon² / 8.
        most: Says how much one person changes a score.
        source: Of the bits that decide it.
    """
    weights = np.exp(epsilon / (2 * most) * (scores - scores.max()))
    sums = np.cumsum(weights / weights.sum())
    bit = float(source(1)[0]) / _ALL
    return int(min(np.searchsorted(sums, bit, side="right"), len(scores) - 1))
