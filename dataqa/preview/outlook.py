"""What near-duplicate removal would do, from sketches: at one bound, and at others beside it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import polars as pl

from dataqa.duplicates.bands import probability
from dataqa.duplicates.estimates import standard_error
from dataqa.duplicates.stored import rule_again, wide
from dataqa.errors import InputError
from dataqa.preview.figures import (
    GOES,
    REVIEW,
    STAYS,
    Basis,
    by_source,
    clusters,
    counts_of,
    curves,
    histogram,
    ids_of,
    outcome,
)
from dataqa.steps.duplicates import Duplicates
from dataqa.types import DOC, DOC_ID, Action

GRID = tuple(at / 20 for at in range(10, 20))
"""Bounds that are foreseen besides the one asked for: 0.5, 0.55, ... 0.95."""
_UNREACHED = 2.0


class Outlook(NamedTuple):
    """Figures, and who is most like whom.

    Attributes:
        figures: Plain data for ``preview.json``.
        nearest: ``doc_id``, ``ref``, ``score``, ``action``: each document with the better one it is
            most like.
        members: ``_doc`` and ``shingles`` of those that had to be looked at.
        seconds: Of CPU, what it took to rule once.
    """

    figures: dict[str, Any]
    nearest: pl.DataFrame
    members: pl.DataFrame
    seconds: float


def outlook(basis: Basis, step: Duplicates, scratch: Path) -> Outlook:
    """Rule as a run with this step would, and once for each bound of a grid.

    Raises:
        InputError: A bound is lower than what is known.
    """
    low, high = step.range
    if low < basis.least:
        raise InputError(
            f"similarity {low} is below {basis.least}, the least that is looked for",
            where="dedup preview",
            hint="a higher bound, or a preview with more --permutations",
        )
    members = pl.DataFrame(schema={DOC: pl.UInt64, "shingles": pl.Int64})

    def rule(step: Duplicates, **changes: Any) -> pl.DataFrame:
        laying = basis.laying(step)

        def lay(merge: Any, ranked: Any, linked: Any, folder: Path) -> Any:
            nonlocal members
            members = ranked.rows.select(DOC, "shingles")
            return laying(merge, ranked, linked, folder)

        policy = step.policy()._replace(largest=1.0, **changes)
        policy = policy._replace(contained=policy.contained or basis.estimated)
        bands = wide(basis.permutations) if changes else step.banding
        return rule_again(basis.sketches, policy, bands, lay, scratch)

    # nobody goes: each is compared with all that are better
    near = rule(step, sure=_UNREACHED, doubt=basis.least).drop_nulls("ref")
    bounds = [_bound(basis, rule, step, at) for at in _bounds(basis, step)]
    began = time.process_time()
    now = rule(step)
    seconds = time.process_time() - began
    # where more documents are alike than are compared, the ruling may have met a liker one
    found = pl.concat([near, now.filter(pl.col("score").is_not_null())])
    near = found.sort(DOC, "score", descending=[False, True]).unique(
        DOC, keep="first", maintain_order=True
    )
    counts = counts_of(basis, now, near)
    figures = {
        "outcome": {name: outcome(basis, counts, name) for name in (GOES, REVIEW)},
        "histogram": histogram(counts, basis.least),
        "bounds": bounds,
        "sources": by_source(basis, counts),
        "clusters": clusters(basis, now, step),
        "curves": curves(step),
        "least": basis.least,
        "range": [low, high],
        "uncompared": now.filter(pl.col("rule") == "duplicates.uncompared").height,
        "estimated": basis.estimated,
        "error": round(standard_error(high, basis.permutations), 3) if basis.estimated else None,
    }
    return Outlook(figures, _named(basis, near, now), members, seconds)


def at_bound(step: Duplicates, similarity: float) -> Duplicates:
    """The step with another bound, and no band for review."""
    return msgspec.structs.replace(step, similarity=similarity, review_band=None)


def _bounds(basis: Basis, step: Duplicates) -> list[float]:
    asked = step.range[1]
    grid = [at for at in GRID if at >= basis.least and _promised(at_bound(step, at))]
    return sorted({*grid, asked})


def _promised(step: Duplicates) -> bool:
    """Whether the signature is long enough for the bands that its bound needs."""
    try:
        return step.banding.permutations <= step.permutations or step.bands is not None
    except InputError:
        return False


def _bound(
    basis: Basis, rule: Callable[[Duplicates], pl.DataFrame], step: Duplicates, at: float
) -> dict[str, Any]:
    there = at_bound(step, at)
    layout = there.banding
    goes = outcome(basis, counts_of(basis, rule(there), None), GOES)
    return {
        "similarity": at,
        "bands": layout.bands,
        "rows": layout.rows,
        "proposed": round(probability(at, layout.bands, layout.rows), 4),
        "asked": at == step.range[1],
        **goes,
    }


def _named(basis: Basis, near: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Who is most like whom, with the ids of both and what becomes of the one."""
    some = near.filter(pl.col("score") < 1)
    ids = pl.concat(list(ids_of(basis, some[DOC])))
    names = {int(Action.DROP): GOES, int(Action.REVIEW): REVIEW}
    acts = now.select(
        DOC, pl.col("action").cast(pl.Int64).replace_strict(names, default=STAYS).alias("action")
    )
    rows = some.select(DOC, "ref", "score").join(ids, on=DOC).join(acts, on=DOC, how="left")
    return rows.with_columns(pl.col("action").fill_null(STAYS)).drop(DOC).sort(DOC_ID)
