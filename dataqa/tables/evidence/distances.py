"""How near synthetic rows are to those that were learnt, beside how near they are to others."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataqa.tables.closeness import fingerprints
from dataqa.tables.evidence.aligned import Aligned
from dataqa.tables.evidence.fidelity import sample_rows

type Points = NDArray[np.float32]

_MOST, _NEAR, _BLOCK = 5_000, 50_000, 400
_EQUAL = 1e-4
"""Squared distances that differ by less are equal: they are sums of 32-bit numbers."""


def nearest(some: Points, others: Points, count: int = 1) -> tuple[NDArray[np.int64], Points]:
    """Of each point the nearest others, and their squared distances, points × count.

    Args:
        some: Points.
        others: Points among which is looked.
        count: How many.
    """
    places: list[NDArray[np.int64]] = []
    found: list[Points] = []
    for start in range(0, len(some), _BLOCK):
        block = some[start : start + _BLOCK]
        far = away(block, others)
        best = np.empty((len(block), count), np.int64)
        least = np.empty((len(block), count), np.float32)
        lines = np.arange(len(block))
        for step in range(count):
            best[:, step] = far.argmin(axis=1)
            least[:, step] = far[lines, best[:, step]]
            far[lines, best[:, step]] = np.inf
        places.append(best)
        found.append(np.maximum(least, 0))
    return np.concatenate(places), np.concatenate(found)


def away(some: Points, others: Points) -> Points:
    """Squared distances of each two points, points × others."""
    squares = np.einsum("ij,ij->i", others, others)
    own = np.einsum("ij,ij->i", some, some)[:, None]
    return own + squares - 2 * (some @ others.T)


def distances(tables: Aligned) -> dict[str, Any]:
    """Distance to the closest record, and the ratio of the nearest to the next.

    Returns:
        ``dcr_share``: the share of synthetic rows that are nearer to the original than to as many
        held-out rows (0.5 is as for rows that nobody has learnt); ``dcr_error``: its standard
        error; ``ratio`` and ``holdout_ratio``: the median ratio of the distance to the nearest row
        of the original to that of the second nearest, of synthetic and of held-out rows.
    """
    rows = min(tables.rows(0), tables.rows(2), _NEAR)
    real = tables.space(0, sample_rows(tables.rows(0), rows, 0))
    held_rows = sample_rows(tables.rows(2), rows, 2)
    held = tables.space(2, held_rows)
    made = tables.space(1, sample_rows(tables.rows(1), _MOST, 1))
    _, near = nearest(made, real, 2)
    _, far = nearest(made, held, 1)
    apart = near[:, 0] - far[:, 0]
    equal = np.abs(apart) < _EQUAL
    share = float(np.mean((apart < 0) & ~equal) + np.mean(equal) / 2)
    _, others = nearest(held[:_MOST], real, 2)
    return {
        "dcr_share": share,
        "dcr_error": float(0.5 / np.sqrt(len(made))),
        "ratio": _ratio(near),
        "holdout_ratio": _ratio(others),
    }


def _ratio(found: Points) -> float:
    """The median ratio of two distances; rows with two equal ones tell nothing, and count as 1."""
    two = np.sqrt(np.maximum(found, 0))
    ratio = np.where(two[:, 1] < 1e-2, 1, two[:, 0] / np.maximum(two[:, 1], 1e-2))
    return float(np.median(ratio))


def identical(tables: Aligned) -> dict[str, Any]:
    """The share of synthetic, and of held-out, rows that are equal to a row of the original."""
    marks = [
        fingerprints(
            [
                part.places[table] if part.number else part.codes[table].astype(np.float64)
                for part in tables.parts
            ]
        )
        for table in range(3)
    ]
    known = np.unique(marks[0])
    made, held = (float(np.isin(one, known).mean()) for one in marks[1:])
    rows = min(len(marks[1]), len(marks[2]))
    return {"identical": made, "holdout_identical": held, "error": _error(held, rows)}


def _error(share: float, rows: int) -> float:
    """The standard error of the difference of two shares, of at least one row."""
    least = max(share, 1 / rows)
    return float(np.sqrt(2 * least * (1 - least) / rows))
