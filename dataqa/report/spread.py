"""Histograms of every signal, and what each bound would do if it stood elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataqa.report.bins import edges
from dataqa.report.cells import Table

GROUPS = 12
"""Languages, and sources, that a signal is shown for by name."""

type Ints = NDArray[np.int64]


def spreads(tally: Mapping[str, Any], bounds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Each numeric signal: its shape, its bounds, and its histograms.

    A histogram is ``{"kept": pairs, "other": pairs, "missing": n}``, where pairs are
    ``[bin, documents, bin, documents, ...]`` over the ``edges`` of the signal's shape.
    """
    found: dict[str, Any] = {}
    for name, shape in tally["shapes"].items():
        if shape == "text":
            continue
        width = 2 * (edges(shape).size + 1)
        cells = tally["cells"]
        by_language = Table(cells["language"], f"signal/{name}", width)
        by_source = Table(cells["source"], f"signal/{name}", width)
        if not by_language.rows.any():
            continue
        found[name] = {
            "shape": shape,
            "bounds": [
                {key: bound[key] for key in ("bound", "side", "value", "languages")}
                for bound in bounds
                if bound["signal"] == name
            ],
            "all": _histogram(by_language.total()),
            "languages": _groups(by_language),
            "sources": _groups(by_source),
        }
    return found


def sliders(tally: Mapping[str, Any], bounds: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """For each bound, the documents that it alone kept out, and the kept ones, by value.

    Moving a bound outwards lets in those of ``alone`` that it passes; moving it inwards takes out
    those of ``kept``. Both count documents for which the rule holds (its languages).
    """
    found: list[dict[str, Any]] = []
    for bound in bounds:
        shape = tally["shapes"].get(bound["signal"])
        if shape in {None, "text"}:
            continue
        slots = edges(shape).size + 1
        cells = tally["cells"]["language"]
        kept = Table(cells, f"signal/{bound['signal']}", 2 * slots)
        alone = Table(cells, f"alone/{bound['step']}/{bound['bound']}", slots)
        rows = [
            row
            for row, language in enumerate(kept.labels)
            if not bound["languages"] or language in bound["languages"]
        ]
        found.append(
            {
                **{key: bound[key] for key in ("bound", "signal", "side", "value", "doubt")},
                "shape": shape,
                "kept": _pairs(kept.rows[rows].sum(axis=0)[slots : 2 * slots - 1]),
                "alone": _pairs(alone.total()[: slots - 1]),
            }
        )
    return found


def used_edges(tally: Mapping[str, Any]) -> dict[str, list[float]]:
    """The lower edges of the bins of every shape in use."""
    shapes = sorted(set(tally["shapes"].values()) - {"text"})
    return {shape: edges(shape).tolist() for shape in shapes}


def _groups(table: Table) -> dict[str, Any]:
    if len(table.labels) < 2:
        return {}
    return {label: _histogram(row) for label, row in table.largest(GROUPS).items()}


def _histogram(row: Ints) -> dict[str, Any]:
    other, kept = row.reshape(2, -1)
    return {
        "kept": _pairs(kept[:-1]),
        "other": _pairs(other[:-1]),
        "missing": int(kept[-1] + other[-1]),
    }


def _pairs(counts: Ints) -> list[int]:
    at = np.flatnonzero(counts)
    return np.stack([at, counts[at]], axis=1).ravel().tolist()
