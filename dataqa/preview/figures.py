"""Figures of a preview, counted from rulings and from what is known of each document."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from dataqa.duplicates.bands import PRESETS, Bands, probability
from dataqa.duplicates.stored import Sketches, least_seen
from dataqa.steps.duplicates import COPIES, Duplicates
from dataqa.types import DOC, DOC_ID, Action

BIN = 0.02
SOURCES = 30
"""Sources that are told apart, those with most documents; the others are added up."""
STAYS, REVIEW, GOES = "stays", "review", "goes"
_SIZES = (2, 3, 4, 5, 10, 100, 1000, 10_000)
_CURVE = tuple(at / 100 for at in range(20, 101))


class Basis(NamedTuple):
    """What is known of some documents, without their texts.

    Attributes:
        sketches: Their own rows; ``bytes`` and, where it is known, ``source`` and ``seed``.
        laying: What rules are laid down on, for a step.
        columns: The columns of the rows.
        permutations: Places of a signature.
        documents: How many documents the corpus has that they stand for.
        bytes: How much text it has.
        seeds: How many are a fair sample of the corpus; all, where they are the corpus.
        estimated: Similarities are estimates.
    """

    sketches: Sketches
    laying: Callable[[Duplicates], Any]
    columns: frozenset[str]
    permutations: int
    documents: int
    bytes: int
    seeds: int
    estimated: bool

    @property
    def least(self) -> float:
        """The lowest bound that can be foreseen."""
        return least_seen(self.permutations)


def counts_of(basis: Basis, ruled: pl.DataFrame, near: pl.DataFrame | None) -> pl.DataFrame:
    """Documents and bytes by source, bin of similarity and what becomes of them; seeds only."""
    more = [name for name in ("source", "seed") if name in basis.columns]
    acts = ruled.drop_nulls("action").select(DOC, "action")
    keys = ["source", "bin", "action"]
    found: list[pl.DataFrame] = []
    for docs in basis.sketches.docs([DOC, "bytes", *more]):
        rows = docs.filter(pl.col("seed")) if "seed" in more else docs
        rows = rows.join(acts, on=DOC, how="left")
        if near is None:
            rows = rows.with_columns(bin=pl.lit(None, pl.Int64))
        else:
            binned = near.select(DOC, bin=_bin(pl.col("score")))
            rows = rows.join(binned, on=DOC, how="left")
        if "source" not in more:
            rows = rows.with_columns(source=pl.lit(None, pl.String))
        found.append(rows.group_by(keys).agg(documents=pl.len(), bytes=pl.col("bytes").sum()))
    names = {int(Action.DROP): GOES, int(Action.REVIEW): REVIEW}
    counted = pl.concat(found).with_columns(
        pl.col("action").cast(pl.Int64).replace_strict(names, default=STAYS),
        pl.col("source").fill_null(""),
        pl.col("documents", "bytes").cast(pl.Int64),
    )
    return counted.group_by(keys).agg(pl.col("documents", "bytes").sum()).sort(keys)


def _bin(score: pl.Expr) -> pl.Expr:
    return ((score + 1e-9) / BIN).floor().cast(pl.Int64)


def outcome(basis: Basis, counts: pl.DataFrame, action: str) -> dict[str, Any]:
    """What becomes of so many documents; the corpus's, with the standard error of the share."""
    mine = counts.filter(pl.col("action") == action)
    found, size = int(mine["documents"].sum()), int(mine["bytes"].sum())
    all_bytes = max(1, int(counts["bytes"].sum()))
    share = found / max(1, basis.seeds)
    rest = 1 - basis.seeds / max(1, basis.documents)
    error = math.sqrt(share * (1 - share) / max(1, basis.seeds) * rest)
    return {
        "found": found,
        "documents": round(share * basis.documents),
        "share": round(share, 6),
        "error": round(error * basis.documents),
        "bytes": round(size / all_bytes * basis.bytes),
    }


