"""Private data in a report: how much of which kind was found, how surely, and what became of it.

Only kinds, names of recognisers and numbers; the values are nowhere here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dataqa.report.cells import Cells, Table
from dataqa.report.leaving import Leaving
from dataqa.types import DOC, Batch

FOUND, REPLACED = "private.", "scrub."
COUNTS = ("documents", "spans", "doubtful", "scrubbed", "replaced")
"""Documents with one, spans, those below ``sure``; documents with one replaced, spans replaced."""
SCORES = 20
"""Bins of scores, each 0.05 wide; 1 lies in the last."""
_MOST = 12

type Ints = NDArray[np.int64]


def count_private(cells: Mapping[str, Cells], batch: Batch, leaving: Leaving) -> None:
    """Add what the findings of these documents say about private data."""
    rules = pl.col("rule")
    found = batch.findings.filter(rules.str.starts_with(FOUND))
    replaced = batch.findings.filter(rules.str.starts_with(REPLACED), pl.col("edits").is_not_null())
    for some, prefix, at in ((found, FOUND, 0), (replaced, REPLACED, 3)):
        _count(cells["private"], some, prefix, at)
    if not found.height:
        return
    kinds = found["rule"].str.strip_prefix(FOUND)
    rows = _codes(cells["private"], kinds)
    score = found["score"].fill_null(0).to_numpy()
    bins = np.minimum((score * SCORES + 1e-9).astype(np.int64), SCORES - 1)
    cells["private"].add("score", rows, bins, SCORES)
    doubted = (found["score"] < found["bound"]).fill_null(value=False).to_numpy()
    cells["private"].add("count", rows[doubted], np.full(int(doubted.sum()), 2), len(COUNTS))
    names = kinds + "/" + found["detail"].fill_null("")
    whose = _codes(cells["recogniser"], names)
    cells["recogniser"].add("count", whose, np.zeros_like(whose), 1)
    places = np.searchsorted(batch.docs[DOC].to_numpy(), found[DOC].to_numpy())
    for kind in kinds.unique(maintain_order=True):
        mine = places[(kinds == kind).to_numpy()]
        for dimension in ("language", "source"):
            met = leaving.rows[dimension][mine]
            cells[dimension].add(f"private/{kind}", met, np.zeros_like(met), 1)


def private(cells: Mapping[str, Any], steps: Sequence[Any]) -> list[dict[str, Any]]:
    """An entry for each kind that was found, the most frequent first.

    Args:
        cells: Of the merged tally.
        steps: The pipeline's, as plain data: they say in which style a kind is replaced.
    """
    if "private" not in cells:  # counted before there was such a dimension
        return []
    counts = Table(cells["private"], "count", len(COUNTS))
    scores = Table(cells["private"], "score", SCORES)
    found = [
        {
            "entity": entity,
            **{name: int(value) for name, value in zip(COUNTS, row, strict=True)},
            "style": _style(entity, steps),
            "scores": bins.tolist(),
            "recognisers": _recognisers(cells["recogniser"], entity),
            "by_language": _spread(cells["language"], entity),
            "by_source": _spread(cells["source"], entity),
        }
        for entity, row, bins in zip(counts.labels, counts.rows, scores.rows, strict=True)
    ]
    return sorted(found, key=lambda one: (-one["spans"], one["entity"]))


def _count(cells: Cells, findings: pl.DataFrame, prefix: str, at: int) -> None:
    """Documents and spans of each kind, in the cells from ``at`` on."""
    told = (
        findings.group_by(pl.col("rule").str.strip_prefix(prefix).alias("kind"))
        .agg(pl.col(DOC).n_unique().cast(pl.Int64).alias("documents"), pl.len().cast(pl.Int64))
        .sort("kind")
    )
    if not told.height:
        return
    rows = _codes(cells, told["kind"])
    for place, name in enumerate(("documents", "len")):
        where = np.full(rows.size, at + place)
        cells.add("count", rows, where, len(COUNTS), told[name].to_numpy())


def _codes(cells: Cells, names: pl.Series) -> Ints:
    return cells.groups.codes(names)


def _recognisers(cells: Mapping[str, Any], entity: str) -> dict[str, int]:
    table = Table(cells, "count", 1)
    named = zip(table.labels, table.rows[:, 0].tolist(), strict=True)
    mine = [(label.partition("/")[2], n) for label, n in named if label.partition("/")[0] == entity]
    return dict(sorted(mine, key=lambda one: (-one[1], one[0])))


def _spread(cells: Mapping[str, Any], entity: str) -> dict[str, int]:
    table = Table(cells, f"private/{entity}", 1)
    return {label: int(row[0]) for label, row in table.largest(_MOST).items()}


def _style(entity: str, steps: Sequence[Any]) -> str:
    """What the last step ``scrub`` puts in the place of a kind; nothing without one."""
    style = ""
    for entry in steps:
        if entry == "scrub" or (isinstance(entry, Mapping) and "scrub" in entry):
            given = (entry["scrub"] if isinstance(entry, Mapping) else None) or {}
            style = given.get("per_entity", {}).get(entity, given.get("style", "tag"))
    return style
