"""Cells in which numbers and dates are counted, the same for all tables."""

from __future__ import annotations

import numpy as np

from dataqa.tables.learning.trees import Floats, Ints

_EXACT, _FINE, _OCTAVES = 64, 32, 48
"""Whole multiples of a step up to 64 have a cell each; beyond, each octave has 32."""
_DECLARED = 256
_BINS = 24
_YEARS = range(1880, 2121)
_DAILY = 3 * 366


def coarse_numbers(step: float) -> Floats:
    """Edges of zero, and of one octave after the other to both sides."""
    up = step * np.concatenate([[0.5], 2.0 ** np.arange(1, _OCTAVES) - 0.5])
    return np.concatenate([-up[::-1], up])


def fine_numbers(low: float, high: float, step: float) -> Floats:
    """Edges of fine cells from the cell of one number to that of another."""
    octaves = 2.0 ** np.arange(int(np.log2(_EXACT)), _OCTAVES)
    beyond = (octaves[:, None] * (1 + np.arange(_FINE) / _FINE)).ravel()
    up = np.concatenate([np.arange(_EXACT), beyond])
    both = step * (np.concatenate([-up[:0:-1], up]) - 0.5)
    inside = both[(both > low) & (both < high)]
    return np.unique(np.concatenate([[low], inside, [high]]))


def declared(low: float, high: float, step: float) -> Floats:
    """Edges of cells of one size, from one number to another, both within."""
    steps = round((high - low) / step) + 1
    if steps <= _DECLARED:
        return low - step / 2 + step * np.arange(steps + 1, dtype=np.float64)
    return np.linspace(low - step / 2, high + step / 2, _DECLARED + 1)


def coarse_dates(unit: float) -> Floats:
    """Edges of years; days or seconds since 1970."""
    return _days([f"{year}-01-01" for year in _YEARS], unit)


def fine_dates(low: float, high: float, unit: float) -> Floats:
    """Edges of months from one day to another; of days where these are few."""
    days = np.arange(np.floor(low * unit / 86_400), np.ceil(high * unit / 86_400) + 1)
    if len(days) <= _DAILY:
        return days * 86_400 / unit
    months = np.arange("1880-01", "2121-01", dtype="datetime64[M]").astype("datetime64[D]")
    edges = months.astype(np.int64) * 86_400 / unit
    return edges[(edges >= low) & (edges <= high)]


def _days(texts: list[str], unit: float) -> Floats:
    days = np.array(texts, "datetime64[D]").astype(np.int64)
    return days * 86_400 / unit


def merged(counts: Floats, sigma: float) -> list[int]:
    """Where bins begin among cells, and where the last ends.

    About equally many rows in each, and more than noise; a cell of many has a bin of its own.

    Args:
        counts: Noisy counts of cells.
        sigma: Of their noise.
    """
    mass = np.maximum(counts - sigma, 0.0)
    target = mass.sum() / _BINS
    begins, held, after = [0], 0.0, False
    for at, one in enumerate(mass.tolist()):
        alone = one >= target
        if at > begins[-1] and held and (alone or held >= target):
            begins.append(at)
            held, after = 0.0, False
        held += one
        if alone and at + 1 < len(mass):
            begins.append(at + 1)
            held, after = 0.0, True
    # what is left over at the end is too little for a bin
    if len(begins) > 1 and held < (sigma if after else target / 2):
        begins.pop()
    return [*begins, len(mass)]


def span(counts: Ints, sigma: float) -> tuple[int, int]:
    """The first and the last cell in which there is more than noise; the largest if in none."""
    least = sigma * np.sqrt(2 * np.log(20 * len(counts)))
    there = np.flatnonzero(counts > least)
    if not len(there):
        there = np.array([int(np.argmax(counts))])
    return int(there[0]), int(there[-1])