def histogram(counts: pl.DataFrame, least: float) -> dict[str, Any]:
    """By the similarity to the better document that each is most like; equal texts apart."""
    first, last = round(least / BIN), round(1 / BIN)
    bars: dict[str, Any] = {"from": least, "width": BIN}
    for action in (STAYS, REVIEW, GOES):
        mine = counts.filter(pl.col("action") == action, pl.col("bin").is_not_null())
        told = np.zeros(last - first + 1, np.int64)
        at = np.clip(mine["bin"].to_numpy() - first, 0, last - first)
        np.add.at(told, at, mine["documents"].to_numpy())
        bars[action] = told.tolist()
    bars["unlike"] = int(counts.filter(pl.col("bin").is_null())["documents"].sum())
    return bars


def by_source(basis: Basis, counts: pl.DataFrame) -> list[dict[str, Any]]:
    """What would become of the documents of each source, as far as they are seeds."""
    if "source" not in basis.columns:
        return []
    by = counts.group_by("source").agg(
        documents=pl.col("documents").sum(),
        bytes=pl.col("bytes").sum(),
        **{
            name: pl.col("documents").filter(pl.col("action") == name).sum()
            for name in (GOES, REVIEW)
        },
        goes_bytes=pl.col("bytes").filter(pl.col("action") == GOES).sum(),
    )
    rows = by.sort("documents", "source", descending=[True, False]).to_dicts()
    if len(rows) <= SOURCES:
        return rows
    rest = rows[SOURCES - 1 :]
    sums = {name: sum(row[name] for row in rest) for name in rows[0] if name != "source"}
    return [*rows[: SOURCES - 1], {"source": f"{len(rest)} more sources", **sums}]


def clusters(basis: Basis, now: pl.DataFrame, step: Duplicates) -> dict[str, Any]:
    """How many documents stand for how many, as far as they are at hand."""
    heads = now.filter(pl.col("action").fill_null(0) != int(Action.DROP), pl.col(COPIES) > 1)
    copies = heads[COPIES].to_numpy()
    at = np.searchsorted(_SIZES, copies, side="right") - 1
    sizes = [
        {"from": size, "clusters": int((at == k).sum()), "documents": int(copies[at == k].sum())}
        for k, size in enumerate(_SIZES)
    ]
    told: dict[str, Any] = {"sizes": [one for one in sizes if one["clusters"]], "largest": None}
    if heads.height:
        top = heads.sort(COPIES, DOC, descending=[True, False]).head(1)
        found = [rows for rows in ids_of(basis, top[DOC]) if rows.height]
        most = int(top[COPIES][0])
        share = most / max(1, _at_hand(basis))
        alarm = most > max(1000, step.largest * _at_hand(basis))
        told["largest"] = {
            "id": found[0][DOC_ID][0],
            "copies": most,
            "share": round(share, 6),
            "alarm": alarm,
        }
    return told


def _at_hand(basis: Basis) -> int:
    """How many documents are at hand: seeds and companions."""
    return sum(docs.height for docs in basis.sketches.docs([DOC]))


def ids_of(basis: Basis, wanted: pl.Series) -> Iterator[pl.DataFrame]:
    """Numbers and ids of some documents, piece by piece."""
    for docs in basis.sketches.docs([DOC, DOC_ID]):
        yield docs.filter(pl.col(DOC).is_in(wanted.implode()))


def curves(step: Duplicates) -> dict[str, Any]:
    """The S-curves of the step's bands and of published ones."""
    mine = step.banding
    lines: list[dict[str, Any]] = [_curve("these bands", mine, step.cutting)]
    for name, preset in PRESETS.items():
        for meant, layout in preset.layouts.items():
            if (layout, preset.shingle) != (mine, step.cutting) and meant < 0.9:
                told = f"{name} at {meant}" if len(preset.layouts) > 1 else name
                lines.append(_curve(told, layout, preset.shingle))
    return {"at": list(_CURVE), "lines": lines}


def _curve(name: str, layout: Bands, shingle: Any) -> dict[str, Any]:
    values = probability(np.array(_CURVE), layout.bands, layout.rows)
    return {
        "name": name,
        "bands": layout.bands,
        "rows": layout.rows,
        "shingle": f"{shingle.unit} {shingle.n}",
        "found": [round(float(value), 4) for value in values],
    }
