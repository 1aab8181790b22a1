"""Rows that are those of the original: known by a fingerprint of what is modelled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dataqa.tables.learning.trees import Floats

type Marks = NDArray[np.uint64]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_ONE, _TWO = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_SHARED = 5
"""A row that so many rows of the original are equal to tells of none of them."""


def fingerprints(values: list[Floats]) -> Marks:
    """A number for each row, equal for equal rows (SplitMix64 over all values).

    Args:
        values: Of each variable, a value for each row, as it is written.
    """
    marks = np.zeros(len(values[0]), np.uint64)
    for one in values:
        # without a negative zero, and with one NaN
        plain = np.where(np.isnan(one), np.nan, one + 0.0)
        marks = _mixed((marks ^ plain.view(np.uint64)) + _STEP)
    return marks


def _mixed(marks: Marks) -> Marks:
    marks = (marks ^ (marks >> np.uint64(30))) * _ONE
    marks = (marks ^ (marks >> np.uint64(27))) * _TWO
    return marks ^ (marks >> np.uint64(31))


def telling(marks: Marks) -> Marks:
    """The fingerprints that fewer than five rows share, sorted."""
    different, counts = np.unique(marks, return_counts=True)
    return different[counts < _SHARED]


def met(marks: Marks, known: Marks) -> NDArray[np.bool_]:
    """Which rows are such a row of the original."""
    if not len(known):
        return np.zeros(len(marks), np.bool_)
    places = np.minimum(np.searchsorted(known, marks), len(known) - 1)
    return known[places] == marks
